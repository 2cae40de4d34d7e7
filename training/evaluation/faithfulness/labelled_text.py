"""What one labelled text tells: quotes, flips, agreement of methods, stability."""

from collections.abc import Iterator, Sequence
from random import Random

from data_pipeline.corpus.narratives import Narrative
from data_pipeline.domain.taxonomy import DenialCategory
from model_store.explain.omission import drop_of
from model_store.predictor import Predictor
from training.evaluation.faithfulness.agreement import (
    jaccard,
    random_stretches,
    rank_biased_overlap,
    rank_correlation,
)
from training.evaluation.faithfulness.asked import Asked, ask, quotes_of, spans_of, touched
from training.evaluation.faithfulness.edits import reworded, with_irrelevant_sentence
from training.evaluation.faithfulness.orderings import by_effect, exact_order, fast_order
from training.evaluation.faithfulness.quotes import judge_quotes
from training.evaluation.faithfulness.tally import Tally, merged
from training.evaluation.quotes import Span

NUM_DRAWS = 5
"""Draws of random words for each category of a text."""


def judge_labelled(asked: Asked, narrative: Narrative, *, random: Random) -> Tally:
    """Returns what the explanations of a text tell, without changing it.

    Args:
        asked: the text, explained both ways.
        narrative: its labels.
        random: decides random words.
    """
    right = correctly_stated(asked, narrative)
    return merged(
        [
            judge_quotes(asked, narrative),
            *(_flips(asked, category, random) for category in right),
            *(_methods(asked, category) for category in right),
        ]
    )


def correctly_stated(asked: Asked, narrative: Narrative) -> list[DenialCategory]:
    """Returns the labelled categories that are stated, as they are named."""
    return [category for category in asked.stated if category in narrative.categories]


def judge_edits(predictor: Predictor, asked: Asked, *, random: Random) -> Tally:
    """Returns how far answer and quotes stay the same where a text is changed without meaning.

    Args:
        predictor: the model.
        asked: the text, explained both ways.
        random: decides what is changed.
    """
    text = asked.text.masked.original
    clauses = [(clause.start, clause.end) for clause in asked.layout.clauses]
    changed = {
        "reworded": reworded(text, clauses),
        "irrelevant": with_irrelevant_sentence(text, clauses, random=random),
    }
    tally = Tally()
    for name, edited in changed.items():
        if edited.text == text:
            continue
        other = ask(predictor, edited.text)
        for category in asked.stated:
            tally.add(f"stability_stated_{name}", float(category in other.stated))
        tally.take(compared(asked, other, edited.spans, name=name))
    return tally


def compared(asked: Asked, other: Asked, clauses: Sequence[Span], *, name: str) -> Tally:
    """Returns how alike two explanations are, over the categories that both state.

    Args:
        asked: a text and its explanations.
        other: another text, or the same as another model reads it.
        clauses: where the clauses of `asked` stand in the other text.
        name: what differs, for the names of the figures.
    """
    tally = Tally()
    for category in asked.stated:
        if category not in other.stated:
            continue
        ours, theirs = (_quoted(a, category, c) for a, c in ((asked, None), (other, clauses)))
        tally.add(f"stability_jaccard_{name}", jaccard(ours, theirs))
        ranked = list(_renamed(other, exact_order(other, category), clauses))
        tally.add(
            f"stability_rbo_{name}", rank_biased_overlap(exact_order(asked, category), ranked)
        )
    return tally


def _quoted(asked: Asked, category: DenialCategory, clauses: Sequence[Span] | None) -> set[int]:
    """The clauses that the quotes of `exact` stand in; -1 for a quote outside all of them."""
    if asked.exact is None:
        return set()
    stretches = clauses or [(clause.start, clause.end) for clause in asked.layout.clauses]
    found: set[int] = set()
    for span in spans_of(quotes_of(asked.exact, category)):
        found |= touched([span], stretches) or {-1}
    return found


def _renamed(other: Asked, order: Sequence[int], clauses: Sequence[Span]) -> Iterator[int]:
    """The clauses of another text by those of the first; its own below 0, each once."""
    said: set[int] = set()
    for position in order:
        clause = other.layout.clauses[position]
        for name in sorted(touched([(clause.start, clause.end)], clauses)) or [-1 - position]:
            if name not in said:
                said.add(name)
                yield name


def _flips(asked: Asked, category: DenialCategory, random: Random) -> Tally:
    tally = Tally()
    for name, explanation in (("fast", asked.fast), ("exact", asked.exact)):
        if explanation is not None:
            quotes = spans_of(quotes_of(explanation, category))
            tally.add(f"flip_rate_{name}", float(asked.falls(asked.drop(quotes), category)))
    if asked.exact is None:
        return tally
    words = asked.layout.words
    wanted = [
        sum(stop - first for first, stop in asked.drop([span]))
        for span in spans_of(quotes_of(asked.exact, category))
    ]
    for _ in range(NUM_DRAWS):
        drawn = random_stretches(
            [word.num_tokens for word in words], wanted, below=random.randrange
        )
        drop = drop_of([words[w] for stretch in drawn for w in stretch])
        tally.add("flip_rate_random", asked.falls(drop, category) / NUM_DRAWS, 1 / NUM_DRAWS)
    return tally


def _methods(asked: Asked, category: DenialCategory) -> Tally:
    tally = Tally()
    if asked.exact is None:
        return tally
    fast = fast_order(asked, category)
    tally.add("rank_correlation", rank_correlation(fast, exact_order(asked, category)))
    tally.add("rank_correlation_omission", rank_correlation(fast, by_effect(asked, category)))
    stretches = [(clause.start, clause.end) for clause in asked.layout.clauses]
    quoted = [
        touched(spans_of(quotes_of(explanation, category)), stretches)
        for explanation in (asked.fast, asked.exact)
    ]
    tally.add("methods_jaccard", jaccard(*quoted))
    return tally
