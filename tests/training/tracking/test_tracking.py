import hashlib
import json
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file

from model_store.artifact import save_artifact
from model_store.registry.mlflow_store import EXPERIMENT, open_client
from model_store.registry.models import ModelRegistry, resolve_model
from training.config import OptimisationConfig
from training.loop import StepReport
from training.run import RunResult
from training.tracking.journal import StepJournal
from training.tracking.run_folder import RunFolder
from training.tracking.run_tracker import STEPS_PER_SENDING, NoTracker, track_run

IDENTITY = {
    "config": {"name": "tiny", "seed": 1, "losses": {"risk": 0.3}, "data": {"corpus": None}},
    "corpus": "abc",
    "versions": {"categories": ["a", "b"]},
}
UNREACHABLE = "http://user:hidden@127.0.0.1:1"


class KilledError(Exception):
    """The machine went down."""


def report(step):
    return StepReport(
        step=step,
        num_steps=60,
        epoch=1 + step // 30,
        losses={"category": 1 / step, "risk": 0.5},
        num_tokens=100,
        seconds=0.5,
    )


@pytest.fixture(scope="module")
def result(new_artifact, tmp_path_factory):
    directory = tmp_path_factory.mktemp("run") / "model"
    save_artifact(new_artifact(), directory, storage="fp32")
    figures = {"micro_f1": 0.5, "num_texts": 7, "risk_mae": None, "note": "text"}
    return RunResult(directory=directory, metrics={"held_out": figures})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def store(mlflow_uri):
    """Opens the store anew, as another process would, and gives its client."""
    return open_client(mlflow_uri)


def run_of(client):
    experiment = client.get_experiment_by_name(EXPERIMENT)
    (run,) = client.search_runs([experiment.experiment_id])
    return run


def steps_of(client, name="loss/total"):
    history = client.get_metric_history(run_of(client).info.run_id, name)
    return sorted(metric.step for metric in history)


def train(folder, steps, *, result=None, identity=IDENTITY, enabled=True):
    """Tells a tracker of a run what a training would, and returns its warnings."""
    warnings = []
    with track_run(folder, enabled=enabled, on_warning=warnings.append) as tracker:
        tracker.on_start(identity)
        for step in steps:
            tracker.on_step(report(step))
        if result is None:
            raise KilledError
        tracker.on_result(result)
    return warnings


def test_a_run_is_recorded_with_config_digests_losses_figures_report_and_model(
    store, folder, result, tmp_path
):
    assert train(folder, range(1, 61), result=result) == []
    run = run_of(store)
    assert (run.info.run_name, run.info.status) == ("tiny", "FINISHED")
    assert run.data.params["config.losses.risk"] == "0.3"
    assert run.data.params["config.data.corpus"] == "null"
    assert run.data.params["corpus"] == "abc"
    assert run.data.metrics["held_out/micro_f1"] == 0.5
    assert "held_out/risk_mae" not in run.data.metrics
    assert steps_of(store) == steps_of(store, "loss/category") == list(range(1, 61))
    for name, expected in [("report/metrics.json", result.metrics), ("run.json", IDENTITY)]:
        local = store.download_artifacts(run.info.run_id, name, str(tmp_path))
        assert json.loads(Path(local).read_text()) == expected


def test_the_model_of_a_run_becomes_the_challenger_and_can_be_fetched(store, folder, result):
    train(folder, [1], result=result)
    version = ModelRegistry.open().holder("tiny", "challenger")
    assert version.run_id == run_of(store).info.run_id
    fetched = load_file(resolve_model("models:/tiny@challenger") / "model.safetensors")
    expected = load_file(result.directory / "model.safetensors")
    assert all((fetched[name] == expected[name]).all() for name in expected)


