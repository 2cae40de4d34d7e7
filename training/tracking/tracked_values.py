"""The values of a training run in the form that MLflow keeps."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from training.loop import StepReport

if TYPE_CHECKING:
    from mlflow import MlflowClient

_METRICS_PER_REQUEST = 1000
_PARAMETERS_PER_REQUEST = 100

Figure = tuple[str, float, int, int]
"""Name, value, time in milliseconds, step."""


def step_figures(report: StepReport, time_ms: int) -> Iterator[Figure]:
    """Yields the figures of a step; `step` itself tells which steps MLflow has."""
    figures = {
        **{f"loss/{name}": value for name, value in report.losses.items()},
        "loss/total": sum(report.losses.values()),
        "epoch": report.epoch,
        "tokens_per_second": report.num_tokens / report.seconds,
        "step": report.step,
    }
    if report.held_out_loss is not None:
        figures["loss/held_out"] = report.held_out_loss
    for name, value in figures.items():
        yield name, float(value), time_ms, report.step


def final_figures(metrics: Mapping[str, Mapping[str, object]]) -> Iterator[Figure]:
    """Yields the numbers among the figures of each data set, those not defined left out."""
    time_ms = now_ms()
    for data_set, figures in metrics.items():
        for name, value in figures.items():
            if isinstance(value, int | float):
                yield f"{data_set}/{name}", float(value), time_ms, 0


def log_figures(client: "MlflowClient", run_id: str, figures: Sequence[Figure]) -> None:
    """Sends figures, as many in a request as MLflow takes."""
    from mlflow.entities import Metric  # noqa: PLC0415

    for start in range(0, len(figures), _METRICS_PER_REQUEST):
        part = figures[start : start + _METRICS_PER_REQUEST]
        client.log_batch(run_id, metrics=[Metric(*figure) for figure in part])


def log_parameters(client: "MlflowClient", run_id: str, identity: Mapping[str, object]) -> None:
    """Sends nested values as parameters with dotted names."""
    from mlflow.entities import Param  # noqa: PLC0415

    values = list(_flat(identity))
    for start in range(0, len(values), _PARAMETERS_PER_REQUEST):
        part = values[start : start + _PARAMETERS_PER_REQUEST]
        client.log_batch(run_id, params=[Param(name, value) for name, value in part])


def _flat(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Yields the values of nested mappings with their dotted names."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{place}.{key}" if place else str(key))
    else:
        yield place, value if isinstance(value, str) else json.dumps(value)


def now_ms() -> int:
    """Returns the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
