import json

import pytest

from model_store.registry.mlflow_store import EXPERIMENT, open_client

TEXTS_OF_AUTHOR = 7


@pytest.fixture(scope="module")
def recipe(write_tiny_run, tmp_path_factory):
    """A run on short texts of four authors of the bundled corpus."""
    return write_tiny_run(
        tmp_path_factory.mktemp("recipe"),
        texts_of_author=TEXTS_OF_AUTHOR,
        data={"num_folds": 2},
        optimisation={"num_epochs": 1},
        artifact={"storage": "fp32"},
    )


@pytest.fixture
def cross_validate(run, recipe, tmp_path):
    def command(*arguments):
        code, _, told = run(
            *("cross-validate", "--config", recipe, "--folds", 2, "--output", tmp_path / "folds"),
            *arguments,
        )
        assert code == 0, told
        return told

    return command


def runs(client):
    experiment = client.get_experiment_by_name(EXPERIMENT)
    return [] if experiment is None else client.search_runs([experiment.experiment_id])


def test_a_cross_validation_is_recorded_with_its_figures_and_report(
    cross_validate, mlflow_uri, tmp_path
):
    cross_validate()
    client = open_client(mlflow_uri)
    (found,) = runs(client)
    assert found.info.run_name == "tiny-cross-validation"
    assert found.info.status == "FINISHED"
    assert found.data.params["config.optimisation.num_epochs"] == "1"
    assert found.data.params["num_folds"] == "2"
    assert len(found.data.params["corpus"]) == 64
    report = json.loads((tmp_path / "folds" / "report.json").read_text())
    expected = report["figures"]["network"]["micro_f1"]
    for end, value in (("", "value"), ("/low", "low"), ("/high", "high")):
        assert found.data.metrics[f"network/micro_f1{end}"] == pytest.approx(expected[value])
    assert any(name.startswith("difference to ") for name in found.data.metrics)
    kept = {file.path for file in client.list_artifacts(found.info.run_id, "report")}
    assert kept == {f"report/report.{kind}" for kind in ("html", "json", "md")}


def test_a_repeated_cross_validation_stays_one_run(cross_validate, mlflow_uri):
    cross_validate("--only-baselines")
    cross_validate("--only-baselines")
    assert len(runs(open_client(mlflow_uri))) == 1


def test_nothing_is_recorded_unless_wanted(cross_validate, mlflow_uri):
    cross_validate("--only-baselines", "--no-track")
    assert runs(open_client(mlflow_uri)) == []


def test_a_store_out_of_reach_is_told_and_loses_nothing(cross_validate, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:hidden@127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    told = cross_validate("--only-baselines")
    assert "not recorded in MLflow" in told
    assert "give the same command again" in told
    assert "hidden" not in told
    assert (tmp_path / "folds" / "report.html").exists()
