"""A few sentences of a text, labelled with what they state themselves.

Whoever pastes a note writes two sentences, most texts to learn from have twenty. Of an excerpt that
holds all quotes of a category the category is known to hold. Of one that holds none or some of
them it is unknown: the rest may say it too. So is a category that the text touches on without a
denial resting on it, because the words that excuse it may be gone. All others do not hold, as in
the whole text. Whether there is a reason for denial at all is left open: of an excerpt of a denied
text it would be known more often than of one of a text that is not, and an excerpt be taken for a
denial.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from random import Random

from data_pipeline.domain.taxonomy import REASON_CATEGORY_INDEX
from data_pipeline.examples import UNKNOWN, EvidenceSpan, Example
from model_store.explain.clauses import split_sentences
from training.edits import Edit, edited

_NUM_SENTENCES = (1, 2, 3, 4, 6)
_QUOTED_SHARE = 0.8  # of the excerpts of texts with quotes that hold those of a category
_NEXT_SHARE = 0.5  # how often those of one category more are taken in

Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt(Example):
    """Some sentences of a text, of which nobody has said whether they are a reason for denial."""


def take_excerpt(example: Example, random: Random) -> Example:
    """Returns some sentences of an example, with the labels that they are known to have.

    How likely a default is, is not known of an excerpt. A text of no more sentences than are drawn
    stays whole.
    """
    sentences = split_sentences(example.text)
    num_kept = random.choice(_NUM_SENTENCES)
    kept = _quoted(example, sentences, random)
    if max(num_kept, len(kept)) >= len(sentences):
        return example
    others = [i for i in range(len(sentences)) if i not in kept]
    kept |= set(random.sample(others, max(0, num_kept - len(kept))))
    gone = list(_gone(example.text, sentences, sorted(kept)))
    relabelled = _relabelled(example, gone)
    values = {field.name: getattr(relabelled, field.name) for field in fields(relabelled)}
    return edited(Excerpt(**values), gone)


def _quoted(example: Example, sentences: Sequence[Stretch], random: Random) -> set[int]:
    """Positions of the sentences that hold the quotes of some categories, of none at times."""
    categories = sorted({span.category_index for span in example.evidence})
    if not categories or random.random() >= _QUOTED_SHARE:
        return set()
    random.shuffle(categories)
    num_taken = 1
    while num_taken < len(categories) and random.random() < _NEXT_SHARE:
        num_taken += 1
    taken = [s for s in example.evidence if s.category_index in categories[:num_taken]]
    return {
        position
        for position, (start, end) in enumerate(sentences)
        if any(start < span.end and span.start < end for span in taken)
    }


def _gone(text: str, sentences: Sequence[Stretch], kept: Sequence[int]) -> Iterator[Edit]:
    """The edits that leave some sentences, each on a line of its own where it had one."""
    position, last = 0, None
    for number in kept:
        start, end = sentences[number]
        if last is None:
            yield Edit(start=0, end=start, text="")
        elif number != last + 1:
            between = "\n" if "\n" in text[position:start] else " "
            yield Edit(start=position, end=start, text=between)
        position, last = end, number
    yield Edit(start=position, end=len(text), text="")


def _relabelled(example: Example, gone: Sequence[Edit]) -> Example:
    quoted = {span.category_index for span in example.evidence}
    lost = {span.category_index for span in example.evidence if _touches(span, gone)}
    held = {c for c, target in enumerate(example.category_targets) if target > 0}
    stated = held & (quoted - lost)
    unknown = (held - stated) | (set(example.distractors) - held)
    return replace(
        example,
        category_targets=tuple(
            UNKNOWN if c in unknown else target for c, target in enumerate(example.category_targets)
        ),
        reason_targets=tuple(
            UNKNOWN if REASON_CATEGORY_INDEX[r] in unknown else target
            for r, target in enumerate(example.reason_targets)
        ),
        coarse_sets=(),
        category_order=() if held - stated else example.category_order,
        risk_probability=math.nan,
        evidence=tuple(span for span in example.evidence if span.category_index in stated),
    )


def _touches(span: EvidenceSpan, gone: Sequence[Edit]) -> bool:
    return any(span.start < edit.end and edit.start < span.end for edit in gone)
