"""The baselines by name: what each reads and which classifiers it chooses among.

Arrays: N texts, C categories.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from data_pipeline.domain.application import LoanApplication
from data_pipeline.examples import Example
from training.baselines.features import (
    EncoderVectors,
    Features,
    FieldFeatures,
    FrozenEncoderFeatures,
    NoFeatures,
    TfidfFeatures,
)
from training.baselines.models import Variant
from training.baselines.tuned import TunedBaseline
from training.evaluation.answers import Answers
from training.lexical_risk import RISK_INVERSE_REGULARISATIONS


class Baseline(Protocol):
    """Anything that learns from examples and is counted like the model."""

    @property
    def name(self) -> str:
        """Short name, unique among baselines."""

    def fit(self, examples: Sequence[Example], *, as_they_come: Sequence[Example] = ()) -> None:
        """Learns from both; whatever was learned before is forgotten.

        Args:
            examples: outcomes may have been thinned out.
            as_they_come: drawn as it comes, for probabilities that mean what they say; may be none.
        """

    def answers(self, examples: Sequence[Example]) -> Answers:
        """Returns what it says of other examples.

        Raises:
            RuntimeError: it was not fitted.
        """


def text_baselines(*, encoder: str | None, seed: int) -> list[TunedBaseline]:
    """Returns the baselines that read text: majority, TF-IDF and, given an encoder, a frozen one.

    Args:
        encoder: directory or name of a RoBERTa encoder; None leaves its baseline out.
        seed: decides what is drawn.
    """
    made = [
        majority(seed=seed),
        tfidf_logistic(seed=seed),
        tfidf_logistic(given_denial=True, seed=seed),
        tfidf_logistic(given_denial=True, order_learned=True, seed=seed),
    ]
    return made if encoder is None else [*made, frozen_encoder_linear(encoder, seed=seed)]


def field_baselines(
    applications: Mapping[str, LoanApplication], *, seed: int
) -> list[TunedBaseline]:
    """Returns the baselines that read application-time fields and no text.

    Each learns its categories once on all rows and once on denied rows alone, and keeps what is
    better inside the training rows.

    Args:
        applications: the application of every example, by the example's id.
        seed: decides what is drawn.
    """
    raw, filled = (
        partial(FieldFeatures, applications),
        partial(FieldFeatures, applications, fill=True),
    )
    classifiers: dict[str, tuple[Callable[[], Features], list[Callable[[], Any]]]] = {
        "fields: logistic regression": (filled, [_logistic(0.1), _logistic(1.0)]),
        "fields: lightgbm": (raw, [_lightgbm(seed=seed)]),
        "fields: random forest": (raw, [_random_forest(seed=seed)]),
    }
    return [
        TunedBaseline(
            name,
            new_features,
            [
                Variant(new_classifier=new_classifier, given_denial=given_denial)
                for new_classifier in choices
                for given_denial in (False, True)
            ],
            risk_variants=[Variant(new_classifier=new_classifier) for new_classifier in choices],
            seed=seed,
        )
        for name, (new_features, choices) in classifiers.items()
    ]


def majority(*, seed: int) -> TunedBaseline:
    """Returns the baseline that reads nothing and says how often each category holds."""
    return TunedBaseline("majority", NoFeatures, [Variant(new_classifier=_Share)], seed=seed)


def tfidf_logistic(
    *, given_denial: bool = False, order_learned: bool = False, seed: int
) -> TunedBaseline:
    """Returns TF-IDF of words and word pairs with one logistic regression per category.

    Unbalanced classes, C = 1 and C = 1000 were not better inside the training texts of the bundled
    corpus (first of four author folds, 2026-11-20). Default has a choice of its own, the one that
    the words of the network's risk have.

    Args:
        given_denial: see `Variant`; it trades some primary accuracy for micro-F1.
        order_learned: see `Variant`.
        seed: decides what is drawn.
    """
    return TunedBaseline(
        "TF-IDF + logistic regression"
        + (", given denial" if given_denial else "")
        + (", order learned" if order_learned else ""),
        TfidfFeatures,
        [
            Variant(
                new_classifier=_logistic(c, balanced=True),
                given_denial=given_denial,
                order_learned=order_learned,
            )
            for c in (10.0, 100.0)
        ],
        risk_variants=[Variant(new_classifier=_logistic(c)) for c in RISK_INVERSE_REGULARISATIONS],
        seed=seed,
    )


def frozen_encoder_linear(encoder: str, *, seed: int) -> TunedBaseline:
    """Returns an encoder that is not fine-tuned, mean-pooled, with linear heads.

    Args:
        encoder: directory or name of a RoBERTa encoder.
        seed: decides what is drawn.
    """
    vectors = EncoderVectors(encoder)
    return TunedBaseline(
        "frozen encoder + linear head",
        lambda: FrozenEncoderFeatures(vectors),
        [Variant(new_classifier=_logistic(c)) for c in (0.001, 0.01, 0.1)],
        seed=seed,
    )


def _logistic(c: float, *, balanced: bool = False) -> Callable[[], Any]:
    return lambda: LogisticRegression(
        C=c, class_weight="balanced" if balanced else None, solver="liblinear", max_iter=1000
    )


def _random_forest(*, seed: int) -> Callable[[], Any]:
    return lambda: RandomForestClassifier(n_estimators=300, min_samples_leaf=5, random_state=seed)


def _lightgbm(*, seed: int) -> Callable[[], Any]:
    return lambda: LGBMClassifier(
        n_estimators=200,
        learning_rate=0.05,
        num_leaves=15,
        min_child_samples=20,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.8,
        random_state=seed,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )


class _Share:
    """The classifier without features: the share of positives."""

    def fit(self, _: Any, y: NDArray[np.int_], *, sample_weight: NDArray[np.float64]) -> "_Share":
        self._share = float(np.average(y, weights=sample_weight))
        return self

    def predict_proba(self, table: Any) -> NDArray[np.float64]:
        return np.tile([1 - self._share, self._share], (table.shape[0], 1))
