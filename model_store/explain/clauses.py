"""Sentences and clauses of a text, with exact offsets.

Loan files are written as letters, memos, notes in shorthand and lines of fields. Every line ends a
clause; inside a line a clause ends with its sentence, at a semicolon, at a dash between words, or
at a comma before a word that starts a new statement. Figures ("$1,250.50"), abbreviations ("incl.
new pmt") and initials do not end anything.
"""

import re
from collections.abc import Iterator

MIN_WORDS = 3
"""A shorter clause of a sentence is joined to its neighbour."""

_ABBREVIATIONS = (
    "acct accts addl adj alt amt app appl approx apr aug ave avg bal bk blvd bor cert co corp cr "
    "ct dec del dept dir dlr doc docs dr e.g eff emp est etc excl exp feb fin fri gov gr hr hrs "
    "i.e inc incl inq int jan jr jul jun lic liq ln lns ltd mar max mgr min misc mo mon mos mr "
    "mrs ms mt mtg no nos nov oct op orig p.o pd pg pmt pmts pp prev prof prop pt qtr qual rd re "
    "rec recd ref refi rep req res rev rptd sat sep sept sq sr st stmt sun supp tel temp thu "
    "thur thurs tot tu tue tues u.s util ver verif vs w2 wed wk wks yr yrs"
)
_KNOWN = frozenset(_ABBREVIATIONS.split())
_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_SENTENCE_END = re.compile(r"[.!?。！？…]+[\"'”’)\]]*(?=\s+)|[。！？]+")
_CLAUSE_END = re.compile(
    r";(?=\s)|\s[-–—]{1,2}(?=\s)|—|:(?=\s+[a-z])|"
    r",(?=\s+(?:and|but|yet|so|or|nor|because|since|although|though|while|whereas|which|however|"
    r"unless|until|after|before|plus|then|i|we|he|she|they|it|there)\b)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\d|#|of\b")
_LAST_WORD = re.compile(r"[^\s(\"'“‘\[]*$")


def split_clauses(text: str) -> list[tuple[int, int]]:
    """Returns the clauses of a text as half-open stretches of code points, in order.

    The stretches do not overlap, none is blank or begins or ends with white space, and together
    they hold every character that is no white space.
    """
    return [
        clause
        for sentence in split_sentences(text)
        for clause in _joined(text, _cut(text, sentence, _clause_ends(text, sentence)))
    ]


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Returns the sentences of a text likewise; every line ends one."""
    return [
        sentence
        for line in _LINE.finditer(text)
        for sentence in _cut(text, line.span(), _sentence_ends(text, line.span()))
    ]


def _sentence_ends(text: str, line: tuple[int, int]) -> Iterator[int]:
    for match in _SENTENCE_END.finditer(text, *line):
        if match.group()[0] != "." or not _abbreviates(text, line[0], match):
            yield match.end()


def _abbreviates(text: str, line_start: int, period: re.Match[str]) -> bool:
    """Tells whether a period only shortens the word before it."""
    if len(period.group()) > 1:
        return False
    before = _LAST_WORD.search(text[max(line_start, period.start() - 20) : period.start()])
    word = before.group().lower() if before else ""
    if not (word in _KNOWN or (len(word) == 1 and word.isalpha() and word != "i")):
        return False
    after = text[period.end() :].lstrip()
    if word == "no":  # short for number, or an answer
        return _NUMBERED.match(after) is not None
    return after[:1].islower() or word in {"mr", "mrs", "ms", "dr"}


def _clause_ends(text: str, sentence: tuple[int, int]) -> Iterator[int]:
    return (match.end() for match in _CLAUSE_END.finditer(text, *sentence))


def _cut(text: str, stretch: tuple[int, int], ends: Iterator[int]) -> list[tuple[int, int]]:
    """Cuts a stretch at positions, in order; what is blank falls away."""
    pieces = []
    start, stop = stretch
    for end in [*ends, stop]:
        piece = text[start:end]
        if piece.strip():
            blank = len(piece) - len(piece.lstrip())
            pieces.append((start + blank, start + len(piece.rstrip())))
        start = end
    return pieces


def _joined(text: str, clauses: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Joins clauses of a few words to what follows, the last one to what precedes."""
    held: list[tuple[int, int]] = []
    start: int | None = None
    for first, end in clauses:
        start = first if start is None else start
        if len(text[start:end].split()) >= MIN_WORDS:
            held.append((start, end))
            start = None
    if start is not None:
        last = clauses[-1][1]
        held[-1:] = [(held[-1][0] if held else start, last)]
    yield from held
