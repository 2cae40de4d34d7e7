import json

import pytest
from typer import Typer
from typer.testing import CliRunner

from data_pipeline.errors import CommandError
from model_store.artifact import save_artifact
from model_store.explain.reference_commands import references


@pytest.fixture
def run(artifact, tmp_path):
    save_artifact(artifact, tmp_path / "model", storage="fp32")
    app = Typer()
    app.command()(references)

    def run(source, output):
        arguments = [str(source), str(output), "--version", "1"]
        return CliRunner().invoke(app, [*arguments, "--model", str(tmp_path / "model")])

    return run


@pytest.mark.parametrize("place", ["none/out.json", "."])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(run, tmp_path, place):
    result = run(tmp_path / "missing.jsonl", tmp_path / place)
    assert isinstance(result.exception, CommandError)
    assert "cannot be written" in str(result.exception)


def test_what_stood_there_stays_where_the_measuring_fails(run, tmp_path):
    source, output = tmp_path / "few.jsonl", tmp_path / "out.json"
    source.write_text(json.dumps({"text": "Income of $3,100 a month."}) + "\n")
    output.write_text("as before")
    assert run(source, output).exception is not None
    assert output.read_text() == "as before"
    assert not list(tmp_path.glob("*.part"))
