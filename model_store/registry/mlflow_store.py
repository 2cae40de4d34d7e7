"""MLflow as this project opens it: where it is, how long it is waited for, how it fails.

Only `MlflowClient` is used, which the core's mlflow-skinny has, and never a flavour: a flavour runs
code that lies in the store.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from data_pipeline.errors import WhereforeError
from model_store.errors import RegistryUnavailableError

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "wherefore"
"""The MLflow experiment that holds the runs of this project."""

DEFAULT_DATABASE = Path("runs") / "mlflow.db"
"""Where runs are recorded when `MLFLOW_TRACKING_URI` names no other place."""

_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_ARTIFACTS = "mlflow-artifacts"
_MAX_CAUSE_CHARACTERS = 200

_DEFAULTS = {
    # MLflow would tell its makers that it is used.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Without these a server that is down is waited for for four minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


def tracking_uri() -> str:
    """Returns the URI of the MLflow store: `MLFLOW_TRACKING_URI`, or SQLite in `runs/`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{DEFAULT_DATABASE.absolute()}"


def open_client(uri: str, *, create: bool = False) -> "MlflowClient":
    """Returns a client of an MLflow store.

    MLflow's settings that the environment leaves open are set in it: no telemetry, warnings only,
    short waits.

    Args:
        uri: what `tracking_uri` returns.
        create: whether an SQLite store that does not exist yet is made.

    Raises:
        RegistryUnavailableError: the store does not exist or cannot be opened.
    """
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    _find_database(uri, create=create)
    with mlflow_failures(uri):
        _reach_database(uri)
        from mlflow import MlflowClient  # noqa: PLC0415

        return MlflowClient(tracking_uri=uri)


def experiment_id(client: "MlflowClient", uri: str) -> str:
    """Returns the id of the experiment of this project, which is made if there is none.

    Beside an SQLite store its artifacts lie in a folder, not in the working directory.
    """
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    database = _database(uri)
    location = None if database is None else (database.parent / _ARTIFACTS).absolute().as_uri()
    return str(client.create_experiment(EXPERIMENT, artifact_location=location))


@contextmanager
def mlflow_failures(uri: str, *, to: str = "be used") -> Iterator[None]:
    """Gives whatever MLflow raises inside the block the form of our errors.

    Args:
        uri: where the store is.
        to: what it cannot do if something is raised.

    Raises:
        RegistryUnavailableError: something that is not yet an error of ours was raised.
    """
    try:
        yield
    except WhereforeError:
        raise
    except Exception as error:  # each of MLflow's many stores has errors of its own
        raise RegistryUnavailableError(
            f"MLflow at {without_secrets(uri)} cannot {to} ({cause_of(error)}): check that it "
            "runs and that MLFLOW_TRACKING_URI names it"
        ) from error


def has_code(error: Exception, code: str) -> bool:
    """Whether an error is MLflow's own with the given code, `RESOURCE_DOES_NOT_EXIST` say."""
    return getattr(error, "error_code", None) == code


def cause_of(error: Exception) -> str:
    """Returns the first line of a foreign error, without what may be a secret."""
    lines: list[str] = str(error).strip().splitlines() or [type(error).__name__]
    line = re.sub(r"\?\S*", "", without_secrets(lines[0])).rstrip(".")
    if len(line) <= _MAX_CAUSE_CHARACTERS:
        return line
    return f"{line[:_MAX_CAUSE_CHARACTERS]}..."


def without_secrets(text: str) -> str:
    """Returns a text with the user and password of every URL left out."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def _find_database(uri: str, *, create: bool) -> None:
    database = _database(uri)
    if database is None or database.exists():
        return
    if not create:
        raise RegistryUnavailableError(
            f"no model registry at {database}: expected what `wherefore train` makes there; train "
            "or register a model first, or set MLFLOW_TRACKING_URI to the server that has it"
        )
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RegistryUnavailableError(
            f"the folder of {database} cannot be made ({error.strerror}): set MLFLOW_TRACKING_URI "
            "to a place that can be written"
        ) from error


def _reach_database(uri: str) -> None:
    """Fails at once where MLflow itself would go on trying for two minutes."""
    if uri.partition(":")[0].partition("+")[0] not in _DATABASES:
        return
    from sqlalchemy import create_engine  # noqa: PLC0415

    engine = create_engine(uri)
    try:
        engine.connect().close()
    finally:
        engine.dispose()


def _database(uri: str) -> Path | None:
    """The file of an SQLite store; None for any other store."""
    if not uri.startswith("sqlite:"):
        return None
    from sqlalchemy.engine import make_url  # noqa: PLC0415

    database = make_url(uri).database
    return Path(database) if database else None
