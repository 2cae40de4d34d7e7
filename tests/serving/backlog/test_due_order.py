"""Jobs whose rows are scored in the order in which their notices fall due."""

import csv
import gzip
import json
import logging

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_pipeline.domain.application import LoanApplication, LoanProduct
from data_pipeline.sources import Row, RowError
from serving.adapters.fake import FakePredictor
from serving.backlog.arranged import parse_row, row_json
from serving.backlog.errors import (
    ColumnsMissingError,
    InputChangedError,
    JobDamagedError,
    JobMismatchError,
)
from serving.backlog.job import folder_of
from serving.backlog.local_job import ScoreOptions

BY_DUE = ScoreOptions(shard_rows=4, order="due-date")
DAYS = ["2026-11-03", None, "2026-11-01", "2026-11-02", "soon", "2026-11-01", ""]


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def killed_at(call):
    calls = []

    def before(texts):
        calls.append(texts)
        if len(calls) == call:
            raise Killed

    return FakePredictor(before=before)


def dated(day, number):
    row = {"id": f"A{number}", "text": f"Debts. {'More. ' * (number % 5)}{number}"}
    return row if day is None else row | {"completed_at": day}


@pytest.fixture
def dated_rows(tmp_path, backlog):
    """Seven rows, of which four have dates."""
    rows = [dated(day, number) for number, day in enumerate(DAYS, start=1)]
    return backlog.write(tmp_path / "in.jsonl", rows)


@pytest.fixture
def many(tmp_path, backlog):
    """Forty rows due on ten days, one in eight without a date."""
    rows = [dated(None if i % 8 == 3 else f"2026-11-{1 + i * 7 % 10:02}", i) for i in range(1, 41)]
    return backlog.write(tmp_path / "in.jsonl", rows)


def test_rows_stand_by_due_date_then_as_they_stood_and_those_without_last(
    tmp_path, backlog, dated_rows
):
    output = tmp_path / "out.jsonl"
    printed = " ".join(backlog.score(dated_rows, output, options=BY_DUE).split())
    rows = backlog.lines(output)
    assert [(row["row"], row["id"]) for row in rows] == [
        (number, f"A{number}") for number in (3, 6, 4, 1, 2, 5, 7)
    ]
    assert [row["due_on"] for row in rows] == [
        "2026-12-01", "2026-12-01", "2026-12-02", "2026-12-03", None, None, None,
    ]  # fmt: skip
    assert [row["due_note"] for row in rows] == [
        None, None, None, None, "no_date", "unreadable_date", "no_date",
    ]  # fmt: skip
    assert "due date: no_date │ 2" in printed
    assert "due date: unreadable_date │ 1" in printed


def test_what_is_due_first_is_computed_first(tmp_path, backlog, many):
    computed = []
    options = ScoreOptions(shard_rows=1, order="due-date")
    predictor = FakePredictor(before=computed.extend)
    backlog.score(many, tmp_path / "out.jsonl", options=options, predictor=predictor)
    rows = backlog.lines(many)
    expected = sorted(rows, key=lambda row: row.get("completed_at", "9"))
    assert computed == [row["text"] for row in expected]


ROW = st.fixed_dictionaries(
    {
        "text": st.sampled_from(["Her debts are heavy.", "Fine.", "Chapter 7.", "", "a\0b"]),
        "id": st.sampled_from(["A", "B", "C", "", "D" * 3]),
    },
    optional={
        "completed_at": st.sampled_from(["2026-11-01", "2026-11-02", "x", 5, None]),
        "received_at": st.sampled_from(["2026-10-30", "2026-11-04"]),
        "loan_amount_usd": st.sampled_from([5000, "much", 1.5]),
    },
)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.lists(ROW | st.just("not json"), min_size=1, max_size=15))
def test_the_order_changes_the_verdict_of_no_row(tmp_path_factory, backlog, rows):
    folder = tmp_path_factory.mktemp("order")
    source = folder / "in.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    has_dates = '{"text": "Fine.", "completed_at": "2026-11-05"}'
    source.write_text("\n".join([*lines, has_dates]) + "\n")
    backlog.score(source, folder / "a.jsonl", options=ScoreOptions(shard_rows=4))
    backlog.score(source, folder / "b.jsonl", options=BY_DUE)
    arranged_rows = sorted(backlog.lines(folder / "b.jsonl"), key=lambda row: row["row"])
    assert [row.pop("row") for row in arranged_rows] == list(range(1, len(rows) + 2))
    for row in arranged_rows:
        del row["due_on"], row["due_note"]
    assert arranged_rows == backlog.lines(folder / "a.jsonl")


