"""Whether two explanations agree: sets of quotes, rankings, and the flip test.

Source: rank-biased overlap, Webber, Moffat, Zobel: A similarity measure for indefinite rankings,
2010.
"""

from collections.abc import Callable, Collection, Hashable, Sequence

from training.evaluation.faithfulness.curves import Score

DEFAULT_PERSISTENCE = 0.9
"""Weight that each next place keeps in a rank-biased overlap: the first ten hold 86 %."""


def jaccard(first: Collection[Hashable], second: Collection[Hashable]) -> float:
    """Returns the share of two sets that both hold, 0-1; 1 for two empty sets."""
    union = set(first) | set(second)
    return len(set(first) & set(second)) / len(union) if union else 1.0


def rank_biased_overlap(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    *,
    persistence: float = DEFAULT_PERSISTENCE,
) -> float:
    """Returns how far two rankings agree, 0-1, the first places weighing most.

    Rankings of a known end are compared to that end: the weights of the places that there are add
    up to 1, so that two equal rankings give 1 and two without a common item 0.

    Args:
        first: a ranking without repetitions, the most telling first.
        second: another; a shorter one simply ends sooner.
        persistence: above 0 and below 1.

    Raises:
        ValueError: a ranking repeats an item, or the persistence is out of its range.
    """
    if not 0 < persistence < 1:
        raise ValueError(f"persistence is {persistence:g}: expected above 0 and below 1")
    if len(set(first)) < len(first) or len(set(second)) < len(second):
        raise ValueError("a ranking names an item twice: give each once")
    depth = max(len(first), len(second))
    if not depth:
        return 1.0
    weights = [persistence**place for place in range(depth)]
    overlaps = [_overlap_at(first, second, place + 1) for place in range(depth)]
    return sum(w * o for w, o in zip(weights, overlaps, strict=True)) / sum(weights)


def _overlap_at(first: Sequence[Hashable], second: Sequence[Hashable], depth: int) -> float:
    """Share of the items in the first places of either that stand in those of both.

    The longer of the two beginnings is the measure, so that a ranking of fewer items is not
    charged for places that neither has filled yet.
    """
    one, other = set(first[:depth]), set(second[:depth])
    return len(one & other) / max(len(one), len(other))


def flips(score: Score, quoted: Collection[int], num_clauses: int, *, threshold: float) -> bool:
    """Tells whether leaving out the quoted clauses takes an answer below its threshold.

    Raises:
        ValueError: the answer is below the threshold with all clauses: there is nothing to flip.
    """
    everything = frozenset(range(num_clauses))
    if score(everything) < threshold:
        raise ValueError("the answer is not stated with the whole text: ask only of stated ones")
    return score(everything - frozenset(quoted)) < threshold


def flip_rate(outcomes: Sequence[bool]) -> float:
    """Returns the share of flips; nan for none tried."""
    return sum(outcomes) / len(outcomes) if outcomes else float("nan")


def random_stretches(
    lengths: Sequence[int], wanted: Sequence[int], *, below: Callable[[int], int]
) -> list[frozenset[int]]:
    """Returns stretches of words drawn at random, about as long as given ones, for comparison.

    Args:
        lengths: tokens of each word.
        wanted: tokens of each stretch; it gets as many words as fit between those drawn before and
            the ends of the text, at least one.
        below: draws a whole number from 0 up to, not including, its argument.

    Returns:
        The words of each stretch; no word is in two. Fewer stretches than asked where no word is
        left.
    """
    free = set(range(len(lengths)))
    drawn = []
    for num_tokens in wanted:
        if not free:
            break
        first = last = sorted(free)[below(len(free))]
        left = num_tokens - lengths[first]
        while last + 1 in free and lengths[last + 1] <= left:
            last += 1
            left -= lengths[last]
        while first - 1 in free and lengths[first - 1] <= left:
            first -= 1
            left -= lengths[first]
        drawn.append(frozenset(range(first, last + 1)))
        free -= drawn[-1]
    return drawn


def rank_correlation(first: Sequence[int], second: Sequence[int]) -> float:
    """Returns Spearman's correlation of two orderings of the same items, -1 to 1.

    nan for fewer than two items.

    Raises:
        ValueError: the orderings are of different items, or repeat one.
    """
    if sorted(first) != sorted(set(second)) or len(first) != len(second):
        raise ValueError("the orderings are not of the same items: give each item once in both")
    size = len(first)
    if size < 2:  # noqa: PLR2004 (nothing can be out of order)
        return float("nan")
    place = {item: position for position, item in enumerate(second)}
    squares = sum((position - place[item]) ** 2 for position, item in enumerate(first))
    return 1 - 6 * squares / (size * (size**2 - 1))
