"""The record of an evaluation by which `wherefore promote` judges (see `training.promotion`)."""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from model_store.artifact import current_versions
from model_store.manifest import FORMAT_VERSION, Manifest
from training.config import completed
from training.errors import EvaluationError
from training.evaluation.answers import Answers, Truth
from training.evaluation.bootstrap import Estimate
from training.evaluation.cuts import group_names
from training.evaluation.labelled import LabelledTexts
from training.evaluation.outcomes import denied_score
from training.evaluation.report import EvaluationReport, Subject
from training.identity import CALIBRATION, ENCODER_DIGESTS, RECIPE
from training.promotion.records import (
    CROSS_VALIDATION,
    DataSetRecord,
    EvaluationRecord,
    MetricRecord,
    RankScores,
    RatioScores,
    order_digest,
)
from training.swap_test import SWAP_FIGURES, SwapResult

RECORD = "record.json"
"""File of the record, beside the report."""

DATA_SET = "data_set.json"
"""File in the folder of a cross-validation with its part of a record."""

_RECIPE = (
    "encoder",
    "start_from_digest",
    "seed",
    "optimisation",
    "losses",
    "augmentation",
    "figures",
    "lexical",
)
"""What of a configuration decides the weights, besides the texts; not the precision, which is that
of the machine where it has no bf16."""

_ABSENT = "absent"

_Array = NDArray[np.float64]


def data_set_record(
    labelled: LabelledTexts,
    subjects: Sequence[Subject],
    report: EvaluationReport,
    *,
    held_out: bool = False,
    calibrates: bool = False,
    was_read: bool = False,
) -> DataSetRecord:
    """Returns what was found on a data set, score by score.

    Args:
        labelled: the texts; their file's digest must be known.
        subjects: who answered, the model first.
        report: the report on them.
        held_out: see `DataSetRecord.held_out`.
        calibrates: see `DataSetRecord.calibrates`.
        was_read: see `DataSetRecord.was_read`.
    """
    assert labelled.sha256 is not None  # noqa: S101  (narrows the type)
    _, groups = group_names(labelled.facts)
    _, numbers = np.unique(np.array(groups, dtype=object), return_inverse=True)
    found = {s.name: _metrics(labelled.truth, s.answers, report.figures[s.name]) for s in subjects}
    return DataSetRecord(
        digest=labelled.sha256,
        order_digest=order_digest(text.id for text in labelled.facts),
        num_examples=len(labelled),
        held_out=held_out,
        calibrates=calibrates,
        was_read=was_read,
        groups=tuple(int(n) for n in numbers),
        metrics=found[subjects[0].name],
        baselines={s.name: found[s.name] for s in subjects if s.is_baseline},
    )


def evaluation_record(
    manifest: Manifest, data_sets: Mapping[str, DataSetRecord]
) -> EvaluationRecord:
    """Returns the record of a model; a cross-validation is the headline where there is one."""
    headline = CROSS_VALIDATION if CROSS_VALIDATION in data_sets else next(iter(data_sets))
    return EvaluationRecord(
        model_digest=manifest.digest,
        model_version=manifest.model_version,
        created=dt.datetime.now(tz=dt.UTC).date(),
        headline=headline,
        data_sets=dict(data_sets),
    )


def with_swaps(record: EvaluationRecord, swaps: Mapping[str, SwapResult]) -> EvaluationRecord:
    """Returns the record with the figures of the swap tests; those that found nothing left out."""
    figures = {
        name: {
            figure: MetricRecord(value=estimate.value, low=estimate.low, high=estimate.high)
            for figure in SWAP_FIGURES
            if (estimate := getattr(result.overall, figure)).value is not None
        }
        for name, result in swaps.items()
        if result.overall.num_changed
    }
    return record.model_copy(update={"swaps": figures})


