"""The commands `wherefore audit`.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

audit = typer.Typer(
    no_args_is_help=True, help="Verify the audit log, anchor its head, export and verify cases."
)


class ExportDay(StrEnum):
    """Which day of a case counts; the same words as `serving.adapters.sql.case_days.CaseDay`."""

    RECEIVED = "received"
    DECIDED = "decided"
    NOTIFIED = "notified"


AnchorOption = Annotated[
    Path | None,
    typer.Option(
        "--anchor",
        help="Anchor file to compare with, such as an auditor's own copy.",
        show_default="that of WHEREFORE_AUDIT_ANCHOR_FILE",
    ),
]


@audit.command()
def verify(*, anchor: AnchorOption = None) -> None:
    """Read the whole audit log and compare it with the head anchored last.

    Exit code 0: every entry is as it was written. 2: it is not; the first
    broken entry is named.
    """
    from serving.adapters.sql.audit import SqlAuditTrail  # noqa: PLC0415
    from serving.adapters.sql.storage import anchor_file, open_databases  # noqa: PLC0415
    from serving.adapters.sql.upgrade import check_version  # noqa: PLC0415
    from serving.cases.anchors import read_anchor  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    anchored = read_anchor(anchor or anchor_file(settings))
    with open_databases(settings) as (cases, _):
        check_version(cases.engine, cases.migrations)
        head = SqlAuditTrail(cases.engine).verify(anchor=anchored)
    compared = f"entry {anchored.sequence} is as anchored" if anchored else "nothing is anchored"
    typer.echo(f"{head.sequence} entries are as they were written, {compared}; head {head.hash}")


@audit.command()
def anchor() -> None:
    """Verify the audit log and append its head to the anchor file.

    Run it daily, and let the file lie where the service cannot rewrite it.
    """
    from serving.adapters.sql.storage import open_storage  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with open_storage(load_settings()) as storage:
        head = storage.anchor()
        typer.echo(f"entry {head.sequence} is anchored in {storage.anchor_file}; head {head.hash}")


@audit.command()
def export(
    case_id: Annotated[str, typer.Argument(help="Id of the case.", show_default=False)],
    output: Annotated[Path, typer.Argument(help="Zip file to write.", show_default=False)],
    *,
    by: Annotated[
        str, typer.Option(help="Id of who exports it, for the audit log; no name.")
    ] = "operator",
) -> None:
    """Write the exam package of a case: its record, and the proof of it.

    It holds personal data in clear. The export is recorded and anchored.
    """
    from datetime import UTC  # noqa: PLC0415

    from serving.adapters.exam_export import export_package  # noqa: PLC0415
    from serving.adapters.sql.storage import open_storage  # noqa: PLC0415
    from serving.cases.events import Actor  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    actor = Actor(actor_id=by, role="operator")
    with open_storage(load_settings()) as storage:
        head = export_package(storage, case_id, output, by=actor, at=datetime.now(UTC))
    typer.echo(f"wrote {output}; it leads to entry {head.sequence} of the audit log")


@audit.command("export-range")
def export_range(
    folder: Annotated[
        Path, typer.Argument(help="Folder to write into; made if need be.", show_default=False)
    ],
    *,
    first: Annotated[
        datetime,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day.", show_default=False),
    ],
    last: Annotated[
        datetime,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.", show_default=False),
    ],
    on: Annotated[
        ExportDay, typer.Option(help="Which day of a case counts, in its creditor's time zone.")
    ] = ExportDay.DECIDED,
    by: Annotated[
        str, typer.Option(help="Id of who exports them, for the audit log; no name.")
    ] = "operator",
) -> None:
    """Write the exam packages of all cases of some days into a folder.

    The packages hold personal data in clear. A run that was interrupted is
    taken up by the same command; what is there and still true is kept.
    index.csv lists the packages.
    """
    from serving.adapters.sql.storage import open_storage  # noqa: PLC0415
    from serving.cases.events import Actor  # noqa: PLC0415
    from serving.exam_run import export_days  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    if last < first:
        raise typer.BadParameter("expected --to on or after --from", param_hint="--to")
    actor = Actor(actor_id=by, role="operator")
    with open_storage(load_settings()) as storage:
        typer.echo(
            export_days(storage, folder, on.value, first=first.date(), last=last.date(), by=actor)
        )


@audit.command("verify-package")
def verify_package(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Zip files of exports, or folders of them.", show_default=False
        ),
    ],
    *,
    anchor: Annotated[
        Path | None,
        typer.Option(
            "--anchor",
            help="Anchor file that you trust.",
            show_default="none: the package proves itself only",
        ),
    ] = None,
) -> None:
    """Verify exam packages; needs no database, no key and no settings.

    Exit code 0: all are as exported. 2: one is not; says what does not fit.
    """
    from serving.cases.anchors import read_anchors  # noqa: PLC0415
    from serving.exam_check import verify_packages  # noqa: PLC0415

    for line in verify_packages(files, anchors=read_anchors(anchor) if anchor else ()):
        typer.echo(line)
    if anchor is None:
        typer.echo("compare the head with an anchor file you trust: --anchor FILE", err=True)
