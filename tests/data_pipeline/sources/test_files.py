import csv
import gzip
import io
import json
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.application import MAX_TEXT_BYTES
from data_pipeline.sources import Row, RowError, count_rows, read_rows
from data_pipeline.sources.errors import (
    ColumnsError,
    SourceError,
    SourceNotFoundError,
    UnknownFileKindError,
    UnknownFormatError,
    UnreadableFileError,
)

GOOD = {"id": "x", "text": "Needs a truck.", "loan_amount_usd": 12500}


def write(path, content):
    if isinstance(content, str):
        content = content.encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def jsonl(*rows):
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)


def table(path, rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    if ".parquet" in path.name:
        columns = {name: [row.get(name) for row in rows] for name in names}
        pq.write_table(pa.table(columns), path)
    elif ".csv" in path.name:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, names)
        writer.writeheader()
        writer.writerows(rows)
        write(path, text.getvalue())
    else:
        write(path, jsonl(*rows))
    return path


def outcome(row):
    if isinstance(row, Row):
        return (row.number, row.id, row.application.text)
    return (row.number, row.id, row.code, row.field)


@pytest.fixture(params=["jsonl", "csv", "parquet", "jsonl.gz", "csv.gz"])
def suffix(request):
    return request.param


def test_every_kind_of_file_gives_the_same_rows(tmp_path, suffix):
    rows = [
        GOOD,
        {"id": "y", "text": None, "loan_amount_usd": 5.5},
        {"id": None, "text": 'Says "hello",\r\nthen more. é', "loan_amount_usd": None},
        {"id": "z", "text": "a", "loan_amount_usd": -1},
        {"id": "w", "text": " ", "loan_amount_usd": None},
        {"id": "v", "text": "a" * (MAX_TEXT_BYTES + 1), "loan_amount_usd": None},
        {"id": "u", "text": "b\0c", "loan_amount_usd": None},
        GOOD,
    ]
    path = table(tmp_path / f"rows.{suffix}", rows)
    assert [outcome(row) for row in read_rows(path)] == [
        (1, "x", "Needs a truck."),
        (2, "y", None),
        (3, "3", 'Says "hello",\r\nthen more. é'),
        (4, "z", "invalid_field", "loan_amount_usd"),
        (5, "w", "empty_application", None),
        (6, "v", "text_too_long", "text"),
        (7, "u", "nul_byte", "text"),
        (8, "x", "Needs a truck."),
    ]
    assert count_rows(path) == (8 if suffix in {"jsonl", "parquet"} else None)


def test_label_columns_change_nothing(tmp_path, suffix):
    plain = table(tmp_path / f"plain.{suffix}", [GOOD])
    labelled = table(tmp_path / f"labelled.{suffix}", [GOOD | {"denied": True, "race": "5"}])
    assert list(read_rows(plain)) == list(read_rows(labelled))


