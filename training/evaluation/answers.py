"""What is true of labelled texts, and what a model or a baseline answers: the same arrays for all.

Arrays: N texts, C categories, R reasons.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_pipeline.corpus.narratives import Narrative
from data_pipeline.domain.taxonomy import CATEGORIES, REASONS
from data_pipeline.examples import Example
from model_store.predictor import Prediction
from training.coarse_labels import told_sets
from training.evaluation.quotes import quote_hits
from training.metrics import indicator


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is known of N texts.

    Attributes:
        target_NC: true where a category is labelled, or is one of those a coarse label may mean.
        first_NC: true where a category is what the first label says; all false where there is
            none or the order is not known.
        denied_N: 1 denied, 0 not, NaN where not known.
        complete_N: true where all 12 categories are known to hold or not.
        default_probability_N: outcome (0 or 1) or estimate of default within 12 months, 0-1; NaN
            where not known.
        reason_NR: true where a reason is labelled.
    """

    target_NC: NDArray[np.bool_]
    first_NC: NDArray[np.bool_]
    denied_N: NDArray[np.float64]
    complete_N: NDArray[np.bool_]
    default_probability_N: NDArray[np.float64]
    reason_NR: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.denied_N)

    @property
    def labelled_N(self) -> NDArray[np.bool_]:
        """True where a category is labelled, or none holds.

        Not where a text was denied and nobody says for what.
        """
        return np.asarray((self.denied_N == 0) | self.target_NC.any(axis=1))

    def at(self, chosen_N: NDArray[np.bool_] | NDArray[np.intp]) -> "Truth":
        """Returns the truth of some of the texts."""
        return Truth(**{f.name: getattr(self, f.name)[chosen_N] for f in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model or a baseline says of N texts.

    Attributes:
        probability_NC: probability of each category.
        stated_NC: categories among the principal reasons.
        listed_NC: categories among the principal reasons or those up for review.
        default_probability_N: chance of default within 12 months, 0-1; NaN where none is given.
        reason_probability_NR: probability of each reason stated or up for review, NaN for every
            other; None for a baseline, which names no reasons.
        reason_stated_NR: reasons stated; None likewise.
        top_quote_NC: 1 where the first quote of a labelled category overlaps a labelled quote, 0
            where it does not or the category is not stated, NaN where nothing is labelled; None
            for a baseline, which quotes nothing.
        any_quote_NC: the same for any of up to three quotes.
        naming_NC: of the categories of a text that with the highest is named first; None where they
            are named by their probability.
    """

    probability_NC: NDArray[np.float64]
    stated_NC: NDArray[np.bool_]
    listed_NC: NDArray[np.bool_]
    default_probability_N: NDArray[np.float64]
    reason_probability_NR: NDArray[np.float64] | None = None
    reason_stated_NR: NDArray[np.bool_] | None = None
    top_quote_NC: NDArray[np.float64] | None = None
    any_quote_NC: NDArray[np.float64] | None = None
    naming_NC: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.probability_NC)

    @property
    def ranked_by_NC(self) -> NDArray[np.float64]:
        """Scores by which the categories of a text are ranked, the primary one highest."""
        return self.probability_NC if self.naming_NC is None else self.naming_NC

    def at(self, chosen_N: NDArray[np.bool_] | NDArray[np.intp]) -> "Answers":
        """Returns the answers on some of the texts."""
        kept: dict[str, Any] = {}
        for name in (f.name for f in fields(self)):
            values = getattr(self, name)
            kept[name] = None if values is None else values[chosen_N]
        return Answers(**kept)


def truth_of_narratives(narratives: Sequence[Narrative]) -> Truth:
    """Returns the labels of narratives, which are complete."""
    labels = [[CATEGORIES.index(c) for c in narrative.categories] for narrative in narratives]
    estimates = [narrative.default_probability for narrative in narratives]
    return Truth(
        target_NC=indicator(labels, len(CATEGORIES)),
        first_NC=indicator([listed[:1] for listed in labels], len(CATEGORIES)),
        denied_N=np.array([float(bool(listed)) for listed in labels]),
        complete_N=np.ones(len(labels), dtype=np.bool_),
        default_probability_N=np.array([math.nan if e is None else e for e in estimates]),
        reason_NR=indicator(
            [[REASONS.index(r) for r in narrative.reasons] for narrative in narratives],
            len(REASONS),
        ),
    )


def truth_of_examples(examples: Sequence[Example]) -> Truth:
    """Returns the labels of examples, which may be partial or coarse.

    A text is denied where a category is labelled, coarsely or not, and not denied where all 12
    are known not to hold; a coarse label that may mean any of the 12 says no more than that. The
    first label is known where an order is, or where a coarse label is the only one.

    A target between 0 and 1 is no label.

    Where the labels of any denied text are incomplete those of no text count as complete: figures
    over the texts that are not denied alone would mean something else.
    """
    known = np.array([e.category_targets for e in examples]).reshape(-1, len(CATEGORIES))
    coarse = [[c for group in told_sets(e) for c in group] for e in examples]
    target_NC = (known == 1) | indicator(coarse, len(CATEGORIES))
    denied_N = target_NC.any(axis=1) | np.array([bool(e.coarse_sets) for e in examples], dtype=bool)
    complete_N = ((known == 0) | (known == 1)).all(axis=1)
    if (denied_N & ~complete_N).any():
        complete_N = np.zeros_like(complete_N)
    approved_N = (known == 0).all(axis=1) & ~denied_N
    return Truth(
        target_NC=target_NC,
        first_NC=indicator(
            [_first(e, listed) for e, listed in zip(examples, coarse, strict=True)], len(CATEGORIES)
        ),
        denied_N=np.where(denied_N, 1.0, np.where(approved_N, 0.0, np.nan)),
        complete_N=complete_N,
        default_probability_N=np.array([e.risk_probability for e in examples]),
        reason_NR=np.array([e.reason_targets for e in examples]).reshape(-1, len(REASONS)) == 1,
    )


def _first(example: Example, coarse: Sequence[int]) -> Sequence[int]:
    """What the first label says: nothing where it is not known which one that is."""
    if example.category_order:
        return example.category_order[:1]
    is_alone = len(example.coarse_sets) == 1 and 1.0 not in example.category_targets
    return coarse if is_alone else ()


def answers_of_predictions(predictions: Sequence[Prediction]) -> Answers:
    """Returns what a model says, without judging its quotes (see `with_quotes`)."""
    stated = [[CATEGORIES.index(r.category) for r in p.principal_reasons] for p in predictions]
    review = [[CATEGORIES.index(r.category) for r in p.review_reasons] for p in predictions]
    listed = [a + b for a, b in zip(stated, review, strict=True)]
    reason_NR = np.full((len(predictions), len(REASONS)), np.nan)
    for row, prediction in enumerate(predictions):
        for reason in (*prediction.principal_reasons, *prediction.review_reasons):
            reason_NR[row, REASONS.index(reason.reason)] = reason.probability
    place_NC = np.array([[p.ranked.index(c) for c in CATEGORIES] for p in predictions])
    return Answers(
        naming_NC=-place_NC.reshape(-1, len(CATEGORIES)).astype(np.float64),
        probability_NC=np.array([list(p.categories.values()) for p in predictions]).reshape(
            -1, len(CATEGORIES)
        ),
        stated_NC=indicator(stated, len(CATEGORIES)),
        listed_NC=indicator(listed, len(CATEGORIES)),
        default_probability_N=np.array([p.risk_score for p in predictions]) / 100,
        reason_probability_NR=reason_NR,
        reason_stated_NR=indicator(
            [[REASONS.index(r.reason) for r in p.principal_reasons] for p in predictions],
            len(REASONS),
        ),
    )


def with_quotes(
    answers: Answers, predictions: Sequence[Prediction], narratives: Sequence[Narrative]
) -> Answers:
    """Returns the answers with their quotes judged against those of the narratives."""
    top_NC = np.full((len(narratives), len(CATEGORIES)), np.nan)
    any_NC = top_NC.copy()
    for row, (prediction, narrative) in enumerate(zip(predictions, narratives, strict=True)):
        for category, hits in quote_hits(prediction, narrative).items():
            top_NC[row, CATEGORIES.index(category)] = float(hits[:1] == [True])
            any_NC[row, CATEGORIES.index(category)] = float(any(hits))
    return replace(answers, top_quote_NC=top_NC, any_quote_NC=any_NC)


def joined(parts: Sequence[Answers]) -> Answers:
    """Returns the answers of several sets of texts as those of one, in order."""
    values: dict[str, Any] = {}
    for name in (f.name for f in fields(Answers)):
        arrays = [getattr(part, name) for part in parts]
        values[name] = None if any(a is None for a in arrays) else np.concatenate(arrays)
    if any(part.naming_NC is not None for part in parts):  # of scores the order in a row counts
        values["naming_NC"] = np.concatenate([part.ranked_by_NC for part in parts])
    return Answers(**values)
