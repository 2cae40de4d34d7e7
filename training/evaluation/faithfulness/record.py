"""The record of a faithfulness report by which `wherefore promote` judges."""

import datetime as dt
from collections.abc import Mapping

import numpy as np

from model_store.manifest import Manifest
from training.evaluation.faithfulness.figures import FAITHFULNESS_FIGURE_BY_NAME, Part
from training.evaluation.faithfulness.report import FaithfulnessReport, MeasuredTexts
from training.evaluation.faithfulness.tally import parts as parts_of
from training.promotion.records import (
    DataSetRecord,
    FaithfulnessRecord,
    MetricRecord,
    RatioScores,
    order_digest,
)

FAITHFULNESS_RECORD = "faithfulness_record.json"
"""File of the record, beside the report."""


def faithfulness_record(
    manifest: Manifest, texts: Mapping[Part, MeasuredTexts], report: FaithfulnessReport
) -> FaithfulnessRecord:
    """Returns the figures of a report, those that are compared in pairs text by text.

    Args:
        manifest: that of the model measured.
        texts: what was measured on, as the report was built from it.
        report: the report.
    """
    return FaithfulnessRecord(
        model_digest=manifest.digest,
        model_version=manifest.model_version,
        created=dt.datetime.now(tz=dt.UTC).date(),
        samples=str(report.conditions["samples"]),
        data_sets={part: _data_set(part, held, report) for part, held in texts.items()},
    )


def _data_set(part: Part, texts: MeasuredTexts, report: FaithfulnessReport) -> DataSetRecord:
    _, numbers = np.unique(np.array(texts.groups, dtype=object), return_inverse=True)
    return DataSetRecord(
        digest=texts.digest,
        order_digest=order_digest(texts.ids),
        num_examples=len(texts),
        groups=tuple(int(number) for number in numbers),
        metrics={
            found.name: _metric(found.name, texts, report)
            for found in report.figures
            if FAITHFULNESS_FIGURE_BY_NAME[found.name].part == part
            and found.estimate.value is not None
        },
    )


def _metric(name: str, texts: MeasuredTexts, report: FaithfulnessReport) -> MetricRecord:
    estimate = report.named(name).estimate
    assert estimate.value is not None  # noqa: S101  (narrows the type)
    scores = None
    if FAITHFULNESS_FIGURE_BY_NAME[name].is_compared:
        numerators, denominators = parts_of(name, texts.tallies)
        scores = RatioScores(numerators=tuple(numerators), denominators=tuple(denominators))
    return MetricRecord(value=estimate.value, low=estimate.low, high=estimate.high, scores=scores)
