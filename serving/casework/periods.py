"""The time that a letter leaves its recipient, measured from the day on which it goes out.

The checks of a letter alone measure from its date; nobody has it before it is sent.

Source: 12 CFR 1002.9(a)(2)(ii), (c)(2); comment 9-3.
"""

from datetime import date, timedelta

from serving.casework.errors import FactsError
from serving.notices.checks.special import SHORTEST_PERIOD
from serving.notices.forms import NoticeForm
from serving.notices.notice import AdverseActionNotice

LONGEST_WAY_OUT = timedelta(days=2)
"""How long after its date a letter may go out whose periods run from it: our number, for a letter
that is written in the afternoon and posted the day after; each day is taken from its recipient."""
_COUNTED_FROM_DATE = frozenset({NoticeForm.C4, NoticeForm.C5, NoticeForm.C6})


def check_letter_date(form: NoticeForm, dated_on: date, *, on: date) -> None:
    """Checks that a period which runs from a letter's date has not begun long before it goes out.

    Args:
        form: the form, of which C-4, C-5 and C-6 give such a period.
        dated_on: the letter's date.
        on: the day on which it goes out, or today before it does.

    Raises:
        FactsError: the date lies more than `LONGEST_WAY_OUT` before that day.
    """
    if form in _COUNTED_FROM_DATE and dated_on < on - LONGEST_WAY_OUT:
        raise FactsError(
            field="dated_on",
            found=f"a date more than {LONGEST_WAY_OUT.days} days before the letter goes out, on a "
            "form whose periods run from it",
            expected="another draft, dated on the day",
            clause="12 CFR 1002.9(a)(2)(ii) and (c)(2), comment 9-3",
        )


def check_periods(notice: AdverseActionNotice, *, on: date) -> None:
    """Checks that a letter that goes out on a day leaves its recipient the time it has to.

    Args:
        notice: the letter.
        on: the day, where the creditor is.

    Raises:
        FactsError: its date is too old, the information is asked for within less than ten days, or
            the offer is over.
    """
    check_letter_date(notice.form, notice.dated_on, on=on)
    asked, offer = notice.incompleteness, notice.counteroffer
    if asked is not None and _is_before(asked.respond_by, on + SHORTEST_PERIOD):
        raise FactsError(
            field="respond_by",
            found=f"a day less than {SHORTEST_PERIOD.days} days after the letter goes out",
            expected="another draft, with a day that leaves a reasonable time",
            clause="12 CFR 1002.9(c)(2)",
        )
    if offer is not None and _is_before(offer.respond_by, on + timedelta(days=1)):
        raise FactsError(
            field="counteroffer.respond_by",
            found="a day that is not after the one on which the letter goes out",
            expected="another draft, with a later day until which the offer can be accepted",
            clause="12 CFR 1002, Appendix C, form C-4",
        )


def _is_before(day: date | None, earliest: date) -> bool:
    return day is None or day < earliest
