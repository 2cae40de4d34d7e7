"""From the bodies of requests to the commands of `serving.casework`."""

from typing import Any

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources import RowError
from serving.api import case_requests as rq
from serving.api.applications import has_id, read_application
from serving.api.decision_requests import DecideRequest
from serving.api.information_requests import InformationRequest
from serving.api.notice_requests import DraftAllBody, DraftRequestBody
from serving.api.revision_requests import ReviseRequest
from serving.cases.application_file import Applicant, ApplicantRole
from serving.cases.decisions import ReviewAnswer
from serving.casework.deciding import Decide, GivenReason, Passage
from serving.casework.drafting import Draft
from serving.casework.facts import CaseFacts, Consent, Consents, InformationUsed
from serving.casework.intake import Receive
from serving.casework.revising import Particulars, Revise
from serving.errors import RowRejectedError
from serving.notices.notice import (
    ConsumerReportingAgency,
    Counteroffer,
    Creditor,
    Term,
    Transaction,
)
from serving.notices.record import Business, ReportUsed, ScoreUsed


def receive_command(body: rq.ReceiveRequest) -> Receive:
    """Returns the command of a request.

    Raises:
        RowRejectedError: the application is no application.
    """
    application, reference = _application(body.application)
    return Receive(
        application=application,
        applicants=applicants(body.applicants),
        facts=CaseFacts(
            creditors=_creditors(body.creditors),
            transaction=_transaction(body.transaction),
            business=Business(**body.business.model_dump()) if body.business else None,
            is_hmda_reportable=body.is_hmda_reportable,
            reference=reference,
        ),
        consents=consents(body.consents),
        kind=body.kind,
        case_id=body.case_id,
        time_zone=body.time_zone,
        received_at=body.received_at,
        property_address_lines=tuple(body.property_address_lines),
    )


def revise_command(body: ReviseRequest) -> Revise:
    """Returns the command of a request.

    Raises:
        RowRejectedError: the application is no application.
    """
    application, _ = _application(body.application)
    return Revise(
        cause=body.cause,
        applicants=tuple(
            Particulars(
                consumer_id=given.consumer_id,
                name=given.name,
                address_lines=_lines(given.address_lines),
                email=given.email,
            )
            for given in body.applicants
        ),
        application=application,
        creditors=None if body.creditors is None else _creditors(body.creditors),
        transaction=_transaction(body.transaction) if body.transaction else None,
        property_address_lines=_lines(body.property_address_lines),
    )


def applicants(given: list[rq.ApplicantBody]) -> tuple[Applicant, ...]:
    """Returns who takes part, of a request; without a role the first is the primary applicant."""
    return tuple(
        Applicant(
            consumer_id=one.consumer_id,
            role=one.role or (ApplicantRole.JOINT if position else ApplicantRole.PRIMARY),
            name=one.name,
            address_lines=tuple(one.address_lines),
            email=one.email,
        )
        for position, one in enumerate(given)
    )


def _application(given: Any) -> tuple[LoanApplication | None, str | None]:
    """Returns the application of a request with its id, if it has any."""
    if given is None:
        return None, None
    row = read_application(given, number=1)
    if isinstance(row, RowError):
        raise RowRejectedError(code=row.code, message=row.message)
    return row.application, row.id if has_id(given) else None


def _creditors(bodies: list[rq.CreditorBody]) -> tuple[Creditor, ...]:
    return tuple(
        Creditor(
            name=given.name,
            address_lines=tuple(given.address_lines),
            creditor_type=given.creditor_type,
            telephone=given.telephone,
        )
        for given in bodies
    )


def _transaction(body: rq.TransactionBody) -> Transaction:
    return Transaction(request=body.request, description=body.description)


def _lines(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)


def consents(given: list[rq.ConsentBody]) -> Consents:
    """Returns the consents of a request."""
    return Consents(consents=tuple(Consent(**consent.model_dump()) for consent in given))


def information(body: InformationRequest) -> InformationUsed:
    """Returns what was obtained from others, of a request."""
    return InformationUsed(
        reports=tuple(
            ReportUsed(
                consumer_id=report.consumer_id,
                agency=ConsumerReportingAgency(
                    name=report.agency.name,
                    address_lines=tuple(report.agency.address_lines),
                    telephone=report.agency.telephone,
                    is_nationwide=report.agency.is_nationwide,
                ),
            )
            for report in body.reports
        ),
        scores=tuple(
            ScoreUsed(**score.model_dump() | {"key_factors": tuple(score.key_factors)})
            for score in body.scores
        ),
        other_information_used=body.other_information_used,
    )


def decide_command(body: DecideRequest) -> Decide:
    """Returns the command of a request."""
    return Decide(
        outcome=body.outcome,
        path=body.path,
        reasons=tuple(
            GivenReason(
                reason=given.reason,
                provenance=given.provenance,
                passages=tuple(Passage(start=p.start, end=p.end) for p in given.passages),
                basis=given.basis,
                specific_text=given.specific_text,
            )
            for given in body.reasons
        ),
        review_answers=tuple(
            ReviewAnswer(reason=answer.reason, accepted=answer.accepted)
            for answer in body.review_answers
        ),
        override_cause=body.override_cause,
        missing_items=tuple(body.missing_items),
        decided_at=body.decided_at,
    )


def draft_command(body: DraftAllBody) -> Draft:
    """Returns the command of a request, to one recipient or to everybody."""
    offered = body.counteroffer
    return Draft(
        form=body.form,
        consumer_id=body.consumer_id if isinstance(body, DraftRequestBody) else None,
        channel=body.channel,
        language=body.language,
        dated_on=body.dated_on,
        missing_items=tuple(body.missing_items),
        respond_by=body.respond_by,
        counteroffer=Counteroffer(
            terms=tuple(Term(label=t.label, value=t.value) for t in offered.terms),
            accept_at_lines=tuple(offered.accept_at_lines),
            respond_by=offered.respond_by,
        )
        if offered
        else None,
        reasons_contact=body.reasons_contact,
        account_action=body.account_action,
        action_description=body.action_description,
    )
