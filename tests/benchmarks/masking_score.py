"""What the masker finds in texts whose identifiers people have marked, kind by kind."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from data_pipeline.domain.masking import MaskedText, mask

EITHER = "either"
KINDS: dict[str, str] = {
    "ssn": "[SSN]", "itin": "[ITIN]", "ein": "[EIN]", "account": "[ACCOUNT]",
    "routing": "[ROUTING]", "card": "[CARD]", "phone": "[PHONE]", "email": "[EMAIL]",
    "address": "[ADDRESS]", "birth_date": "[DOB]", "name": "[NAME]",
}  # fmt: skip
NUMBERS = frozenset({"ssn", "itin", "ein", "account", "routing", "card", "phone", "birth_date"})
# Words of a marked name, or around a replaced one, that tell nobody who it is.
_TELLS_NOTHING = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "rev",
        "sgt",
        "captain",
        "sister",
        "pastor",
        "agent",
        "señora",
        "señor",
        "grandma",
        "and",
        "y",
        "jr",
        "sr",
        "ii",
        "iii",
        "iv",
        "esq",
        "th",
        "st",
        "nd",
        "rd",
        "of",
        "the",
        "on",
        "in",
        "ssn",
        "dob",
    ]
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A text and what is personal in it.

    Attributes:
        id: names the text in its file.
        text: the text.
        spans: start, end and kind of each marked stretch; kind `either` may go or stay.
    """

    id: str
    text: str
    spans: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many.

    Attributes:
        hits: how many.
        of: of how many.
    """

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share; 1 of nothing."""
        return self.hits / self.of if self.of else 1.0

    def interval(self) -> tuple[float, float]:
        """Returns the 95 % interval (Wilson); 0 to 1 of nothing."""
        if not self.of:
            return 0.0, 1.0
        found = binomtest(self.hits, self.of).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts over a set of texts.

    Attributes:
        marked: marked stretches by kind.
        found: those of them of which nothing telling is left, by kind.
        named: those that went under a placeholder of their own kind.
        replaced: placeholders put in, by kind.
        right: those of them that took nothing but what was marked.
        missed: id, kind and wording of each marked stretch not found.
        alarms: id, kind and wording of each stretch replaced wrongly.
    """

    marked: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, str, str]] = field(default_factory=list)
    alarms: list[tuple[str, str, str]] = field(default_factory=list)

    def recall(self, kinds: Iterable[str]) -> Share:
        """Returns the share of marked stretches of these kinds that were found."""
        wanted = set(kinds)
        return Share(
            hits=sum(self.found[kind] for kind in wanted),
            of=sum(self.marked[kind] for kind in wanted),
        )

    def precision(self, kinds: Iterable[str]) -> Share:
        """Returns the share of placeholders of these kinds that were right."""
        wanted = set(kinds)
        return Share(
            hits=sum(self.right[kind] for kind in wanted),
            of=sum(self.replaced[kind] for kind in wanted),
        )


def read_marked(path: Path) -> list[Marked]:
    """Reads texts with marked stretches from a JSONL file."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [_marked(row) for row in rows]


def _marked(row: dict[str, Any]) -> Marked:
    spans = tuple((span["start"], span["end"], span["kind"]) for span in row["spans"])
    return Marked(id=row["id"], text=row["text"], spans=spans)


def score(texts: Iterable[Marked], *, masker: Callable[[str], MaskedText] = mask) -> Score:
    """Masks every text and counts.

    A marked stretch is found when each of its words that tells something was replaced. A
    placeholder is right when each such word it took lies in a marked stretch.
    """
    total = Score()
    for marked in texts:
        masked = masker(marked.text)
        _count_marked(total, marked, masked)
        _count_replaced(total, marked, masked)
    return total


def _count_marked(total: Score, marked: Marked, masked: MaskedText) -> None:
    for start, end, kind in marked.spans:
        if kind == EITHER:
            continue
        total.marked[kind] += 1
        took = [(r.start, r.end) for r in masked.replacements]
        if any(not _inside(word, took) for word in _telling(marked.text, start, end)):
            total.missed.append((marked.id, kind, marked.text[start:end]))
            continue
        total.found[kind] += 1
        total.named[kind] += any(
            r.wording == KINDS[kind] and r.start < end and start < r.end
            for r in masked.replacements
        )


def _count_replaced(total: Score, marked: Marked, masked: MaskedText) -> None:
    kinds = {placeholder: kind for kind, placeholder in KINDS.items()}
    allowed = [(start, end) for start, end, _ in marked.spans]
    for r in masked.replacements:
        if r.wording not in kinds:
            continue
        kind = kinds[r.wording]
        total.replaced[kind] += 1
        words = list(_telling(marked.text, r.start, r.end))
        if words and all(_inside(word, allowed) for word in words):
            total.right[kind] += 1
        else:
            total.alarms.append((marked.id, kind, marked.text[r.start : r.end]))


def _telling(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for word in _WORD.finditer(text, start, end):
        if word.group().lower() not in _TELLS_NOTHING:
            yield word.span()


def _inside(word: tuple[int, int], stretches: list[tuple[int, int]]) -> bool:
    return any(start <= word[0] and word[1] <= end for start, end in stretches)
