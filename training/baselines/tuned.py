"""A baseline that tunes itself on parts of the training texts that it was not fitted on.

A baseline is features, a classifier for each category and one for default. Its scores on whole
authors, lenders or contrast pairs that were left out choose between its variants and fit its
calibration and thresholds, just as those of the network are fitted on authors held out.

Arrays: N texts, C categories.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from data_pipeline.examples import Example
from model_store.calibration import Calibration
from training.baselines.features import Features
from training.baselines.models import CategoryLogits, CategoryModel, RiskModel, Variant
from training.coarse_labels import Groups, groups_of, spread
from training.evaluation.answers import Answers, Truth, truth_of_examples
from training.metrics import any_listed_accuracy, micro_f1, primary_accuracy
from training.partial_calibration import fit_partial_calibration
from training.score_metrics import auc

BASELINE_VERSION = 2
"""Raised with every change of code by which a baseline of the same name learns otherwise, or is
calibrated otherwise (see `training.identity.CALIBRATION_VERSION`)."""

NUM_TUNING_FOLDS = 4
"""Parts that the training texts are cut into for choosing and calibrating."""

_ORDER_WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Of a learned order beside the log odds of the categories, in naming them."""

_Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    """What a baseline has learned.

    Attributes:
        features: what it reads.
        categories: what tells them.
        risk: what tells default.
        calibration: maps and thresholds.
        order_weight: of a learned order in naming categories; 0 where none was learned.
        groups: categories that the labels did not tell apart, of which each has the probability of
            all together.
    """

    features: Features
    categories: CategoryModel
    risk: RiskModel
    calibration: Calibration
    order_weight: float
    groups: Groups


class TunedBaseline:
    """A baseline that chooses among variants and calibrates on what it was not fitted on."""

    def __init__(
        self,
        name: str,
        new_features: Callable[[], Features],
        variants: Sequence[Variant],
        *,
        risk_variants: Sequence[Variant] | None = None,
        seed: int,
    ) -> None:
        """Takes the variants, at least one.

        Args:
            name: short name.
            new_features: makes what all of them read.
            variants: ways to tell categories; the first where none is better.
            risk_variants: ways to tell default, chosen apart; those of the categories by default.
            seed: decides the parts.
        """
        self.name = name
        self._new_features = new_features
        self._variants = variants
        self._risk_variants = risk_variants or variants
        self._seed = seed
        self._fitted: _Fitted | None = None

    @property
    def calibration(self) -> Calibration:
        """The maps and thresholds that `fit` found.

        Raises:
            RuntimeError: nothing was fitted yet.
        """
        return self._learned().calibration

    def fit(self, examples: Sequence[Example], *, as_they_come: Sequence[Example] = ()) -> None:
        """Chooses a variant for the categories and one for default, calibrates, fits on all.

        Where the examples belong to one group only there is nothing to hold out: then the first
        variants are taken as they come.

        Args:
            examples: what is learned from; outcomes may have been thinned out.
            as_they_come: more of it, drawn as it comes: then these alone calibrate, since a
                calibration on thinned examples says too much of what was kept.
        """
        every = [*examples, *as_they_come]
        truth = truth_of_examples(every)
        variant, risk_variant = self._variants[0], self._risk_variants[0]
        calibration, order_weight = Calibration(), 0.0
        if parts := _read_parts(every, seed=self._seed, new_features=self._new_features):
            tuned = _best([_tune(v, truth, parts) for v in self._variants])
            risk = _best([_tune_risk(v, truth, parts) for v in self._risk_variants])
            variant, risk_variant = tuned.variant, risk.variant
            order_weight = tuned.order_weight
            natural = np.arange(len(examples), len(every)) if as_they_come else None
            calibration = _calibration(tuned, risk, truth, natural=natural)
        features = self._new_features()
        table = features.fit(every)
        self._fitted = _Fitted(
            features=features,
            categories=CategoryModel(variant).fit(table, truth),
            risk=RiskModel(risk_variant).fit(table, truth),
            calibration=calibration,
            order_weight=order_weight,
            groups=groups_of(every),
        )

    def answers(self, examples: Sequence[Example]) -> Answers:
        """See `Baseline`."""
        fitted = self._learned()
        table, calibration = fitted.features.transform(examples), fitted.calibration
        logits, risk_N = fitted.categories.logits(table), fitted.risk.logits(table)
        probability_NC = _mapped(calibration.category_probabilities, logits.category_NC)
        return Answers(
            probability_NC=spread(probability_NC, fitted.groups),
            stated_NC=probability_NC >= calibration.state_C,
            listed_NC=probability_NC >= calibration.review_C,
            default_probability_N=_mapped(calibration.risk_scores, risk_N) / 100,
            naming_NC=_naming(logits, calibration, weight=fitted.order_weight)
            if fitted.order_weight
            else None,
        )

    def _learned(self) -> _Fitted:
        if self._fitted is None:
            raise RuntimeError("call fit first")
        return self._fitted


def _naming(
    logits: CategoryLogits, calibration: Calibration, *, weight: float
) -> NDArray[np.float64]:
    """Returns N x C scores by which categories are named, the highest first."""
    return _mapped(calibration.category_logits, logits.category_NC) + weight * logits.first_NC


