"""That somebody asked what if: in the audit log for a case, and in the log without any value."""

import hashlib
from collections.abc import Sequence

import structlog

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.rendering import render_text
from serving.cases.audit import AuditAction
from serving.cases.events import Actor
from serving.casework.assessing import application_of
from serving.casework.desk import Desk
from serving.what_if.table import table

log = structlog.stdlib.get_logger("wherefore.what_if")


def application_of_case(desk: Desk, case_id: str, *, by: Actor) -> LoanApplication:
    """Returns the application of a case; the reading is recorded.

    Raises:
        UnknownCaseError: no case has the id.
        CasePurgedError: its file was purged.
        FactsError: the case has no application.
    """
    application = application_of(desk.storage.cases.file(case_id))
    desk.note_reading("what_if_read", by=by, object_id=case_id)
    return application


def record_what_if(
    desk: Desk,
    action: str,
    *,
    case_id: str | None,
    by: Actor,
    before: LoanApplication,
    after: Sequence[LoanApplication],
    fields: Sequence[str],
    model_version: str,
) -> None:
    """Records what was asked: digests in the audit log of a case, names of fields in the log.

    Args:
        desk: where cases are kept.
        action: `what_if_tried` or `recourse_sought`.
        case_id: the case; None where the application is of none.
        by: who asked.
        before: the application as it is.
        after: as it would be, one for each answer given.
        fields: names of the fields that were changed.
        model_version: the model that answered.
    """
    log.info(action, case_id=case_id, fields=list(fields), answers=len(after))
    if case_id is None:
        return
    digests = {f"after_{number}": _digest(one) for number, one in enumerate(after, start=1)}
    desk.storage.audit.record(
        AuditAction(
            at=desk.now(),
            actor_id=by.actor_id,
            role=by.role,
            action=action,
            object_kind="case",
            object_id=case_id,
            digests={"before": _digest(before), **digests},
            versions={"model": model_version, "what_if": table().version},
        )
    )


def _digest(application: LoanApplication) -> str:
    return hashlib.sha256(render_text(application).encode()).hexdigest()
