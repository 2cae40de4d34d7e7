import json

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from data_pipeline.commands import app
from data_pipeline.generator.output import SimulationOutputError
from data_pipeline.sources import read_rows
from data_pipeline.sources.rows import Row


def simulate(*arguments):
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)])


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_same_command_writes_the_same_bytes(tmp_path):
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path in paths:
        assert simulate("--num", 20, "--seed", 5, "--output", path).exit_code == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_row_holds_the_text_and_everything_planted(tmp_path):
    output = tmp_path / "files.jsonl"
    simulate("--num", 60, "--seed", 5, "--split", "held_out", "--output", output)
    rows = rows_of(output)
    assert len(rows) == 60
    assert {row["split"] for row in rows} == {"held_out"}
    assert any(row["planted_categories"] for row in rows)
    for row in rows:
        for evidence in row["planted_evidence"]:
            quote = row["text"][evidence["start"] : evidence["end"]]
            assert quote == evidence["quote"]
        assert row["planted_denied"] == bool(row["planted_categories"])
        assert 0 < row["planted_default_probability"] < 1
        assert not {"age_years", "sex", "race", "product"} & set(row)


def test_parquet_holds_what_json_lines_hold(tmp_path):
    lines, table = tmp_path / "files.jsonl", tmp_path / "files.parquet"
    for output in (lines, table):
        assert simulate("--num", 30, "--seed", 6, "--fields", "--output", output).exit_code == 0
    given = [
        {name: value for name, value in row.items() if value is not None}
        for row in pq.read_table(table).to_pylist()
    ]
    assert given == rows_of(lines)


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_rows_with_fields_are_read_back_as_applications(tmp_path, ending):
    output = tmp_path / f"files.{ending}"
    simulate("--num", 25, "--seed", 7, "--fields", "--output", output)
    rows = list(read_rows(output))
    assert all(isinstance(row, Row) for row in rows)
    assert all(row.application.debt_to_income_ratio > 0 for row in rows)
    assert rows[0].id == "sim-7-0"


def test_demographics_go_to_a_file_of_their_own(tmp_path):
    output, people = tmp_path / "files.jsonl", tmp_path / "people.parquet"
    result = simulate("--num", 25, "--seed", 7, "--output", output, "--demographics", people)
    assert result.exit_code == 0
    table = pq.read_table(people).to_pylist()
    assert [person["id"] for person in table] == [row["id"] for row in rows_of(output)]
    assert set(table[0]) == {"id", "age_years", "sex", "race", "ethnicity", "marital_status"}
    assert all(isinstance(person["age_years"], int) for person in table)


def test_an_unknown_ending_is_one_sentence_and_writes_nothing(tmp_path):
    result = simulate("--num", 3, "--seed", 1, "--output", tmp_path / "files.csv")
    assert isinstance(result.exception, SimulationOutputError)
    assert "expected .jsonl or .parquet" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_one_sentence(tmp_path):
    result = simulate("--num", 3, "--seed", 1, "--output", tmp_path / "none" / "files.jsonl")
    assert isinstance(result.exception, SimulationOutputError)
    assert "cannot be written" in str(result.exception)


def test_what_stood_in_the_output_stays_until_the_last_row_is_written(tmp_path):
    output = tmp_path / "files.jsonl"
    output.write_text("before")
    people = tmp_path / "none" / "people.jsonl"
    result = simulate("--num", 3, "--seed", 1, "--output", output, "--demographics", people)
    assert isinstance(result.exception, SimulationOutputError)
    assert output.read_text() == "before"
    assert list(tmp_path.iterdir()) == [output]
