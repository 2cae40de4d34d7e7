"""Finds names in the cells of tables: below a head that says so, or with one initial.

`fname,lname,amt` heads two columns of names; `OYELOWO K | 12,000 | 9.9` needs no head.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from itertools import accumulate, pairwise

from data_pipeline.domain.masking import name_context as context
from data_pipeline.domain.masking.broad_cues import LETTERED
from data_pipeline.domain.masking.name_lists import (
    FAMILY,
    NEVER,
    NO_PERSON,
    ORDINARY,
    RARE,
    Word,
    is_ordinary,
)

CELL = re.compile(
    r"(?=[A-Z])(?:(?<=[|/] )|(?<=[|\t\n])|(?<=[|/] cosign )|(?<=\d[ ]{2})|^)"
    r"(?P<x>(?P<family>[A-Z][A-Z'’-]{1,20}(?:[ ][A-Z]{2,20})?)[ ][A-Z](?:-[A-Z])?)"
    r"(?=[ ][|/]|[|]|\t|[ ]{2}[\d$])"
)
_PARTY = (
    r"(?:co-?)?(?:borrower|applicant|customer|client|member|guarantor|owner|debtor|obligor|tenant)s?"
)  # fmt: skip
_LABEL = (
    r"(?:(?:co-?)?(?:borrower|applicant|customer|client|member|first|last|full|middle|given|family"
    r"|sur|cust|borr|appl|mbr|f|l|m)[ _.-]?)?(?:name|nm|nme)s?|surname"
)
HEAD = re.compile(rf"{_PARTY}|{_LABEL}", re.IGNORECASE)
AFTER_HEAD = re.compile(r"\"?[ ]?(?:[|\t;,]|\r?$)", re.MULTILINE)
PERSON = re.compile(r"[^\W\d_](?:[\w'’-]|[ .,&](?=[^\W\d_]|$| [^\W\d_])){1,40}")
QUOTED = re.compile(r"\"[^\"\n]*\"|[^,\"\n]+|(?<=,)(?=,)|^(?=,)")
_BLANKS = ' "\r'
_SEPARATORS = "|\t;,"
_LEAST_CELLS = 3
_TOTALS = frozenset({"total", "totals", "subtotal", "average", "sum", "none", "same", "unknown"})
_NUMBERED = LETTERED | frozenset(
    {"score", "tranche", "pool", "code", "line", "room", "rank", "vol"}
)

_Stretch = tuple[int, int]


def column_names(text: str, heads: Sequence[Word]) -> Iterator[_Stretch]:
    """Yields the names in the cells of the tables of a text.

    Args:
        text: the text.
        heads: those of its words that may head a column.
    """
    upto = 0
    for head in heads if "\n" in text else ():
        if head.start >= upto and AFTER_HEAD.match(text, head.end):
            upto = yield from _headed(text, head.start)
    if "|" in text or "\t" in text:
        yield from _lettered(text)


def _headed(text: str, at: int) -> Generator[_Stretch, None, int]:
    """Yields the names below the head that stands at a place; returns where its table ends."""
    line, at = _line(text, text.rfind("\n", 0, at) + 1)
    separator = next((sign for sign in _SEPARATORS if line.count(sign) >= _LEAST_CELLS - 1), None)
    if separator is None:
        return at
    cells = _cells(line, separator)
    columns = [place for place, (start, end) in enumerate(cells) if HEAD.fullmatch(line[start:end])]
    num_cells = len(cells)
    if not columns:
        return at
    while at < len(text):
        line, following = _line(text, at)
        cells = _cells(line, separator)
        if len(cells) <= columns[-1] or abs(len(cells) - num_cells) > 1:
            break
        for start, end in (cells[column] for column in columns):
            if _is_named(line[start:end]):
                yield at + start, at + end
        at = following
    return at


def _line(text: str, at: int) -> tuple[str, int]:
    """Returns the line that starts at a place and where the next one does."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return text[at:end], end + 1


def _cells(line: str, separator: str) -> list[_Stretch]:
    """Returns start and end of what each cell holds, without quotation marks and blanks."""
    if separator == "," and '"' in line:
        spans = [match.span() for match in QUOTED.finditer(line)]
    else:
        ends = list(accumulate(len(cell) + 1 for cell in line.split(separator)))
        spans = [(start, end - 1) for start, end in pairwise([0, *ends])]
    return [_stripped(line, start, end) for start, end in spans]


def _stripped(line: str, start: int, end: int) -> _Stretch:
    cell = line[start:end]
    left = len(cell) - len(cell.lstrip(_BLANKS))
    return start + left, start + left + len(cell.strip(_BLANKS))


def _is_named(cell: str) -> bool:
    """Tells whether a cell below the head of a column of names may hold one."""
    words = cell.lower().split()
    if not PERSON.fullmatch(cell) or not words or _TOTALS.intersection(words):
        return False
    if any(word in NO_PERSON or word in NEVER for word in words):
        return False
    return any(
        word in FAMILY or word in context.GIVEN_WORDS or not is_ordinary(word) for word in words
    )


def _lettered(text: str) -> Iterator[_Stretch]:
    """Yields family names with an initial that fill a cell.

    A family name that is an ordinary word too counts where another cell of the text holds one
    that is nothing else: a column holds one kind of thing.
    """
    cells = [(match.span("x"), match["family"].lower()) for match in CELL.finditer(text)]
    cells = [(span, family) for span, family in cells if _may_be_family(family.split())]
    if any(not is_ordinary(family.split()[-1]) for _, family in cells):
        yield from (span for span, _ in cells)


def _may_be_family(words: list[str]) -> bool:
    last = words[-1]
    if last in _NUMBERED or last in NEVER:
        return False
    if last in NO_PERSON:
        return len(words) == 1 and last in FAMILY
    return last in FAMILY or last in RARE or last not in ORDINARY
