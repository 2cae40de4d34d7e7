"""Opening what a deployment stores: its databases, its key rings, its anchor."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr

from serving.adapters.encryption.key_ring import (
    KEY_FILE_NAME,
    ConfiguredKeyRing,
    KeyRing,
    KeyRingFile,
)
from serving.adapters.monitoring.store import MIGRATIONS as MONITORING
from serving.adapters.monitoring.store import MonitoringShredder, SqlMonitoringStore
from serving.adapters.monitoring.tables import metadata as monitoring_metadata
from serving.adapters.sql.audit import SqlAuditTrail
from serving.adapters.sql.case_days import CaseDay, cases_of_days
from serving.adapters.sql.cases import SqlCaseStore
from serving.adapters.sql.engine import (
    PoolOptions,
    open_engine,
    reading,
    sqlite_url,
    writing,
)
from serving.adapters.sql.identity import SqlIdentityStore
from serving.adapters.sql.keys import DataKeys
from serving.adapters.sql.tables import metadata
from serving.adapters.sql.upgrade import CASES, Migrations, bring_up
from serving.cases.anchors import LogAnchor, LogProof
from serving.cases.audit import AuditEntry, AuditHead
from serving.cases.case import Stage
from serving.cases.store_errors import EncryptionKeyError, NotStoredError
from serving.settings import Settings

DATABASE_NAME = "cases.db"
MONITORING_NAME = "monitoring.db"
MONITORING_KEY_FILE_NAME = "monitoring_keys.json"
ANCHOR_NAME = "audit_anchor.jsonl"
TREE_NAME = "audit_tree.bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database with its key ring.

    Attributes:
        engine: its connections.
        ring: the keys that wrap its data keys.
        keys: its data keys.
        migrations: the versions of its tables.
    """

    engine: sa.Engine
    ring: KeyRing
    keys: DataKeys
    migrations: Migrations


class SqlStorage:
    """What a deployment stores.

    Attributes:
        cases: the cases.
        audit: their audit log.
        anchor_file: where heads of the audit log are anchored.
    """

    def __init__(
        self, cases: Database, monitoring: Database, *, anchor_file: Path, tree_file: Path
    ) -> None:
        """Takes both databases, upgraded; monitoring data are only ever destroyed from here."""
        self._engine = cases.engine
        self.audit = SqlAuditTrail(cases.engine)
        self._monitoring = MonitoringShredder(monitoring.engine)
        self.cases = SqlCaseStore(cases.engine, cases.keys, on_purged=self._monitoring.shred)
        self.anchor_file = anchor_file
        self._anchor = LogAnchor(self.audit, anchor_file=anchor_file, tree_file=tree_file)

    def anchor(self) -> AuditHead:
        """Verifies the whole audit log and anchors its head. Raises as `LogAnchor.anchor`."""
        return self._anchor.anchor(at=datetime.now(UTC))

    def anchor_new_entries(self) -> AuditHead:
        """Verifies the audit log from its last anchor on, and anchors its head."""
        return self._anchor.anchor_new_entries(at=datetime.now(UTC))

    def prove(self, entries: Sequence[AuditEntry]) -> LogProof:
        """Anchors the head, and proves that entries stand before it. See `LogAnchor.prove`."""
        return self._anchor.prove(entries, at=datetime.now(UTC))

    def shred_purged(self) -> int:
        """Destroys monitoring data of purged cases that a crash left behind; returns how many."""
        left = [case_id for case_id in self._monitoring.case_ids() if self._is_purged(case_id)]
        for case_id in left:
            self._monitoring.shred(case_id)
        return len(left)

    def cases_of_days(self, day: CaseDay, *, first: date, last: date) -> tuple[str, ...]:
        """Returns the cases of some days. See `case_days.cases_of_days`."""
        return cases_of_days(self._engine, day, first=first, last=last)

    def _is_purged(self, case_id: str) -> bool:
        try:
            return self.cases.entry(case_id).stage is Stage.PURGED
        except NotStoredError:
            return False


@contextmanager
def open_storage(settings: Settings) -> Iterator[SqlStorage]:
    """Opens the stores that the settings name, making and upgrading what is not there yet.

    At the beginning and at the end of the block the audit log is verified from its last anchor on,
    and anchored.

    Raises:
        StoreUnavailableError: a database does not answer.
        DatabaseVersionError: a database belongs to a newer program, or may not be upgraded.
        EncryptionKeyError: a key ring does not open its database.
        AuditError: the audit log does not continue what was anchored, or cannot be anchored.
    """
    with open_databases(settings) as (cases, monitoring):
        for database in (cases, monitoring):
            _make_ready(database)
        storage = SqlStorage(
            cases,
            monitoring,
            anchor_file=anchor_file(settings),
            tree_file=settings.state_dir / TREE_NAME,
        )
        storage.shred_purged()
        storage.anchor_new_entries()
        yield storage
        storage.anchor_new_entries()


