"""The commands on API keys: `wherefore keys add` and `wherefore keys list`."""

from typing import Annotated

import typer

from serving.permissions import Permission

app = typer.Typer(no_args_is_help=True, help="Give people API keys, and list who has one.")


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
    role: Annotated[
        str, typer.Option(help="What the person acts as, such as underwriter or compliance.")
    ] = "underwriter",
    name: Annotated[
        str | None, typer.Option(help="The person's name, kept in the key file alone.")
    ] = None,
    permit: Annotated[
        list[Permission] | None,
        typer.Option(
            help="What this key may do beyond its role; can be given more than once. The role "
            "compliance brings export_cases.",
            show_default="nothing",
        ),
    ] = None,
) -> None:
    """Make a key for a person and print it, this once.

    A running server takes the key at once. Who has two keys under one id is
    one person: a notice needs two different ids.
    """
    from serving.keys import Person, add_key  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    person = Person(person_id=person_id, role=role, name=name, permissions=frozenset(permit or ()))
    key = add_key(settings.state_dir, person)
    typer.echo(f"API key of {person_id} (shown this once, kept as a hash):", err=True)
    typer.echo(key.get_secret_value())


@app.command(name="list")
def list_() -> None:
    """List the people who have a key: id, role, name and permissions, never a key."""
    from serving.keys import list_people  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    for person in list_people(load_settings().state_dir):
        permissions = ",".join(sorted(person.permissions))
        line = (person.person_id, person.role, person.name or "", permissions)
        typer.echo("\t".join(line).rstrip())
