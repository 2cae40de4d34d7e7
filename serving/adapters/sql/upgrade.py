"""Bringing a database to the tables that this program needs, and saying where it stands.

Every step runs in one transaction, under a lock: a database is at one version or at the next, and
two programs that start together do it once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from serving.adapters.sql.contents import contents_of, differing
from serving.adapters.sql.engine import alone, reading, writing
from serving.cases.store_errors import (
    DatabaseVersionError,
    DowngradeError,
    StoreUnavailableError,
)

_LOCK = 0x57484552_4D494752
"""Number of the advisory lock on PostgreSQL: the bytes of WHERMIGR."""
_ADVICE = "run wherefore database upgrade, as a role that may make tables"


@dataclass(frozen=True, slots=True)
class Migrations:
    """The migrations of one database.

    Attributes:
        directory: where they lie.
    """

    directory: Path

    @property
    def newest(self) -> str:
        """The version that this program needs."""
        head = ScriptDirectory(str(self.directory)).get_current_head()
        assert head is not None  # noqa: S101  the package has migrations
        return head

    def knows(self, version: str) -> bool:
        """Returns whether a version is one of these."""
        found = ScriptDirectory(str(self.directory)).walk_revisions()
        return any(script.revision == version for script in found)


CASES = Migrations(Path(__file__).parent / "migrations")
"""The migrations of the database of cases."""


def version_of(engine: sa.Engine) -> str | None:
    """Returns the version of a database; None without our tables."""
    with reading(engine) as connection:
        return version_within(connection)


def version_within(connection: sa.Connection) -> str | None:
    """Returns the version of a database, as a transaction sees it."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: sa.Engine, migrations: Migrations, *, to: str = "head") -> str | None:
    """Brings a database to a version, the newest one by default, and returns the one before.

    Raises:
        DatabaseVersionError: a newer program has been here, or this role may not make tables.
    """
    return _run(engine, migrations, lambda config, _: command.upgrade(config, to))


def downgrade(
    engine: sa.Engine, migrations: Migrations, *, to: str, discard: bool = False
) -> str | None:
    """Takes a database back to an older version ("base" for none) and returns the one before.

    Each step down is tried first: what comes up again after it must be every row as it was. Where
    something does not, nothing is changed, unless it may be lost.

    Args:
        engine: the database; nobody else may use it meanwhile.
        migrations: its versions.
        to: the older version.
        discard: whether what the older tables cannot hold may be lost.

    Raises:
        DowngradeError: rows would be lost; names their tables.
        DatabaseVersionError: a newer program has been here, or the version is none to go back to.
    """

    def step_down(config: Config, before: str | None) -> None:
        scripts = ScriptDirectory.from_config(config)
        for version in _versions_between(scripts, migrations, before, to=to):
            below = scripts.get_revision(version).down_revision or "base"
            assert isinstance(below, str)  # noqa: S101  our versions are one line
            if not discard:
                _check_nothing_is_lost(config, version, below=below)
            command.downgrade(config, below)

    return _run(engine, migrations, step_down)


def _versions_between(
    scripts: ScriptDirectory, migrations: Migrations, before: str | None, *, to: str
) -> list[str]:
    """Returns the versions to leave, the newest first."""
    newer = [script.revision for script in scripts.iterate_revisions(before, "base")]
    if to == "base":
        return newer
    if to not in newer:
        advice = f"{to} is no version to go back to; name an older one, or base for no tables"
        raise DatabaseVersionError(found=before, expected=migrations.newest, advice=advice)
    return newer[: newer.index(to)]


def _check_nothing_is_lost(config: Config, version: str, *, below: str) -> None:
    connection = config.attributes["connection"]
    before = contents_of(connection)
    trial = connection.begin_nested()
    command.downgrade(config, below)
    command.upgrade(config, version)
    lost = differing(before, contents_of(connection))
    trial.rollback()
    if lost:
        raise DowngradeError(version=below, lost=lost)


def check_version(engine: sa.Engine, migrations: Migrations) -> None:
    """Checks that a database has the tables that this program needs.

    Raises:
        DatabaseVersionError: it has older or newer ones, or none.
    """
    found, newest = version_of(engine), migrations.newest
    check_known(found, migrations)
    if found != newest:
        raise DatabaseVersionError(found=found, expected=newest, advice=_ADVICE)


def check_known(version: str | None, migrations: Migrations) -> None:
    """Checks that a version is one that this program has or had.

    Raises:
        DatabaseVersionError: it is a newer one, or none.
    """
    newest = migrations.newest
    if version is None:
        raise DatabaseVersionError(found=None, expected=newest, advice=_ADVICE)
    if not migrations.knows(version):
        advice = "a newer program has upgraded it; run that one"
        raise DatabaseVersionError(found=version, expected=newest, advice=advice)


def bring_up(engine: sa.Engine, migrations: Migrations) -> None:
    """Upgrades a database where it needs it; one at the newest version is only looked at."""
    if version_of(engine) == migrations.newest:
        return
    try:
        upgrade(engine, migrations)
    except StoreUnavailableError:
        # A role that may not make tables ends here; say what is missing instead.
        check_version(engine, migrations)
        raise


def _run(
    engine: sa.Engine, migrations: Migrations, change: Callable[[Config, str | None], None]
) -> str | None:
    with writing(engine) as connection:
        return _run_within(connection, migrations, change)


def upgrade_within(connection: sa.Connection, migrations: Migrations, *, to: str = "head") -> None:
    """Brings a database to a version within a writing transaction; raises as `upgrade`."""
    _run_within(connection, migrations, lambda config, _: command.upgrade(config, to))


def _run_within(
    connection: sa.Connection,
    migrations: Migrations,
    change: Callable[[Config, str | None], None],
) -> str | None:
    config = Config()
    config.set_main_option("script_location", str(migrations.directory).replace("%", "%%"))
    config.attributes["connection"] = connection
    alone(connection, _LOCK)
    before = version_within(connection)
    if before is not None:
        check_known(before, migrations)
    change(config, before)
    return before
