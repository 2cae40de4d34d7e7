import itertools
import json
import tracemalloc

import numpy as np
import pytest

from serving.adapters.fake import FakePredictor
from serving.backlog.errors import (
    EngineFailedError,
    InputChangedError,
    JobBusyError,
    JobDamagedError,
    JobMismatchError,
)
from serving.backlog.formats import output_format
from serving.backlog.job import folder_of, open_job
from serving.backlog.local_job import ScoreOptions
from serving.errors import EngineAnswerError

SMALL = ScoreOptions(shard_rows=4)


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def killed_at(call):
    """A model that is killed at its nth computation."""
    calls = itertools.count(1)

    def before(_texts):
        if next(calls) == call:
            raise Killed

    return FakePredictor(before=before)


FAILURE = RuntimeError("the words of an applicant")


class PoisonedEngine:
    """Fails at texts with a word, or says of them what is no number."""

    def __init__(self, engine, word, *, raises):
        self._engine, self._ids, self._raises = engine, list(map(ord, word)), raises

    def logits(self, ids):
        poisoned = [self._holds(row) for row in ids]
        if self._raises and any(poisoned):
            raise self._raises
        output = self._engine.logits(ids)
        output.risk_W[poisoned] = np.nan
        return output

    def _holds(self, row):
        size = len(self._ids)
        return any(list(row[i : i + size]) == self._ids for i in range(len(row)))


def poisoned(word, *, raises):
    predictor = FakePredictor()
    predictor.engine = PoisonedEngine(predictor.engine, word, raises=raises)
    return predictor


@pytest.mark.parametrize("suffix", [".jsonl", ".csv.gz", ".jsonl.zst", ".parquet"])
def test_wherever_a_run_is_killed_the_output_is_that_of_a_run_nothing_stopped(
    tmp_path, backlog, texts, suffix
):
    whole = tmp_path / f"whole{suffix}"
    backlog.score(texts, whole, options=SMALL)
    for call in (1, 4, 10):
        output = tmp_path / f"out{call}{suffix}"
        with pytest.raises(Killed):
            backlog.score(texts, output, options=SMALL, predictor=killed_at(call))
        assert not output.exists()
        backlog.score(texts, output, options=SMALL)
        assert output.read_bytes() == whole.read_bytes()
        manifest = output.with_name(f"{output.name}.manifest.json")
        assert manifest.read_bytes() == (tmp_path / f"whole{suffix}.manifest.json").read_bytes()


def test_a_shard_is_computed_only_when_all_before_it_are_kept(tmp_path, backlog, texts):
    folder, kept = folder_of(tmp_path / "out.jsonl"), []

    def look(_texts):
        kept.append(len(list(folder.glob("*.record.json"))))

    backlog.score(
        texts, tmp_path / "out.jsonl", options=SMALL, predictor=FakePredictor(before=look)
    )
    assert kept == list(range(10))


def test_the_summary_tells_what_was_scored_before(tmp_path, backlog, texts):
    with pytest.raises(Killed):
        backlog.score(texts, tmp_path / "out.jsonl", options=SMALL, predictor=killed_at(6))
    printed = " ".join(backlog.score(texts, tmp_path / "out.jsonl", options=SMALL).split())
    assert "rows │ 40" in printed
    assert "of them scored before │ 20" in printed
    assert "excessive_obligations │ 40" in printed


def test_a_finished_job_leaves_the_output_and_its_manifest(tmp_path, backlog, texts):
    backlog.score(texts, tmp_path / "out.jsonl")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"in.jsonl", "out.jsonl", "out.jsonl.manifest.json"}


def test_another_model_input_or_option_is_refused_with_the_reason(tmp_path, backlog, texts):
    output = tmp_path / "out.jsonl"
    with pytest.raises(Killed):
        backlog.score(texts, output, options=SMALL, predictor=killed_at(3))
    other = FakePredictor()
    other.digest = "1" * 64
    changed = backlog.write(tmp_path / "other.jsonl", [{"id": "1", "text": "Debts."}])
    for what, arguments in {
        "model": {"source": texts, "predictor": other, "options": SMALL},
        "input": {"source": changed, "options": SMALL},
        "--limit": {"source": texts, "options": ScoreOptions(shard_rows=4, limit=3)},
        "--shard-rows": {"source": texts, "options": ScoreOptions(shard_rows=5)},
    }.items():
        with pytest.raises(JobMismatchError) as caught:
            backlog.score(arguments.pop("source"), output, **arguments)
        assert caught.value.what == what
    backlog.score(texts, output, options=SMALL)
    assert len(backlog.lines(output)) == 40


