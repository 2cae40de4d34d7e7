import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data_pipeline.commands import app
from data_pipeline.errors import DataError
from data_pipeline.example_store import examples_of, open_examples, read_manifest

DATA = Path(__file__).parents[1] / "data"


def build(*arguments):
    return CliRunner().invoke(app, ["build", *map(str, arguments)], catch_exceptions=True)


def test_the_corpus_is_the_source_unless_another_is_named(tmp_path):
    result = build("--output", tmp_path / "out")
    assert result.exit_code == 0
    manifest = read_manifest(tmp_path / "out")
    assert (manifest.num_examples, manifest.source) == (4135, "corpus")
    assert "4,135 examples" in result.stderr
    assert manifest.sha256 in result.stderr


def test_a_file_of_narratives_is_known_by_its_columns(tmp_path):
    result = build("--source", DATA / "narratives_dev.jsonl", "--output", tmp_path / "out")
    assert result.exit_code == 0
    examples = list(examples_of(open_examples(tmp_path / "out")))
    assert len(examples) == 60
    assert all(set(e.category_targets) <= {0.0, 1.0} for e in examples)
    assert any(e.evidence for e in examples)


def test_a_register_is_built_with_its_partial_labels(tmp_path):
    result = build("--source", DATA / "hmda_sample.csv", "--output", tmp_path / "out")
    assert result.exit_code == 0
    examples = list(examples_of(open_examples(tmp_path / "out")))
    assert len(examples) == 40
    assert any(e.coarse_sets for e in examples)


def test_bad_rows_are_counted_and_kept_apart(tmp_path):
    source = tmp_path / "rows.jsonl"
    source.write_text('{"text": "a"}\n{broken\n{"text": "b"}\n')
    result = build("--source", source, "--output", tmp_path / "out")
    assert result.exit_code == 0
    assert "2 examples" in result.stderr
    assert "1 rows left out" in result.stderr
    error = json.loads((tmp_path / "out" / "row_errors.jsonl").read_text())
    assert (error["number"], error["code"]) == (2, "invalid_json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--source", "missing.csv"], "does not exist"),
        (["--source", DATA / "README.md"], "expected one of .jsonl"),
        (["--source", DATA / "hmda_sample.csv", "--format", "narratives"], "narratives line 1"),
        (["--source", DATA / "hmda_sample.csv", "--format", "lendingclub"], "no known column"),
    ],
)
def test_a_source_that_cannot_be_built_is_one_sentence_and_leaves_no_folder(
    tmp_path, arguments, message
):
    result = build(*arguments, "--output", tmp_path / "out")
    assert isinstance(result.exception, DataError)
    assert message in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_an_output_in_use_is_refused_before_any_work(tmp_path):
    (tmp_path / "x").write_text("")
    result = build("--output", tmp_path)
    assert isinstance(result.exception, DataError)
