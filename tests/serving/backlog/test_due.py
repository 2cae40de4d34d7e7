"""Due dates of rows, and lines sorted by them."""

import datetime as dt
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_pipeline.sources.parquet import ParquetTable
from data_pipeline.sources.rows import RowValueError
from serving.backlog.due import Due, DueNote, due_of
from serving.backlog.due_sort import DueSort

NEW_YORK = "America/New_York"
UNREADABLE = Due(due_on=None, note=DueNote.UNREADABLE)


def due(**cells):
    return due_of(cells, time_zone=NEW_YORK)


@pytest.mark.parametrize(
    ("value", "due_on"),
    [
        ("2026-01-31", date(2026, 3, 2)),
        (" 2026-01-31 ", date(2026, 3, 2)),
        (date(2026, 1, 31), date(2026, 3, 2)),
        ("2026-01-31T23:30:00", date(2026, 3, 2)),
        ("2026-01-31T23:30:00-05:00", date(2026, 3, 2)),
        ("2026-02-01T03:30:00Z", date(2026, 3, 2)),
        (dt.datetime(2026, 2, 1, 3, 30, tzinfo=dt.UTC), date(2026, 3, 2)),
        (dt.datetime(2026, 2, 1, 3, 30), date(2026, 3, 3)),  # noqa: DTZ001
        (pd.Timestamp("2026-02-01T03:30:00.000000001Z"), date(2026, 3, 2)),
    ],
)
def test_a_notice_is_due_thirty_days_after_the_creditors_day_of_completion(value, due_on):
    assert due(completed_at=value) == Due(due_on=due_on)


def test_without_a_time_zone_a_moment_has_the_day_that_is_written():
    cells = {"completed_at": "2026-02-01T03:30:00Z"}
    assert due_of(cells, time_zone=None) == Due(due_on=date(2026, 3, 3))


def test_an_application_that_is_not_complete_is_due_thirty_days_after_it_came_in():
    assert due(received_at="2026-01-31", completed_at=" ") == Due(due_on=date(2026, 3, 2))
    assert due(received_at="2026-01-01", completed_at="2026-01-31").due_on == date(2026, 3, 2)


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "31/01/2026",
        "2026-02-30",
        "9999-12-31",
        "0001-01-01T00:00:00+14:00",
        20260131,
        1.5,
        True,
        ["2026-01-31"],
        {"at": "2026-01-31"},
        "\ud800",
        "\0",
        pd.NaT,
    ],
)
def test_what_is_no_date_is_told_and_where_the_row_came_in_on_a_day_that_one_counts(value):
    assert due(completed_at=value) == UNREADABLE
    by_receipt = Due(due_on=date(2026, 3, 2), note=DueNote.UNREADABLE)
    assert due(completed_at=value, received_at="2026-01-31") == by_receipt


def test_a_row_without_dates_and_one_that_cannot_be_read_are_told_apart():
    assert due(text="Debts.") == Due(due_on=None, note=DueNote.NO_DATE)
    broken = RowValueError("invalid_json", field=None, message="broken")
    assert due_of(broken, time_zone=None) == UNREADABLE


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(cells=st.fixed_dictionaries({"completed_at": st.text() | st.none() | st.integers()}))
def test_no_cell_stops_anything(cells):
    found = due_of(cells, time_zone=NEW_YORK)
    assert (found.due_on is None) == (found.note is not None)


def test_a_date_of_parquet_that_no_calendar_has_takes_no_other_row_along(tmp_path):
    days = pa.array([0, 10**8, None], pa.int32()).cast(pa.date32())
    moments = pa.array([0, 2**62, -(2**62)], pa.int64()).cast(pa.timestamp("us", "UTC"))
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"received_at": moments, "completed_at": days}), path)
    cells = [cells for _, cells in ParquetTable(path).records(("received_at", "completed_at"))]
    found = [due_of(row, time_zone="UTC") for row in cells]
    assert found == [Due(due_on=date(1970, 1, 31)), UNREADABLE, UNREADABLE]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    ranks=st.lists(st.integers(0, 20) | st.just(9_999_999), max_size=60),
    run_bytes=st.integers(1, 200),
    most_open=st.integers(2, 4),
)
def test_lines_come_by_rank_and_those_of_one_rank_as_they_came(
    tmp_path_factory, ranks, run_bytes, most_open
):
    folder = tmp_path_factory.mktemp("runs")
    sort = DueSort(folder, run_bytes=run_bytes, most_open=most_open)
    lines = [f"{position}\t{rank}".encode() for position, rank in enumerate(ranks)]
    for line, rank in zip(lines, ranks, strict=True):
        sort.add(line, rank=rank)
    expected = [line for _, line in sorted(zip(ranks, lines, strict=True), key=lambda p: p[0])]
    assert list(sort.sorted()) == expected
    assert len(list(folder.iterdir())) <= most_open