APPLICATIONS = st.builds(
    LoanApplication,
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).map(
        lambda text: f"a{text}"
    ),
    product=st.none() | st.sampled_from(LoanProduct),
    purpose=st.none() | st.just(" A\tshed\nof « wood » "),
    loan_amount_usd=st.none() | st.floats(0, 1e9),
    debt_to_income_ratio=st.none() | st.floats(0, 10),
    num_units=st.none() | st.integers(0, 99),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(application=APPLICATIONS, number=st.integers(1, 10**12))
def test_a_row_is_kept_as_it_was_read(application, number):
    row = Row(number=number, id=f"é {number}", application=application)
    error = RowError(number=number, id="1", code="nul_byte", field=None, message="a\tb")
    for found in (row, error):
        kept = row_json(found)
        assert b"\n" not in kept
        assert b"\t" not in kept
        again = parse_row(kept.decode())
        assert again == found
        assert repr(again) == repr(found)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv.gz", ".parquet"])
def test_wherever_a_run_is_killed_the_output_is_that_of_a_run_nothing_stopped(
    tmp_path, backlog, many, suffix
):
    whole = tmp_path / f"whole{suffix}"
    backlog.score(many, whole, options=BY_DUE)
    for call in (1, 4, 10):
        output = tmp_path / f"out{call}{suffix}"
        with pytest.raises(Killed):
            backlog.score(many, output, options=BY_DUE, predictor=killed_at(call))
        assert (folder_of(output) / "arranged.parquet").exists()
        backlog.score(many, output, options=BY_DUE)
        assert output.read_bytes() == whole.read_bytes()
        assert not folder_of(output).exists()


def test_the_columns_of_the_order_are_in_every_kind_of_output(tmp_path, backlog, dated_rows):
    backlog.score(dated_rows, tmp_path / "out.csv", options=BY_DUE)
    backlog.score(dated_rows, tmp_path / "out.parquet", options=BY_DUE)
    with (tmp_path / "out.csv").open(newline="") as file:
        from_csv = list(csv.DictReader(file))
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == list(from_csv[0])
    assert table.column_names[-3:] == ["row", "due_on", "due_note"]
    assert [str(row) for row in table["row"].to_pylist()] == [row["row"] for row in from_csv]
    assert [row or "" for row in table["due_on"].to_pylist()] == [r["due_on"] for r in from_csv]


@pytest.mark.parametrize("kind", [".csv", ".jsonl.gz", ".parquet"])
def test_every_kind_of_input_is_ordered_alike(tmp_path, backlog, dated_rows, kind):
    backlog.score(dated_rows, tmp_path / "expected.jsonl", options=BY_DUE)
    rows = [{"completed_at": None} | row for row in backlog.lines(dated_rows)]
    source = tmp_path / f"other{kind}"
    if kind == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), source)
    elif kind == ".csv":
        with source.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        source.write_bytes(gzip.compress(dated_rows.read_bytes()))
    backlog.score(source, tmp_path / "out.jsonl", options=BY_DUE)
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "expected.jsonl").read_bytes()


def test_a_job_goes_on_only_in_the_order_it_was_begun_in(tmp_path, backlog, many):
    for begun, asked in (("input", "due-date"), ("due-date", "input")):
        output = tmp_path / f"{begun}.jsonl"
        first = ScoreOptions(shard_rows=4, order=begun)
        with pytest.raises(Killed):
            backlog.score(many, output, options=first, predictor=killed_at(3))
        with pytest.raises(JobMismatchError) as caught:
            backlog.score(many, output, options=ScoreOptions(shard_rows=4, order=asked))
        assert caught.value.what == "--order"


