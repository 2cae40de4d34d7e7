"""`wherefore score` and `wherefore serve` with a model named by registry."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from data_pipeline.cli import main
from model_store.errors import ModelError
from model_store.predictor import Predictor
from model_store.registry.models import ModelRegistry
from model_store.registry.registration import register_model
from serving.adapters.in_process import load_predictor
from serving.settings import Settings

TEXT = "Her debts take most of her income."
COMMAND = Path(sys.executable).with_name("wherefore")


@pytest.fixture
def version(mlflow_uri, tiny_model):
    """The version that a model of random weights is registered as, as champion."""
    registry = ModelRegistry.open()
    registered = register_model(registry, tiny_model, name="tiny")
    registry.set_alias(registered, "champion")
    return registered


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs the command line; gives exit code and what was told on stderr."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["wherefore", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().err

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"text": TEXT}) + "\n")
    return path


def test_a_file_is_scored_by_a_registered_model_as_by_its_directory(
    version, command, tiny_model, source, tmp_path
):
    output = tmp_path / "out.jsonl"
    code, told = command("score", source, output, "--model", "models:/tiny@champion")
    assert code == 0
    assert "mlflow" not in told.lower()
    row = json.loads(output.read_text())
    (expected,) = Predictor.load(tiny_model).predict([TEXT])
    assert row["risk_score"] == pytest.approx(expected.risk_score, abs=0.01)
    assert row["model_version"] == expected.model_version == version.model_version
    (kept,) = (tmp_path / "cache" / "models").iterdir()
    assert kept.name == version.manifest_digest


def test_a_server_answers_with_the_champion(version, tmp_path):
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--model", "models:/tiny@champion"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "WHEREFORE_ENGINE": "torch"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        address = re.search(r"http://[\d.:]+", process.stdout.readline()).group()
        key = process.stdout.readline().split()[-1]
        metrics = httpx2.get(f"{address}/api/v1/metrics", headers={"X-API-Key": key}, timeout=60)
        assert version.model_version in metrics.text
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.communicate()


def test_the_setting_takes_a_directory_a_version_and_an_alias(version, tiny_model, tmp_path):
    cache = tmp_path / "given"
    for model in (str(tiny_model), "models:/tiny/1", "models:/tiny@champion"):
        predictor = load_predictor(Settings(model=model, cache_dir=cache))
        assert predictor.model_version == version.model_version
    assert len(list((cache / "models").iterdir())) == 1
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("models:/tiny@other", "has no alias 'other'"),
        ("models:/tiny", "expected models:/NAME@ALIAS"),
        ("models:/tiny@champion", "model.safetensors has sha256"),
    ],
)
def test_a_model_that_cannot_be_had_is_told_in_one_sentence(version, model, told):
    directory = Path(version.source.removeprefix("file://"))
    (directory / "model.safetensors").write_bytes(b"spoilt")
    with pytest.raises(ModelError, match=told) as caught:
        load_predictor(Settings(model=model))
    assert "\n" not in str(caught.value)


def test_a_registry_out_of_reach_ends_the_command_with_one_sentence(command, source, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    output = source.with_name("out.jsonl")
    code, told = command("score", source, output, "--model", "models:/tiny@champion")
    assert code == 2
    assert told.startswith("wherefore: MLflow at http://127.0.0.1:1 cannot be used")
    assert told.count("\n") == 1
    assert not output.exists()
