import io
import json

import pytest
import typer
from rich.console import Console

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources import Row, RowError
from serving.adapters.fake import FakePredictor
from serving.backlog.command import run
from serving.backlog.progress import progress_line, report_progress
from serving.backlog.tally import Tally, summary_table
from serving.scoring import ScoringService


def row(number, text="Her debts are heavy."):
    return Row(number=number, id=str(number), application=LoanApplication(text=text))


def bad_row(number):
    return RowError(number=number, id=str(number), code="nul_byte", field="text", message="found")


def run_with(chunks, output, *, before=lambda _texts: None, total=None):
    run(
        chunks,
        output,
        service=ScoringService(predictor=FakePredictor(before=before)),
        total=total,
    )
    return [json.loads(line) for line in output.read_text().splitlines()]


def test_rows_come_out_in_the_order_they_went_in_across_chunks(tmp_path):
    chunks = [[row(1), bad_row(2)], [row(3)], [bad_row(4), row(5)]]
    rows = run_with(chunks, tmp_path / "out.jsonl")
    assert [r["id"] for r in rows] == ["1", "2", "3", "4", "5"]
    assert [r["error"] is None for r in rows] == [True, False, True, False, True]


def test_the_summary_counts_rows_errors_bands_and_categories(tmp_path, capsys):
    run_with([[row(1), bad_row(2), row(3, "Fine.")]], tmp_path / "out.jsonl", total=3)
    printed = " ".join(capsys.readouterr().out.split())
    for line in ["rows │ 3", "errors │ 1", "excessive_obligations │ 1", "none stated │ 1"]:
        assert line in printed
    assert "error nul_byte │ 1" in printed


def test_an_interruption_says_where_the_rows_are_and_exits_with_130(tmp_path, capsys):
    def interrupt_second(texts):
        if texts == ["Second."]:
            raise KeyboardInterrupt

    chunks = [[row(1)], [row(2, "Second.")]]
    with pytest.raises(typer.Exit) as caught:
        run_with(chunks, tmp_path / "out.jsonl", before=interrupt_second)
    assert caught.value.exit_code == 130
    assert "interrupted, 1 rows are in" in capsys.readouterr().err
    assert len((tmp_path / "out.jsonl.partial").read_text().splitlines()) == 1
    assert not (tmp_path / "out.jsonl").exists()


def test_a_line_of_progress_tells_rate_errors_and_time_left():
    tally = Tally(num_rows=1024)
    tally.error_codes["nul_byte"] = 3
    line = progress_line(tally, total=2048, seconds=10.24)
    assert line == "scored 1,024 of 2,048 rows, 100.0 rows/s, 3 errors, 10 s left"
    assert progress_line(tally, total=None, seconds=10.24).endswith("3 errors")
    assert progress_line(Tally(), total=5, seconds=0.0).startswith("scored 0 of 5 rows")


def test_a_terminal_gets_a_bar_and_a_file_does_not():
    shown = {}
    for is_terminal in (True, False):
        stream = io.StringIO()
        console = Console(file=stream, force_terminal=is_terminal, width=100)
        with report_progress(console, total=4) as report:
            report.update(Tally(num_rows=2))
        shown[is_terminal] = stream.getvalue()
    assert "2/4" in shown[True]
    assert "rows/s" in shown[True]
    assert "errors" in shown[True]
    assert shown[False] == ""


def test_a_run_without_time_has_a_summary_too():
    assert summary_table(Tally(), seconds=0.0).row_count >= 4