@contextmanager
def open_monitoring(settings: Settings) -> Iterator[SqlMonitoringStore]:
    """Opens the store of monitoring data, for intake and for reports; raises as `open_storage`."""
    with open_databases(settings) as (_, monitoring):
        _make_ready(monitoring)
        yield SqlMonitoringStore(monitoring.engine, monitoring.keys)


@contextmanager
def open_identity(settings: Settings) -> Iterator[SqlIdentityStore]:
    """Opens the store of programs and signing keys, in the database of cases.

    Raises as `open_storage`, but for the audit log, which is not looked at.
    """
    with open_databases(settings) as (cases, _):
        _make_ready(cases)
        yield SqlIdentityStore(cases.engine, cases.ring)


def has_database(settings: Settings) -> bool:
    """Returns whether the database of cases is named, or was made in the state directory."""
    return settings.database_url is not None or (settings.state_dir / DATABASE_NAME).exists()


def _make_ready(database: Database) -> None:
    bring_up(database.engine, database.migrations)
    make_ring(database)
    with writing(database.engine) as connection:
        # Two servers with key files of their own: the second one to come is told.
        database.keys.lock(connection)
        database.keys.check(connection)
        database.keys.register(connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabasePlace:
    """Where one of the databases is, and what it needs.

    Attributes:
        name: what it is called in a backup; a lower-case word.
        url: where it is.
        ring: its key ring.
        metadata: its tables, those of this program's version.
        migrations: the versions of them.
        pool: its connections.
    """

    name: str
    url: str
    ring: KeyRing
    metadata: sa.MetaData
    migrations: Migrations
    pool: PoolOptions

    def open(self, *, url: str | None = None, ring: KeyRing | None = None) -> Database:
        """Returns the database, or another one of its kind; nothing is made or upgraded yet."""
        return open_database(
            url or self.url,
            ring=ring or self.ring,
            metadata=self.metadata,
            migrations=self.migrations,
            pool=self.pool,
        )


def database_places(settings: Settings) -> tuple[DatabasePlace, DatabasePlace]:
    """Returns where the databases of cases and of monitoring data are."""
    state, configured, pool = settings.state_dir, settings.encryption_keys, _pool(settings)
    cases = DatabasePlace(
        name="cases",
        url=_url(settings.database_url, state / DATABASE_NAME),
        ring=key_ring(state / KEY_FILE_NAME, configured=configured),
        metadata=metadata,
        migrations=CASES,
        pool=pool,
    )
    monitoring = DatabasePlace(
        name="monitoring",
        url=_url(settings.monitoring_database_url, state / MONITORING_NAME),
        ring=key_ring(state / MONITORING_KEY_FILE_NAME, configured=configured),
        metadata=monitoring_metadata,
        migrations=MONITORING,
        pool=pool,
    )
    return cases, monitoring


@contextmanager
def open_databases(settings: Settings) -> Iterator[tuple[Database, Database]]:
    """Opens the databases of cases and of monitoring data; nothing is made or upgraded yet."""
    cases, monitoring = (place.open() for place in database_places(settings))
    try:
        yield cases, monitoring
    finally:
        cases.engine.dispose()
        monitoring.engine.dispose()


def open_database(
    url: str,
    *,
    ring: KeyRing,
    metadata: sa.MetaData,
    migrations: Migrations,
    pool: PoolOptions | None = None,
) -> Database:
    """Returns a database with its key ring."""
    keys, engine = DataKeys(ring, metadata), open_engine(url, pool=pool)
    return Database(engine=engine, ring=ring, keys=keys, migrations=migrations)


def _pool(settings: Settings) -> PoolOptions:
    return PoolOptions(
        size=settings.database_pool_size,
        wait_seconds=settings.database_wait_seconds,
        recycle_seconds=settings.database_recycle_seconds,
    )


def key_ring(path: Path, *, configured: SecretStr | None) -> KeyRing:
    """Returns the ring of the setting where there is one, else that of a file."""
    return KeyRingFile(path) if configured is None else ConfiguredKeyRing(configured)


def make_ring(database: Database) -> None:
    """Makes the key file at first start, and only then.

    Raises:
        EncryptionKeyError: the file is gone while keys of it are in use, which no new file
            holds.
    """
    ring = database.ring
    if not isinstance(ring, KeyRingFile) or ring.exists():
        return
    with reading(database.engine) as connection:
        if database.keys.in_use(connection):
            raise EncryptionKeyError(
                f"found no key file {ring.path}, expected the one that belongs to this database: "
                "restore it from its backup, or give its keys in WHEREFORE_ENCRYPTION_KEYS; a new "
                "one would open nothing"
            )
    ring.make()


def check_ring(database: Database) -> None:
    """Checks that the ring opens the database. Raises EncryptionKeyError."""
    with reading(database.engine) as connection:
        database.keys.check(connection)


def anchor_file(settings: Settings) -> Path:
    """Returns where heads of the audit log are anchored."""
    return settings.audit_anchor_file or settings.state_dir / ANCHOR_NAME


def _url(setting: SecretStr | None, default: Path) -> str:
    return sqlite_url(default.absolute()) if setting is None else setting.get_secret_value()
