"""Changes of a training text that keep its labels true, or change them with the text.

Every reading of a text draws its changes anew: amounts of money times one factor (so that every
ratio stays), words written short or in full, paragraphs in another order, capitals, slips of the
pen and of the scanner. Labelled quotes move with the text. A reason may be taken out, quotes and
label, so that it is seen to go when its words go. A few sentences may stand for the whole (see
`training.excerpts`).
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from random import Random

from data_pipeline.domain.taxonomy import REASON_CATEGORY_INDEX
from data_pipeline.examples import EvidenceSpan, Example
from data_pipeline.generator.noise import Noise, spoil
from training.abbreviations import ABBREVIATED, SPELLED_OUT
from training.config import AugmentationConfig
from training.edits import Edit, edited, in_order
from training.excerpts import take_excerpt

_AMOUNT = re.compile(r"\$ ?(?P<figure>\d{1,3}(?:,\d{3})+|\d+)(?!\w|[.,]?\d{3}|\.\d[kKmM])")
_UNMARKED = re.compile(
    r"(?<![\w.,$#/-])(?:\d{4,6}(?![\w,/-]|\.\d)|\d{1,3}(?:,\d{3})+)|\d[kKmM]\b|\$ ?\d+\.\d[kKmM]"
    r"|(?i:\d[ -]?(?:million|thousand|mil|mm|grand)\b)"
    r"|(?i:\b(?:rent|payments?|pmts?|car|note|fees?|owe[sd]?|pays?|paid|balances?|income)[ :=]{1,2}"
    r"(?:(?:of|is|was) )?\d{2,3}(?![\w%/-]|[.,]\d| ?(?:days?|months?|years?|times|percent)\b))"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LARGEST_LOG_FACTOR = 0.25
_ABBREVIATED_SHARE = 0.6
_NOISE = Noise(typos_per_1000=4.0, scanned_per_1000=8.0)
_DIALOGUE_STYLES = frozenset({"call_transcript", "chat_log"})
_WORD = re.compile(r"[A-Za-z][A-Za-z'/-]*(?![\w'/-])")


def augment(example: Example, config: AugmentationConfig, random: Random) -> Example:
    """Returns the example with other words and figures, its labels still true.

    Args:
        example: the example; unchanged itself.
        config: how often which change is made.
        random: decides all of it.
    """
    changes: list[tuple[float, Callable[[Example, Random], Example]]] = [
        (config.left_out_reason_ratio, leave_out_reason),
        (config.scaled_amounts_ratio, scale_amounts),
        (config.abbreviated_ratio, change_spelling),
        (config.reordered_ratio, reorder_paragraphs),
        (config.changed_case_ratio, change_case),
        (config.noise_ratio, add_noise),
        (config.excerpt_ratio, take_excerpt),
    ]
    for ratio, change in changes:
        if random.random() < ratio:
            example = change(example, random)
    return example


def leave_out_reason(example: Example, random: Random) -> Example:
    """Takes a category out of the labels, and what is quoted for it out of the text.

    A text may lose its only reason: what was quoted for it is then what it rested on. How likely a
    default is without these words nobody has said, so it is no longer known. A category that has
    no quote, or one that overlaps a quote of another, stays.
    """
    choices = [c for c in example.category_order if _stands_alone(example, c)]
    if not choices:
        return example
    left_out = random.choice(choices)
    quotes = [s for s in example.evidence if s.category_index == left_out]
    relabelled = replace(
        example,
        category_targets=tuple(
            0.0 if c == left_out else target for c, target in enumerate(example.category_targets)
        ),
        reason_targets=tuple(
            0.0 if REASON_CATEGORY_INDEX[r] == left_out else target
            for r, target in enumerate(example.reason_targets)
        ),
        category_order=tuple(c for c in example.category_order if c != left_out),
        risk_probability=math.nan,
        evidence=tuple(s for s in example.evidence if s.category_index != left_out),
    )
    return edited(relabelled, [Edit(start=s, end=e, text="") for s, e in _merged(quotes)])


def _stands_alone(example: Example, category: int) -> bool:
    quotes = [s for s in example.evidence if s.category_index == category]
    others = [s for s in example.evidence if s.category_index != category]
    return bool(quotes) and not any(
        quote.start < other.end and other.start < quote.end for quote in quotes for other in others
    )


def _merged(spans: Sequence[EvidenceSpan]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for span in in_order(spans):
        if merged and span.start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span.end))
        else:
            merged.append((span.start, span.end))
    return merged


def scale_amounts(example: Example, random: Random) -> Example:
    """Multiplies all amounts of money by one factor, 0.78 to 1.28: ratios between them stay true.

    A text with figures that may be amounts and are not marked as such is left as it is, because
    scaling a part of the amounts would change what they say of each other.
    """
    text = example.text
    if any(not _YEAR.fullmatch(found[0]) for found in _UNMARKED.finditer(text)):
        return example
    factor = math.exp(random.uniform(-_LARGEST_LOG_FACTOR, _LARGEST_LOG_FACTOR))
    found = list(_AMOUNT.finditer(text))
    scaled = _scaled([int(amount["figure"].replace(",", "")) for amount in found], factor)
    if scaled is None:
        return example
    return edited(
        example,
        [
            Edit(
                start=amount.start("figure"),
                end=amount.end("figure"),
                text=f"{value:,}" if "," in amount["figure"] else str(value),
            )
            for amount, value in zip(found, scaled, strict=True)
        ],
    )


def _scaled(values: Sequence[int], factor: float) -> list[int] | None:
    """Returns amounts times a factor, in whole dollars and in the same order of size.

    Round ones stay round where that leaves the order as it is. None where two of them would come to
    be the same, or nothing to be something.
    """
    for scale in (_rounded, _to_the_dollar):
        scaled = {value: scale(value, factor) for value in sorted(set(values))}
        sizes = list(scaled.values())
        if all(one < other for one, other in pairwise(sizes)) and scaled.get(0, 0) == 0:
            return [scaled[value] for value in values]
    return None


def _rounded(value: int, factor: float) -> int:
    digits = str(value)
    zeros = len(digits) - len(digits.rstrip("0"))
    step = int(10 ** min(zeros, max(0, len(digits) - 2)))  # within 5 %
    return round(value * factor / step) * step


def _to_the_dollar(value: int, factor: float) -> int:
    return round(value * factor)


def change_spelling(example: Example, random: Random) -> Example:
    """Writes some words short, or some short ones in full."""
    table = ABBREVIATED if random.random() < 0.5 else SPELLED_OUT  # noqa: PLR2004 (either way)
    edits = []
    for found in _WORD.finditer(example.text):
        other = table.get(found[0].lower())
        if other is not None and random.random() < _ABBREVIATED_SHARE:
            edits.append(
                Edit(start=found.start(), end=found.end(), text=_cased(other, like=found[0]))
            )
    return edited(example, edits)


def _cased(word: str, *, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word[0].upper() + word[1:] if like[0].isupper() else word


def reorder_paragraphs(example: Example, random: Random) -> Example:
    """Puts the paragraphs behind the first into another order.

    A dialogue, a text of fewer than four paragraphs, and one in which a quote spans two, is left.
    """
    blocks = list(_paragraphs(example.text))
    if len(blocks) < 4 or example.style in _DIALOGUE_STYLES:  # noqa: PLR2004
        return example
    homes = [_home(span, blocks) for span in example.evidence]
    if None in homes:
        return example
    order = [0, *random.sample(range(1, len(blocks)), len(blocks) - 1)]
    texts = [example.text[start:end] for start, end in blocks]
    starts = dict(
        zip(order, accumulate((len(texts[i]) + 2 for i in order), initial=0), strict=False)
    )
    moved = [
        replace(span, start=span.start + shift, end=span.end + shift)
        for span, home in zip(example.evidence, homes, strict=True)
        if home is not None
        for shift in [starts[home] - blocks[home][0]]
    ]
    return replace(example, text="\n\n".join(texts[i] for i in order), evidence=in_order(moved))


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in re.finditer(r"\n\n", text):
        if found.start() >= start:
            yield start, found.start()
            start = found.end()
    yield start, len(text)


def _home(span: EvidenceSpan, blocks: Sequence[tuple[int, int]]) -> int | None:
    for number, (start, end) in enumerate(blocks):
        if start <= span.start and span.end <= end:
            return number
    return None


def change_case(example: Example, random: Random) -> Example:
    """Writes the whole text without capitals, or in capitals."""
    text = example.text
    changed = text.lower() if random.random() < 0.5 else text.upper()  # noqa: PLR2004 (either way)
    return replace(example, text=changed) if len(changed) == len(text) else example


def add_noise(example: Example, random: Random) -> Example:
    """Adds slips of the pen and of the scanner to words; figures stay."""
    return replace(example, text=spoil(example.text, _NOISE, random))
