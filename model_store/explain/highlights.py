"""A text cut into stretches that carry a reason and stretches that do not, for showing.

Where quotes of several reasons overlap, the stretch names each of them, so no quote hides another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from model_store.explain.explainer import Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A piece of the text as submitted.

    Attributes:
        text: the piece.
        reasons: positions of the reasons whose quotes hold it, in the order stated.
    """

    text: str
    reasons: tuple[int, ...]


def highlights(text: str, explanation: Explanation) -> Iterator[Stretch]:
    """Yields the pieces of a text in order; joined they are the text.

    Args:
        text: the text as submitted.
        explanation: of this text.
    """
    spans = [
        (span.start, span.end, position)
        for position, reason in enumerate(explanation.reasons)
        for span in reason.spans
    ]
    edges = sorted({0, len(text), *(edge for start, end, _ in spans for edge in (start, end))})
    for start, end in pairwise(edges):
        held = sorted({position for s, e, position in spans if s <= start and end <= e})
        yield Stretch(text=text[start:end], reasons=tuple(held))
