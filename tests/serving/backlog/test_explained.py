"""Jobs whose principal reasons are quoted by omission."""

from pathlib import Path

import pytest

from model_store.explain.explainer import explain
from model_store.predictor import Predictor
from model_store.stored import starter_directory
from serving.adapters.fake import FakePredictor
from serving.backlog.errors import EngineFailedError, JobMismatchError
from serving.backlog.local_job import ScoreOptions

DEVELOPMENT_TEXTS = Path(__file__).parents[2] / "data" / "narratives_dev.jsonl"
TEXTS = [
    "Asks for a loan. Her debts take most of her income. She was laid off in May.",
    "Debts of $40,000.",
    "Seasonal work; debts; Chapter 7 in 2022.",
]


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def options(method, **more):
    return ScoreOptions(shard_rows=1, explain=method, **more)


def quotes(row):
    return [
        (reason["reason"], [(s["start"], s["end"], s["quote"]) for s in reason["evidence"]])
        for reason in row["principal_reasons"]
    ]


@pytest.fixture(scope="module")
def starter():
    return Predictor.load(starter_directory())


@pytest.fixture
def source(tmp_path, backlog):
    rows = [{"id": f"A{i}", "text": text} for i, text in enumerate(TEXTS)]
    return backlog.write(tmp_path / "in.jsonl", rows)


@pytest.mark.parametrize("method", ["fast", "exact"])
def test_the_quotes_are_those_of_an_explanation_of_the_text(tmp_path, backlog, starter, method):
    texts = [row["text"] for row in backlog.lines(DEVELOPMENT_TEXTS)[:5]]
    source = backlog.write(tmp_path / "in.jsonl", [{"text": text} for text in texts])
    predictor, output = starter, tmp_path / "out.jsonl"
    backlog.score(source, output, predictor=predictor, options=options(method))
    plain = tmp_path / "plain.jsonl"
    backlog.score(source, plain, predictor=predictor, options=options("none"))
    rows = backlog.lines(output)
    assert any(row["principal_reasons"] for row in rows)
    assert output.read_bytes() != plain.read_bytes()
    for text, row, before in zip(texts, rows, backlog.lines(plain), strict=True):
        explained = explain(predictor, text, method=method).reasons
        assert quotes(row) == [
            (found.reason.value, [(s.start, s.end, s.quote) for s in found.spans])
            for found in explained
        ]
        assert row | {"principal_reasons": []} == before | {"principal_reasons": []}


@pytest.mark.parametrize("method", ["fast", "exact"])
def test_wherever_a_run_is_killed_the_explained_output_is_that_of_one_nothing_stopped(
    tmp_path, backlog, source, method
):
    whole, output = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    calls = []
    backlog.score(
        source, whole, predictor=FakePredictor(before=calls.append), options=options(method)
    )
    for last in range(1, len(calls) + 1):
        seen = []

        def kill(texts, seen=seen, last=last):
            seen.append(texts)
            if len(seen) == last:
                raise Killed

        with pytest.raises(Killed):
            backlog.score(
                source, output, predictor=FakePredictor(before=kill), options=options(method)
            )
        backlog.score(source, output, options=options(method))
        assert output.read_bytes() == whole.read_bytes()


def test_a_job_goes_on_only_with_the_explanations_it_was_begun_with(tmp_path, backlog, source):
    def kill(texts):
        if any("laid" in text for text in texts):
            raise Killed

    output = tmp_path / "out.jsonl"
    with pytest.raises(Killed):
        backlog.score(source, output, predictor=FakePredictor(before=kill), options=options("fast"))
    with pytest.raises(JobMismatchError) as caught:
        backlog.score(source, output, options=options("exact"))
    assert caught.value.what == "--explain"


def test_a_text_whose_parts_cannot_be_read_is_an_error_row_and_takes_no_other_with_it(
    tmp_path, backlog, source
):
    def fail(texts):
        if any("laid off" in text and "debts" not in text for text in texts):
            raise RuntimeError("the words of an applicant")

    output = tmp_path / "out.jsonl"
    predictor = FakePredictor(before=fail)
    backlog.score(source, output, predictor=predictor, options=options("exact"))
    assert backlog.codes(output) == ["explanation_failed", None, None]
    assert "--explain none" in backlog.lines(output)[0]["error"]["message"]
    assert "words of an applicant" not in output.read_text()


def test_an_engine_that_fails_once_at_an_explanation_leaves_no_trace(tmp_path, backlog, source):
    failed = []

    def fail_once(texts):
        if not failed and any("laid off" in text and "debts" not in text for text in texts):
            failed.append(texts)
            raise MemoryError

    predictor = FakePredictor(before=fail_once)
    backlog.score(source, tmp_path / "a.jsonl", predictor=predictor, options=options("exact"))
    backlog.score(source, tmp_path / "b.jsonl", options=options("exact"))
    assert failed
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_an_engine_that_fails_at_everything_from_an_explanation_on_stops_the_run(
    tmp_path, backlog, source
):
    calls = []

    def fail_later(texts):
        calls.append(texts)
        if len(calls) > 1:
            raise MemoryError

    with pytest.raises(EngineFailedError):
        backlog.score(
            source,
            tmp_path / "out.jsonl",
            predictor=FakePredictor(before=fail_later),
            options=options("exact"),
        )
    assert not (tmp_path / "out.jsonl").exists()
