"""Cuts: the same figures on parts of the texts: styles, products, lengths, authors, lenders."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluation.answers import Answers, Truth
from training.evaluation.bootstrap import Estimate, Resamples
from training.evaluation.figures import FIGURE_BY_NAME, bound

CUT_FIGURES = (
    "primary_accuracy",
    "any_listed_accuracy",
    "micro_f1",
    "omission_rate",
    "denied_auc",
    "risk_mae",
)
"""The figures of a cut."""

LENGTH_BANDS = ((100, "under 100 words"), (200, "100 to 199 words"), (400, "200 to 399 words"))
"""Upper ends of the length bands, in words, and their names; the last band is open."""

_LONGEST_BAND = "400 words and more"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFacts:
    """What a text is filed under.

    Attributes:
        id: unique among the texts.
        group: contrast pair it belongs to, or its own.
        author: who composed it; "" where not recorded.
        lender: who reported or decided it; "" where not recorded.
        style: kind of document; "" where not recorded.
        product: what is asked for; "" where not given.
        num_words: length of the text.
        fields: whether the main application fields are all given; "" where it carries free text.
    """

    id: str
    group: str
    author: str
    lender: str
    style: str
    product: str
    num_words: int
    fields: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Figures on a part of the texts.

    Attributes:
        by: what the texts are parted by.
        value: the part.
        num_texts: texts in the part.
        num_denied: denied ones among them.
        figures: `CUT_FIGURES` by name.
    """

    by: str
    value: str
    num_texts: int
    num_denied: int
    figures: dict[str, Estimate]


def length_band(num_words: int) -> str:
    """Returns the name of the band that a length in words falls into."""
    return next((name for end, name in LENGTH_BANDS if num_words < end), _LONGEST_BAND)


MIN_GROUPS = 10
"""Fewer authors, lenders or pairs than this are not drawn as groups: too few tell nothing."""

MAX_PARTS = 30
"""The smallest of more parts than this are put into one."""

_LENGTHS = [*(name for _, name in LENGTH_BANDS), _LONGEST_BAND]
_KEYS: tuple[tuple[str, Callable[[TextFacts], str]], ...] = (
    ("style", lambda facts: facts.style),
    ("product", lambda facts: facts.product),
    ("length", lambda facts: length_band(facts.num_words)),
    ("author", lambda facts: facts.author),
    ("lender", lambda facts: facts.lender),
    ("fields", lambda facts: facts.fields),
)
_UNITS: tuple[tuple[str, Callable[[TextFacts], str]], ...] = (
    ("author", lambda facts: facts.author),
    ("lender", lambda facts: facts.lender),
    ("contrast pair", lambda facts: facts.group),
)


def group_names(facts: Sequence[TextFacts]) -> tuple[str, list[str]]:
    """Returns what intervals are drawn by, and the group of each text.

    Authors, else lenders, else contrast pairs, whichever is given for every text and has at least
    `MIN_GROUPS` groups; else single texts.
    """
    for unit, key in _UNITS:
        groups = [key(text) for text in facts]
        if all(groups) and len(set(groups)) >= MIN_GROUPS:
            return "text" if len(set(groups)) == len(facts) else unit, groups
    return "text", [text.id for text in facts]


def resampling(facts: Sequence[TextFacts], *, seed: int) -> tuple[str, Resamples]:
    """Returns what intervals are drawn by (see `group_names`), and the draws."""
    unit, groups = group_names(facts)
    return unit, Resamples(groups, seed=seed)


def cuts(facts: Sequence[TextFacts], truth: Truth, answers: Answers, *, seed: int) -> Iterator[Cut]:
    """Yields the figures of every part, way by way.

    What the texts do not record, or what is the same for all of them, gives no cut. A text without
    a value belongs to the part "not given".

    Args:
        facts: one per text.
        truth: what is known of them.
        answers: what was said of them.
        seed: decides the draws of the intervals.
    """
    for by, key in _KEYS:
        values = np.array(_pooled([key(text) or "not given" for text in facts]))
        names = sorted(set(values), key=lambda v: (_LENGTHS.index(v) if v in _LENGTHS else 0, v))
        for name in names if len(names) > 1 else []:
            inside_N = values == name
            yield _cut(
                (by, str(name)),
                [text for text, value in zip(facts, values, strict=True) if value == name],
                truth=truth.at(inside_N),
                answers=answers.at(inside_N),
                seed=seed,
            )


def _pooled(values: Sequence[str]) -> list[str]:
    """Returns the values, those of the smallest parts replaced where there are too many parts."""
    kept = {value for value, _ in Counter(values).most_common(MAX_PARTS)}
    return [value if value in kept else "all others" for value in values]


def _cut(
    part: tuple[str, str],
    facts: Sequence[TextFacts],
    *,
    truth: Truth,
    answers: Answers,
    seed: int,
) -> Cut:
    _, resamples = resampling(facts, seed=seed)
    return Cut(
        by=part[0],
        value=part[1],
        num_texts=len(truth),
        num_denied=int((truth.denied_N == 1).sum()),
        figures=resamples.estimates(
            {name: bound(FIGURE_BY_NAME[name], truth, answers) for name in CUT_FIGURES}
        ),
    )
