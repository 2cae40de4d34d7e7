"""The whole model card: what the manifest tells, and what the reports of a version found.

The card stored with a model is part of its digest and is written before anything is reported. This
one is rendered from manifest and reports when they are attached, and is kept with the version.
"""

from collections.abc import Iterator, Mapping

from model_store.card import Reported, render_card
from model_store.manifest import Manifest
from training.evaluation.faithfulness.figures import FAITHFULNESS_FIGURES, FaithfulnessFigure
from training.promotion.comparison import DISPARITIES, LISTED_METRICS, best_baseline
from training.promotion.records import (
    DataSetRecord,
    EvaluationRecord,
    FairnessRecord,
    FaithfulnessRecord,
    GroupRecord,
    MetricRecord,
)

_TOLD = ("adverse_impact_ratio", "matched_adverse_impact_ratio", "equal_opportunity_difference")


def card_with_reports(
    manifest: Manifest,
    *,
    evaluation: EvaluationRecord | None = None,
    fairness: FairnessRecord | None = None,
    faithfulness: FaithfulnessRecord | None = None,
) -> str:
    """Returns the card of a model with the figures of its reports, as Markdown.

    Args:
        manifest: the manifest of the model.
        evaluation: its evaluation; None where there is none.
        fairness: its fairness report; None likewise.
        faithfulness: its faithfulness report; None likewise.
    """
    sections = [
        *_evaluated(evaluation),
        *_swapped(evaluation),
        *_explained(faithfulness),
        *_disparities(fairness),
    ]
    return render_card(
        manifest,
        reported=Reported(
            sections=tuple(sections),
            not_validated_on=tuple(_open_questions(evaluation, fairness, faithfulness)),
        ),
    )


def _evaluated(evaluation: EvaluationRecord | None) -> Iterator[str]:
    if evaluation is None:
        return
    for name, data_set in evaluation.data_sets.items():
        rows = "\n".join(
            f"| {metric} | {_told(data_set.metrics[metric])} | {_best(data_set, metric)} |"
            for metric in LISTED_METRICS
            if metric in data_set.metrics
        )
        yield (
            f"## Evaluated on {name}\n\n{data_set.num_examples:,} examples, digest "
            f"`{data_set.digest[:12]}`, {evaluation.created}.\n\n"
            f"| figure | value (95 % interval) | best baseline |\n|---|---|---|\n{rows}"
        )


def _swapped(evaluation: EvaluationRecord | None) -> Iterator[str]:
    if evaluation is None or not evaluation.swaps:
        return
    rows = "\n".join(
        f"| {test} | {name} | {_told(metric)} |"
        for test, figures in evaluation.swaps.items()
        for name, metric in figures.items()
    )
    yield (
        "## Words of prohibited bases swapped or removed\n\nRisk changes are in percentage points, "
        f"rates are shares.\n\n| test | figure | value (95 % interval) |\n|---|---|---|\n{rows}"
    )


def _explained(faithfulness: FaithfulnessRecord | None) -> Iterator[str]:
    if faithfulness is None:
        return
    rows = "\n".join(
        f"| {figure.title} | {_told(data_set.metrics[figure.name])} | {_asked(figure)} |"
        for data_set in faithfulness.data_sets.values()
        for figure in FAITHFULNESS_FIGURES
        if figure.name in data_set.metrics
    )
    yield (
        f"## Faithfulness of its explanations\n\nOn {faithfulness.samples}, "
        f"{faithfulness.created}. Shares are 0 to 1.\n\n"
        f"| figure | value (95 % interval) | asked for |\n|---|---|---|\n{rows}"
    )


def _asked(figure: FaithfulnessFigure) -> str:
    if figure.binding is None:
        return ""
    return f"{'at most' if figure.lower_is_better else 'at least'} {figure.binding:g}"


def _disparities(fairness: FairnessRecord | None) -> Iterator[str]:
    if fairness is None:
        return
    rows = "\n".join(
        f"| {attribute}: {group} | {record.num_examples:,} | {cells} |"
        for (attribute, group), record in fairness.compared().items()
        for cells in [" | ".join(_cell(record, metric) for metric in _TOLD)]
    )
    yield (
        f"## Disparities measured\n\nOn {fairness.num_examples:,} decided rows of an HMDA "
        f"register, digest `{fairness.data_digest[:12]}`, {fairness.created}; each group against "
        "the reference group of its characteristic. A ratio of 1 and a difference of 0 mean no "
        "disparity. A difference names no cause, and where none is told from chance there may "
        f"still be one.\n\n| group | rows | {' | '.join(_TOLD)} |\n"
        f"|---|---|{'---|' * len(_TOLD)}\n{rows}"
    )


def _open_questions(
    evaluation: EvaluationRecord | None,
    fairness: FairnessRecord | None,
    faithfulness: FaithfulnessRecord | None,
) -> Iterator[str]:
    if faithfulness is None:
        yield "its explanations: no faithfulness has been measured for this model"
    if fairness is None:
        yield "applicants by group: no disparity has been measured for this model"
    else:
        yield (
            "applicants by group beyond the register named above, which holds no credit history: "
            "groups were compared as they are, not at equal creditworthiness"
        )
        small = [
            f"{name} ({group.num_examples} rows)"
            for groups in fairness.attributes.values()
            for name, group in groups.items()
            if not group.is_judged
        ]
        if small:
            yield f"groups too small to judge: {', '.join(small)}"
    if evaluation is None:
        yield "any text that it has not been trained or calibrated on: no evaluation is attached"
    elif not evaluation.swaps:
        yield "words of prohibited bases swapped or removed: no such test is attached"


def _cell(group: GroupRecord, metric: str) -> str:
    found: Mapping[str, MetricRecord] = group.metrics
    if metric not in found:
        return "too few"
    record, (side, neutral) = found[metric], DISPARITIES[metric]
    is_adverse = (
        (record.high is not None and record.high < neutral)
        if side == "below"
        else (record.low is not None and record.low > neutral)
    )
    return _told(record) + (" disparity measured" if is_adverse else "")


def _best(data_set: DataSetRecord, metric: str) -> str:
    found = best_baseline(data_set, metric)
    return "none" if found is None else f"{_told(found[1])} {found[0]}"


def _told(metric: MetricRecord) -> str:
    if metric.low is None or metric.high is None:
        return f"{metric.value:.3f}"
    return f"{metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})"