def read_cross_validation(directory: Path, manifest: Manifest) -> DataSetRecord:
    """Reads what a cross-validation found, if it trained as the model was trained.

    That is on the same corpus and with the same configuration, save what name the model has, how
    it is stored, and which authors it was measured on.

    Raises:
        EvaluationError: the folder holds no finished cross-validation of a network, or one of
            another configuration or corpus.
    """
    try:
        content = json.loads((directory / DATA_SET).read_text(encoding="utf-8"))
        found = DataSetRecord.model_validate(content["data_set"])
        config = dict(content["config"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise EvaluationError(
            f"{directory} holds no finished cross-validation of a network: run "
            "`wherefore cross-validate` without --only-baselines, and give its --output"
        ) from error
    theirs = completed({**config, "encoder": Path(str(config.get("encoder"))).name})
    ours = completed(manifest.config)
    changed = [name for name in _RECIPE if theirs.get(name, _ABSENT) != ours.get(name, _ABSENT)]
    if theirs.get(RECIPE, 1) != ours.get(RECIPE, 1):
        changed.append("code of the recipe")
    if theirs.get(CALIBRATION, 1) != ours.get(CALIBRATION, 1):
        changed.append("code that calibrates")
    if {ENCODER_DIGESTS} <= {*theirs} & {*ours} and theirs[ENCODER_DIGESTS] != ours[
        ENCODER_DIGESTS
    ]:
        changed.append("files of the encoder")
    if found.digest not in manifest.data_digests.values():
        changed.append("corpus")
    if content.get("versions") != current_versions():
        changed.append("masker or taxonomy")
    if content.get("model_format") != FORMAT_VERSION:
        changed.append("model format")
    if changed:
        raise EvaluationError(
            f"{directory} cross-validates a run with other {', '.join(changed)} than those of "
            f"{manifest.model_version}: cross-validate the configuration of the model"
        )
    return found


def write_cross_validation(
    data_set: DataSetRecord, directory: Path, *, config: Mapping[str, object]
) -> None:
    """Writes what `read_cross_validation` reads."""
    content = {
        "config": config,
        "versions": current_versions(),
        "model_format": FORMAT_VERSION,
        "data_set": data_set.model_dump(mode="json"),
    }
    (directory / DATA_SET).write_text(json.dumps(content) + "\n", encoding="utf-8")


def _metrics(
    truth: Truth, answers: Answers, estimates: Mapping[str, Estimate]
) -> dict[str, MetricRecord]:
    """The figures that are defined, those that can be compared in pairs with their scores."""
    records = {}
    for name, estimate in estimates.items():
        if estimate.value is not None:
            scores = _SCORES[name](truth, answers) if name in _SCORES else None
            records[name] = MetricRecord(
                value=estimate.value, low=estimate.low, high=estimate.high, scores=scores
            )
    return records


def _ratio(numerator_N: _Array, denominator_N: _Array) -> RatioScores:
    return RatioScores(
        numerators=tuple(map(float, numerator_N)), denominators=tuple(map(float, denominator_N))
    )


def _hits(hit_N: NDArray[np.bool_], among_N: NDArray[np.bool_]) -> RatioScores:
    return _ratio((hit_N & among_N).astype(np.float64), among_N.astype(np.float64))


def _rank(score_N: _Array, outcome_N: _Array) -> RankScores | None:
    if np.isnan(score_N).any():
        return None
    return RankScores(
        scores=tuple(map(float, score_N)),
        outcomes=tuple(None if np.isnan(y) else float(y) for y in outcome_N),
    )


def _top(truth: Truth, answers: Answers, k: int) -> RatioScores:
    top_Nk = np.argsort(-answers.ranked_by_NC, axis=1, kind="stable")[:, :k]
    hit_N = np.take_along_axis(truth.first_NC, top_Nk, axis=1).any(axis=1)
    return _hits(np.asarray(hit_N), np.asarray(truth.first_NC.any(axis=1)))


def _any_listed(truth: Truth, answers: Answers) -> RatioScores:
    first_N = answers.ranked_by_NC.argmax(axis=1)
    hit_N = truth.target_NC[np.arange(len(truth)), first_N]
    return _hits(hit_N, np.asarray(truth.target_NC.any(axis=1)))


def _micro_f1(truth: Truth, answers: Answers) -> RatioScores | None:
    agreed_N = (answers.stated_NC & truth.target_NC).sum(axis=1)
    total_N = answers.stated_NC.sum(axis=1) + truth.target_NC.sum(axis=1)
    if not (total_N * truth.complete_N).any():
        return None  # 0 where nothing is labelled or stated, which no share of sums gives
    return _ratio(2.0 * agreed_N * truth.complete_N, total_N * truth.complete_N)


def _omission(truth: Truth, answers: Answers) -> RatioScores:
    missed_N = (truth.target_NC & ~answers.listed_NC).sum(axis=1)
    return _ratio(missed_N * truth.complete_N, truth.target_NC.sum(axis=1) * truth.complete_N)


def _evidence(_: Truth, answers: Answers) -> RatioScores | None:
    hit_NC = answers.top_quote_NC
    if hit_NC is None:
        return None
    return _ratio(np.nansum(hit_NC, axis=1), (~np.isnan(hit_NC)).sum(axis=1))


def _risk_error(truth: Truth, answers: Answers) -> RatioScores:
    error_N = 100 * np.abs(answers.default_probability_N - truth.default_probability_N)
    return _ratio(np.nan_to_num(error_N), (~np.isnan(error_N)).astype(np.float64))


_SCORES: dict[str, Callable[[Truth, Answers], RatioScores | RankScores | None]] = {
    "primary_accuracy": lambda t, a: _top(t, a, 1),
    "any_listed_accuracy": _any_listed,
    "top3_accuracy": lambda t, a: _top(t, a, 3),
    "micro_f1": _micro_f1,
    "omission_rate": _omission,
    "evidence_top_hit_rate": _evidence,
    "risk_mae": _risk_error,
    "denied_auc": lambda t, a: _rank(denied_score(a), t.denied_N),
    "risk_auc": lambda t, a: _rank(a.default_probability_N, t.default_probability_N),
}
