"""Which notices in preparation are outdated: by a revised file, or by an offer accepted."""

from serving.cases.case import OFFERS, Case, NoticeInPreparation
from serving.cases.file_events import FIXED_BY_DECISION, FileRevised
from serving.cases.notice_events import NoticePurpose

_ADVERSE = {NoticePurpose.COUNTEROFFER_NOT_ACCEPTED, *OFFERS}


def outdated_by(event: FileRevised, case: Case) -> tuple[NoticeInPreparation, ...]:
    """Returns the notices in preparation that rest on what a revision replaces.

    Who moves is named in their own notice alone; everything else stands in, or behind, each.
    """
    if FIXED_BY_DECISION & set(event.parts):
        return case.preparing
    return tuple(n for n in case.preparing if n.draft.consumer_id in event.recipients)


def outdated_by_acceptance(case: Case) -> tuple[NoticeInPreparation, ...]:
    """Returns the notices in preparation that nobody is owed once the offer is accepted.

    Credit accepted is no adverse action. Source: 12 CFR 1002.2(c)(1)(i).
    """
    return tuple(n for n in case.preparing if n.draft.purpose in _ADVERSE)
