import hashlib
import json
import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.cases import audit_stores
from serving.cases.anchors import read_anchor
from serving.cases.audit import (
    EMPTY,
    GENESIS,
    AuditAction,
    AuditHead,
    AuditLog,
    canonical_json,
    chained,
    from_line,
    to_line,
    verify,
)
from serving.cases.audit_stores import FileAuditStore, MemoryAuditStore
from serving.cases.errors import (
    AnchorError,
    AuditBrokenError,
    AuditError,
    AuditFieldError,
    AuditTornError,
)

NOW = datetime(2026, 1, 31, 17, 30, tzinfo=UTC)
DIGEST = hashlib.sha256(b"x").hexdigest()


def action(number=1, **fields):
    return AuditAction(
        **{
            "at": NOW + timedelta(seconds=number),
            "actor_id": "u-1",
            "role": "underwriter",
            "action": "decision_recorded",
            "object_kind": "case",
            "object_id": f"case-{number}",
            "digests": {"before": DIGEST, "after": DIGEST},
            "versions": {"model": "m-1", "policy": "p-1"},
        }
        | fields
    )


def filled(store, num_entries=4):
    log = AuditLog(store)
    for number in range(1, num_entries + 1):
        log.record(action(number))
    return log


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    return MemoryAuditStore() if request.param == "memory" else FileAuditStore(tmp_path / "a.jsonl")


def test_entries_are_chained_from_the_first(store):
    log = filled(store)
    entries = [from_line(line, sequence=n) for n, line in enumerate(store.lines(), start=1)]
    assert [entry.previous for entry in entries] == [
        GENESIS,
        *(entry.hash for entry in entries[:-1]),
    ]
    assert log.head == AuditHead(sequence=4, hash=entries[-1].hash) == log.verify()


def test_an_entry_hashes_the_canonical_json_of_all_its_fields():
    entry = chained(action(), EMPTY)
    stored = json.loads(to_line(entry))
    digest = stored.pop("hash")
    text = json.dumps(stored, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    assert set(stored) == {
        "sequence", "previous", "at", "actor_id", "role", "action", "object_kind", "object_id",
        "digests", "versions",
    }  # fmt: skip


def test_a_log_that_is_opened_again_goes_on_where_it_ended(store):
    head = filled(store).head
    again = AuditLog(store)
    assert again.head == head
    assert again.record(action(5)).previous == head.hash


def test_an_empty_log_verifies(store):
    assert AuditLog(store).verify() == EMPTY


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    store = FileAuditStore(tmp_path_factory.mktemp("audit") / "audit.jsonl")
    filled(store)
    return store.path.read_bytes()


def verify_bytes(content, directory):
    path = directory / "changed.jsonl"
    path.write_bytes(content)
    return verify(FileAuditStore(path).lines())


@settings(max_examples=400)
@given(st.data())
def test_any_changed_byte_is_detected_and_the_entry_named(tmp_path_factory, written, data):
    place = data.draw(st.integers(0, len(written) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != written[place]))
    changed = written[:place] + bytes([byte]) + written[place + 1 :]
    with pytest.raises(AuditError) as caught:
        verify_bytes(changed, tmp_path_factory.getbasetemp())
    if isinstance(caught.value, AuditBrokenError):
        assert caught.value.sequence == written[:place].count(b"\n") + 1


@settings(max_examples=200)
@given(st.data())
def test_any_lost_or_added_byte_is_detected(tmp_path_factory, written, data):
    place = data.draw(st.integers(0, len(written) - 1))
    byte = bytes([data.draw(st.integers(0, 255))])
    for changed in (
        written[:place] + written[place + 1 :],
        written[:place] + byte + written[place:],
    ):
        with pytest.raises(AuditError):
            verify_bytes(changed, tmp_path_factory.getbasetemp())


def test_every_byte_set_to_another_is_detected(written, tmp_path):
    for place in range(len(written)):
        changed = bytearray(written)
        changed[place] ^= 1
        with pytest.raises(AuditError):
            verify_bytes(bytes(changed), tmp_path)


@pytest.mark.parametrize(
    ("spoil", "sequence"),
    [
        (lambda lines: [*lines[:1], *lines[2:]], 2),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: lines[1:], 1),
    ],
    ids=["removed", "swapped", "repeated", "beheaded"],
)
def test_the_first_broken_entry_is_named(spoil, sequence):
    store = MemoryAuditStore()
    filled(store)
    with pytest.raises(AuditBrokenError, match=f"audit entry {sequence} is broken") as caught:
        verify(spoil(list(store.lines())))
    assert caught.value.sequence == sequence


