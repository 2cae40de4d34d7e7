"""From what is owed to a drafted notice: which form, to whom, from which facts."""

import hashlib
from dataclasses import dataclass
from datetime import date

from serving.cases.application_file import ApplicationFile
from serving.cases.calendar_days import local_date
from serving.cases.case import Case, purposes_now
from serving.cases.decisions import Outcome
from serving.cases.events import Actor, ApplicantKind, NoticeDrafted, NoticePurpose
from serving.cases.store import NoticeContent, StoredCase
from serving.casework.desk import Desk
from serving.casework.errors import FactsError
from serving.casework.facts import case_facts
from serving.casework.notice_record import action_of, record_of
from serving.notices.case_file import NoticeCase, dump_case
from serving.notices.draft import DraftRequest, draft_notice
from serving.notices.errors import LanguageError
from serving.notices.forms import FORMS, ActionKind, NoticeForm, ReasonDisclosure
from serving.notices.notice import Channel, Counteroffer, Language
from serving.notices.templates_digest import templates_sha256

_ACCOUNT_ACTIONS = frozenset({ActionKind.TERMINATION, ActionKind.UNFAVORABLE_CHANGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person asks to be drafted.

    Attributes:
        form: which sample form; None takes the usual one of what is owed.
        consumer_id: the recipient; None takes the primary applicant.
        channel: how it is to be sent.
        language: which language; only English has approved texts.
        dated_on: its date, a day in the creditor's time zone; None takes today.
        missing_items: what form C-6 asks for.
        respond_by: the last day to supply it, for form C-6 alone.
        counteroffer: what form C-4 offers; its `accept_at_lines` may be empty for the creditor's.
        reasons_contact: the office that gives reasons, for form C-5.
        account_action: what was done to an existing account; None for an application.
    """

    form: NoticeForm | None = None
    consumer_id: str | None = None
    channel: Channel = Channel.POSTAL
    language: Language = Language.ENGLISH
    dated_on: date | None = None
    missing_items: tuple[str, ...] = ()
    respond_by: date | None = None
    counteroffer: Counteroffer | None = None
    reasons_contact: str | None = None
    account_action: ActionKind | None = None


def draft(desk: Desk, case_id: str, command: Draft, *, by: Actor) -> tuple[StoredCase, str]:
    """Drafts the notice that the case owes and returns the case and the notice's id.

    Raises:
        FactsError: the form does not fit what is owed, or a date cannot be.
        LanguageError: the language has no approved texts.
        NoticeDataError: recipient or agency is unknown.
        ReasonsError: the decision gives no reasons that could be stated.
        IllegalEventError: no notice is owed now.
    """
    if command.language is not Language.ENGLISH:
        raise LanguageError(
            f"language: found {command.language.value!r}, which has no approved texts, expected "
            "'en' (12 CFR 1002.4(e)): draft it in English, or have the texts approved first"
        )
    stored = desk.load(case_id)
    file = desk.storage.cases.file(case_id)
    form = command.form or usual_form(stored.case)
    purpose = _purpose(stored.case, form)
    today = local_date(desk.now(), time_zone=stored.case.time_zone)
    _check_dates(command, form, today=today)
    notice_id = desk.new_id("n")
    content = _content(stored.case, file, command, form=form, notice_id=notice_id, today=today)
    event = NoticeDrafted(
        **desk.when(by),
        notice_id=notice_id,
        purpose=purpose,
        digest=hashlib.sha256(content).hexdigest(),
        template_digest=templates_sha256(),
        decision_id=stored.case.decision.decision_id if stored.case.decision else None,
        reasons_on_request=FORMS[form].reasons is ReasonDisclosure.ON_REQUEST,
        missing_items=command.missing_items,
        respond_by=command.respond_by,
    )
    kept = NoticeContent(notice_id=notice_id, content=content)
    return desk.record(stored, [event], notices=[kept]), notice_id


def usual_form(case: Case) -> NoticeForm:
    """Returns the form that is usual for what a case owes."""
    if case.decision is None:
        return NoticeForm.C6
    if case.decision.outcome is Outcome.COUNTEROFFER:
        return NoticeForm.C4
    if case.applicant_kind is not ApplicantKind.CONSUMER:
        return NoticeForm.C7
    return NoticeForm.C1


def _purpose(case: Case, form: NoticeForm) -> NoticePurpose:
    if form is NoticeForm.C6:
        return NoticePurpose.INCOMPLETENESS
    if form is NoticeForm.C4:
        return NoticePurpose.COMBINED_COUNTEROFFER
    if form is NoticeForm.C8:
        raise FactsError(
            field="form",
            found="C-8, which is given at the application",
            expected="a form that tells what was decided",
            clause="12 CFR 1002.9(a)(3)(i)(B)",
        )
    owed = [p for p in purposes_now(case) if p not in _OWN_FORM]
    return owed[0] if owed else NoticePurpose.ACTION_TAKEN


_OWN_FORM = frozenset(
    {
        NoticePurpose.INCOMPLETENESS,
        NoticePurpose.COUNTEROFFER,
        NoticePurpose.COMBINED_COUNTEROFFER,
    }
)


def _check_dates(command: Draft, form: NoticeForm, *, today: date) -> None:
    if command.dated_on is not None and command.dated_on > today:
        raise FactsError(
            field="dated_on", found="a day in the future", expected="today or an earlier day"
        )
    if form is NoticeForm.C6:
        _check_items(command, today=today)
    elif command.missing_items or command.respond_by is not None:
        raise FactsError(
            field="missing_items",
            found="missing items or a day to supply them on another form",
            expected="form C-6 for both",
            clause="12 CFR 1002.9(c)(2)",
        )
    if (form is NoticeForm.C4) != (command.counteroffer is not None):
        raise FactsError(
            field="counteroffer",
            found="none on form C-4, or one on another form",
            expected="the terms offered, on form C-4 alone",
            clause="12 CFR 1002, Appendix C, form C-4",
        )
    offered = command.counteroffer
    if offered is not None and (offered.respond_by is None or offered.respond_by <= today):
        raise FactsError(
            field="counteroffer.respond_by",
            found="no day, or one that is over",
            expected="a later day until which the offer can be accepted",
            clause="12 CFR 1002, Appendix C, form C-4",
        )


def _check_items(command: Draft, *, today: date) -> None:
    clause = "12 CFR 1002.9(c)(2)"
    if not command.missing_items or not all(item.strip() for item in command.missing_items):
        raise FactsError(
            field="missing_items", found="none", expected="each item needed", clause=clause
        )
    if command.respond_by is None or command.respond_by <= today:
        raise FactsError(
            field="respond_by",
            found="no day, or one that is over",
            expected="a later day that leaves a reasonable time",
            clause=clause,
        )


def _action(case: Case, command: Draft) -> ActionKind:
    if case.decision is None:
        return ActionKind.INCOMPLETENESS
    found = action_of(case.decision.outcome)
    if found is not None:
        return found
    if case.decision.outcome is Outcome.ACCOUNT_ADVERSE_ACTION:
        if command.account_action not in _ACCOUNT_ACTIONS:
            raise FactsError(
                field="account_action",
                found="none",
                expected="termination or unfavorable_change",
                clause="12 CFR 1002.2(c)(1)",
            )
        return command.account_action
    raise FactsError(
        field="form",
        found=f"a case with the outcome {case.decision.outcome}",
        expected="an outcome of which a letter tells; an approval is told without one",
        clause="12 CFR 1002.9(a)(2)",
    )


def _content(
    case: Case,
    file: ApplicationFile,
    command: Draft,
    *,
    form: NoticeForm,
    notice_id: str,
    today: date,
) -> bytes:
    facts = case_facts(file)
    record = record_of(
        case,
        file,
        action=_action(case, command),
        missing_items=command.missing_items,
        counteroffer=_offer(command, facts.creditors[0].address_lines),
    )
    request = DraftRequest(
        notice_id=notice_id,
        form=form,
        consumer_id=command.consumer_id or record.primary_consumer_id or "",
        dated_on=command.dated_on or today,
        transaction=facts.transaction,
        channel=command.channel,
        reasons_contact=command.reasons_contact,
        respond_by=command.respond_by,
    )
    return dump_case(NoticeCase(notice=draft_notice(record, request), record=record)).encode()


def _offer(command: Draft, address_lines: tuple[str, ...]) -> Counteroffer | None:
    offered = command.counteroffer
    if offered is None or offered.accept_at_lines:
        return offered
    return Counteroffer(
        terms=offered.terms, accept_at_lines=address_lines, respond_by=offered.respond_by
    )
