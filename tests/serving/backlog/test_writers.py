import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources import Row, RowError
from serving.adapters.fake import FakePredictor
from serving.backlog.writers import OutputFile, check_output
from serving.errors import OutputError
from serving.rows import ROW_FIELDS
from serving.scoring import ScoringService

SUFFIXES = [".jsonl", ".csv", ".parquet"]
NESTED = ["categories", "principal_reasons", "review_reasons", "error"]


@pytest.fixture
def rows():
    text = 'Debts, "quoted",\nover two lines, \U0001f3e0 and inquiries.'
    read = [
        Row(number=1, id="=A,1", application=LoanApplication(text=text)),
        RowError(number=2, id="2", code="invalid_json", field=None, message="found no JSON"),
        Row(number=3, id="3", application=LoanApplication(text="Fine.")),
    ]
    return ScoringService(predictor=FakePredictor()).score(read)


def write(path, rows, *, then=None):
    with OutputFile(path) as file:
        file.write(rows[:2])
        file.write(rows[2:])
        if then is not None:
            raise then


def read_back(path):
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
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


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_output_appears_only_when_it_is_complete(tmp_path, rows, suffix):
    path = tmp_path / f"out{suffix}"
    path.write_text("the rows of an earlier run")
    with OutputFile(path) as file:
        file.write(rows)
        assert path.read_text() == "the rows of an earlier run"
    assert len(read_back(path)) == 3
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failure_leaves_nothing_behind(tmp_path, rows, suffix):
    with pytest.raises(ValueError, match="broken"):
        write(tmp_path / f"out{suffix}", rows, then=ValueError("broken"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_interruption_keeps_the_rows_so_far_under_another_name(tmp_path, rows, suffix):
    path = tmp_path / f"out{suffix}"
    with pytest.raises(KeyboardInterrupt):
        write(path, rows, then=KeyboardInterrupt())
    partial = tmp_path / f"out{suffix}.partial"
    assert list(tmp_path.iterdir()) == [partial]
    assert len(read_back(partial.rename(path))) == 3


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


def test_a_directory_that_vanished_is_told_in_one_sentence(tmp_path):
    with pytest.raises(OutputError, match="cannot be written") as caught:
        OutputFile(tmp_path / "gone" / "out.jsonl")
    assert "\n" not in str(caught.value)
