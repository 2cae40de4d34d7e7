import inspect

import pytest
import typer

from serving.adapters.fake import FakePredictor
from serving.backlog.job import folder_of
from serving.backlog.local_job import ScoreOptions
from serving.backlog.plan import DEFAULT_SHARD_ROWS
from serving.cli import score


def interrupted_at(word):
    """A model during whose work on a text Ctrl-C is pressed."""

    def before(texts):
        if any(word in text for text in texts):
            raise KeyboardInterrupt

    return FakePredictor(before=before)


def test_the_summary_counts_rows_errors_bands_and_categories(tmp_path, backlog):
    rows = [{"text": "Her debts are heavy."}, {"text": "a\0b"}, {"text": "Fine."}]
    source = backlog.write(tmp_path / "in.jsonl", rows)
    printed = " ".join(backlog.score(source, tmp_path / "out.jsonl").split())
    for line in ["rows │ 3", "errors │ 1", "excessive_obligations │ 1", "none stated │ 1"]:
        assert line in printed
    assert "error nul_byte │ 1" in printed
    assert "texts/s" in printed


def test_an_interruption_says_where_the_rows_are_and_exits_with_130(tmp_path, capsys, backlog):
    rows = [{"text": "First."}, {"text": "Second."}]
    source, output = backlog.write(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    options = ScoreOptions(shard_rows=1)
    with pytest.raises(typer.Exit) as caught:
        backlog.score(source, output, options=options, predictor=interrupted_at("Second"))
    assert caught.value.exit_code == 130
    told = capsys.readouterr().err
    assert f"interrupted, 1 of 2 rows are kept in {folder_of(output)}" in told
    assert "run the same command again" in told
    assert not output.exists()
    backlog.score(source, output, options=options)
    assert len(backlog.lines(output)) == 2


def test_the_command_and_the_engine_mean_the_same_shard():
    assert inspect.signature(score).parameters["shard_rows"].default == DEFAULT_SHARD_ROWS
