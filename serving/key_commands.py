"""The commands on API keys: `wherefore keys add`, `list` and `revoke`."""

from typing import Annotated

import typer

from serving.identity.scopes import Role, Scope
from serving.identity.validity import DEFAULT_DAYS, MOST_DAYS, in_days

app = typer.Typer(no_args_is_help=True, help="Give people API keys, list and revoke them.")


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
) -> None:
    """Make a key for a person and print it, this once.

    A running server takes the key at once. Who has two keys under one id is
    one person: a notice needs two different ids.
    """
    from serving.identity.person import Person  # noqa: PLC0415
    from serving.keys import add_key  # noqa: PLC0415
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
    key = add_key(settings.state_dir, person)
    typer.echo(f"API key of {person_id} (shown this once, kept as a hash):", err=True)
    typer.echo(key.get_secret_value())


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
) -> None:
    """Take a key away, or all keys of a person; a running server refuses them at once."""
    from serving.keys import revoke_keys  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    num_keys = revoke_keys(load_settings().state_dir, key_or_person_id)
    typer.echo(f"{num_keys} key{'' if num_keys == 1 else 's'} revoked")
