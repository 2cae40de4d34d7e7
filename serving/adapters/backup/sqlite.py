"""SQLite's databases as files of their own: its online backup, made within one reading transaction.

The transaction holds one state while others write on, so the copy is of that state and never begins
anew, however long it takes.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from serving.adapters.sql.engine import reading
from serving.cases.store_errors import StoreUnavailableError

_PAGES_A_STEP = 1024


def copy_file(engine: sa.Engine, path: Path, *, advance: Callable[[int, int], None]) -> None:
    """Copies a database into a new file of mode 600.

    Args:
        engine: the database.
        path: the file.
        advance: is told the pages that are done, and all.

    Raises:
        StoreUnavailableError: the database cannot be read, or is damaged.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with reading(engine) as connection, closing(sqlite3.connect(path)) as copy:
        # The state is fixed by the first thing read.
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)  # noqa: S101  the engine's driver

        def step(_: int, remaining: int, total: int) -> None:
            advance(total - remaining, total)

        source.backup(copy, pages=_PAGES_A_STEP, progress=step)
    make_single(path)


def make_single(path: Path) -> None:
    """Checks a database that nobody uses, and leaves all of it in its one file.

    Raises:
        StoreUnavailableError: it is damaged.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            found = connection.execute("PRAGMA quick_check").fetchone()[0]
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        found = type(error).__name__
    if found != "ok":
        raise StoreUnavailableError(found="a SQLite file that is damaged (PRAGMA quick_check)")
    with path.open("rb") as file:
        os.fsync(file.fileno())
