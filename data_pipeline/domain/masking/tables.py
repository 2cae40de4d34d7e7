"""Finds numbers and dates of birth in the columns of a table, by the head of the column.

A table is a line of at least three cells between bars, semicolons, tabulators or commas, one of
them naming a column of identifiers, and the lines after it with at least as many cells as it
takes to reach that column. Every line is read once.
"""

import re
from collections.abc import Iterator

_HEAD = {
    "[SSN]": re.compile(
        r"(?:ssn?|soc|social|tin)(?:[ _-]?(?:last)?[ _-]?4)?(?:[ _]?(?:#|no\.?))?", re.IGNORECASE
    ),
    "[DOB]": re.compile(
        r"(?:d\.?o\.?b\.?|yob|birth(?:[ _]?(?:date|day|yr|year))?|born|date of birth|b-?day)",
        re.IGNORECASE,
    ),
    "[ACCOUNT]": re.compile(
        r"(?:acct|account|a/c|mbr|member|dda|savings?|sav|checking|chk|auto ?pay|"
        r"(?:loan|note|share|card)(?=[ _]?(?:#|n|id)))"
        r"(?:[ _]?(?:#|no\.?|nbr|num(?:ber)?|id))?(?:[ ]?/[ ]?(?:sfx|suffix|share|loan|acct))?",
        re.IGNORECASE,
    ),
}
_CELL = {
    "[SSN]": re.compile(r"[xX*-]{0,7}\d{4}|\d{9}|\d{3}[ -]\d{2}[ -]\d{4}"),
    "[DOB]": re.compile(
        r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|(?:19|20)\d{2}-\d{2}-\d{2}|(?:19|20)\d{6}|\d{6}"
        r"|(?:19|20)\d{2}|['’]?\d{2}|\d{1,2}/\d{2,4}|\d{1,2}[ -][A-Za-z]{3}[ -]\d{2,4}"
    ),
    "[ACCOUNT]": re.compile(r"(?:[A-Z]{1,4}-?)?\d[\d-]{3,20}(?:-[A-Z]{1,2}\d{0,3})?(?=\Z|/)"),
}
_SEPARATORS = "|\t;,"
_LEAST_CELLS, _LONGEST_HEAD = 3, 24


def find_in_tables(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and placeholder of what stands below such a head."""
    at = 0
    columns: dict[int, str] = {}
    separator = ""
    for line in text.splitlines(keepends=True):
        cells = _cells(line, separator) if columns else []
        if len(cells) <= min(columns, default=0):
            separator, columns = _columns(line)
        else:
            for column, wording in columns.items():
                if column >= len(cells):
                    break
                yield from _found(line, at, cells[column], wording)
        at += len(line)


def _columns(line: str) -> tuple[str, dict[int, str]]:
    """Returns the separator of a head line and its columns of identifiers; none elsewhere."""
    for separator in _SEPARATORS:
        if line.count(separator) < _LEAST_CELLS - 1:
            continue
        heads = [head.strip(' "\r\n') for head in line.split(separator)]
        if max(map(len, heads)) <= _LONGEST_HEAD:
            kinds = {place: _kind(head) for place, head in enumerate(heads)}
            return separator, {place: kind for place, kind in kinds.items() if kind}
    return "", {}


def _kind(head: str) -> str:
    last = head.rpartition("/ ")[2]
    for wording, pattern in _HEAD.items():
        if pattern.fullmatch(head) or pattern.fullmatch(last):
            return wording
    return ""


def _cells(line: str, separator: str) -> list[tuple[int, int]]:
    """Returns start and end of each cell; a separator between quotation marks ends none."""
    cells, start, quoted = [], 0, False
    for place, sign in enumerate(line):
        if sign == '"':
            quoted = not quoted
        elif sign == separator and not quoted:
            cells.append((start, place))
            start = place + 1
    return [*cells, (start, len(line))]


def _found(
    line: str, at: int, cell: tuple[int, int], wording: str
) -> Iterator[tuple[int, int, str]]:
    """Yields the identifier of a cell, or of what follows the last stroke in it."""
    start, end = cell
    whole = line[start:end]
    for part in (whole, whole.rpartition("/ ")[2]):
        wanted = part.strip(' "\r\n')
        match = _CELL[wording].match(wanted)
        if match and (match.end() == len(wanted) or wording == "[ACCOUNT]"):
            first = at + start + len(whole) - len(part) + part.index(wanted)
            yield first, first + match.end(), wording
            return
