"""The command `wherefore references`.

What it runs is imported when it runs, so that `wherefore --help` stays quick.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from data_pipeline.errors import CommandError
from model_store.options import ModelOption

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,63}")


def references(
    applications: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT", help="Applications as decided on, approved and denied: see `score`."
        ),
    ],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="Where the averages go, .json.")],
    *,
    version: Annotated[str, typer.Option(help="What answers name them by, for example 2026-q3.")],
    model: ModelOption = None,
) -> None:
    """Measures the reference populations of comment 9(b)(2)-5 from a creditor's own files.

    OUTPUT holds averages and counts only: nothing of any applicant.
    """
    from datetime import UTC, datetime  # noqa: PLC0415

    from model_store.engine.choice import EngineChoice  # noqa: PLC0415
    from model_store.explain.references import measure_references  # noqa: PLC0415
    from model_store.predictor import Predictor  # noqa: PLC0415
    from model_store.registry.models import resolve_model  # noqa: PLC0415

    if not _VERSION.fullmatch(version):
        raise CommandError("--version: expected letters, digits and ._:/+- only, at most 64")
    predictor = Predictor.load(resolve_model(model), choice=EngineChoice())
    found = measure_references(
        predictor,
        _texts(applications),
        version=version,
        measured_on=datetime.now(UTC).date(),
    )
    try:
        output.write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{output} cannot be written: {error.strerror}; choose another"
        ) from error
    counts = ", ".join(f"{p.num_applicants:,} {p.name}" for p in found.populations)
    typer.echo(f"{counts}: written to {output}")


def _texts(path: Path) -> Iterator[str]:
    """Yields the rows as texts, and says at the end how many could not be read."""
    from data_pipeline.domain.rendering import render_text  # noqa: PLC0415
    from data_pipeline.sources import Row  # noqa: PLC0415
    from data_pipeline.sources.files import read_rows  # noqa: PLC0415

    num_unreadable = 0
    for row in read_rows(path):
        if isinstance(row, Row):
            yield render_text(row.application)
        else:
            num_unreadable += 1
    if num_unreadable:
        typer.echo(
            f"{num_unreadable:,} rows of {path} could not be read and are left out; "
            "`wherefore score` names what is wrong with each",
            err=True,
        )
