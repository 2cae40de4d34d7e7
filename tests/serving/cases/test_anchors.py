"""Heads of the audit log, anchored outside of it, and entries proved against them."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from serving.cases.anchors import LogAnchor, read_anchor, read_anchors
from serving.cases.audit import EMPTY, AuditAction, AuditHead, chained, from_line, to_line
from serving.cases.errors import AnchorFileError, AuditBrokenError

NOW = datetime(2026, 1, 31, 17, 30, tzinfo=UTC)


class Lines:
    """A log whose lines a test may change, and which counts how many are read."""

    def __init__(self, num_entries):
        self.kept, self.num_read, self.head = [], 0, EMPTY
        self.add(num_entries)

    def add(self, num_entries):
        for _ in range(num_entries):
            number = self.head.sequence + 1
            entry = chained(
                AuditAction(
                    at=NOW + timedelta(seconds=number),
                    actor_id="u-1",
                    role="underwriter",
                    action="case_read",
                    object_kind="case",
                    object_id=f"case-{number % 3}",
                ),
                self.head,
            )
            self.kept.append(to_line(entry))
            self.head = AuditHead(sequence=number, hash=entry.hash)

    def lines(self, *, after=0):
        for line in self.kept[after:]:
            self.num_read += 1
            yield line

    def entries(self, *numbers):
        return [from_line(self.kept[number - 1], sequence=number) for number in numbers]

    def change(self, number):
        self.kept[number - 1] = self.kept[number - 1].replace(b"case_read", b"case_lead")


@pytest.fixture
def log():
    return Lines(40)


@pytest.fixture
def files(tmp_path):
    return {"anchor_file": tmp_path / "anchor.jsonl", "tree_file": tmp_path / "tree.bin"}


@pytest.fixture
def anchor(log, files):
    return LogAnchor(log, **files)


def test_the_head_is_anchored_and_the_log_may_grow(log, anchor, files):
    path = files["anchor_file"]
    assert read_anchor(path) is None
    assert anchor.anchor(at=NOW) == read_anchor(path) == log.head
    anchor.anchor(at=NOW)
    assert path.read_bytes().count(b"\n") == 1
    log.add(1)
    anchor.anchor_new_entries(at=NOW)
    assert [head.sequence for head in read_anchors(path)] == [40, 41]


def test_an_empty_log_is_not_anchored(files):
    assert LogAnchor(Lines(0), **files).anchor(at=NOW) == EMPTY
    assert not files["anchor_file"].exists()


def test_another_log_is_not_anchored_after_the_first(anchor, files):
    anchor.anchor(at=NOW)
    other = Lines(2)
    for ask in (LogAnchor(other, **files).anchor, LogAnchor(other, **files).anchor_new_entries):
        with pytest.raises(AuditBrokenError):
            ask(at=NOW)


def test_only_the_new_end_of_a_log_is_read_for_a_proof(log, anchor):
    anchor.anchor(at=NOW)
    log.num_read = 0
    log.add(3)
    proof = anchor.prove(log.entries(2, 17, 42), at=NOW)
    assert proof.head == log.head
    assert log.num_read == 4
    assert [len(path) for path in proof.paths] == [6, 6, 4]


@pytest.mark.parametrize("number", [1, 17, 39, 40, 41, 42])
def test_an_entry_that_is_proved_cannot_have_been_changed(log, anchor, number):
    anchor.anchor(at=NOW)
    log.add(3)
    log.change(number)
    changed = json.loads(log.kept[number - 1])
    forged = AuditAction(
        **{k: v for k, v in changed.items() if k not in {"sequence", "previous", "hash"}}
        | {"at": datetime.fromisoformat(changed["at"])}
    )
    before = AuditHead(sequence=number - 1, hash=changed["previous"])
    log.kept[number - 1] = to_line(chained(forged, before))
    with pytest.raises(AuditBrokenError) as found:
        anchor.prove(log.entries(number), at=NOW)
    assert found.value.sequence in {number, number + 1}


def test_an_entry_that_the_log_does_not_have_is_not_proved(log, anchor):
    anchor.anchor(at=NOW)
    other = Lines(45)
    for number in (5, 45):
        with pytest.raises(AuditBrokenError) as found:
            anchor.prove([*log.entries(4), *other.entries(45)], at=NOW)
        assert found.value.sequence == 45, number


@pytest.mark.parametrize("harm", ["gone", "empty", "changed", "cut", "of another log", "longer"])
def test_a_tree_that_is_not_the_logs_is_made_anew(log, anchor, files, harm, tmp_path):
    whole = anchor.prove(log.entries(3, 30), at=NOW)
    path = files["tree_file"]
    kept = bytearray(path.read_bytes())
    match harm:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "changed":
            path.write_bytes(bytes(byte ^ 1 for byte in kept))
        case "cut":
            path.write_bytes(kept[:100])
        case "of another log":
            other = tmp_path / "other.jsonl"
            LogAnchor(Lines(50), anchor_file=other, tree_file=path).anchor(at=NOW)
        case "longer":
            path.write_bytes(kept + hashlib.sha256(b"x").digest() * 9)
    assert anchor.prove(log.entries(3, 30), at=NOW) == whole
    log.add(2)
    assert anchor.prove(log.entries(41), at=NOW).head == log.head


@pytest.mark.parametrize("position", range(0, 78, 7))
def test_a_changed_node_never_makes_a_false_proof(log, anchor, files, position):
    whole = anchor.prove(log.entries(3, 30, 40), at=NOW)
    content = bytearray(files["tree_file"].read_bytes())
    content[position * 32] ^= 1
    files["tree_file"].write_bytes(content)
    assert anchor.prove(log.entries(3, 30, 40), at=NOW) == whole


def test_an_anchor_of_an_older_program_has_no_root_and_is_gone_on_from(log, anchor, files):
    path = files["anchor_file"]
    path.write_text(json.dumps({"sequence": log.head.sequence, "hash": log.head.hash}) + "\n")
    proof = anchor.prove(log.entries(7), at=NOW)
    assert proof.head == log.head == read_anchor(path)
    assert path.read_bytes().count(b"\n") == 2
    log.num_read = 0
    anchor.prove(log.entries(7), at=NOW)
    assert log.num_read == 1


def test_without_its_tree_a_start_reads_only_the_new_end_and_the_next_proof_all(log, anchor, files):
    anchor.anchor(at=NOW)
    files["tree_file"].unlink()
    log.add(2)
    log.num_read = 0
    assert anchor.anchor_new_entries(at=NOW) == log.head
    assert log.num_read == 3
    assert anchor.prove(log.entries(7), at=NOW).head == log.head
    assert log.num_read > 40
    log.num_read = 0
    anchor.prove(log.entries(7), at=NOW)
    assert log.num_read == 1


def test_a_tree_that_cannot_be_written_is_told(log, tmp_path):
    (tmp_path / "tree.bin").mkdir()
    anchor = LogAnchor(log, anchor_file=tmp_path / "anchor.jsonl", tree_file=tmp_path / "tree.bin")
    with pytest.raises(AnchorFileError, match="hash tree in the state directory"):
        anchor.anchor(at=NOW)
