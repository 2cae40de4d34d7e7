"""Whole runs, tiny ones, on other data than the corpus, and their evaluation."""

import json
from pathlib import Path
from runpy import run_path

import pytest
import yaml

from model_store.artifact import load_artifact, save_artifact
from training.evaluation.figures import FIGURES

_shared = run_path(str(Path(__file__).parent / "run_data" / "conftest.py"))

new_register = _shared["new_register"]
loans = _shared["loans"]

LENDERS = {f"lender {n}": 4 + n % 5 for n in range(12)}
SOURCES = {
    "hmda": {"max_train_rows": 60, "test_ratio": 0.3},
    "lendingclub": {"calibration_from": "2010-10", "test_from": "2010-11"},
    "simulator": {"num_applications": 30, "num_test_applications": 12},
}


@pytest.fixture
def new_config(tiny_encoder, tmp_path):
    def write(source, *, precision="fp32"):
        content = {
            "name": source,
            "encoder": tiny_encoder,
            "precision": precision,
            "num_threads": 1,
            "data": {source: SOURCES[source]},
            "optimisation": {"num_epochs": 1, "texts_per_step": 16, "microbatch_tokens": 2048},
            "artifact": {"storage": "fp32"},
        }
        path = tmp_path / f"{source}.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return write


def trained(run, config, folder, *options):
    code, _, told = run("train", "--config", config, "--output", folder, "--no-track", *options)
    assert code == 0, told
    return load_artifact(folder / "model")


@pytest.mark.slow
def test_a_run_on_a_register_says_what_it_is_and_is_measured_on_its_lenders(
    run, new_config, new_register, tmp_path
):
    config, register = new_config("hmda"), new_register(LENDERS)
    artifact = trained(run, config, tmp_path / "run", "--data", register)
    manifest = artifact.manifest
    assert set(manifest.data_digests) == {"hmda"}
    assert set(manifest.metrics) == {"held_out_lenders", "held_out_lenders_before_storage"}
    assert manifest.metrics["held_out_lenders"]["any_listed_accuracy"] is not None
    assert str(tmp_path) not in manifest.model_dump_json()
    assert "public HMDA loan application register" in artifact.card
    assert "synthetic" not in artifact.card
    assert "- defaults: the register does not say" in artifact.card

    code, _, told = run(
        *("evaluate", "--config", config, "--data", register, "--model", tmp_path / "run/model"),
        *("--baselines", "--swap-texts", 0, "--output", tmp_path / "out"),
    )
    assert code == 0, told
    content = json.loads((tmp_path / "out" / "report.json").read_text())
    model, *baselines = content["figures"]
    assert model == manifest.model_version
    assert {"fields: lightgbm", "fields: logistic regression", "fields: random forest"} <= set(
        baselines
    )
    assert "TF-IDF + logistic regression" in baselines
    compared = {difference["figure"] for difference in content["differences"]}
    assert {"any_listed_accuracy", "top3_accuracy"} <= compared
    assert {cut["by"] for cut in content["cuts"]} >= {"lender"}


def test_a_model_is_not_measured_on_another_split_than_its_own(
    run, new_config, new_register, tmp_path
):
    config, register = new_config("hmda"), new_register(LENDERS)
    trained(run, config, tmp_path / "run", "--data", register)
    changed = yaml.safe_load(config.read_text())
    changed["data"]["hmda"]["seed"] = 5
    config.write_text(yaml.safe_dump(changed))
    code, _, told = run(
        *("evaluate", "--config", config, "--data", register, "--model", tmp_path / "run/model")
    )
    assert code == 2
    assert "another split of hmda" in told


def test_a_run_may_start_from_another_and_names_all_data_that_took_part(
    run, new_config, loans, tmp_path, monkeypatch
):
    monkeypatch.setattr("training.precision.cpu_computes_bf16", lambda: False)
    first = trained(run, new_config("simulator", precision="bf16"), tmp_path / "first")
    assert first.manifest.config["precision"] == "fp32"
    assert set(first.manifest.metrics) == {"held_out_families", "held_out_families_before_storage"}
    second = trained(
        *(run, new_config("lendingclub"), tmp_path / "second"),
        *("--data", loans, "--start-from", tmp_path / "first"),
    )
    manifest = second.manifest
    assert set(manifest.data_digests) == {"simulator", "lendingclub"}
    assert set(manifest.config["held_out_digests"]) == {"simulator", "lendingclub"}
    assert manifest.config["start_from_digest"] == first.manifest.digest
    assert manifest.config["start_from"] == first.manifest.model_version
    assert f"| started from | {first.manifest.model_version} |" in second.card
    assert "without an explicit licence" in second.card
    assert manifest.metrics["later_months"]["risk_auc"] is not None


def test_an_evaluation_on_the_simulator_says_how_much_of_the_best_is_reached(
    run, new_config, new_artifact, tmp_path
):
    config, model = new_config("simulator"), tmp_path / "model"
    save_artifact(new_artifact(), model, storage="fp32")
    code, _, told = run(
        *("evaluate", "--config", config, "--model", model, "--swap-texts", 0),
        *("--output", tmp_path / "out"),
    )
    assert code == 0, told
    content = json.loads((tmp_path / "out" / "report.json").read_text())
    model, best = content["figures"]
    assert best == "best reachable"
    assert list(content["figures"][model]) == [figure.name for figure in FIGURES]
    recall = {name: figures["recall_at_4"]["value"] for name, figures in content["figures"].items()}
    assert recall[model] <= recall[best] > 0.7
    assert any("of the best reachable" in note for note in content["notes"])


def test_files_that_the_data_does_not_take_are_refused_in_a_sentence(
    run, new_config, loans, tmp_path
):
    for source, options, word in (
        ("simulator", ("--data", loans), "--data"),
        ("hmda", (), "--data"),
        ("lendingclub", (), "--data"),
    ):
        code, _, told = run(
            *("train", "--config", new_config(source), "--output", tmp_path / "o", "--no-track"),
            *options,
        )
        assert code == 2
        assert word in told
        assert "Traceback" not in told


def test_only_the_corpus_is_cross_validated_by_author(run, new_config, tmp_path):
    code, _, told = run(
        "cross-validate", "--config", new_config("simulator"), "--output", tmp_path / "o"
    )
    assert code == 2
    assert "evaluate --config" in told
