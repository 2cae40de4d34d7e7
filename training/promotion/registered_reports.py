"""Registering a model together with its reports."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from model_store.artifact import read_manifest
from model_store.manifest import Manifest
from model_store.registry.mlflow_store import mlflow_failures
from model_store.registry.models import ModelRegistry
from model_store.registry.reference import ModelReference
from model_store.registry.registered import FIGURES_TAG, RegisteredVersion
from model_store.registry.registration import (
    CARD,
    attach_report,
    register_model,
)
from training.errors import ReportError
from training.promotion.card import card_with_reports
from training.promotion.comparison import LISTED_METRICS
from training.promotion.gate import require_digest, require_same_model
from training.promotion.kept_reports import KINDS, kept_report
from training.promotion.records import (
    CROSS_VALIDATION,
    EVALUATION,
    FAIRNESS,
    FAITHFULNESS,
    DataSetRecord,
    EvaluationRecord,
    FairnessRecord,
    FaithfulnessRecord,
    MetricRecord,
    read_record,
)
from training.tracking.tracked_values import log_figures, now_ms

_IN_A_LINE = ("primary_accuracy", "micro_f1", "omission_rate")

Record = TypeVar("Record", EvaluationRecord, FairnessRecord, FaithfulnessRecord)


def register_with_reports(
    directory: Path,
    *,
    name: str | None = None,
    evaluations: Sequence[Path] = (),
    fairness: Path | None = None,
    faithfulness: Path | None = None,
) -> RegisteredVersion:
    """Registers a model with reports; all are read and compared before anything is kept.

    Args:
        directory: the model.
        name: registered name; None for the name in its manifest.
        evaluations: files with an `EvaluationRecord` each; they are put together.
        fairness: file of a `FairnessRecord`; None for none.
        faithfulness: file of a `FaithfulnessRecord`; None for none.

    Raises:
        ArtifactError: the directory is no whole, unchanged model of this version.
        ReportError: a file is not the report that it should be.
        PromotionError: a report is of another model.
        RegistryError: the registry cannot be reached or refuses.
    """
    evaluated = merge_evaluations([_read(EvaluationRecord, path) for path in evaluations])
    measured = None if fairness is None else _read(FairnessRecord, fairness)
    explained = None if faithfulness is None else _read(FaithfulnessRecord, faithfulness)
    reports = [report for report in (evaluated, measured, explained) if report is not None]
    manifest = read_manifest(directory)
    for report in reports:
        kind = KINDS[type(report)]
        require_digest(report, manifest.digest, name=manifest.model_version, kind=kind)
    registry = ModelRegistry.open(create=True)
    version = register_model(registry, directory, name=name or manifest.name)
    for report in reports:
        keep_report(registry, version, report)
    version = registry.find(ModelReference(name=version.name, version=version.version))
    keep_card(registry, version, manifest)
    return registry.find(ModelReference(name=version.name, version=version.version))


def keep_report(
    registry: ModelRegistry,
    version: RegisteredVersion,
    report: EvaluationRecord | FairnessRecord | FaithfulnessRecord,
) -> None:
    """Keeps a report with the version it is about; it takes the place of an earlier one.

    Raises:
        PromotionError: the report is of another model.
        RegistryError: the registry cannot be reached or refuses.
    """
    kind = KINDS[type(report)]
    require_same_model(version, report, kind=kind)
    attach_report(registry, version, report.model_dump_json().encode(), kind=kind)
    time_ms = now_ms()
    figures = [(_metric_name(n), value, time_ms, 0) for n, value in _figures(report)]
    with mlflow_failures(registry.uri):
        log_figures(registry.client, version.run_id or "", figures)
    if isinstance(report, EvaluationRecord):
        registry.tag(version, FIGURES_TAG, headline_figures(report))


def keep_card(registry: ModelRegistry, version: RegisteredVersion, manifest: Manifest) -> str:
    """Renders the whole card of a version from manifest and reports, keeps it and returns it.

    Args:
        registry: where the version is.
        version: the version, as it is after its reports were attached.
        manifest: the manifest of its model.

    Raises:
        ArtifactError: a report is not the one that was attached.
        RegistryError: the registry cannot be reached or refuses.
        ReportError: a report is not what this version of the code reads.
    """
    card = card_with_reports(
        manifest,
        evaluation=kept_report(registry, version, EvaluationRecord),
        fairness=kept_report(registry, version, FairnessRecord),
        faithfulness=kept_report(registry, version, FaithfulnessRecord),
    )
    attach_report(registry, version, card.encode(), kind=CARD)
    registry.describe(version, card)
    return card


def _metric_name(name: str) -> str:
    """A name that MLflow takes."""
    return re.sub(r"[^\w./ :-]", "", name)


def _figures(
    report: EvaluationRecord | FairnessRecord | FaithfulnessRecord,
) -> Iterator[tuple[str, float]]:
    """Every figure of a report with the name it gets in MLflow."""
    if isinstance(report, EvaluationRecord):
        measured = {name: data_set.metrics for name, data_set in report.data_sets.items()}
        for name, figures in (*measured.items(), *report.swaps.items()):
            for metric, record in figures.items():
                yield f"{EVALUATION}/{name}/{metric}", record.value
    elif isinstance(report, FaithfulnessRecord):
        for part in report.data_sets.values():
            yield from ((f"{FAITHFULNESS}/{n}", m.value) for n, m in part.metrics.items())
    else:
        for (attribute, group), found in report.compared().items():
            for metric, record in found.metrics.items():
                yield f"{FAIRNESS}/{attribute}/{group}/{metric}", record.value


def headline_figures(evaluation: EvaluationRecord) -> str:
    """Returns the main figures on the headline data set, in a line; the card has all of them."""
    metrics = evaluation.data_sets[evaluation.headline].metrics
    found = [name for name in LISTED_METRICS if name in metrics]
    shown = [name for name in found if name in _IN_A_LINE] or found[: len(_IN_A_LINE)]
    figures = [f"{name} {metrics[name].value:.3f}" for name in shown]
    return f"{evaluation.headline}: {', '.join(figures)}"


def merge_evaluations(records: Sequence[EvaluationRecord]) -> EvaluationRecord | None:
    """Puts the data sets of several evaluations of one model together; None for no record.

    A cross-validation among them is the headline, else the headline of the first.

    Raises:
        ReportError: the records are of different models, or two have the same data set.
    """
    if not records:
        return None
    if len({record.model_digest for record in records}) > 1:
        raise ReportError(
            "the evaluation records are of different models: expected one model, give the records "
            "of the one that is registered"
        )
    data_sets: dict[str, DataSetRecord] = {}
    for record in records:
        if repeated := sorted(data_sets.keys() & record.data_sets.keys()):
            raise ReportError(
                f"two evaluation records have the data set {repeated[0]}: give each data set once"
            )
        data_sets |= record.data_sets
    return records[0].model_copy(
        update={
            "headline": CROSS_VALIDATION if CROSS_VALIDATION in data_sets else records[0].headline,
            "data_sets": data_sets,
            "swaps": _worst_swaps([record.swaps for record in records]),
        }
    )


def _worst_swaps(
    found: Sequence[dict[str, dict[str, MetricRecord]]],
) -> dict[str, dict[str, MetricRecord]]:
    """The figures of every swap test; of one that was run more than once the worst of each."""
    worst: dict[str, dict[str, MetricRecord]] = {}
    for swaps in found:
        for test, figures in swaps.items():
            held = worst.setdefault(test, {})
            for name, figure in figures.items():
                held[name] = max(held.get(name, figure), figure, key=lambda each: each.value)
    return worst


def _read(kind: type[Record], path: Path) -> Record:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReportError(
            f"no report at {path} ({error.strerror}): give a file that an evaluation wrote"
        ) from error
    return read_record(kind, content, origin=str(path))
