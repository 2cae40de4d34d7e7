"""Checks C1 to C5: what every notice must hold."""

from functools import cache

from serving.notices.checks.verdict import Fault, check
from serving.notices.compose import ECOA_WORDINGS, right_to_reasons_statement
from serving.notices.forms import ACTION_DESCRIPTIONS, FORMS, ReasonDisclosure
from serving.notices.notice import AdverseActionNotice, CreditorType, RightToReasons
from serving.notices.record import DecisionRecord
from serving.notices.substance import is_written, postal_lines
from serving.notices.wording import agencies_of, agency_phrase, normalised, wordings

MIN_ADDRESS_LINES = 2
NUM_DIGITS_OF_TELEPHONE = 10


def has_address(lines: tuple[str, ...]) -> bool:
    """Whether lines hold a street or box and a place; what is no postal line does not count."""
    return len(postal_lines(lines)) >= MIN_ADDRESS_LINES and all(line.strip() for line in lines)


def digits_of(telephone: str) -> str:
    """Returns the ten digits of a telephone number, without the country code; "" if not ten."""
    digits = "".join(c for c in telephone if c.isdigit())
    if len(digits) == NUM_DIGITS_OF_TELEPHONE + 1:
        digits = digits.removeprefix("1")
    return digits if len(digits) == NUM_DIGITS_OF_TELEPHONE else ""


