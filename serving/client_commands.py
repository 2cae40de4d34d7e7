"""The commands on programs that ask for tokens: `wherefore clients ...`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from serving.identity.scopes import Role, Scope
from serving.identity.validity import DEFAULT_DAYS, MOST_DAYS, in_days

if TYPE_CHECKING:
    from serving.cases.events import Actor
    from serving.identity.store import IdentityStore

app = typer.Typer(
    no_args_is_help=True,
    help="Let programs ask for access tokens (OAuth2 client credentials), and stop them.",
)

ClientId = Annotated[
    str, typer.Argument(metavar="CLIENT", help="Id of the program.", show_default=False)
]
ByOption = Annotated[str, typer.Option(help="Id of who does it, for the audit log; no name.")]
DaysOption = Annotated[
    int, typer.Option(help="How long its secret is accepted, days.", min=1, max=MOST_DAYS)
]


@app.command()
def add(
    client_id: ClientId,
    *,
    role: Annotated[
        Role, typer.Option(help="What it acts as; a program decides and releases nothing.")
    ] = Role.BATCH,
    only: Annotated[
        list[Scope] | None,
        typer.Option(
            help="Narrows it to this (score, backlogs, read_metrics); can be given more than once.",
            show_default="all that the role brings",
        ),
    ] = None,
    days: DaysOption = DEFAULT_DAYS,
    by: ByOption = "operator",
) -> None:
    """Enter a program and print its secret, this once; a running server takes it at once."""
    from serving.identity.client_rules import entered  # noqa: PLC0415
    from serving.identity.secret import digest_of, new_secret  # noqa: PLC0415

    client, secret = entered(client_id, role=role, only=only, days=days), new_secret()
    with _store() as store:
        kept = digest_of(secret.get_secret_value())
        store.add_client(client, secret_sha256=kept, by=_actor(by))
    _show(client_id, secret.get_secret_value())


@app.command(name="list")
def list_() -> None:
    """List the programs, never a secret.

    Columns: id, role, what it may do, the day from which on it is refused,
    and "disabled" where it is.
    """
    with _store() as store:
        found = store.clients()
    for client in found:
        line = (
            client.client_id,
            client.role,
            ",".join(sorted(client.scopes)),
            client.expires_at.date().isoformat(),
            "disabled" if client.is_disabled else "",
        )
        typer.echo("\t".join(line).rstrip())


@app.command()
def disable(client_id: ClientId, *, by: ByOption = "operator") -> None:
    """Give a program no tokens any more, and refuse those it has, at once."""
    _change(lambda store: store.change_client(client_id, is_disabled=True, by=_actor(by)))


@app.command()
def enable(client_id: ClientId, *, by: ByOption = "operator") -> None:
    """Give a program tokens again; those it has are good again until they expire."""
    _change(lambda store: store.change_client(client_id, is_disabled=False, by=_actor(by)))


@app.command()
def renew(
    client_id: ClientId, *, days: DaysOption = DEFAULT_DAYS, by: ByOption = "operator"
) -> None:
    """Give a program a new secret and print it, this once; the old one is refused at once.

    Tokens that it has already stay good until they expire: `revoke` refuses them.
    """
    from serving.identity.secret import digest_of, new_secret  # noqa: PLC0415

    secret = new_secret().get_secret_value()
    kept, until = digest_of(secret), in_days(days)
    _change(
        lambda store: store.change_client(
            client_id, secret_sha256=kept, expires_at=until, by=_actor(by)
        )
    )
    _show(client_id, secret)


@app.command()
def revoke(client_id: ClientId, *, by: ByOption = "operator") -> None:
    """Refuse every token that a program has now; it can ask for new ones."""
    _change(lambda store: store.withdraw_tokens(client_id, by=_actor(by)))


@app.command(name="new-signing-key")
def new_signing_key(*, by: ByOption = "operator") -> None:
    """Destroy the keys that sign tokens, so that every token there is gets refused.

    Keys are renewed by themselves (WHEREFORE_SIGNING_KEY_HOURS); this is for
    the day on which one may have leaked. A running server notices within a minute.
    """
    with _store() as store:
        num_keys = store.drop_signing_keys(by=_actor(by))
    typer.echo(f"{num_keys} key{'' if num_keys == 1 else 's'} destroyed")


@contextmanager
def _store() -> "Iterator[IdentityStore]":
    from serving.adapters.sql.storage import open_identity  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    with open_identity(load_settings()) as store:
        yield store


def _actor(by: str) -> "Actor":
    from serving.cases.events import Actor  # noqa: PLC0415

    return Actor(actor_id=by, role="operator")


def _change(change: "Callable[[IdentityStore], bool]") -> None:
    from serving.identity.errors import ClientCommandError  # noqa: PLC0415

    with _store() as store:
        is_there = change(store)
    if not is_there:
        raise ClientCommandError(
            "no client has this id: expected one of those that `wherefore clients list` shows"
        )


def _show(client_id: str, secret: str) -> None:
    typer.echo(f"Secret of {client_id} (shown this once, kept as a hash):", err=True)
    typer.echo(secret)
