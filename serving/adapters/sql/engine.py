"""Connections: which database, how it is opened, and transactions that are whole or nothing.

Isolation. A reading transaction sees one state throughout: SQLite's always do, on PostgreSQL it is
REPEATABLE READ and read only. A writing one is alone on SQLite from its first statement on. On
PostgreSQL it is READ COMMITTED, whatever the server's default, and locks the row of the case
(`FOR UPDATE`) or an advisory lock (`alone`) before it reads what it decides by: who comes second
waits, reads what the first one wrote, and is told. Under a stricter level who comes second would
fail instead, and would have to begin anew each time.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from psycopg.errors import Error as PostgresError
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from serving.cases.store_errors import (
    RecordRefusedError,
    StoreBusyError,
    StoreUnavailableError,
    TransactionLostError,
)

_POSTGRES = "postgresql+psycopg"
_DRIVERS = {"postgresql": _POSTGRES, "postgres": _POSTGRES, "sqlite": "sqlite+pysqlite"}
_CONNECT_SECONDS = 10
_WRITES = "wherefore_writes"
_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Seconds and tries after which an end that does not answer any more is given up: a machine that is
cut off within a transaction would otherwise keep its locks for two hours."""
_LOST_STATES = frozenset({"40001", "40P01"})
"""Serialisation failure and deadlock. Source: PostgreSQL, Appendix A (Error Codes)."""
_BUSY_STATES = frozenset({"55P03", "53300"})
"""A lock that was waited for too long, and too many connections. Source: the same."""
_UNIQUE_STATE = "23505"
"""A value that is there already. Source: the same."""
_BUSY_IN_SQLITE = ("SQLITE_BUSY", "SQLITE_LOCKED")


class Repeats(StrEnum):
    """What a statement would have repeated that is there once at most."""

    KEY = "key"
    OTHER_VALUE = "other value"
    NOTHING = "nothing"


