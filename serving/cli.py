"""The commands of this package: `wherefore serve` and `wherefore score`.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

MAX_LIMIT = 1_000_000_000_000
"""Most rows that a limit can name: more than any file has."""


class InputFormat(StrEnum):
    """How the columns of an input file are named."""

    AUTO = "auto"
    TEXT = "text"
    HMDA = "hmda"
    LENDINGCLUB = "lendingclub"


class Explain(StrEnum):
    """How much work goes into the evidence of each reason."""

    NONE = "none"
    FAST = "fast"
    EXACT = "exact"


class RowOrder(StrEnum):
    """In which order rows are scored."""

    INPUT = "input"
    DUE_DATE = "due-date"


class BacklogEngine(StrEnum):
    """What runs a job."""

    LOCAL = "local"
    RAY = "ray"


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
    environment variable WHEREFORE_...; serving/SETTINGS.md lists them. Ctrl-C or
    SIGTERM lets open requests end.
    """
    from serving.server import serve as serve_until_stopped  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    serve_until_stopped(load_settings(host=host, port=port, model=model))


def score(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="Applications: .jsonl, .csv (either also .gz or .zst) or .parquet; - for "
            "standard input.",
            allow_dash=True,
        ),
    ],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUTPUT",
            help="Where the rows go: .jsonl, .csv (either also .gz or .zst) or .parquet; - for "
            "JSON lines on standard output.",
            allow_dash=True,
        ),
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
            help="Extra work on the evidence of principal reasons: fast asks what each clause says "
            "alone, exact also what is lost without it; none gives what the model points at."
        ),
    ] = Explain.NONE,
    limit: Annotated[
        int | None,
        typer.Option(
            help="Score only the first rows.", min=1, max=MAX_LIMIT, show_default="all rows"
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Refuse to begin anew: an earlier run must be there."),
    ] = False,
    engine: Annotated[
        BacklogEngine,
        typer.Option(
            help="What runs the job: local is this machine, ray the cluster of RAY_ADDRESS, or "
            "several processes here."
        ),
    ] = BacklogEngine.LOCAL,
    order: Annotated[
        RowOrder,
        typer.Option(
            help="due-date scores, and writes, those rows first whose notice falls due first: 30 "
            "days after `completed_at`, else `received_at`."
        ),
    ] = RowOrder.INPUT,
    draft_notices: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Draft an adverse action notice for each row with principal reasons and the "
            "particulars of its notice, and say of every row what became of its draft.",
            show_default="no drafts",
        ),
    ] = None,
    notices_dated: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Date of the drafts.",
            show_default="the day on which the job begins",
        ),
    ] = None,
    shard_rows: Annotated[
        int, typer.Option(help="Rows scored and kept together: the most that a kill costs.", min=1)
    ] = 1024,
) -> None:
    """Scores a file of applications: one output row per input row, in order.

    --order due-date puts the most urgent first and adds their due dates.
    --draft-notices writes drafts that a person decides on; nothing is
    released or sent. The README says which columns both read.

    A row has `text`, fields of an application, or both, and optionally
    `id`; other columns are not read. A row that cannot be scored gets
    `error`, and the rest goes on. OUTPUT appears when it is complete, with
    OUTPUT.manifest.json beside it. After Ctrl-C, a kill or a full disk the
    same command goes on from what is kept in OUTPUT.shards, and gives the
    same bytes as a run that nothing stopped.

    Exit codes: 0 done, 2 not done and why, 130 interrupted.
    """
    from serving.backlog.local_job import ScoreOptions, score_file  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415

    options = ScoreOptions(
        input_format=format_.value,
        limit=limit,
        shard_rows=shard_rows,
        resume=resume,
        explain=explain.value,
        engine=engine.value,
        order=order.value,
        draft_notices=draft_notices,
        notices_dated=notices_dated.date() if notices_dated else None,
    )
    score_file(source, output, settings=load_settings(model=model), options=options)
