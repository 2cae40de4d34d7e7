"""Figures of an application that its free text repeats.

A field and the text would contradict each other if only the field changed. Where the text gives
the very figure of a field in a way that leaves no doubt (an amount with a dollar sign, grouped or
in thousands; a share with a percent sign or decimals; months of a term), it is written anew in
the same way. A figure that might be something else stays.
"""

import re
from collections.abc import Callable

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


def rewritten(text: str, *, field: str, old: float, new: float) -> tuple[str, int]:
    """Returns a text with each sure mention of a field's old value changed, and how many.

    Args:
        text: the free text.
        field: the field; only amounts, ratios and the term are looked for.
        old: its value in the text.
        new: the value that takes its place.
    """
    if field.endswith("_usd"):
        return _replaced(text, _MONEY, lambda match: _money(match, old, new))
    if field.endswith("_ratio"):
        return _replaced(text, _SHARE, lambda match: _share(match, old, new))
    if field == "loan_term_months":
        return _replaced(text, _MONTHS, lambda match: _months(match, old, new))
    return text, 0


def _replaced(
    text: str, pattern: re.Pattern[str], write: Callable[[re.Match[str]], str | None]
) -> tuple[str, int]:
    num_changed = 0

    def replacement(match: re.Match[str]) -> str:
        nonlocal num_changed
        written = write(match)
        if written is None:
            return match.group()
        num_changed += 1
        return written

    return pattern.sub(replacement, text), num_changed


def _money(match: re.Match[str], old: float, new: float) -> str | None:
    number, cents, suffix = match["number"], match["cents"] or "", match["suffix"] or ""
    scale = 1000 if suffix else 1
    is_sure = bool(match["sign"] or suffix or "," in number or len(number) >= _LEAST_SURE_DIGITS)
    shown = float(number.replace(",", "") + cents) * scale
    if not is_sure or old <= 0 or abs(shown - old) > _half_unit(cents, scale):
        return None
    decimals = 1 if suffix else max(0, len(cents) - 1)
    # A number too short to show whether its thousands are grouped gets them grouped.
    grouping = "," if "," in number or len(number) < _GROUPED_DIGITS else ""
    written = f"{new / scale:{grouping}.{decimals}f}"
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
    if not (match["sign"] or point) or old <= 0:
        return None
    if abs(float(number) - old * scale) > 0.5 / 10 ** len(decimals) + 1e-9:
        return None
    written = f"{new * scale:.{len(decimals)}f}"
    if is_share and not whole:
        written = written.removeprefix("0")
    return written + (match["sign"] or "")


def _months(match: re.Match[str], old: float, new: float) -> str | None:
    if float(match["number"]) != old:
        return None
    return f"{new:.0f}{match['unit']}"
