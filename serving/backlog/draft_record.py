"""From what the model says of a row to its draft, and the facts that it is checked against.

They are made as those of a case are (`serving.casework`): of a denial on the score, for the
model's principal reasons in its order. What people would have decided is taken out again.
"""

from dataclasses import replace
from datetime import UTC, datetime, time

from data_pipeline.domain.taxonomy import TAXONOMY_VERSION
from serving.backlog.draft_terms import DraftTerms
from serving.backlog.particulars import Particulars
from serving.cases.application_file import Applicant, ApplicantRole, ApplicationFile
from serving.cases.case import Case, Stage
from serving.cases.decisions import (
    AssessedReason,
    Assessment,
    DecisionPath,
    DecisionRecord,
    Outcome,
    Provenance,
    RecordedReason,
)
from serving.cases.events import ApplicantKind, CaseKind
from serving.casework.applicants import in_composed_letters
from serving.casework.drafting import usual_form
from serving.casework.fact_checks import check_applicants, check_facts, check_information
from serving.casework.facts import CaseFacts, InformationUsed, sheet_of
from serving.casework.notice_record import record_of
from serving.notices import record as notice_record
from serving.notices.case_file import NoticeCase
from serving.notices.checks.special import path_of_business
from serving.notices.draft import DraftRequest, draft_notice
from serving.notices.forms import ActionKind, BusinessPath
from serving.notices.notice import Transaction
from serving.rows import ScoredRow, StatedReason


def draft_case(
    row: ScoredRow, particulars: Particulars, *, terms: DraftTerms, notice_id: str
) -> NoticeCase:
    """Returns the notice of a denial that nobody has decided yet, and its facts.

    Args:
        row: what the model says; it states one principal reason at least.
        particulars: who is told, of what, from which reports.
        terms: what all drafts have in common.
        notice_id: the id of the notice.

    Raises:
        FactsError: a fact that the notice needs is missing or cannot be.
        NoticeError: its reasons cannot be stated, or wording is not in the shipped data.
    """
    at = datetime.combine(terms.dated_on, time(), UTC)
    file, facts = _file(particulars, terms, at=at)
    case = _case(row, particulars, terms=terms, at=at)
    record = _undecided(record_of(case, file, action=ActionKind.DENIAL))
    request = DraftRequest(
        notice_id=notice_id,
        form=usual_form(case),
        consumer_id=particulars.consumer_id,
        dated_on=terms.dated_on,
        transaction=facts.transaction,
    )
    return NoticeCase(notice=draft_notice(record, request), record=record)


def _undecided(record: notice_record.DecisionRecord) -> notice_record.DecisionRecord:
    """The facts without a person who decided: only a person's decision adds them."""
    return replace(record, decided_on=None, decided_by=None, is_override=False)


def _file(
    found: Particulars, terms: DraftTerms, *, at: datetime
) -> tuple[ApplicationFile, CaseFacts]:
    """The file of the application, its facts checked as a case's are when it is opened."""
    facts = CaseFacts(
        creditors=(terms.creditor,),
        transaction=Transaction(request=found.credit_request, description=found.credit_requested),
        business=found.business,
        is_hmda_reportable=found.is_hmda_reportable,
    )
    information = InformationUsed(
        reports=found.reports,
        scores=found.scores,
        other_information_used=found.other_information_used,
    )
    applicant = in_composed_letters(
        Applicant(
            consumer_id=found.consumer_id,
            role=ApplicantRole.PRIMARY,
            name=found.name,
            address_lines=found.address_lines,
        )
    )
    check_facts(facts)
    check_applicants((applicant,))
    check_information(information, applicants=(applicant,), today=terms.dated_on)
    sheets = (sheet_of(sheet, document_id="", at=at) for sheet in (facts, information))
    return ApplicationFile(applicants=(applicant,), documents=tuple(sheets)), facts


def _case(row: ScoredRow, found: Particulars, *, terms: DraftTerms, at: datetime) -> Case:
    """A case in which the model's advice to deny was followed."""
    is_consumer = path_of_business(found.business) is BusinessPath.CONSUMER
    return Case(
        case_id="",
        kind=CaseKind.APPLICATION,
        applicant_kind=ApplicantKind.CONSUMER if is_consumer else ApplicantKind.BUSINESS,
        time_zone=terms.time_zone,
        opened_at=at,
        last_recorded_at=at,
        stage=Stage.DECIDED,
        assessment=Assessment(
            assessment_id="",
            text_digest="",
            principal_reasons=tuple(map(_assessed, row.principal_reasons)),
            review_reasons=tuple(map(_assessed, row.review_reasons)),
            model_version=row.model_version,
            taxonomy_version=TAXONOMY_VERSION,
            policy_version="",
            risk_score=row.risk_score,
        ),
        decision=DecisionRecord(
            decision_id="",
            outcome=Outcome.DENY,
            decided_by="",
            decided_at=at,
            path=DecisionPath.SCORE,
            taxonomy_version=TAXONOMY_VERSION,
            policy_version="",
            reasons=tuple(
                RecordedReason(reason=stated.reason, provenance=Provenance.MODEL)
                for stated in row.principal_reasons
            ),
        ),
    )


def _assessed(found: StatedReason) -> AssessedReason:
    return AssessedReason(reason=found.reason, probability=found.probability)
