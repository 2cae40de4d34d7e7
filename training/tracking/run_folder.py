"""Which MLflow run the folder of a run belongs to, so that it goes on in the same one."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from data_pipeline.errors import WhereforeError
from model_store.registry.mlflow_store import cause_of, experiment_id, without_secrets
from training.identity import changed_settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

_FILE = "mlflow.json"


class RunFolder:
    """The file in a folder that tells its MLflow run, on each store.

    Attributes:
        is_new: nothing has been recorded yet of the run that the folder holds.
    """

    def __init__(self, folder: Path, *, identity: Mapping[str, object]) -> None:
        """Reads what is there.

        Args:
            folder: folder of the run.
            identity: what makes the run what it is, as JSON values.
        """
        self._path = folder / _FILE
        self._identity = dict(identity)
        found = json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}
        self.is_new = not _is_same_run(found.get("identity"), identity)
        self._run_ids: dict[str, str] = {} if self.is_new else found["run_ids"]

    def run_id(self, client: "MlflowClient", *, uri: str, name: str) -> str:
        """Returns the MLflow run on a store, a new one where there is none or it was deleted.

        Args:
            client: of the store.
            uri: its URI.
            name: name of a new run.
        """
        store = without_secrets(uri)
        found = self._run_ids.get(store, "")
        if _is_active(client, found):
            return found
        experiment = experiment_id(client, uri)
        self._run_ids[store] = client.create_run(experiment, run_name=name).info.run_id
        self.save()
        return self._run_ids[store]

    def save(self) -> None:
        """Writes the file, whole or not at all."""
        content = {"identity": self._identity, "run_ids": self._run_ids}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_name(f"{self._path.name}.partial")
        unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(self._path)


def sentence_of(error: Exception) -> str:
    """Returns what went wrong with a record, without secrets."""
    return str(error) if isinstance(error, WhereforeError) else cause_of(error)


def _is_active(client: "MlflowClient", run_id: str) -> bool:
    if not run_id:
        return False
    try:
        return bool(client.get_run(run_id).info.lifecycle_stage == "active")
    except Exception as error:
        if getattr(error, "error_code", None) == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise


def _is_same_run(found: object, identity: Mapping[str, object]) -> bool:
    """Compares as a checkpoint does; files of before hold a digest of the identity."""
    if isinstance(found, dict):
        return not changed_settings(found, identity)
    return found == _digest(identity)


def _digest(identity: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