def test_a_shard_that_was_damaged_is_scored_again(tmp_path, backlog, texts):
    whole, output = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    backlog.score(texts, whole, options=SMALL)
    with pytest.raises(Killed):
        backlog.score(texts, output, options=SMALL, predictor=killed_at(5))
    (folder_of(output) / "00000001.jsonl").write_text("{}\n")
    backlog.score(texts, output, options=SMALL)
    assert output.read_bytes() == whole.read_bytes()


def test_what_a_process_killed_while_tidying_up_left_is_not_taken_for_done(
    tmp_path, backlog, texts
):
    output, computed = tmp_path / "out.jsonl", []
    with pytest.raises(Killed):
        backlog.score(texts, output, options=SMALL, predictor=killed_at(5))
    (folder_of(output) / "manifest.json").unlink()
    backlog.score(texts, output, options=SMALL, predictor=FakePredictor(before=computed.append))
    assert len(computed) == 10


def test_what_processes_killed_before_their_plan_left_is_removed(tmp_path, backlog, texts):
    output, found = tmp_path / "out.jsonl", []
    folder = folder_of(output)
    for name in ("sort-x/0.run", "ids-x/1.ids", ".plan.jsonl.tmp", "arranged.parquet"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("Her debts are heavy.")

    def look():
        found.extend(path.name for path in folder.iterdir())

    backlog.score(texts, output, after_plan=look)
    assert sorted(found) == ["lock", "manifest.json", "plan.jsonl"]


@pytest.mark.parametrize("is_there", [True, False])
def test_what_is_kept_meanwhile_is_for_its_owner_alone(tmp_path, backlog, texts, is_there):
    output, modes = tmp_path / "out.jsonl", []
    if is_there:
        folder_of(output).mkdir(mode=0o755)
    backlog.score(
        texts, output, after_plan=lambda: modes.append(folder_of(output).stat().st_mode & 0o777)
    )
    assert modes == [0o700]


def test_a_damaged_plan_is_refused(tmp_path, backlog, texts):
    output = tmp_path / "out.jsonl"
    with pytest.raises(Killed):
        backlog.score(texts, output, options=SMALL, predictor=killed_at(5))
    with (folder_of(output) / "plan.jsonl").open("a") as plan:
        plan.write("\n")
    with pytest.raises(JobDamagedError, match="begin anew"):
        backlog.score(texts, output, options=SMALL)


def test_a_second_worker_is_refused_and_the_first_is_not_disturbed(tmp_path, backlog, texts):
    output = tmp_path / "out.jsonl"
    with open_job(folder_of(output), output=output_format(output)):
        with pytest.raises(JobBusyError, match="another process"):
            backlog.score(texts, output)
        assert not output.exists()
    backlog.score(texts, output)


@pytest.mark.parametrize("change", ["rewritten", "longer", "shorter"])
def test_an_input_that_changes_while_it_is_read_gives_no_output(tmp_path, backlog, texts, change):
    before = texts.read_text()

    def alter():
        new = {
            "rewritten": before.replace("heavy", "light"),
            "longer": before + '{"text": "One more."}\n',
            "shorter": before[: len(before) // 2],
        }
        texts.write_text(new[change])

    with pytest.raises(InputChangedError):
        backlog.score(texts, tmp_path / "out.jsonl", options=SMALL, after_plan=alter)
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("raises", [FAILURE, EngineAnswerError(), None])
def test_a_poison_text_gets_a_verdict_of_its_own_and_takes_no_other_with_it(
    tmp_path, backlog, texts, raises
):
    rows = [{"text": "Debts."}, {"text": "A zzz text."}, {"text": "Fine."}, {"text": "zzz"}]
    source = backlog.write(tmp_path / "poison.jsonl", rows)
    output = tmp_path / "out.jsonl"
    backlog.score(source, output, predictor=poisoned("zzz", raises=raises))
    assert backlog.codes(output) == [None, "internal_error", None, "internal_error"]
    assert "applicant's" not in output.read_text()


def test_an_engine_that_fails_at_everything_stops_the_run_and_condemns_no_text(
    tmp_path, backlog, texts
):
    with pytest.raises(EngineFailedError) as caught:
        backlog.score(texts, tmp_path / "out.jsonl", predictor=poisoned("", raises=FAILURE))
    assert "words of an applicant" not in str(caught.value)
    assert not (tmp_path / "out.jsonl").exists()


def test_an_engine_that_fails_once_leaves_no_trace(tmp_path, backlog, texts):
    calls = itertools.count()

    def fail_first(_texts):
        if next(calls) == 0:
            raise MemoryError

    backlog.score(texts, tmp_path / "a.jsonl", predictor=FakePredictor(before=fail_first))
    backlog.score(texts, tmp_path / "b.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_an_id_given_twice_is_an_error_of_the_later_row(tmp_path, backlog):
    names = ["A", "B", "A", "C", "B", "A"]
    rows = [{"id": name, "text": f"Debts {i}."} for i, name in enumerate(names)]
    source = backlog.write(tmp_path / "in.jsonl", rows)
    backlog.score(source, tmp_path / "out.jsonl", options=ScoreOptions(shard_rows=2))
    repeated = "duplicate_id"
    found = backlog.codes(tmp_path / "out.jsonl")
    assert found == [None, None, repeated, None, repeated, repeated]
    assert "row 2 " in backlog.lines(tmp_path / "out.jsonl")[4]["error"]["message"]


@pytest.mark.parametrize("order", ["input", "due-date"])
def test_a_row_without_an_id_takes_none_from_another(tmp_path, backlog, order):
    rows = [{"text": "No id."}, {"id": "1", "text": "First."}, {"id": 1, "text": "Again."}]
    rows = [row | {"received_at": "2026-11-01"} for row in rows]
    source = backlog.write(tmp_path / "in.jsonl", rows)
    backlog.score(source, tmp_path / "out.jsonl", options=ScoreOptions(order=order))
    assert [row["id"] for row in backlog.lines(tmp_path / "out.jsonl")] == ["1", "1", "1"]
    assert backlog.codes(tmp_path / "out.jsonl") == [None, None, "duplicate_id"]


def test_a_file_of_bad_rows_alone_gives_their_errors(tmp_path, backlog):
    source = tmp_path / "in.jsonl"
    source.write_text("no json\n" * 9)
    backlog.score(source, tmp_path / "out.jsonl", options=SMALL)
    assert backlog.codes(tmp_path / "out.jsonl") == ["invalid_json"] * 9


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".csv.gz", ".parquet"])
def test_an_empty_file_gives_an_output_without_rows(tmp_path, backlog, suffix):
    (tmp_path / "in.jsonl").write_text("")
    backlog.score(tmp_path / "in.jsonl", tmp_path / f"out{suffix}")
    manifest = json.loads((tmp_path / f"out{suffix}.manifest.json").read_text())
    assert manifest["rows"] == 0
    assert (tmp_path / f"out{suffix}").exists()


def test_a_row_of_ten_megabytes_is_an_error_row(tmp_path, backlog):
    rows = [{"text": "Debts."}, {"text": "a" * 10_000_000}, {"text": "Fine."}]
    source = backlog.write(tmp_path / "in.jsonl", rows)
    backlog.score(source, tmp_path / "out.jsonl")
    assert backlog.codes(tmp_path / "out.jsonl") == [None, "text_too_long", None]


def test_however_many_rows_are_too_long_they_are_not_in_memory_together(tmp_path, backlog):
    rows = [{"text": "x" * 4 * 1024 * 1024}] * 12
    source = backlog.write(tmp_path / "in.jsonl", rows)
    tracemalloc.start()
    try:
        backlog.score(source, tmp_path / "out.jsonl", after_plan=tracemalloc.reset_peak)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert backlog.codes(tmp_path / "out.jsonl") == ["text_too_long"] * len(rows)
    assert peak_bytes < 32 * 1024 * 1024


def test_a_limit_takes_the_first_rows(tmp_path, backlog, texts):
    backlog.score(texts, tmp_path / "out.jsonl", options=ScoreOptions(limit=5, shard_rows=2))
    assert [row["id"] for row in backlog.lines(tmp_path / "out.jsonl")] == [
        "A0", "A1", "A2", "A3", "A4",
    ]  # fmt: skip
