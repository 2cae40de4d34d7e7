"""The commands on people who sign in: `wherefore users ...`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from serving.identity.scopes import Role, Scope
from serving.identity.validity import KEY_HOURS, MOST_KEY_HOURS

if TYPE_CHECKING:
    from serving.cases.events import Actor
    from serving.identity.people_store import PeopleStore

app = typer.Typer(
    no_args_is_help=True, help="Let people sign in, say what they may do, and stop them."
)

PersonId = Annotated[
    str,
    typer.Argument(
        metavar="PERSON",
        help="Id of the person, such as compliance-2; records and logs carry it.",
        show_default=False,
    ),
]
RoleOption = Annotated[Role, typer.Option(help="What the person acts as.")]
PermitOption = Annotated[
    list[Scope] | None,
    typer.Option(
        help="What the person may do beyond the role (export_cases, enter_monitoring); can be "
        "given more than once.",
        show_default="nothing",
    ),
]
HoursOption = Annotated[
    int,
    typer.Option(
        "--hours", help="How long the one-time key can be used, hours.", min=1, max=MOST_KEY_HOURS
    ),
]
ByOption = Annotated[str, typer.Option(help="Id of who does it, for the audit log; no name.")]


@app.command()
def add(
    person_id: PersonId,
    *,
    role: RoleOption = Role.UNDERWRITER,
    permit: PermitOption = None,
    hours: HoursOption = KEY_HOURS,
    by: ByOption = "operator",
) -> None:
    """Enter a person and print a one-time key to choose a password with.

    The person sends it once, with the password, to POST /api/v1/login. An id
    is never given to anybody else. Who has an API key under the same id is
    the same person.
    """
    from serving.identity.accounts import entered  # noqa: PLC0415

    now = datetime.now(UTC)
    account = entered(person_id, role=role, permissions=permit or (), now=now)
    with _people() as people:
        people.add(account, by=_actor(by))
    _give_key(person_id, hours, by)


@app.command(name="list")
def list_() -> None:
    """List the people, never a password.

    Columns: id, role, permissions beside the role, how the person signs in
    (password, issuer, or one-time key where nothing was chosen yet), and
    "disabled" where nobody can sign in as this person.
    """
    with _people() as people:
        found = people.accounts()
    for account in found:
        ways = ["password"] if account.has_password else []
        ways += ["issuer"] if account.external else []
        line = (
            account.person_id,
            account.role,
            ",".join(sorted(account.permissions)),
            ",".join(ways) or "one-time key",
            "disabled" if account.is_disabled else "",
        )
        typer.echo("\t".join(line).rstrip())


@app.command()
def role(
    person_id: PersonId,
    new: Annotated[
        Role, typer.Argument(metavar="ROLE", help="What the person acts as.", show_default=False)
    ],
    *,
    permit: PermitOption = None,
    by: ByOption = "operator",
) -> None:
    """Give a person another role; permissions are those given now, and all sessions end."""
    from serving.identity.accounts import entered  # noqa: PLC0415

    now = datetime.now(UTC)
    wanted = entered(person_id, role=new, permissions=permit or (), now=now)
    _change(
        lambda people: people.change_role(
            person_id, wanted.role, permissions=wanted.permissions, by=_actor(by), at=now
        )
    )


@app.command()
def disable(person_id: PersonId, *, by: ByOption = "operator") -> None:
    """Let nobody sign in as a person, and end all sessions, at once.

    API keys of the person are others: `wherefore keys revoke PERSON`.
    """
    _change(lambda people: people.disable(person_id, True, by=_actor(by), at=datetime.now(UTC)))


@app.command()
def enable(person_id: PersonId, *, by: ByOption = "operator") -> None:
    """Let a person sign in again, with the password or at the issuer as before."""
    _change(lambda people: people.disable(person_id, False, by=_actor(by), at=datetime.now(UTC)))


@app.command(name="reset-password")
def reset_password(
    person_id: PersonId, *, hours: HoursOption = KEY_HOURS, by: ByOption = "operator"
) -> None:
    """Print a one-time key with which a person chooses another password.

    Until it is used the present password stays good: disable the person, or
    sign-out, where it may be known to somebody else.
    """
    _give_key(person_id, hours, by)


@app.command()
def link(
    person_id: PersonId,
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SUBJECT",
            help="What the issuer calls the person: the claim sub of its tokens.",
            show_default=False,
        ),
    ],
    *,
    by: ByOption = "operator",
) -> None:
    """Say that a person who is there is the one whom the issuer calls so; all sessions end.

    The issuer is WHEREFORE_OIDC_ISSUER. At the next sign-in there the person
    gets the role that the issuer's groups bring.
    """
    from serving.identity.accounts import ExternalIdentity  # noqa: PLC0415
    from serving.identity.errors import PersonCommandError  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    issuer = load_settings().oidc_issuer
    if issuer is None:
        raise PersonCommandError(
            "found no WHEREFORE_OIDC_ISSUER: expected the issuer that people sign in at; set it"
        )
    external = ExternalIdentity(issuer=issuer, subject=subject)
    _change(lambda people: people.link(person_id, external, by=_actor(by), at=datetime.now(UTC)))


@app.command(name="sign-out")
def sign_out(person_id: PersonId, *, by: ByOption = "operator") -> None:
    """End all sessions of a person, at once."""
    _change(lambda people: people.close_sessions(person_id, by=_actor(by), at=datetime.now(UTC)))


@contextmanager
def _people() -> "Iterator[PeopleStore]":
    from serving.adapters.sql.storage import open_identity  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with open_identity(load_settings()) as store:
        yield store.people


def _actor(by: str) -> "Actor":
    from serving.cases.events import Actor  # noqa: PLC0415

    return Actor(actor_id=by, role="operator")


def _change(change: "Callable[[PeopleStore], bool]") -> None:
    from serving.identity.errors import PersonCommandError  # noqa: PLC0415

    with _people() as people:
        is_there = change(people)
    if not is_there:
        raise PersonCommandError(
            "no person who signs in has this id: expected one of those that `wherefore users list` "
            "shows"
        )


def _give_key(person_id: str, hours: int, by: str) -> None:
    from serving.identity.accounts import new_one_time_key  # noqa: PLC0415
    from serving.identity.secret import digest_of  # noqa: PLC0415

    key, now = new_one_time_key().get_secret_value(), datetime.now(UTC)
    until = now + timedelta(hours=hours)
    _change(
        lambda people: people.give_one_time_key(
            person_id, key_sha256=digest_of(key), expires_at=until, by=_actor(by), at=now
        )
    )
    typer.echo(f"One-time key of {person_id}, for {hours} hours (shown this once):", err=True)
    typer.echo(key)
