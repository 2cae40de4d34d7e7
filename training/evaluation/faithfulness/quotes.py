"""Quotes of an explanation against those that an author labelled."""

from collections.abc import Sequence

from data_pipeline.corpus.narratives import Narrative
from training.evaluation.faithfulness.asked import Asked, quotes_of, spans_of, touched
from training.evaluation.faithfulness.tally import Tally
from training.evaluation.quotes import Span, head_quotes_of, labelled_stretches, overlap_any

_FIRST = 3


def judge_quotes(asked: Asked, narrative: Narrative) -> Tally:
    """Returns, over the labelled categories, hits and F1 of four kinds of quotes.

    These are those of `exact`, of `fast`, those that the evidence head alone would quote, and all
    that an answer with `exact` shows: a category that is left for review has the head's.
    """
    tally = Tally()
    words = [(word.start, word.end) for word in asked.layout.words]
    prediction = asked.fast.prediction
    for category in narrative.categories:
        labelled = labelled_stretches(narrative, category)
        head = head_quotes_of(prediction.principal_reasons, category)
        given = {"fast": spans_of(quotes_of(asked.fast, category)), "head": spans_of(head)}
        if asked.exact is not None:
            given["exact"] = spans_of(quotes_of(asked.exact, category))
            left = head_quotes_of(prediction.review_reasons, category)
            given["shown"] = given["exact"] or spans_of(left)
        for method, spans in given.items():
            first = spans[:_FIRST]
            tally.add(f"quote_top_hit_{method}", _hits(first[:1], labelled))
            tally.add(f"quote_any_hit_{method}", _hits(first, labelled))
            tally.add(f"quote_word_f1_{method}", word_f1(first, labelled, words))
    return tally


def word_f1(quotes: Sequence[Span], labelled: Sequence[Span], words: Sequence[Span]) -> float:
    """Returns the harmonic mean of precision and recall of quotes, counted in words, 0-1.

    Args:
        quotes: what is quoted.
        labelled: what is labelled.
        words: the words of the text.
    """
    ours, theirs = touched(quotes, words), touched(labelled, words)
    total = len(ours) + len(theirs)
    return 2 * len(ours & theirs) / total if total else 0.0


def _hits(quotes: Sequence[Span], labelled: Sequence[Span]) -> float:
    return float(any(overlap_any(quote, labelled) for quote in quotes))
