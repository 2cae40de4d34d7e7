"""`wherefore train` and `wherefore calibrate`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from data_pipeline.cli import needs_extra
from model_store.options import ModelOption

if TYPE_CHECKING:
    from training.loop import StepReport
    from training.run import RunResult

_LOG_EVERY_STEPS = 20

_DataOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="File of the run's kind of data, instead of the configuration's; may be repeated."
    ),
]


def train(
    *,
    config: Annotated[
        Path, typer.Option(help="Configuration of the run, a YAML file of configs/training/.")
    ],
    encoder: Annotated[
        str | None,
        typer.Option(help="Directory or name of the RoBERTa encoder, instead of the file's."),
    ] = None,
    data: _DataOption = None,
    start_from: Annotated[
        str | None,
        typer.Option(help="Model, or folder of a run, whose weights the run starts from."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder of the run. Default: runs/NAME.")
    ] = None,
    compiled: Annotated[
        bool,
        typer.Option(
            "--compile",
            help="Compile the encoder with torch: minutes at first, then faster steps on GPUs.",
        ),
    ] = False,
    track: Annotated[
        bool,
        typer.Option(help="Record the run in MLflow: MLFLOW_TRACKING_URI, or runs/mlflow.db."),
    ] = True,
) -> None:
    """Fine-tune, calibrate, measure and store a model; a killed run goes on where it stopped."""
    with needs_extra("train"):
        from training.config import load_config  # noqa: PLC0415
        from training.run import run_training  # noqa: PLC0415
        from training.tracking.run_tracker import track_run  # noqa: PLC0415

    given = {"encoder": encoder, "start_from": start_from}
    overrides: dict[str, object] = {name: value for name, value in given.items() if value}
    run = load_config(config, overrides=overrides).with_files(data or [])
    folder = output or Path("runs") / run.name
    console = Console(stderr=True)
    with (
        track_run(folder, enabled=track, on_warning=partial(_warn, console)) as tracker,
        step_display(console) as display,
    ):

        def on_step(report: "StepReport") -> None:
            display(report)
            tracker.on_step(report)

        result = run_training(
            run,
            output=folder,
            compiled=compiled,
            on_start=tracker.on_start,
            on_step=on_step,
            on_stage=console.print,
        )
        if result is None:
            return
        tracker.on_result(result)
    _print_result(run.name, result, console=console)


def calibrate(
    *,
    config: Annotated[
        Path, typer.Option(help="Configuration of the run that made the model: YAML.")
    ],
    model: ModelOption = None,
    data: _DataOption = None,
    version: Annotated[str, typer.Option(help="Version of the new model.")],
    output: Annotated[Path, typer.Option(help="Folder of the new model, for OUTPUT/model.")],
) -> None:
    """Fit calibration, thresholds and order of a stored model anew; its weights stay.

    On the texts that its run held out, as `train` does at its end: for a model
    made by older code, minutes instead of another training.
    """
    with needs_extra("train"):
        from training.config import load_config  # noqa: PLC0415
        from training.recalibration import recalibrate  # noqa: PLC0415
    from model_store.registry.models import resolve_model  # noqa: PLC0415

    run = load_config(config).with_files(data or [])
    console = Console(stderr=True)
    result = recalibrate(
        run, resolve_model(model), version=version, output=output, on_stage=console.print
    )
    _print_result(run.name, result, console=console)


def _warn(console: Console, sentence: str) -> None:
    console.print(f"warning: {sentence}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def step_display(console: Console) -> Iterator["_StepDisplay"]:
    """A progress bar on a terminal, a plain line now and then elsewhere."""
    columns = (
        SpinnerColumn(),
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield _StepDisplay(console, progress)


class _StepDisplay:
    """Shows the steps of a run, or of several side by side."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, report: "StepReport", name: str = "training") -> None:
        """Shows one step of the run of a name."""
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=None, figures="")
        figures = (
            f"epoch {report.epoch}  loss {sum(report.losses.values()):.3f}  "
            f"{report.num_tokens / report.seconds:,.0f} tokens/s"
        )
        if report.held_out_loss is not None:
            figures += f"  held out {report.held_out_loss:.3f}"
        self._progress.update(
            self._tasks[name], total=report.num_steps, completed=report.step, figures=figures
        )
        last = report.step == report.num_steps or report.held_out_loss is not None
        if not self._console.is_terminal and (report.step % _LOG_EVERY_STEPS == 0 or last):
            self._console.print(f"{name}: step {report.step}/{report.num_steps}  {figures}")


def _print_result(name: str, result: "RunResult", *, console: Console) -> None:
    for data_set, figures in result.metrics.items():
        _print_figures(f"{name}: {data_set}", figures)
    console.print(f"model stored in {result.directory}")


def _print_figures(title: str, figures: Mapping[str, object]) -> None:
    table = Table(title=title)
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        if value is None:
            continue  # not defined on such texts
        table.add_row(name, f"{value:.4f}" if isinstance(value, float) else str(value))
    Console().print(table)
