"""Real servers and stores for the tests, each started on a free port or in a folder of its own."""

import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from postgres_server import Postgres

# How long an example takes tells what else runs on the machine.
settings.register_profile("tests", settings(deadline=None, print_blob=True))
settings.load_profile("tests")
if settings.default.derandomize:
    # Draws that are to be the same each time must not hang on which modules were imported before.
    providers._get_local_constants = Constants


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """An empty PostgreSQL server that lives as long as the test session."""
    with (
        tempfile.TemporaryDirectory(prefix="wherefore-pg-") as folder,
        Postgres(Path(folder) / "server") as server,
    ):
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    """URL of that server's own database."""
    return postgres.url()


@pytest.fixture
def make_database(postgres: Postgres) -> Iterator[Callable[..., str]]:
    """Makes databases on that server, empty or copied, and drops them; gives their URLs."""
    made: list[str] = []

    def make(*, copy_of: str | None = None) -> str:
        made.append(f"test_{uuid.uuid4().hex}")
        template = f' TEMPLATE "{copy_of.rpartition("/")[2]}"' if copy_of else ""
        postgres.execute(f'CREATE DATABASE "{made[-1]}"{template}')
        return postgres.url(made[-1])

    yield make
    for name in made:
        postgres.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def empty_mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with MLflow's tables in it: to make them takes longer than a test."""
    from model_store.registry.mlflow_store import open_client  # noqa: PLC0415

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    open_client(f"sqlite:///{path}", create=True)
    return path


@pytest.fixture
def mlflow_uri(
    empty_mlflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """An MLflow store for one test, named in the environment, and an empty model cache."""
    from sqlalchemy import Engine, event  # noqa: PLC0415

    database = tmp_path / "mlflow" / "mlflow.db"
    database.parent.mkdir()
    shutil.copy(empty_mlflow_database, database)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    monkeypatch.setenv("WHEREFORE_CACHE_DIR", str(tmp_path / "cache"))
    # A model made for one test is not worth converting.
    monkeypatch.setenv("WHEREFORE_ENGINE", "torch")
    event.listen(Engine, "connect", _do_not_wait_for_the_disk)
    yield f"sqlite:///{database}"
    event.remove(Engine, "connect", _do_not_wait_for_the_disk)


def _do_not_wait_for_the_disk(connection: object, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")
