"""The commands `wherefore database`: versions, keys, backups.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

database = typer.Typer(
    no_args_is_help=True,
    help="Upgrade and check the databases of cases, back them up, and rotate their keys.",
)


class DatabaseName(StrEnum):
    """Which of the databases."""

    CASES = "cases"
    MONITORING = "monitoring"


@database.command()
def upgrade() -> None:
    """Bring the databases to the tables that this version needs.

    `wherefore serve` does it too; run it by hand where the service's role
    may not make tables.
    """
    from serving.adapters.sql.storage import open_databases  # noqa: PLC0415
    from serving.adapters.sql.upgrade import upgrade as bring_up  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with open_databases(load_settings()) as found:
        for name, each in zip(_NAMES, found, strict=True):
            before = bring_up(each.engine, each.migrations)
            typer.echo(f"{name}: version {each.migrations.newest}, was {before or 'empty'}")


@database.command()
def check() -> None:
    """Check versions, tables' keys and the key rings; change nothing.

    Exit code 0: the service can start. 2: it cannot; says why.
    """
    from serving.adapters.sql.storage import check_ring, open_databases  # noqa: PLC0415
    from serving.adapters.sql.upgrade import check_version  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with open_databases(load_settings()) as found:
        for name, each in zip(_NAMES, found, strict=True):
            check_version(each.engine, each.migrations)
            check_ring(each)
            typer.echo(f"{name}: version {each.migrations.newest}, its keys open it")


@database.command()
def downgrade(
    version: Annotated[
        str,
        typer.Argument(help="Older version, such as 0003; base for none.", show_default=False),
    ],
    *,
    name: Annotated[
        DatabaseName, typer.Option("--database", help="Which database.")
    ] = DatabaseName.CASES,
    discard: Annotated[
        bool, typer.Option("--discard", help="Lose what the older tables cannot hold.")
    ] = False,
) -> None:
    """Take a database back to the tables of an older program.

    Stop the service and make a backup before. What the older tables cannot
    hold is told, and nothing changed, unless --discard is given.
    """
    from serving.adapters.sql.storage import open_databases  # noqa: PLC0415
    from serving.adapters.sql.upgrade import downgrade as take_down  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with open_databases(load_settings()) as (cases, monitoring):
        found = cases if name is DatabaseName.CASES else monitoring
        before = take_down(found.engine, found.migrations, to=version, discard=discard)
    typer.echo(f"{name}: version {version}, was {before or 'empty'}")


@database.command()
def backup(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|FOLDER",
            help="New file; or a folder, where it gets the time for a name.",
            show_default=False,
        ),
    ],
    *,
    with_keys: Annotated[
        bool,
        typer.Option(
            "--with-keys",
            help="Put the key files into it too: who has the backup can then read everything.",
        ),
    ] = False,
) -> None:
    """Write a backup of both databases while the service runs on.

    It also has the anchor file and the hashes of API keys; the audit log in
    it is verified. Without the key files nobody can read it: back them up
    elsewhere.
    """
    from serving.adapters.backup.taking import make_backup  # noqa: PLC0415
    from serving.backup_words import told_progress, words_of_backup  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with told_progress() as tell:
        made = make_backup(load_settings(), target, tell=tell, with_keys=with_keys)
    typer.echo(words_of_backup(made, with_keys=with_keys))


@database.command()
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.", show_default=False)],
) -> None:
    """Restore a backup to where the settings say, and upgrade it.

    Nothing that is there is overwritten, and no service may run there. All
    of it is verified before anything gets its place.
    """
    from serving.adapters.backup.restoring import restore_backup  # noqa: PLC0415
    from serving.backup_words import told_progress, words_of_restore  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with told_progress() as tell:
        done = restore_backup(load_settings(), file, tell=tell)
    typer.echo(words_of_restore(done))


@database.command("rotate-keys")
def rotate_keys() -> None:
    """Make new keys and wrap the data key of every case with them.

    With WHEREFORE_ENCRYPTION_KEYS put the new key in front first. Servers may
    run on. The old keys stay until `wherefore database retire-keys`.
    """
    from serving.adapters.sql.rotation import rotate  # noqa: PLC0415
    from serving.adapters.sql.storage import open_databases  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with open_databases(load_settings()) as found:
        for name, each in zip(_NAMES, found, strict=True):
            done = rotate(each)
            typer.echo(
                f"{name}: key {done.key_id} is current, {done.num_wrapped} data keys wrapped"
            )


@database.command("retire-keys")
def retire_keys() -> None:
    """Destroy the old keys after a rotation.

    Backups made before the rotation can then no longer be read.
    """
    from serving.adapters.sql.rotation import retire  # noqa: PLC0415
    from serving.adapters.sql.storage import open_databases  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with open_databases(load_settings()) as found:
        for name, each in zip(_NAMES, found, strict=True):
            retired = retire(each)
            typer.echo(f"{name}: {', '.join(retired) if retired else 'no key'} retired")


_NAMES = ("cases", "monitoring data")
