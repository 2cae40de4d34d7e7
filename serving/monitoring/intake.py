"""Monitoring data come in: whether the law has them asked for, and that they were, is recorded.

The audit log says that data were entered for a case, by whom and when. It holds no digest of them:
there are so few possible answers that a digest would tell which.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from data_pipeline.domain.application import LoanApplication, LoanProduct, Occupancy
from serving.cases.application_file import ApplicantRole, ApplicationFile
from serving.cases.audit import AuditAction
from serving.cases.events import Actor
from serving.cases.store import CaseStorage
from serving.cases.store_errors import CasePurgedError
from serving.monitoring.errors import NotAskedForError
from serving.monitoring.record import AskedUnder, MonitoringRecord
from serving.monitoring.rules import check_records
from serving.monitoring.store import MonitoringStore

MONITORING = "monitoring"
"""What an audit entry calls the data; not the case, whose record does not speak of them."""
_ON_DWELLINGS = (LoanProduct.MORTGAGE, LoanProduct.MANUFACTURED_HOME, LoanProduct.HELOC)
_MAX_UNITS = 4
_FORBIDDEN = "12 CFR 1002.5(b)"
_DWELLING = "12 CFR 1002.13(a)(2)"


def enter(
    storage: CaseStorage,
    monitoring: MonitoringStore,
    case_id: str,
    records: Sequence[MonitoringRecord],
    *,
    by: Actor,
    now: Callable[[], datetime],
) -> datetime:
    """Keeps the monitoring data of a case in place of those there, and returns when.

    Args:
        storage: the cases, which are looked at only.
        monitoring: where the data go.
        case_id: the case.
        records: one per applicant.
        by: who enters them.
        now: the time, UTC.

    Raises:
        UnknownCaseError, CasePurgedError: there is no such case, or no longer.
        NotAskedForError: no rule has them asked for.
        MonitoringAnswerError: an answer is missing, or cannot be one.
    """
    file = storage.cases.file(case_id)
    check_records(records)
    _check_application(file.application, records)
    _check_applicants(file, records)
    at = now()
    storage.audit.record(_entry(case_id, by=by, at=at))
    monitoring.put(case_id, tuple(records))
    _forget_if_purged(storage, monitoring, case_id)
    return at


def _entry(case_id: str, *, by: Actor, at: datetime) -> AuditAction:
    # Recorded first: what is kept was always entered by somebody.
    return AuditAction(
        at=at,
        actor_id=by.actor_id,
        role=by.role,
        action="monitoring_entered",
        object_kind=MONITORING,
        object_id=case_id,
    )


def _forget_if_purged(storage: CaseStorage, monitoring: MonitoringStore, case_id: str) -> None:
    """A purge that came between the look at the case and the keeping wins."""
    try:
        storage.cases.file(case_id)
    except CasePurgedError:
        monitoring.shred(case_id)
        raise


def _check_application(
    application: LoanApplication | None, records: Sequence[MonitoringRecord]
) -> None:
    product = application.product if application else None
    if application is None or product not in _ON_DWELLINGS:
        raise NotAskedForError(
            field="case_id",
            found="a case that is about no loan on a dwelling, or does not say so",
            expected="an application of product mortgage, manufactured_home or heloc",
            clause=_FORBIDDEN,
        )
    if any(record.asked_under is AskedUnder.REGULATION_B for record in records):
        _check_residence(application)


def _check_residence(application: LoanApplication) -> None:
    if application.occupancy not in {None, Occupancy.PRINCIPAL_RESIDENCE}:
        raise NotAskedForError(
            field="asked_under",
            found="an application on a dwelling that is no principal residence",
            expected="regulation_c, where the loan is reported under it",
            clause="12 CFR 1002.13(a)(1)",
        )
    if application.num_units is not None and application.num_units > _MAX_UNITS:
        raise NotAskedForError(
            field="asked_under",
            found="an application on a building of more than four units",
            expected="regulation_c, where the loan is reported under it",
            clause=_DWELLING,
        )


def _check_applicants(file: ApplicationFile, records: Sequence[MonitoringRecord]) -> None:
    ids = [record.consumer_id for record in records]
    asked = {a.consumer_id for a in file.applicants if a.role is not ApplicantRole.GUARANTOR}
    if not ids or len(set(ids)) != len(ids) or not set(ids) <= asked:
        raise NotAskedForError(
            field="applicants",
            found="none, one twice, a guarantor or somebody who does not apply",
            expected="each applicant of the case at most once, by consumer_id",
            clause="12 CFR 1002.13(a)(1), 1002.2(e)",
        )
