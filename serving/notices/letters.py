"""The letters: all forms but C-1, from the letterhead to the reasons, the offer or the request."""

from collections.abc import Callable

from serving.notices.blocks import Block, fields, items, lines, paragraph
from serving.notices.errors import RenderError
from serving.notices.forms import ActionKind, NoticeForm
from serving.notices.notice import (
    AdverseActionNotice,
    Creditor,
    CreditRequest,
    RightToReasons,
)
from serving.notices.wording import day, normalised, wording


def letter(notice: AdverseActionNotice) -> list[Block]:
    """Returns a letter from its head to the end of its own sentences, on any form but C-1."""
    return [
        *map(_letterhead, notice.creditors),
        lines(day(notice.dated_on), f"Reference: {notice.notice_id}"),
        lines(notice.recipient.name, *notice.recipient.address_lines),
        *([] if notice.form is NoticeForm.C8 else [paragraph(_SALUTATION[notice.form])]),
        *_BODIES[notice.form](notice),
    ]


_SALUTATION = dict.fromkeys(NoticeForm, "Dear Applicant:") | {
    NoticeForm.REPORT_USED: "Dear Guarantor:"
}


def _letterhead(creditor: Creditor) -> Block:
    telephone = f" · Telephone: {creditor.telephone}" if creditor.telephone else ""
    return lines(creditor.name, f"{', '.join(creditor.address_lines)}{telephone}")


def _body_c2(notice: AdverseActionNotice) -> list[Block]:
    opening = wording("opening_c2", transaction=notice.transaction.description)
    return [paragraph(opening), items(reason_lines(notice))]


def _body_c3(notice: AdverseActionNotice) -> list[Block]:
    return [
        paragraph(wording("opening_c3", transaction=notice.transaction.description)),
        paragraph(wording("scoring_system_c3", credit_scoring="credit scoring")),
        paragraph(wording("reasons_c3")),
        items(reason_lines(notice)),
    ]


def _body_c4(notice: AdverseActionNotice) -> list[Block]:
    opening = wording("opening_c4", transaction=notice.transaction.description)
    return [paragraph(opening), items(reason_lines(notice)), *_offer(notice)]


def _body_c5(notice: AdverseActionNotice) -> list[Block]:
    opening = paragraph(
        wording("opening_c5", transaction=notice.transaction.description),
        wording("refusal_c5", act=_REFUSED_ACTS[notice.transaction.request]),
        _right(notice).statement,
    )
    return [opening, _office(_right(notice))]


def _body_c7(notice: AdverseActionNotice) -> list[Block]:
    return [paragraph(wording("opening_c7")), items(reason_lines(notice))]


def _body_c8(notice: AdverseActionNotice) -> list[Block]:
    return [paragraph(_right(notice).statement)]


_REFUSED_ACTS = {
    CreditRequest.LOAN: "grant a loan to you",
    CreditRequest.ACCOUNT: "open an account for you",
    CreditRequest.LIMIT_INCREASE: "increase your credit limit",
}


def reason_lines(notice: AdverseActionNotice) -> tuple[str, ...]:
    """Returns each reason as printed, with its creditor where several share a notice."""
    return tuple(
        f"{reason.creditor_name}: {reason.text}" if reason.creditor_name else reason.text
        for reason in notice.reasons
    )


def capitalised(text: str) -> str:
    """Returns text with its first letter in capitals and the rest untouched."""
    return text[:1].upper() + text[1:]


def missing(field: str, clause: str) -> RenderError:
    """Returns the error for a part that a form prints and the notice does not have."""
    return RenderError(f"{field} is missing: expected it on this form ({clause}); add it")


def _right(notice: AdverseActionNotice) -> RightToReasons:
    if notice.right_to_reasons is None:
        raise missing("right_to_reasons", "12 CFR 1002.9(a)(2)(ii)")
    return notice.right_to_reasons


def _office(right: RightToReasons) -> Block:
    return lines(
        capitalised(right.contact_name), *right.address_lines, f"Telephone: {right.telephone}"
    )


def _offer(notice: AdverseActionNotice) -> list[Block]:
    offer = notice.counteroffer
    if offer is None or offer.respond_by is None:
        raise missing("counteroffer", "12 CFR 1002, Appendix C, form C-4")
    num_days = (offer.respond_by - notice.dated_on).days
    return [
        paragraph(wording("counteroffer_terms")),
        fields(*((f"{term.label}:", term.value) for term in offer.terms)),
        paragraph(
            wording(
                "counteroffer_acceptance",
                amount_of_time=f"{_days(num_days)} (by {day(offer.respond_by)})",
                address=", ".join(offer.accept_at_lines),
            )
        ),
    ]


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _body_c6(notice: AdverseActionNotice) -> list[Block]:
    request = notice.incompleteness
    if request is None:
        raise missing("incompleteness", "12 CFR 1002.9(c)(2)")
    return [
        paragraph(wording("opening_c6")),
        items(request.items),
        paragraph(request.statement),
    ]


def _body_approval(notice: AdverseActionNotice) -> list[Block]:
    opening = wording("approval_opening", transaction=notice.transaction.description)
    return [
        paragraph(opening),
        paragraph(wording("approval_next")),
        paragraph(wording("approval_questions")),
    ]


def _body_report_used(notice: AdverseActionNotice) -> list[Block]:
    return [paragraph(_guaranteed(notice), wording("report_used_why"))]


def _guaranteed(notice: AdverseActionNotice) -> str:
    described = notice.transaction.description
    if notice.action.kind in _GUARANTEED:
        return wording(_GUARANTEED[notice.action.kind], transaction=described)
    done = _DONE_TO_ACCOUNT.get(normalised(notice.action.description))
    if done is None:
        raise missing("action.description", "15 USC 1681m(a)(1)")
    return wording("report_used_account", transaction=described, done=done)


_GUARANTEED = {
    ActionKind.DENIAL: "report_used_denied",
    ActionKind.COUNTEROFFER: "report_used_changed",
}
_DONE_TO_ACCOUNT = {
    "account closed": "closed the account",
    "account suspended": "suspended the account",
    "account terms changed": "changed the terms of the account",
    "credit limit lowered": "lowered the credit limit of the account",
}
"""What each description of an action on an account says was done, see `ACTION_DESCRIPTIONS`."""


_BODIES: dict[NoticeForm, Callable[[AdverseActionNotice], list[Block]]] = {
    NoticeForm.C2: _body_c2,
    NoticeForm.C3: _body_c3,
    NoticeForm.C4: _body_c4,
    NoticeForm.C5: _body_c5,
    NoticeForm.C6: _body_c6,
    NoticeForm.C7: _body_c7,
    NoticeForm.C8: _body_c8,
    NoticeForm.APPROVAL: _body_approval,
    NoticeForm.REPORT_USED: _body_report_used,
}
