"""Rendering families: the kinds of paper on which a synthetic applicant's facts come to stand.

A family has a layout, the registers it speaks, its figures and its slips. Two families are held
out: no training text is of their kind, and they use a register that no other family uses.
"""

from dataclasses import dataclass

from data_pipeline.generator import layouts
from data_pipeline.generator.figures import (
    CountStyle,
    DateStyle,
    FigureStyles,
    MoneyStyle,
    RatioStyle,
    SpanStyle,
)
from data_pipeline.generator.noise import Noise
from data_pipeline.generator.phrases import Register


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of paper.

    Attributes:
        name: what it is called in rows.
        layout: how statements are set.
        registers: ways of speaking with their weights.
        styles: how figures are written.
        noise: slips.
        fillers: fewest and most statements that bear on nothing.
        is_held_out: whether training never sees it.
    """

    name: str
    layout: layouts.Layout
    registers: tuple[tuple[Register, float], ...]
    styles: FigureStyles
    noise: Noise
    fillers: tuple[int, int] = (0, 4)
    is_held_out: bool = False


_PROSE_STYLES = FigureStyles(
    money=(MoneyStyle.DOLLARS, MoneyStyle.DOLLARS, MoneyStyle.GROUPED, MoneyStyle.THOUSANDS),
    ratios=(RatioStyle.PERCENT, RatioStyle.PERCENT, RatioStyle.WORD, RatioStyle.BARE),
    spans=(SpanStyle.MONTHS, SpanStyle.YEARS_MONTHS, SpanStyle.DECIMAL_YEARS),
    dates=tuple(DateStyle),
    counts=(CountStyle.DIGITS, CountStyle.WORDS),
)
_TERSE_STYLES = FigureStyles(
    money=(MoneyStyle.PLAIN, MoneyStyle.GROUPED, MoneyStyle.THOUSANDS),
    ratios=(RatioStyle.BARE, RatioStyle.DECIMAL, RatioStyle.PERCENT),
    spans=(SpanStyle.COMPACT, SpanStyle.SHORT_MONTHS, SpanStyle.DECIMAL_YEARS),
    dates=(DateStyle.SHORT, DateStyle.NUMERIC, DateStyle.AGO),
)
_FIELD_STYLES = FigureStyles(
    money=(MoneyStyle.PLAIN, MoneyStyle.CENTS, MoneyStyle.GROUPED, MoneyStyle.DOLLARS),
    ratios=(RatioStyle.DECIMAL, RatioStyle.BARE, RatioStyle.PERCENT, RatioStyle.SHORT),
    spans=(SpanStyle.SHORT_MONTHS, SpanStyle.MONTHS, SpanStyle.COMPACT),
    dates=(DateStyle.NUMERIC, DateStyle.SHORT),
)
_SPOKEN_STYLES = FigureStyles(
    money=(MoneyStyle.DOLLARS, MoneyStyle.PLAIN, MoneyStyle.GROUPED),
    ratios=(RatioStyle.PERCENT, RatioStyle.WORD),
    spans=(SpanStyle.MONTHS, SpanStyle.YEARS_MONTHS),
    dates=(DateStyle.AGO, DateStyle.MONTH_YEAR),
    counts=(CountStyle.DIGITS, CountStyle.WORDS, CountStyle.WORDS),
)
_R = Register

FAMILIES: tuple[Family, ...] = (
    Family(
        name="underwriter_memo",
        layout=layouts.memo,
        registers=((_R.PROSE, 1.0),),
        styles=_PROSE_STYLES,
        noise=Noise(typos_per_1000=0.3),
    ),
    Family(
        name="los_notes",
        layout=layouts.notes,
        registers=((_R.TERSE, 1.0),),
        styles=_TERSE_STYLES,
        noise=Noise(typos_per_1000=1.0, lower_share=0.3, upper_share=0.1),
    ),
    Family(
        name="field_dump",
        layout=layouts.export,
        registers=((_R.FIELDS, 1.0),),
        styles=_FIELD_STYLES,
        noise=Noise(upper_share=0.1),
    ),
    Family(
        name="loan_officer_email",
        layout=layouts.email,
        registers=((_R.PROSE, 0.75), (_R.TERSE, 0.25)),
        styles=_PROSE_STYLES,
        noise=Noise(typos_per_1000=1.0, lower_share=0.05),
    ),
    Family(
        name="applicant_letter",
        layout=layouts.letter,
        registers=((_R.SPOKEN, 1.0),),
        styles=_SPOKEN_STYLES,
        noise=Noise(typos_per_1000=1.5),
        fillers=(1, 5),
    ),
    Family(
        name="call_transcript",
        layout=layouts.call,
        registers=((_R.SPOKEN, 1.0),),
        styles=_SPOKEN_STYLES,
        noise=Noise(),
    ),
    Family(
        name="chat_log",
        layout=layouts.chat,
        registers=((_R.SPOKEN, 0.85), (_R.TERSE, 0.15)),
        styles=_SPOKEN_STYLES,
        noise=Noise(typos_per_1000=2.5, lower_share=0.5),
    ),
    Family(
        name="rule_report",
        layout=layouts.rules,
        registers=((_R.FIELDS, 1.0),),
        styles=_FIELD_STYLES,
        noise=Noise(),
        fillers=(0, 3),
    ),
    Family(
        name="scanned_form",
        layout=layouts.export,
        registers=((_R.FIELDS, 0.65), (_R.PROSE, 0.35)),
        styles=_FIELD_STYLES,
        noise=Noise(scanned_per_1000=12.0, wraps=True, upper_share=0.15),
    ),
    Family(
        name="processor_checklist",
        layout=layouts.checklist,
        registers=((_R.TERSE, 0.6), (_R.PROSE, 0.4)),
        styles=_TERSE_STYLES,
        noise=Noise(typos_per_1000=0.7),
    ),
    Family(
        name="branch_note",
        layout=layouts.branch,
        registers=((_R.DESK, 0.4), (_R.PROSE, 0.6)),
        styles=_PROSE_STYLES,
        noise=Noise(typos_per_1000=1.0, lower_share=0.1),
        fillers=(1, 4),
        is_held_out=True,
    ),
    Family(
        name="decision_log",
        layout=layouts.log,
        registers=((_R.DESK, 0.4), (_R.TERSE, 0.6)),
        styles=_TERSE_STYLES,
        noise=Noise(typos_per_1000=0.5, lower_share=0.2, upper_share=0.1),
        is_held_out=True,
    ),
)
"""All families; training ones first."""
