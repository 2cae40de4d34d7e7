"""From what is owed to drafted notices: which form, to whom, from which facts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Never

from serving.cases.application_file import ApplicationFile
from serving.cases.calendar_days import local_date
from serving.cases.case import OFFERS, Case
from serving.cases.decisions import Outcome
from serving.cases.errors import IllegalEventError
from serving.cases.events import Actor, ApplicantKind, CaseKind, Recipient
from serving.cases.expected import expected_events
from serving.cases.notice_events import NoticeDrafted, NoticePurpose
from serving.cases.owed import draftable, owes_denial, to_draft
from serving.cases.store import NoticeContent, StoredCase
from serving.casework.agreement import (
    ACCOUNT_ACTIONS,
    Letters,
    agreed_action,
    agreed_description,
    agreed_offer,
    letters_on,
)
from serving.casework.desk import Desk
from serving.casework.draft_checks import check_draft, check_path
from serving.casework.errors import FactsError
from serving.casework.facts import case_facts
from serving.casework.notice_record import action_of, record_of
from serving.casework.recipients import consumer_of, is_guarantor, recipient_of
from serving.notices.case_file import NoticeCase, dump_case
from serving.notices.draft import DraftRequest, draft_notice
from serving.notices.errors import LanguageError
from serving.notices.forms import FORMS, ActionKind, NoticeForm, ReasonDisclosure
from serving.notices.notice import Channel, Counteroffer, Language
from serving.notices.templates_digest import templates_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person asks to be drafted.

    Attributes:
        form: which sample form; None takes the usual one of what is owed.
        consumer_id: the recipient; None takes the primary applicant. Whoever drafts all notices
            leaves it out.
        channel: how it is to be sent.
        language: which language; only English has approved texts.
        dated_on: its date, a day in the creditor's time zone; None takes today. See `periods` on
            how old it may be.
        missing_items: what form C-6 asks for.
        respond_by: the last day to supply it, for form C-6 alone.
        counteroffer: what form C-4 offers; its `accept_at_lines` may be empty for the creditor's.
            None takes what another letter of the decision offers.
        reasons_contact: the office that gives reasons, for form C-5.
        account_action: what was done to an existing account; None takes what another letter of the
            decision tells, and is right for an application.
        action_description: the action in one of the `ACTION_DESCRIPTIONS` of its kind; None takes
            the words of another letter of the decision, or the usual ones.
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
    action_description: str | None = None


def draft(desk: Desk, case_id: str, command: Draft, *, by: Actor) -> tuple[StoredCase, str]:
    """Drafts the notice that one recipient is owed and returns the case and the notice's id.

    Raises:
        FactsError: the form does not fit what is owed, a date cannot be, or another letter of the
            decision tells another action, in other words, or offers other terms.
        LanguageError: the language has no approved texts.
        NoticeDataError: recipient or agency is unknown.
        ReasonsError: the decision gives no reasons that could be stated.
        IllegalEventError: nothing is owed to this recipient now.
    """
    stored, file = desk.load(case_id), desk.storage.cases.file(case_id)
    recipient = recipient_of(file, command.consumer_id)
    stored, [notice_id] = _draft(desk, stored, file, command, [recipient], by=by)
    return stored, notice_id


def draft_all(
    desk: Desk, case_id: str, command: Draft, *, by: Actor
) -> tuple[StoredCase, tuple[str, ...]]:
    """Drafts what everybody is owed who has no draft yet: all notices, or none.

    Form and counteroffer are those of the applicants; a guarantor gets the form of guarantors.
    Returns the case and the ids, the primary applicant's first. Raises as `draft`.
    """
    stored, file = desk.load(case_id), desk.storage.cases.file(case_id)
    everybody = to_draft(stored.case)
    if not everybody:
        _refuse(stored)
    return _draft(desk, stored, file, command, everybody, by=by)


def _refuse(stored: StoredCase) -> Never:
    """Raises IllegalEventError: nobody is owed a notice that is not drafted."""
    raise IllegalEventError(
        state=stored.case.state,
        event=NoticeDrafted.__name__,
        expected=tuple(kind.__name__ for kind in expected_events(stored.case)),
        reason="nobody is owed a notice that is not drafted yet: go on with those there are",
    )


def _draft(
    desk: Desk,
    stored: StoredCase,
    file: ApplicationFile,
    command: Draft,
    recipients: Sequence[Recipient],
    *,
    by: Actor,
) -> tuple[StoredCase, tuple[str, ...]]:
    if command.language is not Language.ENGLISH:
        raise LanguageError(
            f"language: found {command.language.value!r}, which has no approved texts, expected "
            "'en' (12 CFR 1002.4(e)): draft it in English, or have the texts approved first"
        )
    letters = letters_on(desk, stored.case)
    drafted = [
        _drafted(desk, stored.case, file, command, r, letters=letters, by=by) for r in recipients
    ]
    after = desk.record(
        stored, [event for event, _ in drafted], notices=[content for _, content in drafted]
    )
    return after, tuple(event.notice_id for event, _ in drafted)


def _drafted(
    desk: Desk,
    case: Case,
    file: ApplicationFile,
    command: Draft,
    recipient: Recipient,
    *,
    letters: Letters,
    by: Actor,
) -> tuple[NoticeDrafted, NoticeContent]:
    consumer_id = consumer_of(file, recipient)
    command = _agreed(letters, case, _for(command, case, file, consumer_id))
    form = command.form
    assert form is not None  # noqa: S101  `_for` has chosen one
    today = local_date(desk.now(), time_zone=case.time_zone)
    purpose = _purpose(case, form, recipient)
    check_draft(
        form,
        today=today,
        dated_on=command.dated_on,
        missing_items=command.missing_items,
        respond_by=command.respond_by,
        counteroffer=command.counteroffer,
    )
    notice_id = desk.new_id("n")
    content = _content(case, file, command, form=form, notice_id=notice_id, today=today)
    event = NoticeDrafted(
        **desk.when(by),
        notice_id=notice_id,
        purpose=purpose,
        digest=hashlib.sha256(content).hexdigest(),
        template_digest=templates_sha256(form),
        consumer_id=recipient,
        decision_id=case.decision.decision_id if case.decision else None,
        reasons_on_request=FORMS[form].reasons is ReasonDisclosure.ON_REQUEST,
        missing_items=command.missing_items,
        respond_by=command.respond_by,
    )
    return event, NoticeContent(notice_id=notice_id, content=content)


def _for(command: Draft, case: Case, file: ApplicationFile, consumer_id: str) -> Draft:
    """Returns the command as it is for one recipient, its form chosen."""
    if case.decision is not None and is_guarantor(file, consumer_id):
        form = NoticeForm.REPORT_USED
        return replace(command, consumer_id=consumer_id, form=form, counteroffer=None)
    return replace(command, consumer_id=consumer_id, form=command.form or usual_form(case))


def _agreed(letters: Letters, case: Case, command: Draft) -> Draft:
    """Returns the command with what the letters of the same decision tell and offer already."""
    offer, action = command.counteroffer, command.account_action
    if command.form is NoticeForm.C4:
        offer = agreed_offer(letters, offer)
    if case.kind is CaseKind.EXISTING_ACCOUNT:
        action = agreed_action(letters, action)
    command = replace(command, counteroffer=offer, account_action=action)
    described = agreed_description(
        letters, command.action_description, action=_action(case, command)
    )
    return replace(command, action_description=described)


def usual_form(case: Case) -> NoticeForm:
    """Returns the form that is usual for what a case owes an applicant."""
    if case.decision is None:
        return NoticeForm.C6
    if case.decision.outcome is Outcome.APPROVE:
        return NoticeForm.APPROVAL
    if case.decision.outcome is Outcome.COUNTEROFFER and not owes_denial(case):
        return NoticeForm.C4
    if case.decision.outcome is Outcome.ACCOUNT_ADVERSE_ACTION:
        return NoticeForm.C1
    if case.applicant_kind is not ApplicantKind.CONSUMER:
        return NoticeForm.C7
    return NoticeForm.C1


def _purpose(case: Case, form: NoticeForm, recipient: Recipient) -> NoticePurpose:
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
    owed = draftable(case, recipient)
    if form is not NoticeForm.REPORT_USED:
        owed = tuple(purpose for purpose in owed if purpose not in _OWN_FORM)
    return owed[0] if owed else NoticePurpose.ACTION_TAKEN


_OWN_FORM = frozenset({NoticePurpose.INCOMPLETENESS, *OFFERS})


def _action(case: Case, command: Draft) -> ActionKind:
    if case.decision is None:
        return ActionKind.INCOMPLETENESS
    # Credit that was offered on other terms and not accepted is denied on those asked for.
    found = ActionKind.DENIAL if owes_denial(case) else action_of(case.decision.outcome)
    if found is not None:
        return found
    if case.decision.outcome is Outcome.ACCOUNT_ADVERSE_ACTION:
        if command.account_action not in ACCOUNT_ACTIONS:
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
        expected="an outcome of which a letter tells",
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
    check_path(form, record.path)
    request = DraftRequest(
        notice_id=notice_id,
        form=form,
        consumer_id=command.consumer_id or "",
        dated_on=command.dated_on or today,
        transaction=facts.transaction,
        channel=command.channel,
        reasons_contact=command.reasons_contact,
        respond_by=command.respond_by,
        action_description=command.action_description,
    )
    return dump_case(NoticeCase(notice=draft_notice(record, request), record=record)).encode()


def _offer(command: Draft, address_lines: tuple[str, ...]) -> Counteroffer | None:
    offered = command.counteroffer
    if offered is None or offered.accept_at_lines:
        return offered
    return Counteroffer(
        terms=offered.terms, accept_at_lines=address_lines, respond_by=offered.respond_by
    )
