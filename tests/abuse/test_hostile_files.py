"""Files that unpack to far more than they are, nest, or hold formulas for a spreadsheet."""

import csv
import gzip
import io
import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from whole_house import ROWS

from data_pipeline.errors import DataError
from data_pipeline.sources import read_rows
from serving.backlog.formats import output_format
from serving.identity.scopes import Role
from serving.rows import FailedRow, RowFailure

MEBIBYTE = 1024 * 1024
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "=cmd|'/c calc'!A1")


def _zstd(content):
    stream = io.BytesIO()
    with pa.CompressedOutputStream(stream, "zstd") as packed:
        packed.write(content)
        packed.flush()
        return bytes(stream.getvalue())


@pytest.fixture
def peak_mebibytes():
    """Returns the most memory that Python objects took since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1] / MEBIBYTE
    tracemalloc.stop()


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".csv.gz"])
@pytest.mark.parametrize("filler", [b"\0", b"a", b'"', b"\n"])
def test_a_file_that_unpacks_to_a_thousandfold_is_read_within_bounds(
    tmp_path, suffix, filler, peak_mebibytes
):
    path = tmp_path / f"bomb{suffix}"
    # Each byte of the last is a line of its own, which takes its time.
    size = MEBIBYTE // 8 if filler == b"\n" else 20 * MEBIBYTE
    path.write_bytes(gzip.compress(b"text,id\n" + filler * size))
    assert path.stat().st_size < MEBIBYTE // 10
    try:
        for _ in read_rows(path):
            pass
    except DataError:
        pass
    # A line is read whole up to 16 MiB, and copied a few times.
    assert peak_mebibytes() < 90


def test_a_parquet_file_whose_rows_share_one_long_text_is_read_within_bounds(
    tmp_path, peak_mebibytes
):
    text = pa.array(["a" * MEBIBYTE])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 1024, pa.int32()), text)
    path = tmp_path / "bomb.parquet"
    # Without the schema of Arrow the texts would be copied where they are read.
    pq.write_table(pa.table({"text": column}), path, compression="zstd", store_schema=False)
    del text, column
    assert path.stat().st_size < 10_000
    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    codes = []
    for row in read_rows(path):
        codes.append(row.code)
        assert pool.bytes_allocated() - before < 200 * MEBIBYTE
    assert codes == ["text_too_long"] * 1024
    assert peak_mebibytes() < 90


@given(st.lists(st.none() | st.text(max_size=8) | st.sampled_from(["Debts.", "a\0b"]), max_size=40))
def test_texts_of_parquet_are_read_as_those_of_json_are(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("parquet")
    rows = [{"id": f"r{number}", "text": text} for number, text in enumerate(texts)]
    schema = pa.schema({"id": pa.string(), "text": pa.string()})
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "in.parquet")
    (folder / "in.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    parquet, lines = (
        list(read_rows(folder / f"in.{kind}", format="text")) for kind in ("parquet", "jsonl")
    )
    assert parquet == lines


NESTED = {
    "gzip in gzip": (gzip.compress(gzip.compress(ROWS)), "application/gzip"),
    "zstd in gzip": (gzip.compress(_zstd(ROWS)), "application/gzip"),
    "a zip file": (None, "application/octet-stream"),
    "a broken gzip": (gzip.compress(ROWS * 99)[:-20], "application/gzip"),
    "a gzip that says another size": (gzip.compress(ROWS)[:-4] + b"\1\0\0\0", "application/gzip"),
    "two members": (gzip.compress(ROWS) * 2, "application/gzip"),
    "gzip with a long name": (
        b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"../" * 9999 + b"\0" + gzip.compress(ROWS)[10:],
        "application/gzip",
    ),
    "parquet of another kind": (b"PAR1" + b"\xff" * 64 + b"PAR1", "application/octet-stream"),
}


def _zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../../escaped.jsonl", ROWS)
    return file.getvalue()


@pytest.mark.parametrize("name", NESTED)
def test_an_upload_within_an_upload_is_refused_or_read_once(shared_house, name):
    content, kind = NESTED[name]
    headers = {"Content-Type": kind}
    answer = shared_house.send(
        Role.BATCH, "POST /api/v1/backlogs", content=content or _zipped(), headers=headers
    )
    assert answer.status_code in {202, 422}, answer.text
    folder = shared_house.app.state.settings.state_dir
    names = [name for _, folders, files in os.walk(folder) for name in (*folders, *files)]
    assert not [name for name in names if "escaped" in name]


def _failed(row_id):
    error = RowFailure(code="nul_byte", field="text", message="found a NUL")
    return FailedRow(id=row_id, model_version="fake", error=error)


def _cells(content):
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


@given(st.text(max_size=30) | st.sampled_from(FORMULAS))
def test_a_result_in_csv_has_one_row_for_each_whatever_an_id_holds(row_id):
    found = output_format(Path("out.csv")).encode([_failed(row_id), _failed("second")])
    first, second = (cells[0] for cells in _cells(found))
    assert first in {row_id, f"'{row_id}"}
    assert second == "second"


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_column_of_a_result_but_the_id_can_begin_a_formula(formula):
    [cells] = _cells(output_format(Path("out.csv")).encode([_failed(f"id {formula}")]))
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    nested = json.loads(next(cell for cell in cells if cell.startswith("{")))
    assert nested["code"] == "nul_byte"


def test_a_carriage_return_in_an_id_begins_no_row_of_its_own():
    found = output_format(Path("out.csv")).encode([_failed("a\r=1+1"), _failed("second")])
    assert [cells[0] for cells in _cells(found)] == ["a\r=1+1", "second"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_an_id_begins_no_formula(formula):
    [cells] = _cells(output_format(Path("out.csv")).encode([_failed(formula)]))
    assert cells[0] == f"'{formula}"


@pytest.mark.parametrize("number", ["-12", "+1.5", "-1,200"])
def test_a_number_with_a_sign_stays_as_it_is(number):
    [cells] = _cells(output_format(Path("out.csv")).encode([_failed(number)]))
    assert cells[0] == number
