"""How figures are written in one synthetic text: money, ratios, spans of time, counts.

Each text has a style per kind of figure, drawn from what its family uses, so that the same fact
reads "51.2%", ".512" or "51.2 percent", "31 months" or "2y7m", "$5,120" or "5120".
"""

from calendar import month_abbr, month_name
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from random import Random

from data_pipeline.domain.quantities import NUMBER_WORDS

_MONTHS = 12


class MoneyStyle(StrEnum):
    """How an amount is written."""

    DOLLARS = "$5,120"
    PLAIN = "5120"
    GROUPED = "5,120"
    CENTS = "5,120.00"
    THOUSANDS = "$31.4k"


class RatioStyle(StrEnum):
    """How a ratio is written."""

    PERCENT = "51.2%"
    WORD = "51.2 percent"
    BARE = "51.2"
    DECIMAL = ".512"
    SHORT = "51.2 pct"


class SpanStyle(StrEnum):
    """How a span of time is written."""

    MONTHS = "31 months"
    SHORT_MONTHS = "31 mo"
    YEARS_MONTHS = "2 years 7 months"
    COMPACT = "2y7m"
    DECIMAL_YEARS = "2.6 yrs"


class DateStyle(StrEnum):
    """How a moment in the past is written."""

    AGO = "31 months ago"
    MONTH_YEAR = "March 2023"
    SHORT = "Mar 2023"
    NUMERIC = "03/2023"


class CountStyle(StrEnum):
    """How a count is written."""

    DIGITS = "7"
    WORDS = "seven"


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureStyles:
    """The styles a family draws from; each tuple is never empty.

    Attributes:
        money: for amounts.
        ratios: for ratios.
        spans: for spans of time.
        dates: for moments in the past.
        counts: for counts.
    """

    money: tuple[MoneyStyle, ...]
    ratios: tuple[RatioStyle, ...]
    spans: tuple[SpanStyle, ...]
    dates: tuple[DateStyle, ...]
    counts: tuple[CountStyle, ...] = (CountStyle.DIGITS,)


def _money(style: MoneyStyle, usd: float) -> str:
    if style is MoneyStyle.THOUSANDS and usd >= 10_000:  # noqa: PLR2004
        return f"${usd / 1000:.1f}k"
    if style is MoneyStyle.PLAIN:
        return f"{usd:.0f}"
    if style is MoneyStyle.GROUPED:
        return f"{usd:,.0f}"
    if style is MoneyStyle.CENTS:
        return f"{usd:,.2f}"
    return f"${usd:,.0f}"


def _ratio(style: RatioStyle, ratio: float) -> str:
    if style is RatioStyle.DECIMAL:
        return f"{ratio:.3f}".removeprefix("0")
    ending = {RatioStyle.PERCENT: "%", RatioStyle.WORD: " percent", RatioStyle.SHORT: " pct"}
    percent = f"{ratio * 100:.1f}".removesuffix(".0")
    return percent + ending.get(style, "")


def _span(style: SpanStyle, months: int) -> str:
    years, rest = divmod(months, _MONTHS)
    if style is SpanStyle.COMPACT:
        return f"{years}y{rest}m" if years else f"{rest}m"
    if style is SpanStyle.SHORT_MONTHS:
        return f"{months} mo"
    if style is SpanStyle.DECIMAL_YEARS and months >= _MONTHS:
        years_text = f"{months / _MONTHS:.1f}".removesuffix(".0")
        return f"{years_text} yrs"
    if style is SpanStyle.YEARS_MONTHS and years:
        return (
            f"{_plural(years, 'year')} {_plural(rest, 'month')}" if rest else _plural(years, "year")
        )
    return _plural(months, "month")


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Figures:
    """Writes the figures of one text.

    Attributes:
        today: the day the text was written.
    """

    __slots__ = ("_counts", "_dates", "_money", "_random", "_ratios", "_spans", "today")

    def __init__(self, styles: FigureStyles, *, today: date, random: Random) -> None:
        """Draws the styles of the text."""
        self.today = today
        self._random = random
        self._money = random.choice(styles.money)
        self._ratios = random.choice(styles.ratios)
        self._spans = random.choice(styles.spans)
        self._dates = random.choice(styles.dates)
        self._counts = styles.counts

    @property
    def needs_date(self) -> bool:
        """Whether moments in the past can be read only by who knows the day of the text."""
        return self._dates is not DateStyle.AGO

    def usd(self, value: float) -> str:
        """Writes US dollars."""
        return _money(self._money, value)

    def ratio(self, value: float) -> str:
        """Writes a ratio, with one digit after the percent's point."""
        return _ratio(self._ratios, value)

    def months(self, value: float) -> str:
        """Writes a span of whole months."""
        return _span(self._spans, int(value))

    def days(self, value: float) -> str:
        """Writes a span of whole days."""
        return f"{value:.0f} day" if value == 1 else f"{value:.0f} days"

    def count(self, value: float) -> str:
        """Writes a whole number."""
        number = int(value)
        style = self._counts[int(self._random.random() * len(self._counts))]
        if style is CountStyle.WORDS and number < len(NUMBER_WORDS):
            return NUMBER_WORDS[number]
        return f"{number:,}" if number >= 10_000 else str(number)  # noqa: PLR2004

    def ago(self, value: float) -> str:
        """Writes the moment so many months before today."""
        months = int(value)
        if self._dates is DateStyle.AGO:
            return f"{self.months(months)} ago"
        index = self.today.year * _MONTHS + self.today.month - 1 - months
        year, month = divmod(index, _MONTHS)
        if self._dates is DateStyle.NUMERIC:
            return f"{month + 1:02d}/{year}"
        names = month_abbr if self._dates is DateStyle.SHORT else month_name
        return f"{names[month + 1]} {year}"

    def day(self, value: float) -> str:
        """Writes the day so many days before today, month and day only."""
        moment = date.fromordinal(self.today.toordinal() - int(value))
        if self._dates is DateStyle.NUMERIC:
            return f"{moment.month}/{moment.day}"
        return f"{month_abbr[moment.month]} {moment.day}"


FORMATS: dict[str, Callable[[Figures, float], str]] = {
    "usd": Figures.usd,
    "ratio": Figures.ratio,
    "months": Figures.months,
    "days": Figures.days,
    "count": Figures.count,
    "ago": Figures.ago,
    "day": Figures.day,
}
"""How a slot is written, by the last part of its name; other slots are words."""
