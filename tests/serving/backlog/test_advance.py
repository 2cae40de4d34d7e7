import io

from rich.console import Console

from serving.backlog.advance import Advance, progress_line, report_progress
from serving.backlog.tally import Tally, summary_table


def test_a_line_of_progress_tells_rate_errors_and_time_left_by_the_characters_left():
    advance = Advance(
        total_rows=2048, total_characters=4000, num_rows=1024, num_characters=3000, num_errors=3
    )
    line = progress_line(advance, seconds=10.24)
    assert line == "1,024 of 2,048 rows, 100.0 rows/s, 3 errors, 3 s left"


def test_what_an_earlier_run_did_counts_as_done_but_not_as_speed():
    advance = Advance(
        total_rows=300,
        total_characters=3000,
        resumed_rows=100,
        resumed_characters=1000,
        num_rows=200,
        num_characters=2000,
    )
    assert advance.rows_per_second(10.0) == 10.0
    assert advance.seconds_left(10.0) == 10.0


def test_the_tokens_left_are_as_dense_as_those_that_this_run_scored():
    advance = Advance(
        total_rows=300,
        total_characters=3000,
        resumed_rows=100,
        resumed_characters=1000,
        num_rows=200,
        num_characters=2000,
        num_tokens=250,
    )
    assert advance.tokens_left() == 250
    assert Advance(total_rows=5, total_characters=9).tokens_left() is None


def test_nothing_is_told_of_the_time_left_before_anything_is_scored():
    assert progress_line(Advance(total_rows=5, total_characters=9), seconds=0.0).endswith("errors")


def test_a_terminal_gets_a_bar_and_a_file_does_not():
    shown = {}
    for is_terminal in (True, False):
        stream = io.StringIO()
        console = Console(file=stream, force_terminal=is_terminal, width=120)
        with report_progress(console) as report:
            report.update(Advance(total_rows=4, total_characters=40, num_rows=2, num_characters=20))
        shown[is_terminal] = stream.getvalue()
    assert "2 of 4 rows" in shown[True]
    assert "rows/s" in shown[True]
    assert "errors" in shown[True]
    assert shown[False] == ""


def test_a_run_without_time_has_a_summary_too():
    assert summary_table(Tally(), seconds=0.0).row_count >= 4
