"""Measuring a stored model on a register, through the same predictor that serves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from model_store.artifact import load_artifact
from model_store.predictor import Prediction, Predictor
from model_store.registry import resolve_model
from training.evaluation.conditions import conditions
from training.evaluation.measuring import PredictsTexts
from training.fairness.record import fairness_record
from training.fairness.register import RegisterRows, read_register
from training.fairness.report import FairnessReport, build_fairness_report
from training.fairness.tallies import Outcomes
from training.progress import text_progress
from training.promotion.records import FairnessRecord

_TEXTS_PER_CALL = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessRequest:
    """What is to be measured.

    Attributes:
        model: directory or registry reference of the model; None for the bundled one.
        register: an HMDA register.
        max_rows: most rows to read; 0 for all.
        seed: decides which rows are drawn, and the intervals.
        command: the command, for the report.
    """

    model: Path | None
    register: Path
    max_rows: int
    seed: int
    command: str


def measure_fairness(
    request: FairnessRequest, *, console: Console
) -> tuple[FairnessReport, FairnessRecord]:
    """Measures a stored model and says on the console how far it is.

    Returns:
        The report for people, and the record by which `wherefore promote` judges.

    Raises:
        ArtifactError: the directory holds no model that can be used.
        RegistryError: the registry does not give the model.
        SourceError: the register cannot be read, or has no demographic column.
        EvaluationError: the file is no register, or nothing in it can be compared.
    """
    console.print(f"drawing decided rows of {request.register.name}")
    rows = read_register(request.register, max_rows=request.max_rows, seed=request.seed)
    artifact = load_artifact(resolve_model(request.model))
    predictor = Predictor.from_artifact(artifact)
    with text_progress(console, "reading the register", total=len(rows)) as on_texts:
        outcomes = outcomes_of(predictor, rows, on_texts=on_texts)
    console.print("counting the groups")
    report = build_fairness_report(
        rows,
        outcomes,
        title=f"{predictor.model_version}: disparities measured on {rows.name}",
        seed=request.seed,
        conditions={
            **conditions(command=request.command),
            "model": predictor.model_version,
            "register": rows.name,
            "register_sha256": rows.sha256,
        },
    )
    return report, fairness_record(artifact.manifest, rows, report)


def outcomes_of(
    predictor: PredictsTexts,
    rows: RegisterRows,
    *,
    on_texts: Callable[[int], None] = lambda _: None,
) -> Outcomes:
    """Returns what a model says of the rows, which it reads without their groups.

    Args:
        predictor: the model.
        rows: the rows.
        on_texts: called with the number of texts of every call.
    """
    predictions: list[Prediction] = []
    for texts in _calls(rows.texts):
        predictions += predictor.predict(texts)
        on_texts(len(texts))
    return Outcomes(
        favourable_N=np.array([not p.principal_reasons for p in predictions]),
        risk_N=np.array([p.risk_score for p in predictions]),
        score_N=np.array([max(p.categories.values()) for p in predictions]),
        approved_N=rows.approved_N,
    )


def _calls(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[i : i + _TEXTS_PER_CALL] for i in range(0, len(texts), _TEXTS_PER_CALL)]
