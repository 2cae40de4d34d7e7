from datetime import date
from random import Random

import pytest

from data_pipeline.generator.figures import (
    CountStyle,
    DateStyle,
    Figures,
    FigureStyles,
    MoneyStyle,
    RatioStyle,
    SpanStyle,
)


def figures(
    *,
    money=MoneyStyle.DOLLARS,
    ratio=RatioStyle.PERCENT,
    span=SpanStyle.MONTHS,
    day=DateStyle.AGO,
    count=CountStyle.DIGITS,
):
    styles = FigureStyles(
        money=(money,), ratios=(ratio,), spans=(span,), dates=(day,), counts=(count,)
    )
    return Figures(styles, today=date(2025, 3, 15), random=Random(0))


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (MoneyStyle.DOLLARS, "$31,420"),
        (MoneyStyle.PLAIN, "31420"),
        (MoneyStyle.GROUPED, "31,420"),
        (MoneyStyle.CENTS, "31,420.00"),
        (MoneyStyle.THOUSANDS, "$31.4k"),
    ],
)
def test_an_amount_is_written_in_the_style_of_the_text(style, text):
    assert figures(money=style).usd(31_420) == text


def test_small_amounts_are_never_rounded_to_thousands():
    assert figures(money=MoneyStyle.THOUSANDS).usd(985) == "$985"


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (RatioStyle.PERCENT, "51.2%"),
        (RatioStyle.WORD, "51.2 percent"),
        (RatioStyle.BARE, "51.2"),
        (RatioStyle.DECIMAL, ".512"),
        (RatioStyle.SHORT, "51.2 pct"),
    ],
)
def test_a_ratio_keeps_one_digit_after_the_point_of_the_percentage(style, text):
    assert figures(ratio=style).ratio(0.5121) == text


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (SpanStyle.MONTHS, "31 months"),
        (SpanStyle.SHORT_MONTHS, "31 mo"),
        (SpanStyle.YEARS_MONTHS, "2 years 7 months"),
        (SpanStyle.COMPACT, "2y7m"),
        (SpanStyle.DECIMAL_YEARS, "2.6 yrs"),
    ],
)
def test_a_span_is_written_in_months_or_years(style, text):
    assert figures(span=style).months(31) == text


@pytest.mark.parametrize("style", SpanStyle)
def test_a_span_below_a_year_is_in_months(style):
    assert figures(span=style).months(5).startswith("5")


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (DateStyle.AGO, "15 months ago"),
        (DateStyle.MONTH_YEAR, "December 2023"),
        (DateStyle.SHORT, "Dec 2023"),
        (DateStyle.NUMERIC, "12/2023"),
    ],
)
def test_the_past_is_counted_from_the_day_of_the_text(style, text):
    assert figures(day=style).ago(15) == text


def test_counts_up_to_twenty_may_be_words():
    in_words = figures(count=CountStyle.WORDS)
    assert [in_words.count(n) for n in (0, 7, 20, 21)] == ["zero", "seven", "twenty", "21"]
    assert figures().count(93_500) == "93,500"


def test_a_text_whose_dates_are_absolute_must_be_dated():
    assert [style for style in DateStyle if not figures(day=style).needs_date] == [DateStyle.AGO]
