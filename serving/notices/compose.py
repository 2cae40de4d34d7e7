"""Blocks of a notice in the prescribed wording, ready to be put into the value."""

from datetime import date

from serving.notices.errors import NoticeDataError
from serving.notices.forms import NoticeForm
from serving.notices.notice import (
    Creditor,
    EnforcementAgency,
    IncompletenessRequest,
    ReportBlock,
    RightToReasons,
    ScoreBlock,
)
from serving.notices.record import ReportUsed, ScoreUsed
from serving.notices.wording import agencies_of, agency_phrase, day, wording

REPORT_SENTENCES = (
    "report_used",
    "report_right_to_know",
    "report_no_part",
    "report_free_copy",
    "report_dispute",
)
SCORE_SENTENCES = ("score_used", "score_is", "score_changes")
ECOA_WORDINGS = ("ecoa_general", "ecoa_form_c3", "ecoa_form_c4")

_ECOA_OF_FORM = {NoticeForm.C3: "ecoa_form_c3", NoticeForm.C4: "ecoa_form_c4"}


def compose_agencies(creditor: Creditor) -> tuple[EnforcementAgency, ...]:
    """Returns the agencies to name for a creditor.

    Raises:
        NoticeDataError: Appendix A gives no fixed address for this type of creditor.
    """
    agencies = agencies_of(creditor.creditor_type)
    if not all(agency.address_lines for agency in agencies):
        raise NoticeDataError(
            f"creditor type {creditor.creditor_type.value!r} names the nearest regional office, "
            "which is not in the shipped list: expected an agency with an address (12 CFR 1002, "
            "Appendix A); add the office to agencies.toml"
        )
    return agencies


def compose_ecoa_notice(form: NoticeForm, agencies: tuple[EnforcementAgency, ...]) -> str:
    """Returns the notice of 12 CFR 1002.9(b)(1) in the wording of the form."""
    return wording(_ECOA_OF_FORM.get(form, "ecoa_general"), agency=agency_phrase(agencies))


def compose_report_block(consumer_id: str, reports: tuple[ReportUsed, ...]) -> ReportBlock | None:
    """Returns the section 615(a) block of one consumer; None where no report on them was used.

    An agency that gave several reports is named once.
    """
    agencies = tuple(dict.fromkeys(r.agency for r in reports if r.consumer_id == consumer_id))
    if not agencies:
        return None
    return ReportBlock(
        consumer_id=consumer_id,
        agencies=agencies,
        sentences=tuple(wording(name) for name in REPORT_SENTENCES),
    )


def compose_score_block(consumer_id: str, scores: tuple[ScoreUsed, ...]) -> ScoreBlock | None:
    """Returns the score disclosure of one consumer; None where no score of theirs was used."""
    for used in scores:
        if used.consumer_id == consumer_id:
            return ScoreBlock(
                consumer_id=consumer_id,
                score=used.score,
                created_on=used.created_on,
                range_low=used.range_low,
                range_high=used.range_high,
                key_factors=used.key_factors,
                provided_by=used.provided_by,
                sentences=tuple(wording(name) for name in SCORE_SENTENCES),
            )
    return None


def right_to_reasons_statement(
    form: NoticeForm, *, contact_name: str, address_lines: tuple[str, ...], telephone: str
) -> str:
    """Returns the statement of the right to reasons in the wording of form C-5 or C-8."""
    if form is NoticeForm.C8:
        contact = ", ".join((contact_name, *address_lines, telephone))
        return wording("right_to_reasons_at_application", contact=contact)
    return wording("right_to_reasons", contact=contact_name)


def compose_right_to_reasons(
    form: NoticeForm, *, contact_name: str, address_lines: tuple[str, ...], telephone: str
) -> RightToReasons:
    """Returns the block of form C-5 or C-8."""
    return RightToReasons(
        contact_name=contact_name,
        address_lines=address_lines,
        telephone=telephone,
        statement=right_to_reasons_statement(
            form, contact_name=contact_name, address_lines=address_lines, telephone=telephone
        ),
    )


def compose_incompleteness(items: tuple[str, ...], respond_by: date) -> IncompletenessRequest:
    """Returns the request of form C-6."""
    return IncompletenessRequest(
        items=items,
        respond_by=respond_by,
        statement=wording("incompleteness", date=day(respond_by)),
    )
