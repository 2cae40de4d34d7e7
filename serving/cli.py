"""The commands of this package: `wherefore serve` and `wherefore score`.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class InputFormat(StrEnum):
    """How the columns of an input file are named."""

    AUTO = "auto"
    TEXT = "text"
    HMDA = "hmda"
    LENDINGCLUB = "lendingclub"


class Explain(StrEnum):
    """How much work goes into the evidence of each reason."""

    NONE = "none"


ModelOption = Annotated[
    str | None,
    typer.Option(
        help="Directory of the model, or models:/NAME@ALIAS or models:/NAME/VERSION of the MLflow "
        "registry at MLFLOW_TRACKING_URI.",
        show_default="the bundled starter model",
    ),
]


def serve(
    *,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on; 0.0.0.0 for all.", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Port to listen on; 0 takes a free one.",
            min=0,
            max=65535,
            show_default="8000",
        ),
    ] = None,
    model: ModelOption = None,
) -> None:
    """Answers risk scores and denial reasons over HTTP, on this machine.

    The first start prints an API key, once. Every other setting is an
    environment variable WHEREFORE_...; the README lists them. Ctrl-C or
    SIGTERM lets open requests end.
    """
    from serving.server import serve as serve_until_stopped  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    serve_until_stopped(load_settings(host=host, port=port, model=model))


def score(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT", help="Applications: .jsonl, .csv (either also .gz) or .parquet."
        ),
    ],
    output: Annotated[
        Path,
        typer.Argument(metavar="OUTPUT", help="Where the rows go: .jsonl, .csv or .parquet."),
    ],
    *,
    model: ModelOption = None,
    format_: Annotated[
        InputFormat,
        typer.Option("--format", help="How INPUT names its columns; auto looks at them."),
    ] = InputFormat.AUTO,
    explain: Annotated[
        Explain,
        typer.Option(
            help="Extra work on the evidence; none gives what the model itself points at."
        ),
    ] = Explain.NONE,
    limit: Annotated[
        int | None, typer.Option(help="Score only the first rows.", min=1, show_default="all rows")
    ] = None,
) -> None:
    """Scores a file of applications: one output row per input row, in order.

    A row has `text`, fields of an application, or both, and optionally
    `id`; other columns are not read. A row that cannot be scored gets
    `error`, and the rest goes on. OUTPUT appears when it is complete; after
    Ctrl-C the rows scored so far are in OUTPUT.partial.
    """
    from serving.backlog.command import score_file  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    del explain
    score_file(
        source,
        output,
        settings=load_settings(model=model),
        input_format=format_.value,
        limit=limit,
    )
