"""The commands on API keys: `wherefore keys add`, `list` and `revoke`."""

from typing import Annotated

import typer

from data_pipeline.errors import WhereforeError
from serving.identity.scopes import Role, Scope
from serving.identity.validity import DEFAULT_DAYS, MOST_DAYS, in_days

app = typer.Typer(no_args_is_help=True, help="Give people API keys, list and revoke them.")


ByOption = Annotated[str, typer.Option(help="Id of who does it, for the audit log; no name.")]


@app.command()
def add(
    person_id: Annotated[
        str,
        typer.Argument(
            metavar="PERSON",
            help="Id of the person, such as compliance-2; records and logs carry it.",
            show_default=False,
        ),
    ],
    *,
    role: Annotated[Role, typer.Option(help="What the person acts as.")] = Role.UNDERWRITER,
    name: Annotated[
        str | None, typer.Option(help="The person's name, kept in the key file alone.")
    ] = None,
    permit: Annotated[
        list[Scope] | None,
        typer.Option(
            help="What this key may do beyond its role (export_cases, enter_monitoring); can be "
            "given more than once. The roles compliance and auditor bring export_cases.",
            show_default="nothing",
        ),
    ] = None,
    only: Annotated[
        list[Scope] | None,
        typer.Option(
            help="Narrows the key to this of what role and permissions bring; can be given more "
            "than once.",
            show_default="all of it",
        ),
    ] = None,
    days: Annotated[
        int, typer.Option(help="How long the key is accepted, days.", min=1, max=MOST_DAYS)
    ] = DEFAULT_DAYS,
    by: ByOption = "operator",
) -> None:
    """Make a key for a person and print it, this once.

    A running server takes the key at once. Who has two keys under one id is
    one person: a notice needs two different ids.
    """
    from serving.cases.events import Actor  # noqa: PLC0415
    from serving.identity.person import Person  # noqa: PLC0415
    from serving.key_records import key_made, recording  # noqa: PLC0415
    from serving.keys import add_key, revoke_keys  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    person = Person(
        person_id=person_id,
        role=role,
        name=name,
        permissions=frozenset(permit or ()),
        only=frozenset(only) if only else None,
        expires_at=in_days(days),
    )
    # The audit log is opened first: where it cannot be, no key is made.
    with recording(settings) as record:
        key = add_key(settings.state_dir, person).get_secret_value()
        made = key_made(key, person, by=Actor(actor_id=by, role="operator"))
        try:
            record(made)
        except WhereforeError:
            revoke_keys(settings.state_dir, made.object_id)
            raise
    typer.echo(f"API key of {person_id} (shown this once, kept as a hash):", err=True)
    typer.echo(key)


@app.command(name="list")
def list_() -> None:
    """List the keys, never the key itself.

    Columns: id of the key, person, role, name, permissions beside the role,
    what it is narrowed to, and the day from which on it is not accepted.
    """
    from serving.keys import list_keys  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    for listed in list_keys(load_settings().state_dir):
        person = listed.person
        line = (
            listed.key_id,
            person.person_id,
            person.role,
            person.name or "",
            ",".join(sorted(person.permissions)),
            ",".join(sorted(person.only or ())),
            person.expires_at.date().isoformat() if person.expires_at else "",
        )
        typer.echo("\t".join(line).rstrip())


@app.command()
def revoke(
    key_or_person_id: Annotated[
        str,
        typer.Argument(
            metavar="KEY_OR_PERSON",
            help="Id of a key as `list` shows it, or of a person, whose keys then all go.",
            show_default=False,
        ),
    ],
    *,
    by: ByOption = "operator",
) -> None:
    """Take a key away, or all keys of a person; a running server refuses them at once."""
    from serving.cases.events import Actor  # noqa: PLC0415
    from serving.key_records import key_revoked, recording  # noqa: PLC0415
    from serving.keys import list_keys, revoke_keys  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    named = [
        listed
        for listed in list_keys(settings.state_dir)
        if key_or_person_id in {listed.key_id, listed.person.person_id}
    ]
    num_keys = revoke_keys(settings.state_dir, key_or_person_id)
    typer.echo(f"{num_keys} key{'' if num_keys == 1 else 's'} revoked")
    # Recorded afterwards: a database that does not answer must not keep a key alive.
    actor = Actor(actor_id=by, role="operator")
    with recording(settings) as record:
        for listed in named:
            record(key_revoked(listed.key_id, listed.person, by=actor))
