"""The model reads the application of a case, or a person does without it."""

import hashlib
from dataclasses import replace

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import TAXONOMY_VERSION
from data_pipeline.sources.rows import Row
from serving.cases.application_file import ApplicationFile
from serving.cases.calendar_days import local_date
from serving.cases.decisions import AssessedReason, Assessment, Evidence
from serving.cases.events import Actor, AssessmentRecorded
from serving.cases.store import StoredCase
from serving.casework.desk import Desk, log
from serving.casework.errors import FactsError, NotAssessableError
from serving.rows import FailedRow, ScoredRow, StatedReason


def assess(desk: Desk, case_id: str, *, by: Actor) -> StoredCase:
    """Has the model read the application as it is now, and records what it found.

    A model that is due to be validated anew is used, and warned of in the log and in the summary.

    Raises:
        NotAssessableError: the model cannot read the application.
        FactsError: the case has no application.
        IllegalEventError: the case is decided.
    """
    stored = desk.load(case_id)
    application = application_of(desk.storage.cases.file(case_id))
    scored = desk.score(Row(number=1, id=case_id, application=application))
    row = scored.row
    if isinstance(row, FailedRow):
        raise NotAssessableError(code=row.error.code, message=row.error.message)
    _warn_of_revalidation(desk, row, time_zone=stored.case.time_zone)
    assessment = replace(
        _assessment(desk, row, text=render_text(application)),
        comparisons=scored.comparisons,
        borderline=tuple(map(str, scored.borderline)),
    )
    return desk.record(stored, [AssessmentRecorded(**desk.when(by), assessment=assessment)])


def assess_by_hand(desk: Desk, case_id: str, *, by: Actor) -> StoredCase:
    """Records that a person assesses the case without the model.

    Raises:
        IllegalEventError: the case is decided.
    """
    stored = desk.load(case_id)
    application = desk.storage.cases.file(case_id).application
    assessment = Assessment(
        assessment_id=desk.new_id("a"),
        text_digest=_digest(render_text(application) if application else ""),
        principal_reasons=(),
        review_reasons=(),
        model_version=None,
        taxonomy_version=TAXONOMY_VERSION,
        policy_version=desk.policy.version,
    )
    return desk.record(stored, [AssessmentRecorded(**desk.when(by), assessment=assessment)])


def application_of(file: ApplicationFile) -> LoanApplication:
    """Returns the application of a file.

    Raises:
        FactsError: the file has no application.
    """
    if file.application is None:
        raise FactsError(
            field="application",
            found="none",
            expected="an application: an existing account is assessed by a person",
        )
    return file.application


def _warn_of_revalidation(desk: Desk, row: ScoredRow, *, time_zone: str) -> None:
    overdue = desk.policy.overdue_since(local_date(desk.now(), time_zone=time_zone))
    if overdue is not None:
        log.warning(
            "model_revalidation_overdue",
            model_version=row.model_version,
            revalidate_by=overdue.isoformat(),
        )


def _assessment(desk: Desk, row: ScoredRow, *, text: str) -> Assessment:
    return Assessment(
        assessment_id=desk.new_id("a"),
        text_digest=_digest(text),
        principal_reasons=tuple(map(_assessed, row.principal_reasons)),
        review_reasons=tuple(map(_assessed, row.review_reasons)),
        model_version=row.model_version,
        taxonomy_version=TAXONOMY_VERSION,
        policy_version=desk.policy.version,
        risk_score=row.risk_score,
    )


def _assessed(found: StatedReason) -> AssessedReason:
    return AssessedReason(
        reason=found.reason,
        probability=found.probability,
        evidence=tuple(
            Evidence(start=span.start, end=span.end, quote=span.quote) for span in found.evidence
        ),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