_UNIQUE_IN_SQLITE = {
    "SQLITE_CONSTRAINT_PRIMARYKEY": Repeats.KEY,
    "SQLITE_CONSTRAINT_UNIQUE": Repeats.OTHER_VALUE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """How the connections of one engine are kept and waited for.

    Attributes:
        size: most connections at a time; they are opened as they are needed.
        wait_seconds: longest wait for a free connection, and for a lock that somebody else holds.
        recycle_seconds: age at which a connection is closed when it comes back.
    """

    size: int = 10
    wait_seconds: float = 30.0
    recycle_seconds: float = 1800.0

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of SQLAlchemy's pool."""
        return {
            "pool_size": self.size,
            # What is asked for beyond the size waits; a database has a most of connections too.
            "max_overflow": 0,
            "pool_timeout": self.wait_seconds,
            "pool_recycle": self.recycle_seconds,
            # The one used last first, so that those not needed grow old and the server may close
            # them.
            "pool_use_lifo": True,
        }


def sqlite_url(path: Path) -> str:
    """Returns the URL of a SQLite file."""
    return sa.URL.create("sqlite+pysqlite", database=str(path)).render_as_string()


def sqlite_file(url: str) -> Path | None:
    """Returns the file of a SQLite database, without making it; None for another database.

    Raises:
        StoreUnavailableError: the URL is none.
    """
    try:
        given = sa.make_url(url)
    except ArgumentError:
        raise _unknown() from None
    is_sqlite = given.get_backend_name() == "sqlite"
    return Path(given.database) if is_sqlite and given.database else None


def open_engine(url: str, *, pool: PoolOptions | None = None) -> sa.Engine:
    """Returns an engine; nothing is connected yet. A SQLite file is made, mode 600, if need be.

    Args:
        url: the database.
        pool: its connections; None for the defaults.

    Raises:
        StoreUnavailableError: the URL is of no database that is supported, or the file cannot be
            made.
    """
    try:
        given = sa.make_url(url)
        driver = _DRIVERS.get(given.drivername, given.drivername)
    except ArgumentError:
        raise _unknown() from None
    pool = pool or PoolOptions()
    if driver == _DRIVERS["sqlite"]:
        return _open_sqlite(given.set(drivername=driver), pool)
    if driver != _POSTGRES:
        raise _unknown()
    try:
        return sa.create_engine(
            given.set(drivername=driver),
            connect_args=_postgres_arguments(given, pool),
            isolation_level="READ COMMITTED",
            hide_parameters=True,
            # One more round trip a transaction, and none fails after a restart of the server.
            pool_pre_ping=True,
            **pool.arguments,
        )
    except (ArgumentError, NoSuchModuleError):
        raise _unknown() from None


def _postgres_arguments(url: sa.URL, pool: PoolOptions) -> dict[str, Any]:
    given = url.query.get("options", "")
    options = [given] if isinstance(given, str) else list(given)
    options.append(f"-c lock_timeout={max(1, round(pool.wait_seconds * 1000))}")
    options.extend(f"-c tcp_{name}={value}" for name, value in _KEEPALIVE.items())
    return _KEEPALIVE | {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "wherefore",
        "options": " ".join(options),
    }


def _unknown() -> StoreUnavailableError:
    return StoreUnavailableError(
        found="no URL of the form sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
    )


def _open_sqlite(url: sa.URL, pool: PoolOptions) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise StoreUnavailableError(found="a SQLite database without a file, which keeps nothing")
    try:
        path = Path(url.database)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        found = f"the database file cannot be made or written ({error.strerror})"
        raise StoreUnavailableError(found=found) from None
    engine = sa.create_engine(
        url, connect_args={"timeout": pool.wait_seconds}, hide_parameters=True, **pool.arguments
    )
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
        StoreUnavailableError: the database does not answer, or refuses; StoreBusyError where it
            may a little later.
    """
    postgres = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    options = postgres if engine.name == "postgresql" else {}
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
            StoreBusyError where it may a little later, TransactionLostError where it was undone
            because of another one (see `retries`).
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
        raise _failure(error.orig) from None
    except (PostgresError, sqlite3.Error) as error:
        raise _failure(error) from None
    except sa.exc.TimeoutError:
        raise StoreBusyError(found="every connection of the pool in use") from None
    except SQLAlchemyError as error:
        raise StoreUnavailableError(found=type(error).__name__) from None


def _failure(error: Any) -> StoreUnavailableError:
    # Messages of drivers may quote rows; the kind of the error does not.
    found, state = _kind_of(error), getattr(error, "sqlstate", None)
    if state in _LOST_STATES:
        return TransactionLostError(found=found)
    in_sqlite = str(getattr(error, "sqlite_errorname", ""))
    if state in _BUSY_STATES or in_sqlite.startswith(_BUSY_IN_SQLITE):
        return StoreBusyError(found=found)
    return StoreUnavailableError(found=found)


def _kind_of(error: Any) -> str:
    if isinstance(error, PostgresError):
        state = f", SQLSTATE {error.sqlstate}" if error.sqlstate else ""
        return f"{type(error).__name__}{state}"
    name = getattr(error, "sqlite_errorname", "")
    return f"{type(error).__name__}{', ' if name else ''}{name}"


def repeated(error: sa.exc.IntegrityError) -> tuple[Repeats, str]:
    """Returns what a refused statement would have repeated, and in which table.

    Any other constraint that refuses it (a value that must be there, a reference, a check, a
    trigger) is no repetition; the table is empty where that is not told.
    """
    if isinstance(error.orig, PostgresError):
        said = error.orig.diag
        table = said.table_name or ""
        if error.orig.sqlstate != _UNIQUE_STATE:
            return Repeats.NOTHING, table
        is_key = said.constraint_name == f"pk_{table}"
        return (Repeats.KEY if is_key else Repeats.OTHER_VALUE), table
    # SQLite names the columns at the end of its message, after a colon.
    table = str(error.orig).rpartition(": ")[2].partition(".")[0]
    kind = _UNIQUE_IN_SQLITE.get(getattr(error.orig, "sqlite_errorname", ""), Repeats.NOTHING)
    return kind, "" if kind is Repeats.NOTHING else table


def refused(error: sa.exc.IntegrityError) -> RecordRefusedError:
    """Returns what to tell of a statement that a constraint refuses: nothing of the row."""
    if isinstance(error.orig, PostgresError):
        name = error.orig.diag.constraint_name
        return RecordRefusedError(found=f"{_kind_of(error.orig)}{f' of {name}' if name else ''}")
    return RecordRefusedError(found=_kind_of(error.orig))


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
