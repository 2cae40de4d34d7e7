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

from serving.adapters.sql.engine import alone, reading, writing
from serving.cases.store_errors import DatabaseVersionError, StoreUnavailableError

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
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: sa.Engine, migrations: Migrations, *, to: str = "head") -> str | None:
    """Brings a database to a version, the newest one by default, and returns the one before.

    Raises:
        DatabaseVersionError: a newer program has been here, or this role may not make tables.
    """
    return _run(engine, migrations, lambda config: command.upgrade(config, to))


def downgrade(engine: sa.Engine, migrations: Migrations, *, to: str) -> str | None:
    """Takes a database back to an older version ("base" for none) and returns the one before.

    What only the newer tables hold is lost.

    Raises:
        DatabaseVersionError: a newer program has been here.
    """
    return _run(engine, migrations, lambda config: command.downgrade(config, to))


def check_version(engine: sa.Engine, migrations: Migrations) -> None:
    """Checks that a database has the tables that this program needs.

    Raises:
        DatabaseVersionError: it has older or newer ones, or none.
    """
    found, newest = version_of(engine), migrations.newest
    if found is not None and not migrations.knows(found):
        raise _newer(found, newest)
    if found != newest:
        raise DatabaseVersionError(found=found, expected=newest, advice=_ADVICE)


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


def _run(engine: sa.Engine, migrations: Migrations, change: Callable[[Config], None]) -> str | None:
    config = Config()
    config.set_main_option("script_location", str(migrations.directory).replace("%", "%%"))
    with writing(engine) as connection:
        alone(connection, _LOCK)
        before = MigrationContext.configure(connection).get_current_revision()
        if before is not None and not migrations.knows(before):
            raise _newer(before, migrations.newest)
        config.attributes["connection"] = connection
        change(config)
    return before


def _newer(found: str, newest: str) -> DatabaseVersionError:
    advice = "a newer program has upgraded it; run that one"
    return DatabaseVersionError(found=found, expected=newest, advice=advice)