def test_a_parquet_column_that_is_not_known_is_not_even_loaded(tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": ["a" * 10], "denied": ["canary"]}), path, compression="none")
    broken = path.read_bytes().replace(b"canary", b"\xff\xff\xff\xff\xff\xff")
    path.write_bytes(broken)
    assert [outcome(row) for row in read_rows(path)] == [(1, "1", "a" * 10)]


def test_a_bad_line_of_json_never_stops_the_file(tmp_path):
    path = write(
        tmp_path / "rows.jsonl",
        jsonl(
            GOOD,
            "{not json",
            "",
            "[1, 2]",
            '{"text": 12}',
            '{"text": "a", "loan_amount_usd": NaN}',
            '{"text": "\\ud800"}',
            "[" * 100_000,
            '{"num_units": 1' + "0" * 5000 + "}",
            '{"text": "first", "text": "second"}',
        ).encode()
        + b'{"text": "\xff"}\n'
        + json.dumps(GOOD).encode(),
    )
    assert [outcome(row) for row in read_rows(path)] == [
        (1, "x", "Needs a truck."),
        (2, "2", "invalid_json", None),
        (4, "4", "invalid_json", None),
        (5, "5", "invalid_field", "text"),
        (6, "6", "invalid_field", "loan_amount_usd"),
        (7, "7", "invalid_utf8", "text"),
        (8, "8", "invalid_json", None),
        (9, "9", "invalid_json", None),
        (10, "10", "second"),
        (11, "11", "invalid_utf8", None),
        (12, "x", "Needs a truck."),
    ]
    assert count_rows(path) == 11


def test_a_line_of_many_megabytes_is_skipped_and_named(tmp_path):
    long = json.dumps({"text": "a" * 17 * 1024 * 1024})
    path = write(tmp_path / "rows.jsonl", jsonl(GOOD, long, GOOD))
    assert [outcome(row) for row in read_rows(path)] == [
        (1, "x", "Needs a truck."),
        (2, "2", "line_too_long", None),
        (3, "x", "Needs a truck."),
    ]


def test_a_bad_csv_row_never_stops_the_file(tmp_path):
    content = (
        b"id,text,num_units\r\n"
        b"a,fine,1\r\n"
        b"b,too few\r\n"
        b"c,too,1,many\r\n"
        b"\r\n"
        b"d,\xff\xfe,1\r\n"
        b'e,"quoted" badly,1\r\n'
        b"f,fine,two\r\n"
        b"g,\0,1\r\n"
        b"h,fine,2\r\n"
        b'i,"never closed,2\r\n'
    )
    rows = list(read_rows(write(tmp_path / "rows.csv", content)))
    assert [outcome(row) for row in rows] == [
        (1, "a", "fine"),
        (2, "2", "malformed_row", None),
        (3, "3", "malformed_row", None),
        (4, "d", "invalid_utf8", "text"),
        (5, "5", "malformed_row", None),
        (6, "f", "invalid_field", "num_units"),
        (7, "g", "nul_byte", "text"),
        (8, "h", "fine"),
        (9, "9", "malformed_row", None),
    ]
    assert "found 2 cells: expected 3" in rows[1].message


def test_a_csv_cell_of_a_million_characters_is_an_error_row(tmp_path):
    content = f'text\n"{"a" * 200_000}"\n"{"b" * 1_100_000}"\nfine\n'
    assert [outcome(row) for row in read_rows(write(tmp_path / "rows.csv", content))] == [
        (1, "1", "text_too_long", "text"),
        (2, "2", "line_too_long", None),
        (3, "3", "fine"),
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("cell", ["s" * 17_000_000, ",".join(["s" * 1_000_000] * 17)])
def test_a_csv_line_of_many_megabytes_is_one_error_row(tmp_path, cell, line_end):
    header = ",".join(f"scan{i}" for i in range(cell.count(",") + 1))
    lines = [f"{header},id,text", f"{cell},a,Too long.", f'{cell.replace("s", "")},b,"bad" quote']
    lines += [f"{header},c,fine", ""]
    rows = list(read_rows(write(tmp_path / "rows.csv", line_end.join(lines))))
    assert [outcome(row) for row in rows] == [
        (1, "1", "line_too_long", None),
        (2, "2", "malformed_row", None),
        (3, "c", "fine"),
    ]
    assert "up to line 2:" in rows[0].message
    assert "up to line 3:" in rows[1].message


def test_a_byte_order_mark_and_blanks_around_names_are_no_obstacle(tmp_path):
    path = write(tmp_path / "rows.csv", b"\xef\xbb\xbftext , num_units\nfine,1\n")
    assert [row.application.num_units for row in read_rows(path)] == [1]
    path = write(tmp_path / "rows.jsonl", b"\xef\xbb\xbf" + jsonl(GOOD).encode())
    assert len(list(read_rows(path))) == 1


def test_parquet_text_that_is_no_utf8_spoils_only_its_row(tmp_path):
    bad = pa.array([b"fine", b"\xff", b"also fine"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 3, bad.buffers())
    pq.write_table(pa.table({"text": text}), tmp_path / "rows.parquet")
    assert [outcome(row) for row in read_rows(tmp_path / "rows.parquet")] == [
        (1, "1", "fine"),
        (2, "2", "invalid_utf8", "text"),
        (3, "3", "also fine"),
    ]


def test_parquet_values_of_foreign_types_are_error_rows(tmp_path):
    columns = {"text": [["a"], ["b"]], "num_units": [1.0, 2.5]}
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    rows = list(read_rows(tmp_path / "rows.parquet"))
    assert [row.code for row in rows] == ["invalid_field", "invalid_field"]


def test_parquet_decimals_and_bytes_are_numbers_and_text(tmp_path):
    columns = {
        "id": pa.array([Decimal(7), None], pa.decimal128(18, 0)),
        "text": pa.array([b"Needs a truck.", b"\xff"], pa.binary()),
        "loan_amount_usd": pa.array([Decimal("1.50"), None], pa.decimal128(18, 2)),
    }
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    first, second = read_rows(tmp_path / "rows.parquet")
    assert outcome(first) == (1, "7", "Needs a truck.")
    assert first.application.loan_amount_usd == 1.5
    assert outcome(second) == (2, "2", "invalid_utf8", "text")


def test_a_parquet_file_of_many_batches_keeps_count(tmp_path):
    texts = [f"application {n}" for n in range(5000)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "rows.parquet", row_group_size=700)
    rows = list(read_rows(tmp_path / "rows.parquet"))
    assert [row.number for row in rows] == list(range(1, 5001))
    assert [row.application.text for row in rows] == texts


def test_a_missing_file_or_a_directory_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(SourceNotFoundError, match="does not exist"):
        read_rows(tmp_path / "rows.csv")
    with pytest.raises(SourceNotFoundError, match="is a directory"):
        read_rows(tmp_path)


@pytest.mark.parametrize("name", ["rows.txt", "rows", "rows.parquet.gz", "rows.gz"])
def test_an_unknown_suffix_is_refused_with_those_that_are_known(tmp_path, name):
    with pytest.raises(UnknownFileKindError, match=r"\.jsonl, .*\.parquet"):
        read_rows(write(tmp_path / name, "text\n"))


def test_an_unknown_format_is_refused_with_those_that_are_known(tmp_path):
    with pytest.raises(UnknownFormatError, match="auto, text, hmda, lendingclub"):
        read_rows(write(tmp_path / "rows.csv", "text\n"), format="xml")


def test_a_file_without_any_known_column_is_refused_with_what_was_perhaps_meant(tmp_path, suffix):
    path = table(tmp_path / f"rows.{suffix}", [{"id": "1", "Annual income": "a"}])
    with pytest.raises(ColumnsError, match="2 columns found") as caught:
        read_rows(path)
    assert "expected `text`" in str(caught.value)
    assert "column 2 is meant for annual_income_usd" in str(caught.value)


def test_a_row_of_an_applicant_in_place_of_the_header_is_not_quoted(tmp_path):
    path = write(tmp_path / "rows.csv", "Quillan Zybrovska,532-81-4067,text of mine\n")
    with pytest.raises(ColumnsError, match="3 columns found") as caught:
        read_rows(path)
    assert not any(word in str(caught.value) for word in ("Quillan", "532", "mine"))


@pytest.mark.parametrize("name", ["hmda", "lendingclub"])
def test_a_format_without_its_columns_is_refused(tmp_path, name):
    path = table(tmp_path / "rows.csv", [{"text": "a"}])
    with pytest.raises(ColumnsError, match="expected the columns of"):
        read_rows(path, format=name)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("rows.csv", b"", ColumnsError),
        ("rows.csv", "text\nfine\n".encode("utf-16"), ColumnsError),
        ("rows.csv", b"te\xffxt\nfine\n", ColumnsError),
        ("rows.csv", b'"text\nfine\n', ColumnsError),
        ("rows.csv", b"text,text\na,b\n", ColumnsError),
        ("rows.parquet", b"text\nfine\n", UnreadableFileError),
        ("rows.parquet", b"", UnreadableFileError),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path, name, content, error):
    with pytest.raises(error):
        read_rows(write(tmp_path / name, content))


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.jsonl.gz"])
def test_a_file_that_is_not_gzip_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"text\nfine\n")
    with pytest.raises(UnreadableFileError, match="broken or cut short"):
        read_rows(tmp_path / name)


@pytest.mark.parametrize("suffix", ["csv.gz", "parquet"])
def test_a_file_that_breaks_off_gives_its_rows_first(tmp_path, suffix):
    rows = [{"text": f"{n} {'0123456789' * (n % 7)}"} for n in range(20_000)]
    path = table(tmp_path / f"rows.{suffix}", rows)
    content = bytearray(path.read_bytes())
    if suffix == "parquet":
        pq.write_table(pa.table({"text": [r["text"] for r in rows]}), path, row_group_size=5000)
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 2000] = b"\0" * 2000
    else:
        content = content[: len(content) // 2]
    path.write_bytes(content)
    seen = []
    with pytest.raises(UnreadableFileError):
        seen.extend(read_rows(path))
    assert seen
    assert all(isinstance(row, Row) for row in seen)


def test_a_file_without_rows_gives_none(tmp_path):
    assert list(read_rows(write(tmp_path / "rows.jsonl", ""))) == []
    assert list(read_rows(write(tmp_path / "rows.csv", "text\n"))) == []
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "rows.parquet")
    assert list(read_rows(tmp_path / "rows.parquet")) == []


