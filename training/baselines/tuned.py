"""A baseline that tunes itself on parts of the training texts that it was not fitted on.

A baseline is features, a classifier for each category and one for default. Its scores on whole
authors, lenders or contrast pairs that were left out choose between its variants and fit its
calibration and thresholds, just as those of the network are fitted on authors held out.

Arrays: N texts, C categories, F features.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.model_selection import GroupKFold

from data_pipeline.examples import Example
from model_store.calibration import Calibration
from training.evaluation.answers import Truth, truth_of_examples
from training.metrics import any_listed_accuracy, micro_f1, primary_accuracy
from training.partial_calibration import fit_partial_calibration
from training.score_metrics import auc

NUM_TUNING_FOLDS = 4
"""Parts that the training texts are cut into for choosing and calibrating."""

_SURE = 1e-6  # a probability of 0 or 1 would be an infinite logit


class Features(Protocol):
    """Turns examples into rows of numbers, dense or sparse."""

    def fit(self, examples: Sequence[Example]) -> Any:
        """Learns what there is to learn from examples and returns their N x F features."""

    def transform(self, examples: Sequence[Example]) -> Any:
        """Returns the N x F features of other examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to build a baseline.

    Attributes:
        new_features: makes the features.
        new_classifier: makes an estimator with `fit(X, y, sample_weight)` and `predict_proba`.
        given_denial: whether categories are learned on denied texts alone, and their probability
            multiplied by that of a denial; otherwise on all texts.
    """

    new_features: Callable[[], Features]
    new_classifier: Callable[[], Any]
    given_denial: bool = False


class TunedBaseline:
    """A baseline that chooses among variants and calibrates on what it was not fitted on."""

    def __init__(self, name: str, variants: Sequence[Variant], *, seed: int) -> None:
        """Takes the variants, at least one.

        Args:
            name: short name.
            variants: ways to build it; the first where none is better.
            seed: decides the parts.
        """
        self.name = name
        self._variants = variants
        self._seed = seed
        self._model: _Model | None = None
        self._calibration = Calibration()

    @property
    def calibration(self) -> Calibration:
        """The maps and thresholds that `fit` found; as they come before it."""
        return self._calibration

    def fit(self, examples: Sequence[Example], *, as_they_come: Sequence[Example] = ()) -> None:
        """Chooses a variant, calibrates it, and fits it on all examples.

        Where the examples belong to one group only there is nothing to hold out: then the first
        variant is taken as it comes.

        Args:
            examples: what is learned from; outcomes may have been thinned out.
            as_they_come: more of it, drawn as it comes: then these alone calibrate, since a
                calibration on thinned examples says too much of what was kept.
        """
        every = [*examples, *as_they_come]
        truth = truth_of_examples(every)
        parts = _parts(every, seed=self._seed)
        chosen, self._calibration = self._variants[0], Calibration()
        if parts:
            tuned = [_tune(variant, every, truth, parts) for variant in self._variants]
            best = max(range(len(tuned)), key=lambda i: tuned[i].quality)
            chosen = self._variants[best]
            self._calibration = tuned[best].calibration
            if as_they_come:
                self._calibration = tuned[best].calibrated(
                    truth, np.arange(len(examples), len(every))
                )
        self._model = _Model(chosen)
        self._model.fit(every, truth)

    def probabilities(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """See `Baseline`."""
        category_NC = self._fitted().logits(examples)[0]
        return _mapped(self._calibration.category_probabilities, category_NC)

    def default_probabilities(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """See `Baseline`."""
        risk_N = self._fitted().logits(examples)[1]
        return _mapped(self._calibration.risk_scores, risk_N) / 100

    def _fitted(self) -> "_Model":
        if self._model is None:
            raise RuntimeError("call fit first")
        return self._model


class _Model:
    """Features, one classifier per category and one for default, fitted together."""

    def __init__(self, variant: Variant) -> None:
        self._variant = variant
        self._features = variant.new_features()
        self._categories: list[_Outcome] = []
        self._denial = _Outcome(variant.new_classifier)
        self._default = _Outcome(variant.new_classifier)

    def fit(self, examples: Sequence[Example], truth: Truth) -> None:
        table = self._features.fit(examples)
        given = self._variant.given_denial
        # What a denied row does not list is taken not to hold, the usual weak negative.
        learned_N = truth.target_NC.any(axis=1) if given else truth.labelled_N
        # Categories that a coarse label does not tell apart have one classifier.
        fitted: dict[bytes, _Outcome] = {}
        for target_N in truth.target_NC.T:
            if target_N.tobytes() not in fitted:
                outcome_N = np.where(learned_N, target_N, np.nan)
                outcome = _Outcome(self._variant.new_classifier).fit(table, outcome_N)
                fitted[target_N.tobytes()] = outcome
        self._categories = [fitted[target_N.tobytes()] for target_N in truth.target_NC.T]
        if given:
            self._denial.fit(table, truth.denied_N)
        self._default.fit(table, truth.default_probability_N)

    def logits(
        self, examples: Sequence[Example]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Returns N x C category logits and N logits of default."""
        table = self._features.transform(examples)
        logits = {outcome: outcome.logits(table) for outcome in dict.fromkeys(self._categories)}
        category_NC = np.stack([logits[outcome] for outcome in self._categories], axis=1)
        if self._variant.given_denial:
            denial_N1 = self._denial.logits(table)[:, None]
            category_NC = logit(expit(category_NC) * expit(denial_N1))
        return category_NC.astype(np.float32), self._default.logits(table).astype(np.float32)


