"""Whether the quotes of a prediction lie where an author says that the evidence stands."""

from collections.abc import Sequence

from data_pipeline.corpus.narratives import Narrative
from data_pipeline.domain.taxonomy import DenialCategory
from model_store.predictor import Evidence, Prediction, ReasonPrediction

Span = tuple[int, int]
"""A half-open stretch of code points of a text."""


def quote_hits(prediction: Prediction, narrative: Narrative) -> dict[DenialCategory, list[bool]]:
    """Returns, per labelled category, whether each of its quotes overlaps a labelled one.

    The list is empty where the category is not stated. A quote that the author took from a text
    in which it occurs several times may stand at any of these places.
    """
    return {category: _hits(prediction, narrative, category) for category in narrative.categories}


def head_quotes_of(
    reasons: Sequence[ReasonPrediction], category: DenialCategory
) -> tuple[Evidence, ...]:
    """Returns the quotes of the first of some reasons that is of a category; none without one."""
    return next((reason.evidence for reason in reasons if reason.category == category), ())


def labelled_stretches(narrative: Narrative, category: DenialCategory) -> list[Span]:
    """Returns where the labelled quotes of a category stand, every occurrence of each."""
    return [
        (start, start + len(evidence.quote))
        for evidence in narrative.evidence
        if evidence.category == category
        for start in _occurrences(narrative.text, evidence.quote)
    ]


def overlap_any(span: Span, others: Sequence[Span]) -> bool:
    """Tells whether a stretch shares a code point with any of some others."""
    return any(span[0] < end and start < span[1] for start, end in others)


def _hits(prediction: Prediction, narrative: Narrative, category: DenialCategory) -> list[bool]:
    labelled = labelled_stretches(narrative, category)
    quotes = head_quotes_of(prediction.principal_reasons, category)
    return [overlap_any((quote.start, quote.end), labelled) for quote in quotes]


def _occurrences(text: str, quote: str) -> list[int]:
    starts = []
    position = text.find(quote)
    while position >= 0:
        starts.append(position)
        position = text.find(quote, position + 1)
    return starts
