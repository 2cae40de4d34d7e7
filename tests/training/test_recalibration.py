from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from model_store.artifact import load_artifact, save_artifact
from model_store.calibration import Calibration
from training.config import load_config
from training.identity import CALIBRATION_VERSION
from training.run import run_training


@pytest.fixture(scope="module")
def config(write_tiny_run, tmp_path_factory):
    return write_tiny_run(
        tmp_path_factory.mktemp("recalibration"),
        texts_of_author=12,
        data={"num_folds": 4},
        optimisation={"num_epochs": 1, "texts_per_step": 8, "microbatch_tokens": 2048},
        artifact={"storage": "int8", "version": "1.0.0"},
    )


@pytest.fixture(scope="module")
def trained(config, tmp_path_factory):
    result = run_training(load_config(config), output=tmp_path_factory.mktemp("trained"))
    return result.directory


@pytest.mark.slow
def test_a_model_with_another_calibration_gets_that_of_its_run_back(run, config, trained, tmp_path):
    as_trained = load_artifact(trained)
    spoilt = replace(as_trained, calibration=Calibration())
    save_artifact(spoilt, tmp_path / "spoilt", storage="int8")
    code, out, told = run(
        *("calibrate", "--config", config, "--model", tmp_path / "spoilt"),
        *("--version", "1.0.1", "--output", tmp_path / "new"),
    )
    assert code == 0, told
    assert "micro_f1" in out
    found = load_artifact(tmp_path / "new" / "model")
    expected, got = as_trained.calibration, found.calibration
    assert got.num_texts == expected.num_texts > 0
    for ours, theirs in zip(got.categories, expected.categories, strict=True):
        assert ours.model_dump() == pytest.approx(theirs.model_dump(), abs=1e-4)
    assert got.risk.model_dump() == pytest.approx(expected.risk.model_dump(), abs=1e-4)
    assert got.precedence == pytest.approx(expected.precedence, abs=1e-3)
    assert got.evidence_threshold == pytest.approx(expected.evidence_threshold, abs=1e-4)
    weights = [(m / "model.safetensors").read_bytes() for m in (trained, tmp_path / "new/model")]
    assert weights[0] == weights[1]
    manifest = found.manifest
    assert manifest.version == "1.0.1"
    assert manifest.git_revision == as_trained.manifest.git_revision
    anew = manifest.config["calibrated_anew"]
    assert anew["of"] == load_artifact(tmp_path / "spoilt").manifest.model_version
    assert manifest.config["calibration_version"] == CALIBRATION_VERSION
    assert manifest.config["artifact"]["version"] == "1.0.1"
    assert np.isfinite(manifest.metrics["held_out_authors"]["micro_f1"])
    assert "| calibrated anew | " in found.card
    assert "calibrated anew" not in as_trained.card


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed", [("data.held_out_fold", 1), ("seed", 9), ("artifact.storage", "fp16")]
)
def test_another_run_than_the_models_calibrates_nothing(run, config, trained, tmp_path, changed):
    key, value = changed
    content = yaml.safe_load(config.read_text())
    section, name = key.split(".") if "." in key else (None, key)
    (content[section] if section else content)[name] = value
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(content))
    given = ("--model", trained, "--version", "1.0.1", "--output", tmp_path / "new")
    code, _, told = run("calibrate", "--config", tmp_path / "other.yaml", *given)
    assert code == 2, told
    assert f"config.{key}" in told
    assert "give the configuration of its own run" in told
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_neither_a_version_nor_a_model_is_replaced(run, config, trained, tmp_path):
    given = ("calibrate", "--config", config, "--model", trained)
    code, _, told = run(*given, "--version", "1.0.0", "--output", tmp_path / "new")
    assert code == 2, told
    assert "give the new model another one in --version" in " ".join(told.split())
    code, _, told = run(*given, "--version", "1.0.1", "--output", trained.parent)
    assert code == 2, told
    assert "give another folder in --output" in " ".join(told.split())
    assert load_artifact(trained).manifest.version == "1.0.0"


@pytest.mark.slow
def test_texts_that_have_changed_since_calibrate_nothing(run, config, trained, tmp_path):
    content = yaml.safe_load(config.read_text())
    corpus = Path(content["data"]["corpus"])
    lines = corpus.read_text(encoding="utf-8").splitlines()
    content["data"]["corpus"] = str(tmp_path / "texts.jsonl")
    (tmp_path / "texts.jsonl").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(content))
    code, _, told = run(
        *("calibrate", "--config", tmp_path / "other.yaml", "--model", trained),
        *("--version", "1.0.1", "--output", tmp_path / "new"),
    )
    assert code == 2, told
    assert not (tmp_path / "new").exists()
