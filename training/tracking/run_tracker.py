"""The record of a training run in MLflow.

A run records itself where `MLFLOW_TRACKING_URI` says, or in `runs/mlflow.db`. What cannot be
recorded never stops a training: its steps are kept in the folder of the run, and what is missing in
MLflow is sent when the run ends, or when the same command is given again.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from model_store.artifact import read_manifest
from model_store.registry.mlflow_store import open_client, tracking_uri
from model_store.registry.models import ModelRegistry
from model_store.registry.registration import register_model
from training.loop import StepReport
from training.run import RunResult
from training.tracking.journal import StepJournal
from training.tracking.run_folder import RunFolder, sentence_of
from training.tracking.tracked_values import (
    final_figures,
    log_figures,
    log_parameters,
    now_ms,
    step_figures,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

STEPS_PER_SENDING = 25
"""Steps after which their losses are sent, all in one request."""


class Tracker(Protocol):
    """What a training run tells about itself."""

    def on_start(self, identity: Mapping[str, object]) -> None:
        """Takes what makes the run what it is: configuration, data digests, versions."""

    def on_step(self, report: StepReport) -> None:
        """Takes what a step did."""

    def on_result(self, result: RunResult) -> None:
        """Takes what the run left behind."""


class NoTracker:
    """Records nothing."""

    def on_start(self, identity: Mapping[str, object]) -> None:
        """Does nothing."""

    def on_step(self, report: StepReport) -> None:
        """Does nothing."""

    def on_result(self, result: RunResult) -> None:
        """Does nothing."""


@contextmanager
def track_run(
    folder: Path, *, enabled: bool, on_warning: Callable[[str], None]
) -> Iterator[Tracker]:
    """Opens the record of a run and closes it again, however the run ends.

    Args:
        folder: folder of the run.
        enabled: whether anything is recorded at all. Of several processes only the first records.
        on_warning: called at the end with a sentence if the record is not whole.
    """
    if not enabled or int(os.environ.get("RANK", "0")) > 0:
        yield NoTracker()
        return
    tracker = RunTracker(folder, uri=tracking_uri())
    try:
        yield tracker
    except BaseException as error:
        tracker.abandon("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
        raise
    finally:
        if tracker.warning:
            on_warning(tracker.warning)


class RunTracker:
    """Records one run in MLflow and goes on in the same MLflow run when it is resumed."""

    def __init__(self, folder: Path, *, uri: str) -> None:
        """Names the folder of the run and the MLflow store.

        Nothing is asked of the store before the run starts.
        """
        self._folder = folder
        self._uri = uri
        self._journal: StepJournal | None = None
        self._record: RunFolder | None = None
        self._identity: Mapping[str, Any] = {}
        self._client: MlflowClient | None = None
        self._run_id = ""
        self._sent_steps = 0
        self._failure: str | None = None

    @property
    def warning(self) -> str | None:
        """What was not recorded, why, and what to do; None if the record is whole."""
        if self._failure is None:
            return None
        return (
            f"the run is not recorded whole in MLflow ({self._failure}): mend that and give the "
            "same command again, which trains nothing twice and records what is missing"
        )

    def on_start(self, identity: Mapping[str, object]) -> None:
        """Opens the MLflow run of a training run: a new one, or the one it had before.

        Args:
            identity: `config`, `versions`, and the digest of each data set by name.
        """
        with self._attempt():
            self._identity = identity
            self._journal = StepJournal(self._folder / "steps.jsonl")
            self._record = RunFolder(self._folder, identity=identity)
            if self._record.is_new:
                self._journal.clear()
                self._record.save()
            self._open()

    def on_step(self, report: StepReport) -> None:
        """Keeps the losses of a step, and sends those not yet sent now and then."""
        with self._attempt():
            if self._journal is not None:
                self._journal.write(report, time_ms=now_ms())
            if self._client is not None and report.step % STEPS_PER_SENDING == 0:
                self._send_steps(self._client)

    def on_result(self, result: RunResult) -> None:
        """Records figures and model, registers the model, and ends the MLflow run.

        What failed before is tried once more.
        """
        self._failure = None
        with self._attempt():
            client = self._client or self._open()
            self._send_steps(client)
            log_figures(client, self._run_id, list(final_figures(result.metrics)))
            client.log_dict(self._run_id, result.metrics, "report/metrics.json")
            revision = read_manifest(result.directory).git_revision
            if revision:
                client.set_tag(self._run_id, "mlflow.source.git.commit", revision)
            register_model(
                ModelRegistry(client, uri=self._uri),
                result.directory,
                name=self._identity["config"]["name"],
                run_id=self._run_id,
            )
            client.set_terminated(self._run_id, "FINISHED")

    def abandon(self, status: str) -> None:
        """Ends the MLflow run of a training run that did not come to its end.

        Args:
            status: "FAILED" or "KILLED".
        """
        with self._attempt():
            if self._client is not None:
                self._send_steps(self._client)
                self._client.set_terminated(self._run_id, status)

    @contextmanager
    def _attempt(self) -> Iterator[None]:
        """Keeps whatever goes wrong from the training, and asks no more of the store."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 (a training is worth more than its record)
            self._client = None
            self._failure = sentence_of(error)

    def _open(self) -> "MlflowClient":
        client = open_client(self._uri, create=True)
        name = self._identity["config"]["name"]
        record = self._record or RunFolder(self._folder, identity=self._identity)
        self._run_id = record.run_id(client, uri=self._uri, name=name)
        client.update_run(self._run_id, status="RUNNING")
        log_parameters(client, self._run_id, self._identity)
        client.log_dict(self._run_id, dict(self._identity), "run.json")
        self._sent_steps = _last_step(client, self._run_id)
        self._client = client
        return client

    def _send_steps(self, client: "MlflowClient") -> None:
        if self._journal is None:
            return
        steps = self._journal.after(self._sent_steps)
        figures = [figure for report, at in steps for figure in step_figures(report, at)]
        log_figures(client, self._run_id, figures)
        if steps:
            self._sent_steps = steps[-1][0].step


def _last_step(client: "MlflowClient", run_id: str) -> int:
    """The last step that MLflow has, 0 for none."""
    return int(client.get_run(run_id).data.metrics.get("step", 0))
