"""An application comes in, is completed, gets papers, and is handed to somebody."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from data_pipeline.domain.application import LoanApplication
from serving.cases.application_file import (
    Applicant,
    ApplicationFile,
    collateral_of,
    requested_terms,
)
from serving.cases.calendar_days import local_date, zone
from serving.cases.events import (
    AccountReviewOpened,
    Actor,
    ApplicantKind,
    ApplicationCompleted,
    ApplicationReceived,
    CaseKind,
    Event,
)
from serving.cases.expected import UNDECIDED
from serving.cases.store import StoredCase
from serving.casework.applicants import in_composed_letters
from serving.casework.desk import Desk
from serving.casework.errors import FactsError
from serving.casework.fact_checks import check_applicants, check_facts, check_information
from serving.casework.facts import (
    NO_CONSENTS,
    CaseFacts,
    Consents,
    InformationUsed,
    Sheet,
    sheet_of,
)
from serving.casework.giving_up import give_up
from serving.notices.checks.special import path_of_business
from serving.notices.forms import BusinessPath
from serving.notices.notice import Creditor

_CASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KIND_OF_PATH = {
    BusinessPath.CONSUMER: ApplicantKind.CONSUMER,
    BusinessPath.BUSINESS_TO_ONE_MILLION: ApplicantKind.BUSINESS,
    BusinessPath.BUSINESS_ABOVE_OR_TRADE: ApplicantKind.LARGE_BUSINESS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """An application comes in, or a review of an existing account begins.

    Attributes:
        application: as submitted; None for an existing account.
        applicants: everybody who takes part, the primary applicant first.
        facts: creditors, transaction and the like; without creditors, the policy's is taken.
        consents: to electronic records.
        kind: application or existing account.
        case_id: an id of the client's own, nothing personal; None lets one be made.
        time_zone: the creditor's, an IANA name; None takes the policy's.
        received_at: when it came in; None means now.
        property_address_lines: where the property lies that secures the credit.
    """

    applicants: tuple[Applicant, ...]
    facts: CaseFacts
    application: LoanApplication | None = None
    consents: Consents = NO_CONSENTS
    kind: CaseKind = CaseKind.APPLICATION
    case_id: str | None = None
    time_zone: str | None = None
    received_at: datetime | None = None
    property_address_lines: tuple[str, ...] = ()


def receive(desk: Desk, command: Receive, *, by: Actor) -> StoredCase:
    """Opens a case and returns it.

    Raises:
        FactsError: a fact that every notice needs is missing or cannot be.
        NoticeDataError: the creditor's agency has no address on file.
        CaseExistsError: the case id is taken.
    """
    command = _with_policy(desk, _composed(command))
    check_facts(command.facts)
    check_applicants(command.applicants)
    case_id = command.case_id or desk.new_id("c")
    if not _CASE_ID.fullmatch(case_id):
        raise FactsError(
            field="case_id",
            found="characters that no id may have",
            expected="letters, digits, dots, dashes and underscores, 64 at most, nothing personal",
        )
    if (command.application is None) != (command.kind is CaseKind.EXISTING_ACCOUNT):
        raise FactsError(
            field="application",
            found="none, or one for an existing account",
            expected="the application as submitted, for an application alone",
        )
    opening = _opening(desk, command, case_id=case_id, by=by)
    stored = desk.storage.cases.open_case(opening, _file(desk, command, case_id=case_id))
    desk.tell(opening, case_id=case_id)
    return stored


def _composed(command: Receive) -> Receive:
    return replace(command, applicants=tuple(map(in_composed_letters, command.applicants)))


def _with_policy(desk: Desk, command: Receive) -> Receive:
    """Fills in what the policy knows of the creditor."""
    own = desk.policy.creditor
    facts = command.facts
    if own is not None and not facts.creditors:
        creditor = Creditor(
            name=own.name,
            address_lines=own.address_lines,
            creditor_type=own.creditor_type,
            telephone=own.telephone,
        )
        facts = replace(facts, creditors=(creditor,))
    time_zone = command.time_zone or (own.time_zone if own else None)
    if time_zone is None:
        raise FactsError(
            field="time_zone",
            found="none",
            expected="the creditor's, such as America/New_York, here or in the policy file",
            clause="12 CFR 1002.9(a)(1)",
        )
    zone(time_zone)
    return replace(command, facts=facts, time_zone=time_zone)


def _opening(desk: Desk, command: Receive, *, case_id: str, by: Actor) -> Event:
    is_application = command.kind is CaseKind.APPLICATION
    kind = ApplicationReceived if is_application else AccountReviewOpened
    return kind(
        **desk.when(by, command.received_at, field="received_at"),
        case_id=case_id,
        applicant_kind=_KIND_OF_PATH[path_of_business(command.facts.business)],
        time_zone=command.time_zone or "",
    )


def _file(desk: Desk, command: Receive, *, case_id: str) -> ApplicationFile:
    at = desk.now()
    sheets: list[Sheet] = [command.facts]
    if command.consents.consents:
        sheets.append(command.consents)
    asked = command.application
    where = command.property_address_lines
    return ApplicationFile(
        application=asked,
        applicants=command.applicants,
        terms=(requested_terms(asked),) if asked else (),
        collateral=collateral_of(asked, address_lines=where) if asked else None,
        documents=tuple(
            sheet_of(sheet, document_id=f"{case_id}-sheet-{number}", at=at)
            for number, sheet in enumerate(sheets, start=1)
        ),
    )


def complete(
    desk: Desk, case_id: str, *, by: Actor, completed_at: datetime | None = None
) -> StoredCase:
    """Records that the last piece of information was obtained; None means now.

    Raises:
        IllegalEventError: the application is complete already, or decided.
    """
    stored = desk.load(case_id)
    given_up = give_up(stored.case.preparing, desk.when(by), cause="completed before its release")
    completed = ApplicationCompleted(**desk.when(by, completed_at, field="completed_at"))
    return desk.record(stored, [*given_up, completed])


def add_information(desk: Desk, case_id: str, found: InformationUsed, *, by: Actor) -> StoredCase:
    """Puts on file what was obtained from others, in place of what was said of it before.

    Raises:
        FactsError: a report or score cannot be, or the case is decided.
    """
    stored = desk.load(case_id)
    if stored.case.stage not in UNDECIDED:
        raise FactsError(
            field="information",
            found="a decided case",
            expected="one that is not: reopen the decision first",
            clause="comment 9(b)(2)-2",
        )
    file = desk.storage.cases.file(case_id)
    today = local_date(desk.now(), time_zone=stored.case.time_zone)
    check_information(found, applicants=file.applicants, today=today)
    _add_sheet(desk, stored, file, found, by=by)
    return stored


def add_consents(desk: Desk, case_id: str, found: Consents, *, by: Actor) -> StoredCase:
    """Puts on file which consents to electronic records hold, in place of those before.

    Raises:
        FactsError: a consent is of somebody who takes no part.
    """
    stored = desk.load(case_id)
    file = desk.storage.cases.file(case_id)
    known = {applicant.consumer_id for applicant in file.applicants}
    for position, given in enumerate(found.consents):
        if given.consumer_id not in known:
            raise FactsError(
                field=f"consents.{position}.consumer_id",
                found="somebody who takes no part in the application",
                expected="the consumer_id of an applicant or guarantor",
                clause="12 CFR 1002.4(d)(2)",
            )
    _add_sheet(desk, stored, file, found, by=by)
    return stored


def _add_sheet(
    desk: Desk, stored: StoredCase, file: ApplicationFile, sheet: Sheet, *, by: Actor
) -> None:
    at = desk.now()
    case_id = stored.case.case_id
    document = sheet_of(sheet, document_id=f"{case_id}-sheet-{len(file.documents) + 1}", at=at)
    revised = replace(file, documents=(*file.documents, document))
    desk.storage.cases.revise_file(
        case_id,
        revised,
        expected_events=stored.num_events,
        expected_documents=stored.num_documents,
        by=by,
        at=at,
    )


def assign(desk: Desk, case_id: str, person_id: str | None, *, by: Actor) -> None:
    """Hands a case to a person, or to nobody.

    Raises:
        FactsError: nobody has the person's id.
        UnknownCaseError: there is no such case.
        CaseConflictError: somebody else was handed it meanwhile.
    """
    if person_id is not None and not (_CASE_ID.fullmatch(person_id) and desk.knows(person_id)):
        raise FactsError(
            field="person_id",
            found="an id that nobody has",
            expected="the id of a person who has a key, or can sign in",
        )
    cases = desk.storage.cases
    seen = cases.entry(case_id).assigned_to
    cases.assign(case_id, person_id, expected=seen, by=by, at=desk.now())