def test_artifacts_lie_beside_the_database_and_nowhere_else(
    mlflow_uri, folder, result, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    train(folder, [1], result=result)
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {"mlflow", "run"}
    assert {path.name for path in (tmp_path / "mlflow").iterdir()} == {
        "mlflow.db",
        "mlflow-artifacts",
    }


def test_without_a_setting_a_run_is_recorded_in_the_folder_of_runs(
    monkeypatch, tmp_path, empty_mlflow_database
):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    shutil.copy(empty_mlflow_database, tmp_path / "runs" / "mlflow.db")
    with pytest.raises(KilledError):
        train(tmp_path / "runs" / "tiny", [1])
    assert run_of(open_client(f"sqlite:///{tmp_path}/runs/mlflow.db")).info.status == "FAILED"


def test_a_resumed_run_goes_on_in_the_same_mlflow_run_without_telling_a_step_twice(
    store, folder, result
):
    with pytest.raises(KilledError):
        train(folder, range(1, 31))
    assert run_of(store).info.status == "FAILED"
    assert train(folder, range(21, 61), result=result) == []
    assert run_of(store).info.status == "FINISHED"
    assert steps_of(store) == list(range(1, 61))


def test_steps_between_the_last_sending_and_a_kill_are_not_lost(store, folder, result):
    with track_run(folder, enabled=True, on_warning=pytest.fail) as tracker:
        tracker.on_start(IDENTITY)
        for step in range(1, STEPS_PER_SENDING + 5):
            tracker.on_step(report(step))
        sent = steps_of(store)
        # Here the process would be killed: nothing more is told to this tracker.
    assert sent == list(range(1, STEPS_PER_SENDING + 1))
    train(folder, [STEPS_PER_SENDING + 5], result=result)
    assert steps_of(store) == list(range(1, STEPS_PER_SENDING + 6))


def test_another_configuration_in_the_same_folder_is_another_run(store, folder, result):
    train(folder, range(1, 4), result=result)
    changed = {**IDENTITY, "config": {**IDENTITY["config"], "seed": 2}}
    train(folder, range(1, 3), result=result, identity=changed)
    experiment = store.get_experiment_by_name(EXPERIMENT).experiment_id
    runs = store.search_runs([experiment], order_by=["attributes.start_time ASC"])
    assert [run.data.metrics["step"] for run in runs] == [3, 2]
    assert [run.data.params["config.seed"] for run in runs] == ["1", "2"]


def test_a_setting_that_a_run_did_not_know_yet_makes_it_no_other_run(folder):
    def identity(**optimisation):
        return {"config": {"name": "tiny", "optimisation": {"num_epochs": 3, **optimisation}}}

    RunFolder(folder, identity=identity()).save()
    today = OptimisationConfig(num_epochs=3).model_dump(mode="json")
    assert not RunFolder(folder, identity=identity(**today)).is_new
    other = identity(**{**today, "patience_epochs": 2})
    assert RunFolder(folder, identity=other).is_new


def test_a_folder_that_tells_its_run_by_a_digest_is_known(folder):
    digest = hashlib.sha256(json.dumps(IDENTITY, sort_keys=True).encode()).hexdigest()
    folder.mkdir()
    (folder / "mlflow.json").write_text(json.dumps({"identity": digest, "run_ids": {}}))
    assert not RunFolder(folder, identity=IDENTITY).is_new
    assert RunFolder(folder, identity={**IDENTITY, "corpus": "abd"}).is_new


def test_a_run_that_was_deleted_is_recorded_anew(store, folder, result):
    with pytest.raises(KilledError):
        train(folder, range(1, 4))
    store.delete_run(run_of(store).info.run_id)
    train(folder, range(4, 6), result=result)
    assert steps_of(store) == [1, 2, 3, 4, 5]


def test_a_finished_run_recorded_again_stays_one_run_and_one_version(store, folder, result):
    train(folder, range(1, 4), result=result)
    train(folder, [], result=result)
    assert steps_of(store) == [1, 2, 3]
    assert len(ModelRegistry.open().versions("tiny")) == 1


def test_a_store_out_of_reach_stops_nothing_and_is_told_once_at_the_end(
    monkeypatch, folder, result
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", UNREACHABLE)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (warning,) = train(folder, range(1, 31), result=result)
    assert "is not recorded whole in MLflow" in warning
    assert "give the same command again" in warning
    assert "hidden" not in warning
    assert "\n" not in warning


def test_what_could_not_be_recorded_is_recorded_when_the_command_is_given_again(
    mlflow_uri, monkeypatch, folder, result
):
    with monkeypatch.context() as during:
        during.setenv("MLFLOW_TRACKING_URI", UNREACHABLE)
        during.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        assert train(folder, range(1, 31), result=result)
    assert train(folder, [], result=result) == []
    assert steps_of(open_client(mlflow_uri)) == list(range(1, 31))


def test_a_store_that_comes_back_before_the_end_leaves_no_gap_and_no_warning(
    mlflow_uri, monkeypatch, folder, result
):
    warnings = []
    with track_run(folder, enabled=True, on_warning=warnings.append) as tracker:
        database = Path(mlflow_uri.removeprefix("sqlite:///"))
        away = database.rename(database.with_name("away"))
        database.mkdir()
        tracker.on_start(IDENTITY)
        tracker.on_step(report(1))
        database.rmdir()
        away.rename(database)
        tracker.on_step(report(2))
        tracker.on_result(result)
    assert warnings == []
    assert steps_of(open_client(mlflow_uri)) == [1, 2]


def test_a_folder_that_cannot_be_written_stops_nothing(store, tmp_path, result):
    (tmp_path / "run").write_text("a file, no folder")
    assert len(train(tmp_path / "run", range(1, 3), result=result)) == 1


def test_an_interrupted_run_is_recorded_as_killed(store, folder):
    def interrupted():
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(folder, interrupted())
    assert run_of(store).info.status == "KILLED"


def test_a_run_that_is_not_to_be_tracked_leaves_nothing(store, folder, result):
    assert train(folder, range(1, 4), result=result, enabled=False) == []
    assert store.get_experiment_by_name(EXPERIMENT) is None
    assert not folder.exists()


def test_of_several_processes_only_the_first_records(monkeypatch, mlflow_uri, folder):
    monkeypatch.setenv("RANK", "1")
    with track_run(folder, enabled=True, on_warning=pytest.fail) as tracker:
        assert isinstance(tracker, NoTracker)


def test_a_journal_keeps_what_was_written_first(tmp_path):
    journal = StepJournal(tmp_path / "run" / "steps.jsonl")
    for step, time_ms in [(1, 10), (2, 20), (2, 30), (1, 40), (3, 50)]:
        journal.write(report(step), time_ms=time_ms)
    assert journal.after(0) == [(report(1), 10), (report(2), 20), (report(3), 50)]
    assert StepJournal(tmp_path / "run" / "steps.jsonl").after(2) == [(report(3), 50)]


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_line_that_a_kill_cut_off_costs_no_other(tmp_path, cut):
    path = tmp_path / "steps.jsonl"
    for step in (1, 2):
        StepJournal(path).write(report(step), time_ms=step)
    path.write_text(path.read_text()[:-cut])
    journal = StepJournal(path)
    journal.write(report(2), time_ms=4)
    journal.write(report(3), time_ms=5)
    assert [step.step for step, _ in journal.after(0)] == [1, 2, 3]