class _Outcome:
    """A classifier of one outcome, which may be a probability that was only estimated."""

    def __init__(self, new_classifier: Callable[[], Any]) -> None:
        self._new_classifier = new_classifier
        self._classifier: Any = None
        self._constant = float("nan")

    def fit(self, table: Any, outcome_N: NDArray[np.float64]) -> "_Outcome":
        """Fits; a text with outcome 0.2 counts as a fifth of a positive and four of a negative."""
        positive = np.flatnonzero(outcome_N > 0)
        negative = np.flatnonzero(outcome_N < 1)
        if not len(positive) or not len(negative):
            known = outcome_N[~np.isnan(outcome_N)]
            self._constant = float(known.mean()) if len(known) else float("nan")
            return self
        rows = np.concatenate([positive, negative])
        self._classifier = self._new_classifier().fit(
            table[rows],
            np.repeat([1, 0], [len(positive), len(negative)]),
            sample_weight=np.concatenate([outcome_N[positive], 1 - outcome_N[negative]]),
        )
        return self

    def logits(self, table: Any) -> NDArray[np.float64]:
        """Returns the log odds of the outcome; NaN where nothing was known of it."""
        if self._classifier is None:
            probability_N = np.full(table.shape[0], self._constant)
        else:
            probability_N = self._classifier.predict_proba(table)[:, 1]
        return np.asarray(logit(np.clip(probability_N, _SURE, 1 - _SURE)))


def _mapped(
    calibrated: Callable[[NDArray[np.float32]], NDArray[np.float64]], logits: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Applies a map of a calibration; NaN, where nothing could be learned, stays NaN."""
    return np.where(np.isnan(logits), np.nan, calibrated(np.nan_to_num(logits)))


def _parts(
    examples: Sequence[Example], *, seed: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Positions to fit on and to hold out, whole authors, else whole groups."""
    groups = [e.author for e in examples]
    if not all(groups) or len(set(groups)) < 2:  # noqa: PLR2004
        groups = [e.group for e in examples]
    num_folds = min(NUM_TUNING_FOLDS, len(set(groups)))
    if num_folds < 2:  # noqa: PLR2004
        return []
    folds = GroupKFold(n_splits=num_folds, shuffle=True, random_state=seed)
    return list(folds.split(np.zeros(len(groups)), groups=groups))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tuned:
    """Logits of examples that a variant was not fitted on, calibrated on all, and how good."""

    category_NC: NDArray[np.float32]
    risk_N: NDArray[np.float32]
    calibration: Calibration
    quality: float

    def calibrated(self, truth: Truth, counted: NDArray[np.intp]) -> Calibration:
        """Returns the calibration on some of the examples.

        Of an outcome that does not differ among them it is that on all.
        """
        known = truth.at(counted)
        some = fit_partial_calibration(self.category_NC[counted], self.risk_N[counted], known)
        is_labelled = known.target_NC.any() and (known.denied_N == 0).any()
        outcomes = known.default_probability_N[~np.isnan(known.default_probability_N)]
        categories = some if is_labelled else self.calibration
        differs = len(outcomes) > 0 and outcomes.min() < outcomes.max()
        risk = some if differs else self.calibration
        return categories.model_copy(update={"risk": risk.risk})


def _tune(
    variant: Variant,
    examples: Sequence[Example],
    truth: Truth,
    parts: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
) -> _Tuned:
    """What a variant says of examples that it was not fitted on, and how good that is."""
    category_NC = np.zeros(truth.target_NC.shape, dtype=np.float32)
    risk_N = np.zeros(len(truth), dtype=np.float32)
    for inside, outside in parts:
        model = _Model(variant)
        model.fit([examples[i] for i in inside], truth.at(inside))
        category_NC[outside], risk_N[outside] = model.logits([examples[i] for i in outside])
    calibration = fit_partial_calibration(category_NC, risk_N, truth)
    quality = _quality(category_NC, risk_N, truth, calibration)
    return _Tuned(category_NC=category_NC, risk_N=risk_N, calibration=calibration, quality=quality)


def _quality(
    category_NC: NDArray[np.float32],
    risk_N: NDArray[np.float32],
    truth: Truth,
    calibration: Calibration,
) -> float:
    """The sum of the main figures, those that are not defined left out.

    Texts of which a part of the training texts could teach nothing do not count.
    """
    probability_NC = _mapped(calibration.category_probabilities, category_NC)
    stated_NC = probability_NC >= calibration.state_C
    counted_N = truth.labelled_N & ~np.isnan(category_NC).any(axis=1)
    counted_BN = counted_N[None, :].astype(np.float64)
    found = [
        primary_accuracy(probability_NC, truth.first_NC, weight_BN=counted_BN),
        any_listed_accuracy(probability_NC, truth.target_NC, weight_BN=counted_BN),
        micro_f1(stated_NC, truth.target_NC, weight_BN=counted_BN),
        auc(risk_N.astype(np.float64), truth.default_probability_N),
    ]
    return float(np.nansum(np.concatenate(found)))
