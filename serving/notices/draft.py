"""A first notice from the decision record, every block in the prescribed wording."""

from dataclasses import dataclass
from datetime import date

from serving.notices.checks.special import business_path_of
from serving.notices.compose import (
    compose_agencies,
    compose_ecoa_notice,
    compose_incompleteness,
    compose_report_block,
    compose_right_to_reasons,
    compose_score_block,
)
from serving.notices.errors import NoticeDataError
from serving.notices.forms import (
    ACTION_DESCRIPTIONS,
    ADVERSE_ACTIONS,
    FORMS,
    NoticeForm,
    ReasonDisclosure,
    has_outside_statement,
)
from serving.notices.notice import (
    Action,
    AdverseActionNotice,
    Channel,
    Delivery,
    IncompletenessRequest,
    Language,
    Layout,
    Recipient,
    ReportBlock,
    RightToReasons,
    ScoreBlock,
    StatedReason,
    Transaction,
)
from serving.notices.reasons import select_principal_reasons
from serving.notices.record import DecisionRecord
from serving.notices.templates_digest import templates_sha256
from serving.notices.wording import wording

FONT_SIZE_PT = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRequest:
    """What a draft needs beside the record.

    Attributes:
        consumer_id: the recipient, one of the applicants or guarantors.
        reasons_contact: the office that gives reasons, for forms C-5 and C-8; None takes the name
            of the creditor.
        respond_by: the date of form C-6; None for all others.
        action_description: one of `ACTION_DESCRIPTIONS`; None takes the usual one of the action.
    """

    notice_id: str
    form: NoticeForm
    consumer_id: str
    dated_on: date
    transaction: Transaction
    channel: Channel = Channel.POSTAL
    reasons_contact: str | None = None
    respond_by: date | None = None
    action_description: str | None = None


def draft_notice(record: DecisionRecord, request: DraftRequest) -> AdverseActionNotice:
    """Returns a notice for one recipient and one creditor, ready to be checked.

    Raises:
        NoticeDataError: the recipient is no applicant, or the agency has no address on file.
        ReasonsError: the record gives no reasons that could be stated.
    """
    info, creditor = FORMS[request.form], record.creditors[0]
    agencies = compose_agencies(creditor) if info.has_ecoa_notice else ()
    report, score, outside = _credit_blocks(record, request)
    description = request.action_description or ACTION_DESCRIPTIONS[record.action][0]
    return AdverseActionNotice(
        notice_id=request.notice_id,
        form=request.form,
        language=Language.ENGLISH,
        dated_on=request.dated_on,
        creditors=(creditor,),
        recipient=_recipient(record, request.consumer_id),
        action=Action(kind=record.action, description=description),
        transaction=request.transaction,
        business_path=business_path_of(record),
        delivery=Delivery(channel=request.channel),
        layout=Layout(templates_sha256=templates_sha256(request.form), font_size_pt=FONT_SIZE_PT),
        reasons=_reasons(record, request.form),
        right_to_reasons=_right(record, request),
        ecoa_notice=compose_ecoa_notice(request.form, agencies) if agencies else None,
        agencies=agencies,
        report_block=report,
        score_block=score,
        outside_information=outside,
        counteroffer=None if request.form is NoticeForm.REPORT_USED else record.counteroffer,
        incompleteness=_incompleteness(record, request),
    )


def _recipient(record: DecisionRecord, consumer_id: str) -> Recipient:
    for applicant in record.applicants:
        if applicant.consumer_id == consumer_id:
            return applicant
    raise NoticeDataError(
        "the recipient is no applicant of the record: expected one of its consumer ids "
        "(12 CFR 1002.9(f)); add the applicant or choose another"
    )


def _credit_blocks(
    record: DecisionRecord, request: DraftRequest
) -> tuple[ReportBlock | None, ScoreBlock | None, str | None]:
    if record.action not in ADVERSE_ACTIONS:
        return None, None, None
    tells = record.other_information_used and has_outside_statement(request.form, record.action)
    return (
        compose_report_block(request.consumer_id, record.reports_used),
        compose_score_block(request.consumer_id, record.scores_used),
        wording("outside_information") if tells else None,
    )


def _reasons(record: DecisionRecord, form: NoticeForm) -> tuple[StatedReason, ...]:
    if FORMS[form].reasons is not ReasonDisclosure.STATED:
        return ()
    return select_principal_reasons(record)


def _right(record: DecisionRecord, request: DraftRequest) -> RightToReasons | None:
    if FORMS[request.form].reasons is not ReasonDisclosure.ON_REQUEST:
        return None
    creditor = record.creditors[0]
    return compose_right_to_reasons(
        request.form,
        contact_name=request.reasons_contact or creditor.name,
        address_lines=creditor.address_lines,
        telephone=creditor.telephone or "",
    )


def _incompleteness(record: DecisionRecord, request: DraftRequest) -> IncompletenessRequest | None:
    if request.form is not NoticeForm.C6:
        return None
    if request.respond_by is None:
        raise NoticeDataError(
            "respond_by is missing: expected the date until which the information can be sent "
            "(12 CFR 1002.9(c)(2)); name one"
        )
    items = tuple(item.name for item in record.missing_items if item.applicant_can_supply)
    return compose_incompleteness(items, request.respond_by)