def test_a_json_file_whose_lines_are_all_broken_gives_an_error_for_each(tmp_path):
    rows = list(read_rows(write(tmp_path / "rows.jsonl", "{\n{\n")))
    assert [row.code for row in rows] == ["invalid_json", "invalid_json"]


def test_reading_is_lazy(tmp_path):
    path = table(tmp_path / "rows.csv", [GOOD] * 5)
    rows = read_rows(path)
    assert next(rows).number == 1
    rows.close()


CSV_PIECES = [b"text", b"id", b",", b'"', b"\n", b"\r", b"\0", b"\xff", b"a", b"\xef\xbb\xbf"]
JSON_PIECES = [b'{"text"', b":", b'"a"}', b"{", b"}", b"\n", b"1", b"\xff", b"[", b"\\ud800"]
csv_bytes = st.lists(st.sampled_from(CSV_PIECES), max_size=30).map(b"".join)
json_bytes = st.lists(st.sampled_from(JSON_PIECES), max_size=30).map(b"".join)


@given(st.sampled_from(["csv", "jsonl", "parquet", "csv.gz"]), csv_bytes | json_bytes | st.binary())
def test_whatever_bytes_a_file_holds_it_gives_rows_or_a_source_error(suffix, content):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"rows.{suffix}"
        path.write_bytes(content)
        try:
            rows = list(read_rows(path))
        except SourceError as error:
            assert str(error)  # noqa: PT017
            return
    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))
    assert all(isinstance(row, Row | RowError) for row in rows)
