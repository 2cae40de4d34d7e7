"""The `wherefore` command: one program whose subcommands are entry points.

A subcommand is any entry point of the group `wherefore.commands`; it names a function (one
command) or a `typer.Typer` (a group of commands). Packages bring their own, so no package needs
to know another's.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points

import typer

from data_pipeline.errors import MissingExtraError, WhereforeError

ENTRY_POINT_GROUP = "wherefore.commands"
EXIT_USAGE = 2


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Turns a missing third-party module inside the block into advice on the extra to install.

    Raises:
        MissingExtraError: an import inside the block did not find its module.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra=extra, module=error.name or extra) from error


def build_app() -> typer.Typer:
    """Returns the command with every installed subcommand, in alphabetical order."""
    app = typer.Typer(
        name="wherefore",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Reads loan applications: risk, principal reasons and the words that carry them.",
    )

    @app.callback()
    def _root() -> None:
        pass

    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda e: e.name):
        command = entry_point.load()
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=entry_point.name)
        else:
            app.command(entry_point.name)(command)
    return app


def main() -> None:
    """Runs the command line; a `WhereforeError` becomes one sentence and exit code 2."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("wherefore.engine").setLevel(logging.INFO)  # a first start takes its time
    try:
        build_app()()
    except WhereforeError as error:
        print(f"wherefore: {error}", file=sys.stderr)
        sys.exit(EXIT_USAGE)
    except KeyboardInterrupt:
        print("wherefore: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
