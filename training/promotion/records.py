"""What an evaluation and a fairness report must say for a model to be promoted: their JSON.

An evaluation command writes these records; `wherefore register` attaches them to a version, and
`wherefore promote` judges by them. A record names the model by its digest and each data set by the
digests of its file and of the order of its examples. Figures that are compared in pairs carry a
score for each example, so that any two records of the same examples can be compared later::

    {"schema_version": 1, "model_digest": "...", "model_version": "...", "created": "2026-11-20",
     "headline": "cross_validation",
     "data_sets": {"cross_validation": {
        "digest": "...", "order_digest": "...", "num_examples": 2, "groups": [0, 1],
        "metrics": {"primary_accuracy": {"value": 0.5, "low": 0.0, "high": 1.0,
           "scores": {"kind": "ratio", "numerators": [1, 0], "denominators": [1, 1]}}},
        "baselines": {"tfidf": {"primary_accuracy": {...}}}}}}
"""

import datetime as dt
import hashlib
import math
from collections.abc import Iterable
from typing import Annotated, Literal, Self, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from training.errors import ReportError
from training.score_metrics import auc
from training.weighting import Figures, Weights, ratio

EVALUATION = "evaluation"
"""Kind of the report that holds an `EvaluationRecord`."""

FAIRNESS = "fairness"
"""Kind of the report that holds a `FairnessRecord`."""

FAITHFULNESS = "faithfulness"
"""Kind of the report that holds a `FaithfulnessRecord`."""

CROSS_VALIDATION = "cross_validation"
"""Name of the cross-validation among the data sets of an `EvaluationRecord`."""

_TOLERANCE = 1e-6

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RatioScores(_Record):
    """Parts of a figure that is a sum over the examples divided by another.

    An accuracy has 1 or 0 above and 1 below; micro-F1 twice the agreed above, the stated and
    labelled below; an example that does not count has 0 and 0.

    Attributes:
        kind: "ratio".
        numerators: one per example.
        denominators: one per example, at least 0.
    """

    kind: Literal["ratio"] = "ratio"
    numerators: tuple[FiniteFloat, ...]
    denominators: tuple[Annotated[FiniteFloat, Field(ge=0)], ...]

    @property
    def num_examples(self) -> int:
        """Examples that have a score; -1 where both lists differ in length."""
        same = len(self.numerators) == len(self.denominators)
        return len(self.numerators) if same else -1

    def figure(self, weight_BN: Weights) -> Figures:
        """Returns the figure for each row of weights."""
        numerators_N, denominators_N = np.array(self.numerators), np.array(self.denominators)
        return ratio(weight_BN @ numerators_N, weight_BN @ denominators_N)


class RankScores(_Record):
    """Scores and outcomes of a figure that is an area under the ROC curve.

    Attributes:
        kind: "rank".
        scores: one per example, higher where the outcome is likelier.
        outcomes: 1, 0 or a probability in between; None where not known.
    """

    kind: Literal["rank"] = "rank"
    scores: tuple[FiniteFloat, ...]
    outcomes: tuple[Annotated[FiniteFloat, Field(ge=0, le=1)] | None, ...]

    @property
    def num_examples(self) -> int:
        """Examples that have a score; -1 where both lists differ in length."""
        return len(self.scores) if len(self.scores) == len(self.outcomes) else -1

    def figure(self, weight_BN: Weights) -> Figures:
        """Returns the figure for each row of weights."""
        outcome_N = np.array([math.nan if o is None else o for o in self.outcomes])
        return auc(np.array(self.scores), outcome_N, weight_BN=weight_BN)


class MetricRecord(_Record):
    """A figure.

    Attributes:
        value: the figure.
        low: lower end of its 95 % interval; None where there is none.
        high: upper end; None likewise.
        scores: what it is made of, example by example; None for a figure not compared in pairs.
    """

    value: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    scores: Annotated[RatioScores | RankScores, Field(discriminator="kind")] | None = None

    @model_validator(mode="after")
    def _is_what_its_scores_give(self) -> Self:
        if self.scores is None:
            return self
        if self.scores.num_examples < 1:
            raise ValueError("the scores of a figure have different lengths, or none")
        found = float(self.scores.figure(np.ones((1, self.scores.num_examples)))[0])
        if not abs(found - self.value) <= _TOLERANCE:
            raise ValueError(f"the scores of a figure give {found:.6f}, not {self.value:.6f}")
        return self


