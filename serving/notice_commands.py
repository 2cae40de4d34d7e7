"""The commands on notices: of a file, or of a case in this deployment's database.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving import draft_options as opt
from serving.identity.scopes import Scope
from serving.notices import commands as of_files

if TYPE_CHECKING:
    from serving.cases.events import Actor
    from serving.casework.desk import Desk
    from serving.identity.principal import Principal
    from serving.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Draft, check, print, release and send adverse action notices, clause by clause.",
)


class Sent(StrEnum):
    """How a letter went; the same words as `serving.cases.notice_events.Channel`."""

    MAILED = "mailed"
    DELIVERED = "delivered"
    ELECTRONIC = "electronic"


_NOTICE_ID = re.compile(r"n-[0-9a-f]+")

Target = Annotated[
    str,
    typer.Argument(
        metavar="FILE|NOTICE",
        help="A notice file, or the id of a drafted notice.",
        show_default=False,
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        help="File that holds your API key: it says who you are.",
        show_default="asks for the key",
    ),
]


@app.command()
def draft(
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="Id of a case.")],
    *,
    form: opt.FormOption = None,
    consumer: opt.ConsumerOption = None,
    term: opt.TermOption = None,
    accept_at: opt.AcceptOption = None,
    item: opt.ItemOption = None,
    respond_by: opt.RespondOption = None,
    contact: opt.ContactOption = None,
    account_action: opt.ActionOption = None,
    action_description: opt.DescriptionOption = None,
    way: opt.WayOption = opt.Way.POSTAL,
    key_file: KeyFile = None,
) -> None:
    """Draft what a case owes, one notice per recipient, and print the ids.

    The primary applicant's comes first; a guarantor gets the form of guarantors.
    A counteroffer takes --term and --respond-by, and states the reasons in the
    same letter; a request for what is missing takes --item and --respond-by.
    """
    from serving.casework import drafting  # noqa: PLC0415

    wanted = opt.make_draft(
        form=form,
        consumer=consumer,
        terms=term or (),
        accept_at=accept_at or (),
        items=item or (),
        respond_by=respond_by,
        contact=contact,
        account_action=account_action,
        action_description=action_description,
        way=way,
    )
    with _at_desk(key_file, Scope.WRITE_NOTICES) as (desk, by):
        if consumer is None:
            _, notice_ids = drafting.draft_all(desk, case_id, wanted, by=by)
        else:
            notice_ids = (drafting.draft(desk, case_id, wanted, by=by)[1],)
    for notice_id in notice_ids:
        typer.echo(notice_id)


@app.command()
def check(
    target: Target,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every verdict as JSON, passed ones too.")
    ] = False,
    cause: Annotated[
        list[str] | None,
        typer.Option(help="Why a drafted notice may go out although a check warns: C6=WHY."),
    ] = None,
    key_file: KeyFile = None,
) -> None:
    """Check a notice against its decision record, clause by clause.

    Exit code 0: nothing blocks the release. 1: a check failed that blocks it.
    2: no such check could be made. The check of a drafted notice is recorded;
    there the second person (A1) is still to come.
    """
    if not _is_notice_id(target):
        of_files.check(Path(target), as_json=as_json)
        return
    import json  # noqa: PLC0415

    from serving.casework import letters  # noqa: PLC0415
    from serving.notices.report import report_json, report_text  # noqa: PLC0415

    with _at_desk(key_file, Scope.WRITE_NOTICES) as (desk, by):
        found = letters.check(desk, target, causes=_causes(cause or []), by=by)
    verdicts = list(found.verdicts)
    typer.echo(json.dumps(report_json(verdicts), indent=2) if as_json else report_text(verdicts))
    if found.blocked_by:
        raise typer.Exit(of_files.EXIT_BLOCKED)


@app.command()
def render(
    target: Target,
    output: Annotated[
        Path, typer.Argument(help="File ending in .pdf, .html or .txt.", show_default=False)
    ],
    *,
    key_file: KeyFile = None,
) -> None:
    """Print a notice as a tagged PDF, an HTML page or plain text."""
    if not _is_notice_id(target):
        of_files.render(Path(target), output)
        return
    from serving.casework import letters  # noqa: PLC0415
    from serving.notices.render import render_file  # noqa: PLC0415

    with _at_desk(key_file, Scope.READ_CASES) as (desk, by):
        notice = letters.letter_file(desk, target).notice
        desk.note_reading("notice_read", by=by, object_id=target, object_kind="notice")
    render_file(notice, output)
    typer.echo(f"wrote {output}", err=True)


@app.command()
def release(
    notice_ids: Annotated[
        list[str], typer.Argument(metavar="NOTICE...", help="Ids of checked notices.")
    ],
    *,
    key_file: KeyFile = None,
) -> None:
    """Release checked notices, as somebody who neither decided nor drafted them.

    Each is released on its own; the first refusal ends the command.
    """
    from serving.casework import letters  # noqa: PLC0415

    with _at_desk(key_file, Scope.RELEASE_NOTICES) as (desk, by):
        for notice_id in notice_ids:
            stored = letters.release(desk, notice_id, by=by)
            typer.echo(stored.case.state)


@app.command()
def sent(
    notice_ids: Annotated[
        list[str], typer.Argument(metavar="NOTICE...", help="Ids of released notices.")
    ],
    *,
    channel: Annotated[Sent, typer.Option(help="How they went.")] = Sent.MAILED,
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M%z"], help="When they went.", show_default="now"),
    ] = None,
    consent: Annotated[
        str | None, typer.Option(help="Id of the recipient's consent, for electronic delivery.")
    ] = None,
    key_file: KeyFile = None,
) -> None:
    """Record that released notices were mailed, delivered or sent.

    Only this stops a clock. Prints where the case stands, and what is due next.
    """
    from serving.cases.clock import next_deadline  # noqa: PLC0415
    from serving.cases.clocks import clocks  # noqa: PLC0415
    from serving.cases.notice_events import Channel  # noqa: PLC0415
    from serving.casework import letters  # noqa: PLC0415

    with _at_desk(key_file, Scope.WRITE_NOTICES) as (desk, by):
        for notice_id in notice_ids:
            stored = letters.mark_sent(
                desk,
                notice_id,
                channel=Channel(channel.value),
                by=by,
                sent_at=at,
                consent_id=consent,
            )
            due = next_deadline(clocks(stored.events))
            left = f"{due.kind} due on {due.due_on}" if due else "nothing is due"
            typer.echo(f"{stored.case.state}; {left}")


app.command()(of_files.sample)


def _causes(given: list[str]) -> dict[str, str]:
    from serving.casework.errors import FactsError  # noqa: PLC0415

    if not all("=" in cause for cause in given):
        raise FactsError(
            field="--cause", found="no equals sign", expected="a check and a cause, as C6=WHY"
        )
    return dict(cause.split("=", 1) for cause in given)


def _is_notice_id(target: str) -> bool:
    return _NOTICE_ID.fullmatch(target) is not None and not Path(target).exists()


@contextmanager
def _at_desk(key_file: Path | None, scope: Scope) -> "Iterator[tuple[Desk, Actor]]":
    """Opens the database of the settings, for the person whose key is given.

    It takes the scope that the same thing takes over HTTP, and only what that person may see is
    there.

    Raises:
        UnauthorizedError: the key is nobody's.
        NotPermittedError: it does not bring the scope.
    """
    from serving.adapters.sql.storage import open_storage  # noqa: PLC0415
    from serving.api.own_queue import storage_for  # noqa: PLC0415
    from serving.cases.events import Actor  # noqa: PLC0415
    from serving.casework.desk import Desk  # noqa: PLC0415
    from serving.errors import NotPermittedError  # noqa: PLC0415
    from serving.logs import configure_logs  # noqa: PLC0415
    from serving.policy import load_policy  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    configure_logs(level=logging.WARNING)
    settings = load_settings()
    principal = _principal(settings, key_file)
    if not principal.may(scope):
        raise NotPermittedError(scope=scope)
    by = Actor(actor_id=principal.principal_id, role=principal.role)
    policy = load_policy(settings.policy_file)
    with open_storage(settings) as storage:
        yield Desk(storage=storage_for(principal, storage), policy=policy), by


def _principal(settings: "Settings", key_file: Path | None) -> "Principal":
    from serving.errors import KeyFileError, UnauthorizedError  # noqa: PLC0415
    from serving.keys import open_api_keys  # noqa: PLC0415

    try:
        key = key_file.read_text(encoding="utf-8") if key_file else _asked()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(
            f"cannot read a key from {key_file} ({type(error).__name__}): expected a text file "
            "that holds your API key; name it with --key-file"
        ) from None
    keys = open_api_keys(settings.state_dir, key_file=settings.key_file)
    person = keys.person_of(key.strip())
    if person is None:
        raise UnauthorizedError
    return person.principal


def _asked() -> str:
    answer: str = typer.prompt("Your API key", hide_input=True)
    return answer
