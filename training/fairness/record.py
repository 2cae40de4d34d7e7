"""The record of a fairness report by which `wherefore promote` judges."""

import datetime as dt

from model_store.manifest import Manifest
from training.errors import EvaluationError
from training.fairness.register import RegisterRows
from training.fairness.report import CharacteristicFigures, FairnessReport, GroupFigures
from training.promotion.records import FairnessRecord, GroupRecord, MetricRecord, order_digest

FAIRNESS_RECORD = "fairness_record.json"
"""File of the record, beside the report."""


def fairness_record(
    manifest: Manifest, rows: RegisterRows, report: FairnessReport
) -> FairnessRecord:
    """Returns the figures of every group, and the sizes of those not judged; no row of them.

    Raises:
        EvaluationError: no characteristic has two groups.
    """
    attributes = {c.characteristic.name: _groups(c, rows) for c in report.characteristics}
    compared = {name: groups for name, groups in attributes.items() if len(groups) > 1}
    if not compared:
        raise EvaluationError(
            f"{rows.name} has rows of one group only, so nothing can be compared: give a register "
            "of more applicants, or raise --fairness-rows"
        )
    return FairnessRecord(
        model_digest=manifest.digest,
        model_version=manifest.model_version,
        created=dt.datetime.now(tz=dt.UTC).date(),
        data_digest=rows.sha256,
        order_digest=order_digest(rows.ids),
        num_examples=len(rows),
        attributes=compared,
    )


def _groups(found: CharacteristicFigures, rows: RegisterRows) -> dict[str, GroupRecord]:
    judged = {group.name: group for group in found.groups}
    names = rows.groups[found.characteristic.name]
    return {
        name: _judged(judged[name])
        if name in judged
        else GroupRecord(num_examples=names.count(name), is_judged=False, metrics={})
        for name in sorted(set(names) - {""})
    }


def _judged(group: GroupFigures) -> GroupRecord:
    return GroupRecord(
        num_examples=group.num_rows,
        is_reference=group.is_reference,
        metrics={
            name: MetricRecord(value=estimate.value, low=estimate.low, high=estimate.high)
            for name, estimate in group.figures.items()
            if estimate.value is not None
        },
    )