class DataSetRecord(_Record):
    """What was found on a data set.

    Attributes:
        digest: sha256 of its file.
        order_digest: `order_digest` of its examples.
        num_examples: number of examples.
        held_out: whether the examples were kept from training though others of the same file were
            not; what measured them has made sure of it.
        calibrates: whether calibration, thresholds and weights of the model were fitted on the
            examples, which flatters it beside baselines.
        was_read: whether some are by authors of whom the model has read texts, whatever file they
            come in.
        groups: group of each example (its author, say), drawn together by the bootstrap; None
            where each stands for itself.
        metrics: figures of the model by name, as in `training.evaluation.figures`.
        baselines: the same of each baseline.
    """

    digest: Sha256
    order_digest: Sha256
    num_examples: int = Field(ge=1)
    held_out: bool = False
    calibrates: bool = False
    was_read: bool = False
    groups: tuple[int, ...] | None = None
    metrics: dict[str, MetricRecord]
    baselines: dict[str, dict[str, MetricRecord]] = {}

    @model_validator(mode="after")
    def _has_a_score_for_each_example(self) -> Self:
        lengths = {
            metric.scores.num_examples
            for metrics in (self.metrics, *self.baselines.values())
            for metric in metrics.values()
            if metric.scores is not None
        }
        lengths |= {len(self.groups)} if self.groups is not None else set()
        if lengths - {self.num_examples}:
            raise ValueError(f"expected scores and groups of {self.num_examples} examples")
        return self

    def group_names(self) -> list[str]:
        """Returns the group of each example as text."""
        return [str(g) for g in (self.groups or range(self.num_examples))]


class EvaluationRecord(_Record):
    """The evaluation of a model.

    Attributes:
        schema_version: 1.
        model_digest: digest of the model evaluated (`Manifest.digest`).
        model_version: its name, version and digest, for people.
        created: day of the evaluation.
        headline: the data set on which the model must beat every baseline.
        data_sets: what was found, by data set.
        swaps: figures of the swap tests (`training.swap_test`), by what was done and how it was
            read; empty where none was run, or no text states a prohibited basis.
    """

    schema_version: Literal[1] = 1
    model_digest: Sha256
    model_version: str
    created: dt.date
    headline: str
    data_sets: dict[str, DataSetRecord]
    swaps: dict[str, dict[str, MetricRecord]] = {}

    @model_validator(mode="after")
    def _has_its_headline(self) -> Self:
        if self.headline not in self.data_sets:
            raise ValueError(f"the headline {self.headline!r} is none of the data sets")
        return self


class GroupRecord(_Record):
    """What was found on a group of applicants.

    Attributes:
        num_examples: size of the group.
        is_reference: whether the other groups are compared with it.
        is_judged: whether it is large enough for figures.
        metrics: figures by name, as in `training.fairness.figures`.
    """

    num_examples: int = Field(ge=0)
    is_reference: bool = False
    is_judged: bool = True
    metrics: dict[str, MetricRecord]


class FairnessRecord(_Record):
    """The fairness report of a model.

    Attributes:
        schema_version: 1.
        model_digest: digest of the model measured (`Manifest.digest`).
        model_version: its name, version and digest, for people.
        created: day of the report.
        data_digest: sha256 of the file measured on.
        order_digest: `order_digest` of the rows drawn from it.
        num_examples: number of these rows.
        attributes: groups by name, under the characteristic that parts them, "sex" say; at least
            one characteristic, each with at least two groups.
    """

    schema_version: Literal[1] = 1
    model_digest: Sha256
    model_version: str
    created: dt.date
    data_digest: Sha256
    order_digest: Sha256
    num_examples: int = Field(ge=1)
    attributes: Annotated[
        dict[str, Annotated[dict[str, GroupRecord], Field(min_length=2)]], Field(min_length=1)
    ]

    def compared(self) -> dict[tuple[str, str], GroupRecord]:
        """Returns the groups that were compared with a reference group, by characteristic."""
        return {
            (attribute, name): group
            for attribute, groups in self.attributes.items()
            if any(g.is_reference for g in groups.values())
            for name, group in groups.items()
            if group.is_judged and not group.is_reference
        }


class FaithfulnessRecord(_Record):
    """The faithfulness report of a model: how far its explanations hold.

    Attributes:
        schema_version: 1.
        model_digest: digest of the model measured (`Manifest.digest`).
        model_version: its name, version and digest, for people.
        created: day of the report.
        samples: how much was measured, in words; figures of other samples are not compared.
        data_sets: what was found, by part: "labelled" and, where measured, "simulated".
    """

    schema_version: Literal[1] = 1
    model_digest: Sha256
    model_version: str
    created: dt.date
    samples: str
    data_sets: Annotated[dict[str, DataSetRecord], Field(min_length=1)]


Record = TypeVar("Record", EvaluationRecord, FairnessRecord, FaithfulnessRecord)


def read_record(kind: type[Record], content: bytes, *, origin: str) -> Record:
    """Reads a report.

    Args:
        kind: which report it is to be.
        content: its JSON.
        origin: where it is from, for the message.

    Raises:
        ReportError: it is not one.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ReportError(
            f"{origin} is no {kind.__name__} ({place}: {first['msg']}): "
            "evaluate the model again with this version of wherefore"
        ) from error


def order_digest(ids: Iterable[str]) -> str:
    """Returns the sha256 of the ids of examples in their order; it tells nothing of the ids."""
    digest = hashlib.sha256()
    for number, name in enumerate(ids):
        digest.update(hashlib.sha256(f"{number}:{name}".encode()).digest())
    return digest.hexdigest()