def test_a_limit_takes_the_rows_due_first(tmp_path, backlog, dated_rows):
    options = ScoreOptions(order="due-date", limit=3)
    backlog.score(dated_rows, tmp_path / "out.jsonl", options=options)
    assert [row["row"] for row in backlog.lines(tmp_path / "out.jsonl")] == [3, 6, 4]


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_an_input_in_which_no_row_has_a_date_is_refused_and_leaves_nothing(tmp_path, backlog, name):
    source = tmp_path / name
    source.write_text("text\nDebts.\n" if name == "in.csv" else '{"text": "Debts."}\n')
    with pytest.raises(ColumnsMissingError, match="completed_at or received_at"):
        backlog.score(source, tmp_path / "out.jsonl", options=BY_DUE)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("content", ["", "no json\n" * 3])
def test_an_input_that_has_no_row_to_date_is_scored_as_it_is(tmp_path, backlog, content):
    (tmp_path / "in.jsonl").write_text(content)
    backlog.score(tmp_path / "in.jsonl", tmp_path / "out.jsonl", options=BY_DUE)
    rows = backlog.lines(tmp_path / "out.jsonl")
    assert [row["due_note"] for row in rows] == ["unreadable_date"] * content.count("\n")


def test_an_arranged_file_that_was_damaged_or_is_gone_is_told(tmp_path, backlog, many):
    output = tmp_path / "out.jsonl"
    with pytest.raises(Killed):
        backlog.score(many, output, options=BY_DUE, predictor=killed_at(3))
    path = folder_of(output) / "arranged.parquet"
    table = pq.read_table(path)
    changed = [row.replace("More", "Less") for row in table["row"].to_pylist()]
    pq.write_table(table.set_column(0, "row", pa.array(changed)), path)
    with pytest.raises(InputChangedError):
        backlog.score(many, output, options=BY_DUE)
    pq.write_table(table.set_column(0, "row", pa.array(["{}"] * table.num_rows)), path)
    with pytest.raises(JobDamagedError):
        backlog.score(many, output, options=BY_DUE)
    path.unlink()
    with pytest.raises(JobDamagedError):
        backlog.score(many, output, options=BY_DUE)


def test_an_input_that_changes_meanwhile_gives_no_output(tmp_path, backlog, many):
    def alter():
        many.write_text(many.read_text().replace("Debts", "Loans"))

    with pytest.raises(InputChangedError):
        backlog.score(many, tmp_path / "out.jsonl", options=BY_DUE, after_plan=alter)
    assert not (tmp_path / "out.jsonl").exists()


def test_rows_of_one_id_are_told_apart_by_where_they_stood(tmp_path, backlog):
    rows = [dated("2026-11-05", 1), dated("2026-11-01", 1)]
    source = backlog.write(tmp_path / "in.jsonl", rows)
    backlog.score(source, tmp_path / "out.jsonl", options=BY_DUE)
    assert backlog.codes(tmp_path / "out.jsonl") == ["duplicate_id", None]
    assert "row 1 " in backlog.lines(tmp_path / "out.jsonl")[0]["error"]["message"]


@pytest.mark.parametrize("limit", [1, 2, 3, 9])
def test_which_row_of_one_id_is_scored_does_not_depend_on_the_limit(tmp_path, backlog, limit):
    rows = [dated("2026-11-05", 1), dated("2026-11-02", 2), dated("2026-11-01", 1)]
    source = backlog.write(tmp_path / "in.jsonl", rows)
    options = ScoreOptions(shard_rows=1, order="due-date", limit=limit)
    backlog.score(source, tmp_path / "out.jsonl", options=options)
    assert backlog.codes(tmp_path / "out.jsonl") == ["duplicate_id", None, None][:limit]
    assert [row["row"] for row in backlog.lines(tmp_path / "out.jsonl")] == [3, 2, 1][:limit]


def test_nothing_of_a_row_is_logged(tmp_path, backlog, caplog):
    caplog.set_level(logging.DEBUG)
    rows = [dated("CANARY on Tuesday", 1) | {"text": "CANARY debts."}, dated("2026-11-01", 2)]
    source = backlog.write(tmp_path / "in.jsonl", rows)
    printed = backlog.score(source, tmp_path / "out.jsonl", options=BY_DUE)
    assert "CANARY" not in caplog.text + printed
