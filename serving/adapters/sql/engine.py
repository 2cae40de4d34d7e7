"""Connections: which database, how it is opened, and transactions that are whole or nothing."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from psycopg.errors import Error as PostgresError
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from serving.cases.store_errors import StoreUnavailableError

_POSTGRES = "postgresql+psycopg"
_DRIVERS = {"postgresql": _POSTGRES, "postgres": _POSTGRES, "sqlite": "sqlite+pysqlite"}
_WAIT_SECONDS = 30
_CONNECT_SECONDS = 10
_WRITES = "wherefore_writes"


def sqlite_url(path: Path) -> str:
    """Returns the URL of a SQLite file."""
    return sa.URL.create("sqlite+pysqlite", database=str(path)).render_as_string()


def open_engine(url: str) -> sa.Engine:
    """Returns an engine; nothing is connected yet. A SQLite file is made, mode 600, if need be.

    Raises:
        StoreUnavailableError: the URL is of no database that is supported, or the file cannot be
            made.
    """
    try:
        given = sa.make_url(url)
        driver = _DRIVERS.get(given.drivername, given.drivername)
    except ArgumentError:
        raise _unknown() from None
    if driver == _DRIVERS["sqlite"]:
        return _open_sqlite(given.set(drivername=driver))
    if driver != _POSTGRES:
        raise _unknown()
    try:
        return sa.create_engine(
            given.set(drivername=driver),
            connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "wherefore"},
            hide_parameters=True,
            pool_pre_ping=True,
        )
    except (ArgumentError, NoSuchModuleError):
        raise _unknown() from None


def _unknown() -> StoreUnavailableError:
    return StoreUnavailableError(
        found="no URL of the form sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
    )


def _open_sqlite(url: sa.URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise StoreUnavailableError(found="a SQLite database without a file, which keeps nothing")
    try:
        path = Path(url.database)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        found = f"the database file cannot be made or written ({error.strerror})"
        raise StoreUnavailableError(found=found) from None
    engine = sa.create_engine(url, connect_args={"timeout": _WAIT_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver's own handling of transactions would begin too late: see `_begin_sqlite`.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # Whole after a power cut, not only after a crash of the program.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten, which a purge relies on.
    connection.execute("PRAGMA secure_delete = ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Opens a transaction that sees one state of the database throughout.

    Raises:
        StoreUnavailableError: the database does not answer, or refuses.
    """
    # SQLite's transactions always see one state.
    options = {"isolation_level": "REPEATABLE READ"} if engine.name == "postgresql" else {}
    with (
        _mapped(),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Opens a transaction that is committed at the end of the block, or rolled back by an error.

    On SQLite one writes at a time, from the first statement on; the others wait.

    Raises:
        StoreUnavailableError: the database does not answer, or refuses; nothing is written.
    """
    with (
        _mapped(),
        engine.connect().execution_options(**{_WRITES: True}) as connection,
        connection.begin(),
    ):
        yield connection


def alone(connection: sa.Connection, number: int) -> None:
    """Waits until no other writing transaction holds a lock, and holds it until the end.

    On SQLite every writing transaction is alone from its beginning.

    Args:
        connection: a writing transaction.
        number: which lock; 64 bits.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except DBAPIError as error:
        # Messages of drivers may quote rows; the kind of the error does not.
        raise StoreUnavailableError(found=_kind_of(error.orig)) from None
    except SQLAlchemyError as error:
        raise StoreUnavailableError(found=type(error).__name__) from None


def _kind_of(error: Any) -> str:
    if isinstance(error, PostgresError):
        state = f", SQLSTATE {error.sqlstate}" if error.sqlstate else ""
        return f"{type(error).__name__}{state}"
    name = getattr(error, "sqlite_errorname", "")
    return f"{type(error).__name__}{', ' if name else ''}{name}"


def violated_table(error: sa.exc.IntegrityError) -> str:
    """Returns the table whose constraint a statement violated; empty where that is not told."""
    if isinstance(error.orig, PostgresError):
        return error.orig.diag.table_name or ""
    # SQLite names the columns at the end of its message, after a colon.
    return str(error.orig).rpartition(": ")[2].partition(".")[0]


def forget_deleted(engine: sa.Engine) -> None:
    """Takes what was deleted out of SQLite's log of changes; PostgreSQL does so by itself.

    A reader that still holds an older state puts it off; the next call makes up for it.
    """
    if engine.name != "sqlite":
        return
    with _mapped(), engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101  the connection is open
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
