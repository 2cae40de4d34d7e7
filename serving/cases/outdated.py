"""Which notices in preparation say what a revised file does not say any more."""

from serving.cases.case import Case, NoticeInPreparation
from serving.cases.file_events import FIXED_BY_DECISION, FileRevised


def outdated_by(event: FileRevised, case: Case) -> tuple[NoticeInPreparation, ...]:
    """Returns the notices in preparation that rest on what a revision replaces.

    Who moves is named in their own notice alone; everything else stands in, or behind, each.
    """
    if FIXED_BY_DECISION & set(event.parts):
        return case.preparing
    return tuple(n for n in case.preparing if n.draft.consumer_id in event.recipients)
