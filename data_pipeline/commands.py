"""The commands of this package: `wherefore data build` and `wherefore data simulate`.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from data_pipeline.cli import needs_extra

app = typer.Typer(
    no_args_is_help=True,
    help="Build training examples from the corpus or from files, or simulate synthetic files.",
)


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


class SimulateSplit(StrEnum):
    """Which synthetic files are written."""

    TRAIN = "train"
    HELD_OUT = "held_out"
    ALL = "all"


@app.command()
def simulate(
    *,
    num: Annotated[int, typer.Option(min=1, help="How many files.")],
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed gives the same files.")
    ] = 20261120,
    split: Annotated[
        SimulateSplit, typer.Option(help="Held-out families and policies stand in held_out only.")
    ] = SimulateSplit.ALL,
    output: Annotated[Path, typer.Option(help="A .jsonl or .parquet file.")],
    fields: Annotated[
        bool, typer.Option("--fields", help="Add the application's fields to each row.")
    ] = False,
    demographics: Annotated[
        Path | None, typer.Option(help="A file of its own for demographics; by default none.")
    ] = None,
) -> None:
    """Simulate synthetic loan files whose denials have known causes."""
    from data_pipeline.generator.output import write_simulation  # noqa: PLC0415
    from data_pipeline.generator.simulation import SimulationSplit  # noqa: PLC0415

    write_simulation(
        output,
        num_files=num,
        seed=seed,
        split=None if split is SimulateSplit.ALL else SimulationSplit(split.value),
        with_fields=fields,
        demographics=demographics,
    )
