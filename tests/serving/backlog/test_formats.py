import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources import Row, RowError
from serving.adapters.fake import FakePredictor
from serving.backlog.formats import check_output, output_format
from serving.errors import OutputError
from serving.rows import ROW_FIELDS
from serving.scoring import ScoringService

SUFFIXES = [
    ".jsonl",
    ".jsonl.gz",
    ".jsonl.zst",
    ".csv",
    ".csv.gz",
    ".csv.zst",
    ".parquet",
]
NESTED = ["categories", "principal_reasons", "review_reasons", "error"]


@pytest.fixture
def rows():
    text = 'Debts, "quoted",\nover two lines, \U0001f3e0 and inquiries.'
    read = [
        Row(number=1, id="A,=1", application=LoanApplication(text=text)),
        RowError(number=2, id="2", code="invalid_json", field=None, message="found no JSON"),
        Row(number=3, id="3", application=LoanApplication(text="Fine.")),
    ]
    return ScoringService(predictor=FakePredictor()).score(read)


def write(path, rows):
    """Writes rows in two shards and joins them."""
    chosen = output_format(path)
    shards = []
    for number, part in enumerate([rows[:2], rows[2:]]):
        shards.append(path.with_name(f"shard-{number}"))
        shards[-1].write_bytes(chosen.encode(part))
    chosen.join(path, shards)


def content(path):
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes()).decode()
    if path.suffix == ".zst":
        with pa.CompressedInputStream(str(path), "zstd") as file:
            return file.read().decode()
    return path.read_bytes().decode()


def read_back(path):
    if ".jsonl" in path.suffixes:
        return [json.loads(line) for line in content(path).split("\n")[:-1]]
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    found = list(csv.DictReader(io.StringIO(content(path), newline="")))
    for row in found:
        for name, value in row.items():
            if value == "":
                row[name] = None
            elif name in {*NESTED, "risk_score", "tokens", "windows"}:
                row[name] = json.loads(value)
    return found


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_of_file_says_the_same_as_the_rows(tmp_path, rows, suffix):
    path = tmp_path / f"out{suffix}"
    write(path, rows)
    assert read_back(path) == [row.model_dump(mode="json") for row in rows]


def test_parquet_columns_are_nested_types_and_the_same_for_any_rows(tmp_path, rows):
    schemas = []
    for name, some in {"a": rows[:1], "b": rows[1:2], "c": []}.items():
        write(tmp_path / f"{name}.parquet", some)
        schemas.append(pq.read_schema(tmp_path / f"{name}.parquet"))
    assert schemas[0] == schemas[1] == schemas[2]
    assert tuple(schemas[0].names) == ROW_FIELDS
    assert pa.types.is_list(schemas[0].field("principal_reasons").type)
    assert pa.types.is_struct(schemas[0].field("error").type)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_rows_make_an_empty_file_that_can_be_read(tmp_path, suffix):
    write(tmp_path / f"out{suffix}", [])
    assert read_back(tmp_path / f"out{suffix}") == []


def test_an_output_that_could_not_be_written_is_refused_before_any_work(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("text\nDebts.\n")
    link = tmp_path / "link.csv"
    link.symlink_to(source)
    (tmp_path / "dir.csv").mkdir()
    for path, found in [
        (tmp_path / "out.xlsx", "suffix '.xlsx'"),
        (tmp_path / "out", "suffix ''"),
        (tmp_path / "none" / "out.csv", "does not exist"),
        (tmp_path / "dir.csv", "is a directory"),
        (source, "is the input itself"),
        (link, "is the input itself"),
    ]:
        with pytest.raises(OutputError, match=found):
            check_output(path, source=source)
    check_output(tmp_path / "OUT.CSV", source=source)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_rows_are_the_same_bytes(tmp_path, rows, suffix):
    for name in ("a", "b"):
        write(tmp_path / f"{name}{suffix}", rows)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
