"""Training examples: masked text with whatever labels are known.

An example may carry any subset of labels. A target is 1.0 (holds), 0.0 (does not hold), the chance
that it holds where only that can be said, or `UNKNOWN`; a coarse set says that at least one of its
categories holds. Every position is a code point of the masked text.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from data_pipeline.corpus.narratives import Narrative, contrast_groups
from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.masking import MaskedText, mask
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import CATEGORIES, REASONS, DenialCategory

UNKNOWN = -1.0
"""Target of a label that is not known; it costs nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSpan:
    """Where evidence stands in the masked text.

    Attributes:
        start: first code point.
        end: one past the last code point, above `start`.
        category_index: position in `CATEGORIES` of the category it carries.
    """

    start: int
    end: int
    category_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One text and its labels, as training sees it.

    Attributes:
        id: unique in its source.
        group: examples of one group must stay in one split (contrast twins).
        author: who composed the text; "" where not recorded.
        product: what is asked for; "" where not given.
        style: kind of document; "" where not recorded.
        text: the rendered application, masked.
        category_targets: 12 targets in label order: 0.0 to 1.0, or `UNKNOWN`.
        coarse_sets: sets of category indices of which at least one holds.
        reason_targets: 29 targets in label order: 0.0 to 1.0, or `UNKNOWN`.
        category_order: indices of the categories that hold, most important first; empty when none
            holds or their order is not known.
        risk_probability: chance of default within 12 months, 0-1; NaN when not known.
        evidence: stretches that carry a category, in order of position.
        distractors: indices of categories that the text touches on and that do not hold, as far as
            they are recorded.
    """

    id: str
    group: str
    author: str
    product: str
    style: str
    text: str
    category_targets: tuple[float, ...]
    coarse_sets: tuple[tuple[int, ...], ...]
    reason_targets: tuple[float, ...]
    category_order: tuple[int, ...]
    risk_probability: float
    evidence: tuple[EvidenceSpan, ...]
    distractors: tuple[int, ...] = ()


def examples_from_narratives(
    narratives: Sequence[Narrative], *, among: Iterable[Narrative] | None = None
) -> list[Example]:
    """Returns one fully labelled example per narrative, in order.

    The text is rendered from the free text alone, then masked, as serving does with a pasted
    application; a narrative's labels are complete, so no target is unknown.

    Args:
        narratives: what the examples are made of.
        among: what contrast pairs are looked for in, where that is more; a twin that was put into
            another part of a split is found there.
    """
    groups = contrast_groups(narratives if among is None else among)
    return [_example(narrative, group=groups[narrative.id]) for narrative in narratives]


def _example(narrative: Narrative, *, group: str) -> Example:
    masked = mask(render_text(LoanApplication(text=narrative.text)))
    probability = narrative.default_probability
    return Example(
        id=narrative.id,
        group=group,
        author=narrative.author or "",
        product=narrative.product.value,
        style=narrative.style,
        text=masked.text,
        category_targets=_indicators(narrative.categories, labels=CATEGORIES),
        coarse_sets=(),
        reason_targets=_indicators(narrative.reasons, labels=REASONS),
        category_order=tuple(_index(category) for category in narrative.categories),
        risk_probability=math.nan if probability is None else probability,
        evidence=_evidence_spans(narrative, masked=masked),
        distractors=tuple(map(_index, narrative.distractors)),
    )


def _indicators(held: Iterable[str], *, labels: Sequence[str]) -> tuple[float, ...]:
    held = set(held)
    return tuple(float(label in held) for label in labels)


def _index(category: DenialCategory) -> int:
    return CATEGORIES.index(category)


def _evidence_spans(narrative: Narrative, *, masked: MaskedText) -> tuple[EvidenceSpan, ...]:
    spans = []
    for evidence in narrative.evidence:
        start = narrative.text.index(evidence.quote)
        masked_start, masked_end = masked_span(masked, start, start + len(evidence.quote))
        spans.append((masked_start, masked_end, _index(evidence.category)))
    return tuple(
        EvidenceSpan(start=start, end=end, category_index=index)
        for start, end, index in sorted(set(spans))
    )


def masked_span(masked: MaskedText, start: int, end: int) -> tuple[int, int]:
    """Returns the span of the masked text that covers a span of the original.

    The inverse of `MaskedText.original_span`: a span that touches a replaced stretch covers the
    whole placeholder.

    Args:
        masked: the masked text.
        start: first code point in the original.
        end: one past the last, above `start`.
    """
    positions = range(len(masked.text))
    first = bisect_right(positions, start, key=lambda i: masked.original_span(i, i + 1)[1])
    last = bisect_left(positions, end, key=lambda i: masked.original_span(i, i + 1)[0])
    return first, last
