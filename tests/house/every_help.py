"""Runs `--help` of every installed `wherefore` command, groups and their members included.

Run by the interpreter of the environment under test; prints one line for each command and stops
with a traceback at the first that fails.
"""

import contextlib
import io
from typing import Any

from typer.main import get_command

from data_pipeline.cli import build_app


def help_of(command: Any, path: list[str]) -> None:
    """Asks `command` for its help, then each of its members."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = command.main(["--help"], prog_name=" ".join(path), standalone_mode=False)
    if status not in (None, 0) or not printed.getvalue().strip():
        raise SystemExit(f"{' '.join(path)} --help: status {status}, printed nothing")
    print(*path)
    for name, member in sorted(getattr(command, "commands", {}).items()):
        help_of(member, [*path, name])


def main() -> None:
    """Walks the whole tree of commands."""
    help_of(get_command(build_app()), ["wherefore"])


if __name__ == "__main__":
    main()
