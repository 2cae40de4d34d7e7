"""The same over HTTP: a real MLflow server, started on a free port and stopped again."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from free_ports import free_ports

from model_store.artifact import save_artifact
from model_store.errors import ForeignModelError, UnknownModelError
from model_store.predictor import Predictor
from model_store.registry.models import ModelRegistry, resolve_model
from model_store.registry.registration import attach_report, attached_report
from training.errors import PromotionError
from training.loop import StepReport
from training.promotion.roles import role_changes, rollback
from training.run import RunResult
from training.tracking.run_tracker import track_run

TEXTS = ["Back-end DTI of 51.2% is over the limit."]
IDENTITY = {"config": {"name": "tiny", "seed": 1}, "corpus": "abc"}
_START_TIMEOUT_S = 300


@pytest.fixture
def server(empty_mlflow_database, tmp_path, monkeypatch):
    """Address of an MLflow server with a database and an artifact folder of its own."""
    shutil.copy(empty_mlflow_database, tmp_path / "server.db")
    [port] = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    command = [Path(sys.executable).with_name("mlflow"), "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path / 'server.db'}"]
    command += ["--artifacts-destination", str(tmp_path / "artifacts")]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    environment |= {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    log = (tmp_path / "server.log").open("wb")
    with (
        log,
        subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            _wait_until_ready(address, process, log=tmp_path / "server.log")
            monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
            monkeypatch.setenv("WHEREFORE_CACHE_DIR", str(tmp_path / "cache"))
            yield address
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _wait_until_ready(address, process, *, log):
    deadline = time.monotonic() + _START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx2.get(f"{address}/health").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the MLflow server did not start:\n{log.read_text()}")


def train(folder, artifact):
    """Tells a tracker what a training of two steps would."""
    save_artifact(artifact, folder / "model", storage="fp32")
    with track_run(folder, enabled=True, on_warning=pytest.fail) as tracker:
        tracker.on_start(IDENTITY)
        for step in (1, 2):
            report = StepReport(
                step=step, num_steps=2, epoch=1, losses={"risk": 0.5}, num_tokens=9, seconds=1
            )
            tracker.on_step(report)
        tracker.on_result(RunResult(directory=folder / "model", metrics={"texts": {"f1": 0.5}}))


def answers(reference):
    return Predictor.load(resolve_model(reference)).predict(TEXTS)


def test_runs_models_reports_and_roles_live_on_a_server_as_in_a_file(
    server, new_artifact, tmp_path
):
    for seed in (0, 1):
        train(tmp_path / str(seed), new_artifact(seed=seed))
    registry = ModelRegistry.open()
    second, first = registry.versions("tiny")
    assert (first.version, second.aliases) == (1, ("challenger",))
    metrics = registry.client.get_run(first.run_id).data.metrics
    assert (metrics["step"], metrics["texts/f1"]) == (2, 0.5)

    attach_report(registry, first, b'{"a": 1}', kind="evaluation")
    assert attached_report(registry, registry.versions()[1], kind="evaluation") == b'{"a": 1}'

    registry.set_alias(first, "champion")
    before = answers("models:/tiny@champion")
    assert before == Predictor.load(tmp_path / "0" / "model").predict(TEXTS)
    registry.set_alias(second, "champion")
    assert answers("models:/tiny@champion") != before

    with pytest.raises(UnknownModelError, match="has no alias 'other'"):
        resolve_model("models:/tiny@other")
    with pytest.raises(UnknownModelError, match="has no version 9"):
        resolve_model("models:/tiny/9")
    with pytest.raises(UnknownModelError, match="no registered model 'big'"):
        resolve_model("models:/big/1")
    registry.client.create_registered_model("foreign")
    registry.client.create_model_version("foreign", "s3://bucket/model")
    with pytest.raises(ForeignModelError):
        resolve_model("models:/foreign/1")
    assert role_changes(registry, "tiny") == []
    with pytest.raises(PromotionError, match="no version of 'tiny' was champion before"):
        rollback(registry, "tiny", reason="no")
