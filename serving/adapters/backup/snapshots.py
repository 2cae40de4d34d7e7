"""Copying a database into a backup as it is at one moment, while others write on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from serving.adapters.backup import postgres
from serving.adapters.backup.archive import ArchiveWriter, Tell
from serving.adapters.backup.manifest import CopiedDatabase, CopiedTable, DatabaseKind
from serving.adapters.backup.sqlite import copy_file
from serving.adapters.sql.contents import tables_of
from serving.adapters.sql.engine import open_engine, reading, sqlite_url
from serving.adapters.sql.storage import DatabasePlace
from serving.adapters.sql.upgrade import (
    Migrations,
    check_known,
    upgrade,
    version_of,
    version_within,
)

Copied = tuple[sa.Connection, CopiedDatabase]


@contextmanager
def snapshot(place: DatabasePlace, archive: ArchiveWriter, *, tell: Tell) -> Iterator[Copied]:
    """Copies a database, and gives a transaction that reads what was copied.

    Raises:
        DatabaseVersionError: it has no tables, or those of a newer program.
        StoreUnavailableError: it does not answer, or is damaged.
    """
    engine = open_engine(place.url, pool=place.pool)
    try:
        check_known(version_of(engine), place.migrations)
        copy = _from_sqlite if engine.name == "sqlite" else _from_postgres
        with copy(engine, place, archive, tell=tell) as copied:
            yield copied
    finally:
        engine.dispose()


@contextmanager
def _from_sqlite(
    engine: sa.Engine, place: DatabasePlace, archive: ArchiveWriter, *, tell: Tell
) -> Iterator[Copied]:
    path = archive.folder / f"{place.name}.db"
    copy_file(engine, path, advance=lambda done, total: tell(f"copying {place.name}", done, total))
    archive.add_file(path.name, path, tell=tell)
    copy = open_engine(sqlite_url(path))
    try:
        with reading(copy) as connection:
            yield connection, _described(connection, "sqlite", tables_of(connection))
    finally:
        copy.dispose()


@contextmanager
def _from_postgres(
    engine: sa.Engine, place: DatabasePlace, archive: ArchiveWriter, *, tell: Tell
) -> Iterator[Copied]:
    with reading(engine) as connection:
        postgres.set_form(connection)
        version = version_within(connection)
        assert version is not None  # noqa: S101  looked at by `snapshot`
        ours = tables_at(place.migrations, version)
        tables = [table for table in tables_of(connection) if table.name in ours]
        described = _described(connection, "postgresql", tables)
        progress = _RowProgress(f"copying {place.name}", described.num_rows, tell)
        for table in tables:
            with archive.member(member_of(place.name, table.name)) as write:
                columns = described.tables[table.name].columns
                postgres.copy_out(connection, table, columns, write=progress.counting(write))
        yield connection, described


class _RowProgress:
    """Tells how many rows were written, of all tables together."""

    def __init__(self, what: str, total: int, tell: Tell) -> None:
        self._what, self._total, self._tell, self._done = what, total, tell, 0

    def counting(self, write: Callable[[bytes], None]) -> Callable[[bytes], None]:
        def counted(chunk: bytes) -> None:
            write(chunk)
            self._done += chunk.count(b"\n")
            self._tell(self._what, self._done, self._total)

        return counted


def member_of(database: str, table: str) -> str:
    """Returns the name of the file that holds a table of PostgreSQL."""
    return f"{database}/{table}.copy"


def tables_at(migrations: Migrations, version: str) -> frozenset[str]:
    """Returns the names of the tables that a version has: other programs may have more there."""
    with TemporaryDirectory() as folder:
        engine = open_engine(sqlite_url(Path(folder) / "tables.db"))
        try:
            upgrade(engine, migrations, to=version)
            with reading(engine) as connection:
                return frozenset(table.name for table in tables_of(connection))
        finally:
            engine.dispose()


def _described(
    connection: sa.Connection, kind: DatabaseKind, tables: list[sa.Table]
) -> CopiedDatabase:
    version = version_within(connection)
    assert version is not None  # noqa: S101  looked at by `snapshot`
    used = next(table for table in tables if table.name == "encryption_keys")
    key_ids = connection.scalars(sa.select(used.c.key_id).order_by(used.c.key_id)).all()
    return CopiedDatabase(
        kind=kind,
        version=version,
        tables={
            table.name: CopiedTable(
                num_rows=count_rows(connection, table), columns=tuple(table.columns.keys())
            )
            for table in tables
        },
        key_ids=tuple(key_ids),
    )


def count_rows(connection: sa.Connection, table: sa.Table) -> int:
    """Returns how many rows a table has."""
    return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
