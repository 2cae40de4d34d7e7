"""Figures of an application that its free text repeats.

A field and the text would contradict each other if only the field changed. Where the text gives
the very figure of a field in a way that leaves no doubt (an amount with a dollar sign, grouped or
in thousands; a share with a percent sign or decimals; months beside a word such as "term" or
"over"; a ratio or the inquiries beside their name, "DTI 52", "11 inquiries"), it is written anew in
the same way. A figure that might be something else stays.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from data_pipeline.domain.figures import Figure, find_figures
from serving.what_if.figure_words import is_other_share, is_plain_amount, is_term

_LEAST_SURE_DIGITS = 5  # a bare number of fewer digits may be a year, a score or a house number
_GROUPED_DIGITS = 4
_MONEY = re.compile(
    r"(?<![\w.,/#-])(?P<sign>\$\s?)?(?P<number>\d{1,3}(?:,\d{3})+|\d+)(?P<cents>\.\d{1,2})?"
    r"(?P<suffix>\s?[kK](?![a-zA-Z]))?(?![\w%/-]|[.,]\d)"
)
_SHARE = re.compile(
    r"(?<![\w$,/-])(?P<number>\d{0,3}\.\d{1,4}|\d{1,3})(?P<sign>\s?(?:%|percent\b|pct\b))?(?![\w/-]|[.,]\d)"
)
_MONTHS = re.compile(
    r"(?<![\w$.,/-])(?P<number>\d{1,4})(?P<unit>[\s-]?(?:months?|mos?\b|mths?))(?!\w)"
)
_PERCENT = 100
_MONTHS_PER_YEAR = 12
_LEAST_CENT = 0.005
_HALF_A_MONTH = 0.5
_INQUIRIES = "num_inquiries_6m"


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of figure: how it is found, and how a match is written with another value.

    `write` takes a match, the value that it would have to be and the one to write; it gives None
    where the match is not surely that value.
    """

    pattern: re.Pattern[str]
    write: Callable[[re.Match[str], float, float], str | None]


def told_ratios(text: str) -> dict[str, float]:
    """Returns the ratios that a text gives by name, as fields would; none that it gives twice."""
    values: dict[str, set[float]] = {}
    for figure in find_figures(text):
        if _is_ratio(figure):
            values.setdefault(figure.kind, set()).add(figure.value / _PERCENT)
    return {kind: found.pop() for kind, found in values.items() if len(found) == 1}


def rewritten(
    text: str, moves: Mapping[str, tuple[float, float]], *, given: Mapping[str, float]
) -> tuple[str, dict[str, int]]:
    """Returns a text with each sure mention of a changed field's old value changed.

    All fields are looked for in the text as it was, so that what one writes no other takes for its
    own. A figure that may also be that of another field of the same kind stays.

    Args:
        text: the free text.
        moves: the value of each changed field in the text, and the one that takes its place; only
            amounts, ratios, inquiries and the term are looked for.
        given: the values of all fields as they were.

    Returns:
        The text, and how many figures of each changed field were written anew.
    """
    counts = dict.fromkeys(moves, 0)
    written: dict[tuple[int, int], str] = {}
    named = {figure.start: figure for figure in find_figures(text) if _is_named(figure)}
    for figure in named.values():
        if figure.kind not in moves:
            continue
        if (anew := _beside_its_name(text, figure, *moves[figure.kind])) is not None:
            written[figure.start, figure.end] = anew
            counts[figure.kind] += 1
    for kind in dict.fromkeys(filter(None, map(_kind_of, moves))):
        movable = {name for name in moves if _kind_of(name) is kind}
        values = {name: value for name, value in given.items() if _kind_of(name) is kind}
        values |= _told_otherwise(given, kind) | {name: moves[name][0] for name in movable}
        for match in kind.pattern.finditer(text):
            if match.start() in named:
                continue
            names = [name for name, old in values.items() if kind.write(match, old, old)]
            if len(names) == 1 and names[0] in movable:
                [name] = names
                anew = kind.write(match, *moves[name])
                if anew is not None:
                    written[match.span()] = anew
                    counts[name] += 1
    parts, position = [], 0
    for (start, end), anew in sorted(written.items()):
        parts += [text[position:start], anew]
        position = end
    return "".join([*parts, text[position:]]), counts


