"""The commands `wherefore records`.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

from collections.abc import Collection
from typing import Annotated

import typer

records = typer.Typer(no_args_is_help=True)

_MOST_NAMED = 20


@records.callback()
def _group() -> None:
    """Keep records as long as the law asks, and no longer."""


@records.command("purge-due")
def purge_due(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Purge them; without it nothing is.")] = False,
    by: Annotated[
        str, typer.Option(help="Id of who purges them, for the audit log; no name.")
    ] = "operator",
) -> None:
    """Show the cases whose time of keeping is over, or purge them all.

    A purge destroys the record for good; ids, digests and the audit log
    remain. Run it daily with --yes.
    """
    from serving.adapters.sql.storage import open_storage  # noqa: PLC0415
    from serving.cases.events import Actor  # noqa: PLC0415
    from serving.casework import keeping  # noqa: PLC0415
    from serving.casework.desk import Desk  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with open_storage(load_settings()) as storage:
        desk = Desk(storage=storage)
        due = keeping.due(desk)
        if not yes:
            typer.echo(_words(due, "due to be purged"))
            typer.echo("nothing was purged" + ("; run this again with --yes" if due else ""))
            return
        actor = Actor(actor_id=by, role="operator")
        purged = keeping.purge_due(desk, by=actor, limit=len(due))
        typer.echo(_words(purged, "purged"))
        if kept := sorted(set(due).difference(purged)):
            typer.echo(_words(kept, "left alone: changed meanwhile, or not due where they were"))


def _words(case_ids: Collection[str], what: str) -> str:
    listed = [f"  {case_id}" for case_id in list(case_ids)[:_MOST_NAMED]]
    if len(case_ids) > _MOST_NAMED:
        listed.append(f"  and {len(case_ids) - _MOST_NAMED:,} more")
    num = f"{len(case_ids):,} {'case is' if len(case_ids) == 1 else 'cases are'}"
    return "\n".join([f"{num} {what}", *listed])
