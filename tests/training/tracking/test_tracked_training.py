"""A whole training, killed and resumed, as MLflow has it afterwards."""

import json
import sys

import pytest
import yaml

from data_pipeline.cli import main
from data_pipeline.corpus.narratives import corpus_path
from model_store.predictor import Predictor
from model_store.registry.mlflow_store import EXPERIMENT, open_client
from model_store.registry.models import resolve_model
from training.config import load_config
from training.run import run_training
from training.tracking.run_tracker import track_run

NUM_AUTHORS, TEXTS_OF_AUTHOR = 4, 5
TEXTS = ["Back-end DTI of 51.2% is over the limit."]


class KilledError(Exception):
    """The machine went down."""


@pytest.fixture
def config(tiny_encoder, tmp_path):
    """A configuration file of a run of six steps on short texts of four authors."""
    kept = {}
    for line in corpus_path().read_text().splitlines():
        row = json.loads(line)
        texts = kept.setdefault(row["author"], [])
        if len(row["text"]) < 700 and not row.get("contrast_of") and len(texts) < TEXTS_OF_AUTHOR:
            texts.append(line)
    full = [texts for texts in kept.values() if len(texts) == TEXTS_OF_AUTHOR][:NUM_AUTHORS]
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("\n".join(line for texts in full for line in texts) + "\n")
    path = tmp_path / "tiny.yaml"
    content = {
        "name": "tiny",
        "encoder": tiny_encoder,
        "seed": 1,
        "precision": "fp32",
        "num_threads": 1,
        "checkpoint_every_steps": 2,
        "data": {"corpus": str(corpus), "num_folds": 4},
        "optimisation": {"num_epochs": 2, "texts_per_step": 5, "microbatch_tokens": 2048},
        "artifact": {"storage": "fp32"},
    }
    path.write_text(yaml.safe_dump(content))
    return path


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["wherefore", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def killed_at(step, config, folder):
    """Trains until a step, as `wherefore train` does, and dies there."""
    with track_run(folder, enabled=True, on_warning=pytest.fail) as tracker:

        def on_step(report):
            tracker.on_step(report)
            if report.step == step:
                raise KilledError

        run_training(load_config(config), output=folder, on_start=tracker.on_start, on_step=on_step)


def test_a_killed_and_resumed_training_is_one_run_with_every_step_once(
    config, mlflow_uri, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "run"
    with pytest.raises(KilledError):
        killed_at(4, config, folder)
    assert command(monkeypatch, "train", "--config", config, "--output", folder) == 0
    assert "warning" not in capsys.readouterr().err

    client = open_client(mlflow_uri)
    (run,) = client.search_runs([client.get_experiment_by_name(EXPERIMENT).experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.params["config.optimisation.texts_per_step"] == "5"
    assert len(run.data.params["corpus"]) == 64
    history = client.get_metric_history(run.info.run_id, "loss/category")
    assert sorted(metric.step for metric in history) == [1, 2, 3, 4, 5, 6]
    assert "held_out_authors/micro_f1" in run.data.metrics

    registered = Predictor.load(resolve_model("models:/tiny@challenger"))
    stored = Predictor.load(folder / "model")
    assert registered.predict(TEXTS) == stored.predict(TEXTS)


def test_a_training_without_track_leaves_no_record(
    config, mlflow_uri, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "run"
    options = ["--config", config, "--output", folder, "--no-track"]
    assert command(monkeypatch, "train", *options) == 0
    assert "model stored in" in capsys.readouterr().err
    assert open_client(mlflow_uri).get_experiment_by_name(EXPERIMENT) is None
    assert {path.name for path in folder.iterdir()} == {"checkpoint", "model"}


def test_a_finished_training_asked_for_again_keeps_its_model(config, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "run"
    options = ["--config", config, "--output", folder, "--no-track"]
    assert command(monkeypatch, "train", *options) == 0
    manifest = folder / "model" / "manifest.json"
    made = json.loads(manifest.read_text()) | {"created": "2020-01-01"}
    manifest.write_text(json.dumps(made))
    assert command(monkeypatch, "train", *options) == 0
    assert json.loads(manifest.read_text()) == made
    assert "its model stays" in capsys.readouterr().err

    manifest.write_text(json.dumps(made | {"config": made["config"] | {"seed": 2}}))
    assert command(monkeypatch, "train", *options) == 0
    assert json.loads(manifest.read_text())["config"]["seed"] == 1