def forged(lines, *, at):
    """The same log with one actor changed and everything after it hashed anew."""
    head, made = EMPTY, []
    for sequence, line in enumerate(lines, start=1):
        entry = from_line(line, sequence=sequence)
        told = entry.action
        if sequence == at:
            told = action(sequence, actor_id="u-666")
        entry = chained(told, head)
        head = AuditHead(sequence=sequence, hash=entry.hash)
        made.append(to_line(entry))
    return made


def test_a_log_written_anew_is_told_by_its_anchor():
    store = MemoryAuditStore()
    head = filled(store).head
    made = forged(store.lines(), at=2)
    assert verify(made).sequence == 4
    with pytest.raises(AuditBrokenError, match="anchored"):
        verify(made, anchor=head)


def test_a_log_cut_off_is_told_by_its_anchor():
    store = MemoryAuditStore()
    head = filled(store).head
    short = list(store.lines())[:2]
    assert verify(short).sequence == 2
    with pytest.raises(AuditBrokenError, match="audit entry 3 is broken: it is missing"):
        verify(short, anchor=head)


@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"[]\n", b'{"sequence":1}\n'])
def test_an_anchor_file_without_an_anchor_is_refused(tmp_path, content):
    path = tmp_path / "anchor.jsonl"
    path.write_bytes(content)
    with pytest.raises(AnchorError, match="not a whole anchor"):
        read_anchor(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actor_id", "Jane Doe"),
        ("actor_id", "jane@example.org"),
        ("actor_id", ""),
        ("object_id", "078-05-1120"),
        ("object_id", "x" * 129),
        ("role", "Under Writer"),
        ("action", "decided: debts too high"),
        ("object_kind", "caf\u00e9"),
        ("digests", {"after": "Jane Doe"}),
        ("digests", {"Jane Doe": DIGEST}),
        ("versions", {"model": "a model by Jane Doe"}),
        ("at", datetime(2026, 1, 31)),  # noqa: DTZ001
        ("at", datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=1)))),
    ],
)
def test_what_may_be_personal_has_no_place_in_an_entry(store, field, value):
    log = AuditLog(store)
    with pytest.raises(AuditFieldError, match=f"audit field {field} ") as caught:
        log.record(action(**{field: value}))
    assert "Jane" not in str(caught.value)
    assert log.verify() == EMPTY


@pytest.fixture
def torn(tmp_path):
    """A file whose last entry was cut off after half of its bytes, and how many are left."""
    store = FileAuditStore(tmp_path / "audit.jsonl")
    log = filled(store)
    line = to_line(chained(action(5), log.head))
    left = len(line) // 2
    with store.path.open("ab") as file:
        file.write(line[:left])
    return store, left


def test_a_cut_off_write_is_told_and_nothing_is_written_after_it(torn):
    store, left = torn
    before = store.path.read_bytes()
    with pytest.raises(AuditTornError, match=f"{left} bytes"):
        AuditLog(store)
    with pytest.raises(AuditTornError):
        store.append(b"{}")
    assert store.path.read_bytes() == before


def test_recovery_keeps_every_whole_entry_and_puts_the_rest_aside(torn):
    store, left = torn
    assert store.recover() == left
    assert AuditLog(store).record(action(5)).sequence == 5
    assert len(store.path.with_name("audit.jsonl.torn").read_bytes()) == left + 1
    assert store.recover() == 0


def test_a_file_that_does_not_exist_is_whole(tmp_path):
    assert FileAuditStore(tmp_path / "none").recover() == 0


def test_a_file_is_its_owner_s_alone(tmp_path):
    store = FileAuditStore(tmp_path / "audit.jsonl")
    filled(store)
    assert store.path.stat().st_mode & 0o077 == 0


def test_an_entry_is_on_disk_before_it_is_confirmed(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(audit_stores.os, "fsync", lambda fd: synced.append(os.fstat(fd).st_size))
    store = FileAuditStore(tmp_path / "audit.jsonl")
    log = AuditLog(store)
    log.record(action())
    assert store.path.stat().st_size in synced


def test_a_write_that_fails_leaves_the_chain_as_it_was(tmp_path, monkeypatch):
    store = FileAuditStore(tmp_path / "audit.jsonl")
    log = filled(store)
    before = store.path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(audit_stores.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            log.record(action(5))
    assert store.path.read_bytes() == before
    assert log.record(action(5)).sequence == 5
    assert log.verify().sequence == 5


def test_canonical_json_has_one_form():
    assert canonical_json({"b": 1, "a": "\u00e9"}) == b'{"a":"\\u00e9","b":1}'
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json({"a": float("nan")})
