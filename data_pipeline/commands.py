"""The commands of this package: `wherefore data build`.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from data_pipeline.cli import needs_extra

app = typer.Typer(
    no_args_is_help=True, help="Build training examples from the corpus or from files."
)


@app.callback()
def _root() -> None:
    """Keeps `build` a subcommand while it is the only one."""


class BuildFormat(StrEnum):
    """What a file of applications holds."""

    AUTO = "auto"
    NARRATIVES = "narratives"
    TEXT = "text"
    HMDA = "hmda"
    LENDINGCLUB = "lendingclub"


@app.command()
def build(
    *,
    source: Annotated[
        str, typer.Option(help="corpus (the bundled synthetic texts) or a file of applications.")
    ] = "corpus",
    output: Annotated[Path, typer.Option(help="A folder that does not exist yet or is empty.")],
    format: Annotated[  # noqa: A002
        BuildFormat, typer.Option(help="What the file holds; auto decides by its columns.")
    ] = BuildFormat.AUTO,
) -> None:
    """Build a memory-mapped data set of masked, labelled examples, with digests."""
    with needs_extra("train"):
        from data_pipeline.building import build_data_set  # noqa: PLC0415

    build_data_set(source, output=output, format=format.value)
