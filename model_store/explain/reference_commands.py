"""The command `wherefore references`.

What it runs is imported when it runs, so that `wherefore --help` stays quick.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from typing import Annotated, TextIO

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
    with _written_at_the_end(output) as file:
        predictor = Predictor.load(resolve_model(model), choice=EngineChoice())
        found = measure_references(
            predictor,
            _texts(applications),
            version=version,
            measured_on=datetime.now(UTC).date(),
        )
        file.write(found.model_dump_json(indent=2) + "\n")
    counts = ", ".join(f"{p.num_applicants:,} {p.name}" for p in found.populations)
    typer.echo(f"{counts}: written to {output}")


@contextmanager
def _written_at_the_end(output: Path) -> Iterator[TextIO]:
    """Opens a file beside the output that takes its place once all is written."""
    part = output.with_name(f"{output.name}.part")
    try:
        if output.is_dir():
            raise IsADirectoryError(EISDIR, "Is a directory")
        with part.open("w", encoding="utf-8") as file:
            yield file
        part.replace(output)
    except OSError as error:
        raise CommandError(
            f"{output} cannot be written: {error.strerror}; choose another"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _texts(path: Path) -> Iterator[str]:
    """Yields the rows as texts, and says at the end how many could not be read."""
    from rich.console import Console  # noqa: PLC0415

    from data_pipeline.domain.rendering import render_text  # noqa: PLC0415
    from data_pipeline.progress import shown  # noqa: PLC0415
    from data_pipeline.sources import Row  # noqa: PLC0415
    from data_pipeline.sources.files import count_rows, read_rows  # noqa: PLC0415

    num_unreadable = 0
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for row in shown(read_rows(path), what="read", total=count_rows(path), console=console):
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
