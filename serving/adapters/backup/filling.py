"""Filling a database from a backup: whole and verified, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from serving.adapters.backup import postgres
from serving.adapters.backup.archive import FOLDER_PREFIX, ArchiveReader, Tell, place_file
from serving.adapters.backup.errors import BackupTargetError
from serving.adapters.backup.manifest import CopiedDatabase
from serving.adapters.backup.snapshots import count_rows, member_of, tables_at
from serving.adapters.backup.sqlite import make_single
from serving.adapters.encryption.key_ring import KeyRing
from serving.adapters.sql.contents import tables_of
from serving.adapters.sql.engine import reading, sqlite_file, sqlite_url, writing
from serving.adapters.sql.storage import Database, DatabasePlace
from serving.adapters.sql.upgrade import upgrade, upgrade_within, version_within

Verify = Callable[[sa.Connection], None]
_OTHER_FILES = ("-wal", "-journal")
_MOVE_AWAY = "restore into an empty one, or move this one away and keep it"


@contextmanager
def filled(
    place: DatabasePlace,
    archive: ArchiveReader,
    *,
    ring: KeyRing | None,
    verify: Verify,
    tell: Tell,
) -> Iterator[None]:
    """Fills a database; it is where it belongs at the end of the block, unless there was an error.

    Args:
        place: where it belongs.
        archive: the backup.
        ring: the key ring that must open it; None where that is not to be tried.
        verify: looks at the data as they were in the backup, before they are upgraded.
        tell: is told how far it is.

    Raises:
        BackupTargetError: a database is there.
        BackupFileError: what is in the backup is not what it says.
        EncryptionKeyError: the ring does not open it.
        StoreUnavailableError: the database does not answer.
    """
    path = sqlite_file(place.url)
    fill = _into_postgres(place, archive, ring=ring, verify=verify, tell=tell)
    if path is not None:
        fill = _into_sqlite(path, place, archive, ring=ring, verify=verify, tell=tell)
    with fill:
        yield


@contextmanager
def _into_sqlite(
    path: Path,
    place: DatabasePlace,
    archive: ArchiveReader,
    *,
    ring: KeyRing | None,
    verify: Verify,
    tell: Tell,
) -> Iterator[None]:
    _check_free(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    copied = archive.manifest.databases[place.name]
    with TemporaryDirectory(prefix=FOLDER_PREFIX, dir=path.parent) as folder:
        partial = Path(folder) / "restored.db"
        archive.extract(f"{place.name}.db", partial, tell=tell)
        database = place.open(url=sqlite_url(partial), ring=ring)
        try:
            with reading(database.engine) as connection:
                _check_counts(connection, copied, archive)
                verify(connection)
            upgrade(database.engine, place.migrations)
            with reading(database.engine) as connection:
                _check_keys(connection, database, ring)
        finally:
            database.engine.dispose()
        make_single(partial)
        yield
        _check_free(path)
        # At most the empty file that a look at the database leaves.
        path.unlink(missing_ok=True)
        place_file(partial, path)


def _check_free(path: Path) -> None:
    others = [path.with_name(path.name + end) for end in _OTHER_FILES]
    for found in (path, *others):
        if found.exists() and found.stat().st_size > 0:
            raise BackupTargetError(
                found=f"a database in {found}", expected="none", advice=_MOVE_AWAY
            )


@contextmanager
def _into_postgres(
    place: DatabasePlace,
    archive: ArchiveReader,
    *,
    ring: KeyRing | None,
    verify: Verify,
    tell: Tell,
) -> Iterator[None]:
    copied = archive.manifest.databases[place.name]
    database = place.open(ring=ring)
    try:
        with writing(database.engine) as connection:
            if version_within(connection) is not None:
                raise BackupTargetError(
                    found=f"tables in the database of {place.name}",
                    expected="an empty database",
                    advice=_MOVE_AWAY,
                )
            upgrade_within(connection, place.migrations, to=copied.version)
            _copy_tables(connection, place, archive, tell=tell)
            _check_counts(connection, copied, archive)
            verify(connection)
            upgrade_within(connection, place.migrations)
            _check_keys(connection, database, ring)
            yield
    finally:
        database.engine.dispose()


def _copy_tables(
    connection: sa.Connection, place: DatabasePlace, archive: ArchiveReader, *, tell: Tell
) -> None:
    copied = archive.manifest.databases[place.name]
    ours = tables_at(place.migrations, copied.version)
    tables = [table for table in tables_of(connection) if table.name in ours]
    expected = {name: sorted(table.columns) for name, table in copied.tables.items()}
    if {table.name: sorted(table.columns.keys()) for table in tables} != expected:
        raise archive.damaged("other tables in it than its version has")
    postgres.set_form(connection)
    done = 0
    for table in tables:
        name, columns = member_of(place.name, table.name), copied.tables[table.name].columns
        postgres.copy_in(connection, table.name, columns, rows=archive.chunks(name))
        done += copied.tables[table.name].num_rows
        tell(f"restoring {place.name}", done, copied.num_rows)
    for table in tables:
        name, columns = member_of(place.name, table.name), copied.tables[table.name].columns
        written = postgres.sha256_of(connection, table, columns)
        if written != archive.manifest.members[name].sha256:
            raise archive.damaged(f"other rows of {table.name} than were read back")


def _check_counts(
    connection: sa.Connection, copied: CopiedDatabase, archive: ArchiveReader
) -> None:
    if version_within(connection) != copied.version:
        raise archive.damaged("another version of the tables than it says")
    found = {table.name: count_rows(connection, table) for table in tables_of(connection)}
    for name, table in copied.tables.items():
        if found.get(name) != table.num_rows:
            raise archive.damaged(f"{found.get(name)} rows of {name} in it, not {table.num_rows}")


def _check_keys(connection: sa.Connection, database: Database, ring: KeyRing | None) -> None:
    if ring is not None:
        database.keys.check(connection)
