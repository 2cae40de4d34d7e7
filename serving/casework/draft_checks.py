"""What a draft is asked for with: its date, what is missing, and what is offered instead."""

from datetime import date

from serving.casework.errors import FactsError
from serving.casework.periods import check_letter_date
from serving.notices.forms import NoticeForm
from serving.notices.notice import Counteroffer
from serving.notices.record import DecisionPath


def check_draft(
    form: NoticeForm,
    *,
    today: date,
    dated_on: date | None,
    missing_items: tuple[str, ...],
    respond_by: date | None,
    counteroffer: Counteroffer | None,
) -> None:
    """Checks what a draft is asked for with, as `drafting.Draft` has it.

    Raises:
        FactsError: a date cannot be, or a part is missing or belongs to another form.
    """
    if dated_on is not None and dated_on > today:
        raise FactsError(
            field="dated_on", found="a day in the future", expected="today or an earlier day"
        )
    check_letter_date(form, dated_on or today, on=today)
    if form is NoticeForm.C6:
        _check_items(missing_items, respond_by, today=today)
    elif missing_items or respond_by is not None:
        raise FactsError(
            field="missing_items",
            found="missing items or a day to supply them on another form",
            expected="form C-6 for both",
            clause="12 CFR 1002.9(c)(2)",
        )
    if (form is NoticeForm.C4) != (counteroffer is not None):
        raise FactsError(
            field="counteroffer",
            found="none on form C-4, or one on another form",
            expected="the terms offered, on form C-4 alone",
            clause="12 CFR 1002, Appendix C, form C-4",
        )
    if counteroffer is not None and _is_over(counteroffer.respond_by, today=today):
        raise FactsError(
            field="counteroffer.respond_by",
            found="no day, or one that is over",
            expected="a later day until which the offer can be accepted",
            clause="12 CFR 1002, Appendix C, form C-4",
        )


def check_path(form: NoticeForm, path: DecisionPath | None) -> None:
    """Checks that a form says of the decision what decided.

    Raises:
        FactsError: form C-3 tells of a scoring system, and it was not the score that decided.
    """
    if form is NoticeForm.C3 and path not in {None, DecisionPath.SCORE}:
        raise FactsError(
            field="form",
            found="C-3, which tells of a scoring system that the application failed",
            expected="C-1 or C-2, where the score alone did not decide",
            clause="comments 9(b)(2)-6 and -7",
        )


def _check_items(missing_items: tuple[str, ...], respond_by: date | None, *, today: date) -> None:
    clause = "12 CFR 1002.9(c)(2)"
    if not missing_items or not all(item.strip() for item in missing_items):
        raise FactsError(
            field="missing_items", found="none", expected="each item needed", clause=clause
        )
    if _is_over(respond_by, today=today):
        raise FactsError(
            field="respond_by",
            found="no day, or one that is over",
            expected="a later day that leaves a reasonable time",
            clause=clause,
        )


def _is_over(day: date | None, *, today: date) -> bool:
    return day is None or day <= today