@check("C1", clause="12 CFR 1002.9(a)(2)")
def states_the_action_taken(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """The notice states the action that the record holds, on a form meant for it."""
    if notice.action.kind is not record.action:
        return Fault(
            field="notice.action.kind",
            found=f"is {notice.action.kind.value!r} but the record holds {record.action.value!r}",
            advice="state the action that was taken",
        )
    if notice.action.kind not in FORMS[notice.form].actions:
        return Fault(
            field="notice.form",
            found=f"form {notice.form.value} does not notify of {notice.action.kind.value!r}",
            advice="choose the form that fits the action",
        )
    allowed = ACTION_DESCRIPTIONS[notice.action.kind]
    if normalised(notice.action.description) not in map(normalised, allowed):
        return Fault(
            field="notice.action.description",
            found="is empty or does not describe the action",
            advice=f"write one of: {'; '.join(allowed)}",
        )
    if record.decided_on and notice.dated_on < record.decided_on:
        return Fault(
            field="notice.dated_on",
            found="lies before the decision",
            advice="date the notice on or after the day of the decision",
        )
    return None


@check("C2", clause="12 CFR 1002.9(a)(2)")
def names_the_creditor(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """Name and address of each creditor, as the record holds them."""
    if not notice.creditors:
        return Fault(
            field="notice.creditors",
            found="names no creditor",
            advice="give the name and address of the creditor",
        )
    known = {(c.name, c.address_lines) for c in record.creditors}
    for position, creditor in enumerate(notice.creditors):
        field = f"notice.creditors[{position}]"
        if not is_written(creditor.name):
            return Fault(field=f"{field}.name", found="is no name", advice="give the name")
        if not has_address(creditor.address_lines):
            return Fault(
                field=f"{field}.address_lines",
                found="holds no complete address",
                advice="give street or box, and city, state and ZIP code",
            )
        if (creditor.name, creditor.address_lines) not in known:
            return Fault(
                field=field,
                found="differs from the creditor in the record",
                advice="copy name and address from the record",
            )
    return None


@check("C3", clause="12 CFR 1002.9(b)(1)")
def carries_the_ecoa_notice(notice: AdverseActionNotice, _record: DecisionRecord) -> Fault | None:
    """The paragraph is one of the three official wordings, with an agency of Appendix A alone.

    Which agency it is, is the matter of C4.
    """
    if not FORMS[notice.form].has_ecoa_notice:
        return None
    if _agency_in(notice.ecoa_notice or "") in _listed_agencies():
        return None
    return Fault(
        field="notice.ecoa_notice",
        found="is missing or differs from the three official wordings",
        advice="use the paragraph of the form word for word, agency included",
    )


@check("C4", clause="12 CFR 1002, Appendix A; 12 CFR 1002.9(b)(1)")
def names_the_agency_of_the_creditor(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """Agency names and addresses are the entries of Appendix A for the creditor, word for word."""
    if not FORMS[notice.form].has_ecoa_notice:
        return None
    lawful = [agencies_of(c.creditor_type) for c in record.creditors]
    if notice.agencies not in lawful or not all(a.address_lines for a in notice.agencies):
        return Fault(
            field="notice.agencies",
            found="is not the entry of Appendix A for this type of creditor",
            advice="take name and address from the shipped list",
        )
    slot, phrase = _agency_in(notice.ecoa_notice or ""), normalised(agency_phrase(notice.agencies))
    if phrase not in normalised(notice.ecoa_notice or "") or slot not in {None, phrase}:
        return Fault(
            field="notice.ecoa_notice",
            found="does not end with the agency of the creditor and its address alone",
            advice="take name and address from the shipped list",
        )
    return None


@cache
def _listed_agencies() -> frozenset[str]:
    return frozenset(normalised(agency_phrase(agencies_of(kind))) for kind in CreditorType)


def _agency_in(ecoa_notice: str) -> str | None:
    text = normalised(ecoa_notice)
    for name in ECOA_WORDINGS:
        start, end = (normalised(part) for part in wordings()[name].text.split("{agency}"))
        if text.startswith(start) and text.endswith(end):
            return text.removeprefix(start).removesuffix(end).strip()
    return None


@check("C5", clause="12 CFR 1002.9(a)(2)(i) and (ii)")
def states_reasons_or_the_right_to_them(
    notice: AdverseActionNotice, _record: DecisionRecord
) -> Fault | None:
    """Either specific reasons or the right to them, as the form provides, never both."""
    disclosure = FORMS[notice.form].reasons
    if bool(notice.reasons) != (disclosure is ReasonDisclosure.STATED):
        return Fault(
            field="notice.reasons",
            found=f"form {notice.form.value} {_DISCLOSURES[disclosure]}",
            advice="state the principal reasons exactly where the form provides for them",
        )
    if (notice.right_to_reasons is not None) != (disclosure is ReasonDisclosure.ON_REQUEST):
        return Fault(
            field="notice.right_to_reasons",
            found=f"form {notice.form.value} {_DISCLOSURES[disclosure]}",
            advice="tell of the right to reasons exactly where the form provides for it",
        )
    if any(not reason.text.strip() for reason in notice.reasons):
        return Fault(
            field="notice.reasons", found="a reason has no text", advice="state each reason"
        )
    return _right_fault(notice, notice.right_to_reasons) if notice.right_to_reasons else None


_DISCLOSURES = {
    ReasonDisclosure.STATED: "must state at least one reason and no right to ask for them",
    ReasonDisclosure.ON_REQUEST: "must tell of the right to reasons and state none",
    ReasonDisclosure.NONE: "states no reasons and no right to them",
}


def _right_fault(notice: AdverseActionNotice, right: RightToReasons) -> Fault | None:
    field = "notice.right_to_reasons"
    if not is_written(right.contact_name):
        return Fault(field=f"{field}.contact_name", found="is no name", advice="name the office")
    if not has_address(right.address_lines):
        return Fault(
            field=f"{field}.address_lines", found="is incomplete", advice="give its full address"
        )
    if not digits_of(right.telephone):
        return Fault(
            field=f"{field}.telephone", found="is no telephone number", advice="give ten digits"
        )
    prescribed = right_to_reasons_statement(
        notice.form,
        contact_name=right.contact_name,
        address_lines=right.address_lines,
        telephone=right.telephone,
    )
    if normalised(right.statement) != normalised(prescribed):
        return Fault(
            field=f"{field}.statement",
            found="differs from the prescribed statement (60 days to ask, 30 days to answer)",
            advice=f"use the sentences of form {notice.form.value} word for word",
        )
    return None