def _is_ratio(figure: Figure) -> bool:
    return figure.kind.endswith("_ratio")


def _is_named(figure: Figure) -> bool:
    return _is_ratio(figure) or figure.kind == _INQUIRIES


def _beside_its_name(text: str, figure: Figure, old: float, new: float) -> str | None:
    """A ratio, with or without a sign, or a count that stands beside its name, written anew."""
    scale = _PERCENT if _is_ratio(figure) else 1
    _, _, decimals = text[figure.start : figure.end].partition(".")
    return _as_precisely(figure.value, decimals, old * scale, new * scale)


def _as_precisely(shown: float, decimals: str, old: float, new: float) -> str | None:
    """The new number with as many decimals; None where the one shown is not the old, rounded."""
    if abs(shown - old) > 0.5 / 10 ** len(decimals) + 1e-9:
        return None
    return f"{new:.{len(decimals)}f}"


def _money(match: re.Match[str], old: float, new: float) -> str | None:
    number, cents, suffix = match["number"], match["cents"] or "", match["suffix"] or ""
    scale = 1000 if suffix else 1
    is_sure = bool(match["sign"] or suffix or "," in number or len(number) >= _LEAST_SURE_DIGITS)
    if not match["sign"] and not suffix:
        is_sure = is_sure and is_plain_amount(match)
    shown = float(number.replace(",", "") + cents) * scale
    if not is_sure or old <= 0 or abs(shown - old) > _half_unit(cents, scale):
        return None
    decimals = 1 if suffix else max(0, len(cents) - 1)
    # A number too short to show whether its thousands are grouped gets them grouped.
    grouping = "," if "," in number or len(number) < _GROUPED_DIGITS else ""
    written = f"{new / scale:{grouping}.{decimals}f}"
    if suffix and abs(float(written.replace(",", "")) * scale - new) >= _LEAST_CENT:
        return f"{match['sign'] or '$'}{f'{new:,.2f}'.removesuffix('.00')}"
    if suffix:
        written = written.removesuffix(".0")
    return f"{match['sign'] or ''}{written}{suffix}"


def _half_unit(cents: str, scale: int) -> float:
    return float(0.5 * scale / 10 ** max(0, len(cents) - 1))


def _share(match: re.Match[str], old: float, new: float) -> str | None:
    number = match["number"]
    whole, point, decimals = number.partition(".")
    is_share = not match["sign"] and whole in {"", "0"} and bool(point)
    scale = 1 if is_share else _PERCENT
    if not (match["sign"] or point) or old <= 0 or is_other_share(match):
        return None
    written = _as_precisely(float(number), decimals, old * scale, new * scale)
    if written is None:
        return None
    if is_share and not whole:
        written = written.removeprefix("0")
    return written + (match["sign"] or "")


def _months(match: re.Match[str], old: float, new: float) -> str | None:
    if abs(float(match["number"]) - old) >= _HALF_A_MONTH or not is_term(match):
        return None
    return f"{new:.0f}{match['unit']}"


_AMOUNTS, _RATIOS, _TERMS = _Kind(_MONEY, _money), _Kind(_SHARE, _share), _Kind(_MONTHS, _months)
_OTHER_UNITS = {
    "interest_rate_percent": (_RATIOS, 1 / _PERCENT),
    "employment_length_years": (_TERMS, _MONTHS_PER_YEAR),
    "residence_length_years": (_TERMS, _MONTHS_PER_YEAR),
    "credit_history_years": (_TERMS, _MONTHS_PER_YEAR),
    "business_age_years": (_TERMS, _MONTHS_PER_YEAR),
}
"""Fields that a text may give in the unit of a kind: a rate as a share, years as months."""


def _told_otherwise(given: Mapping[str, float], kind: _Kind) -> dict[str, float]:
    return {
        name: given[name] * factor
        for name, (of_kind, factor) in _OTHER_UNITS.items()
        if of_kind is kind and name in given
    }


def _kind_of(field: str) -> _Kind | None:
    if field.endswith("_usd"):
        return _AMOUNTS
    if field.endswith("_ratio"):
        return _RATIOS
    return _TERMS if field == "loan_term_months" else None