def _mapped(
    calibrated: Callable[[NDArray[np.float32]], NDArray[np.float64]], logits: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Applies a map of a calibration; NaN, where nothing could be learned, stays NaN."""
    return np.where(np.isnan(logits), np.nan, calibrated(np.nan_to_num(logits)))


def _parts(examples: Sequence[Example], *, seed: int) -> list[tuple[_Positions, _Positions]]:
    """Cuts examples by whole authors, else by whole groups."""
    groups = [e.author for e in examples]
    if not all(groups) or len(set(groups)) < 2:  # noqa: PLR2004
        groups = [e.group for e in examples]
    num_folds = min(NUM_TUNING_FOLDS, len(set(groups)))
    if num_folds < 2:  # noqa: PLR2004
        return []
    folds = GroupKFold(n_splits=num_folds, shuffle=True, random_state=seed)
    return list(folds.split(np.zeros(len(groups)), groups=groups))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Examples to fit on, some more that are held out, and the features of both.

    Attributes:
        inside: positions of those to fit on.
        outside: positions of those held out.
        table: features of the former.
        held_out: features of the latter.
    """

    inside: _Positions
    outside: _Positions
    table: Any
    held_out: Any


def _read_parts(
    examples: Sequence[Example], *, seed: int, new_features: Callable[[], Features]
) -> list[_Part]:
    found = []
    for inside, outside in _parts(examples, seed=seed):
        features = new_features()
        table = features.fit([examples[i] for i in inside])
        held_out = features.transform([examples[i] for i in outside])
        found.append(_Part(inside=inside, outside=outside, table=table, held_out=held_out))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tuned:
    """A variant, what it says of examples that it was not fitted on, and how good that is."""

    variant: Variant
    category_NC: NDArray[np.float32]
    order_weight: float
    quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _TunedRisk:
    """The same of a variant for default."""

    variant: Variant
    risk_N: NDArray[np.float32]
    quality: float


_AnyTuned = TypeVar("_AnyTuned", _Tuned, _TunedRisk)


def _best(tuned: Sequence[_AnyTuned]) -> _AnyTuned:
    """Returns the best; the first of those that are as good."""
    return max(tuned, key=lambda t: t.quality)


def _tune(variant: Variant, truth: Truth, parts: Sequence[_Part]) -> _Tuned:
    category_NC = np.zeros(truth.target_NC.shape, dtype=np.float32)
    first_NC = np.zeros_like(category_NC)
    for part in parts:
        model = CategoryModel(variant).fit(part.table, truth.at(part.inside))
        found = model.logits(part.held_out)
        category_NC[part.outside], first_NC[part.outside] = found.category_NC, found.first_NC
    logits = CategoryLogits(category_NC=category_NC, first_NC=first_NC)
    nothing_N = np.full(len(truth), np.nan, dtype=np.float32)
    calibration = fit_partial_calibration(category_NC, nothing_N, truth)
    weights = _ORDER_WEIGHTS if variant.order_learned else (0.0,)
    qualities = [_quality(logits, truth, calibration, order_weight=w) for w in weights]
    best = int(np.argmax(qualities))
    return _Tuned(
        variant=variant,
        category_NC=category_NC,
        order_weight=weights[best],
        quality=qualities[best],
    )


def _tune_risk(variant: Variant, truth: Truth, parts: Sequence[_Part]) -> _TunedRisk:
    risk_N = np.zeros(len(truth), dtype=np.float32)
    for part in parts:
        model = RiskModel(variant).fit(part.table, truth.at(part.inside))
        risk_N[part.outside] = model.logits(part.held_out)
    quality = auc(risk_N.astype(np.float64), truth.default_probability_N).item()
    return _TunedRisk(variant=variant, risk_N=risk_N, quality=float(np.nan_to_num(quality)))


def _quality(
    logits: CategoryLogits, truth: Truth, calibration: Calibration, *, order_weight: float
) -> float:
    """The sum of the main figures, those that are not defined left out.

    Texts of which a part of the training texts could teach nothing do not count.
    """
    probability_NC = _mapped(calibration.category_probabilities, logits.category_NC)
    naming_NC = _naming(logits, calibration, weight=order_weight)
    counted_N = truth.labelled_N & ~np.isnan(logits.category_NC).any(axis=1)
    counted_BN = counted_N[None, :].astype(np.float64)
    found = [
        primary_accuracy(naming_NC, truth.first_NC, weight_BN=counted_BN),
        any_listed_accuracy(naming_NC, truth.target_NC, weight_BN=counted_BN),
        micro_f1(probability_NC >= calibration.state_C, truth.target_NC, weight_BN=counted_BN),
    ]
    return float(np.nansum(np.concatenate(found)))


def _calibration(
    tuned: _Tuned, risk: _TunedRisk, truth: Truth, *, natural: NDArray[np.intp] | None
) -> Calibration:
    """Fits on what the variants were not fitted on.

    Args:
        tuned: the variant for the categories.
        risk: the variant for default.
        truth: that of all examples.
        natural: positions of those that calibrate; None for all. Of an outcome that does not
            differ among them all calibrate.
    """
    every = fit_partial_calibration(tuned.category_NC, risk.risk_N, truth)
    if natural is None:
        return every
    known = truth.at(natural)
    some = fit_partial_calibration(tuned.category_NC[natural], risk.risk_N[natural], known)
    is_labelled = known.target_NC.any() and (known.denied_N == 0).any()
    outcomes = known.default_probability_N[~np.isnan(known.default_probability_N)]
    differs = len(outcomes) > 0 and outcomes.min() < outcomes.max()
    categories = some if is_labelled else every
    return categories.model_copy(update={"risk": (some if differs else every).risk})
