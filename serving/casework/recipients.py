"""Who of a file is told of a decision: the primary applicant, and whose own reports counted.

Source: 12 CFR 1002.9(f); 15 USC 1681m(a).
"""

from serving.cases.application_file import Applicant, ApplicantRole, ApplicationFile
from serving.cases.case import Case
from serving.cases.decisions import WITH_REASONS, Outcome
from serving.cases.events import PRIMARY_APPLICANT, Recipient
from serving.casework.facts import information_used


def primary_of(file: ApplicationFile) -> Applicant | None:
    """Returns the primary applicant, or the first one where nobody is; None in an empty file."""
    applicants = [a for a in file.applicants if a.role is not ApplicantRole.GUARANTOR]
    primary = [a for a in applicants if a.role is ApplicantRole.PRIMARY]
    return next(iter((*primary, *applicants, *file.applicants)), None)


def recipient_of(file: ApplicationFile, consumer_id: str | None) -> Recipient:
    """Returns somebody as the state machine knows them; None asks for the primary applicant."""
    primary = primary_of(file)
    is_primary = primary is not None and consumer_id == primary.consumer_id
    return PRIMARY_APPLICANT if is_primary else consumer_id


def consumer_of(file: ApplicationFile, recipient: Recipient) -> str:
    """Returns a recipient's consumer id; empty where the file names no primary applicant."""
    primary = primary_of(file)
    if recipient == PRIMARY_APPLICANT:
        return primary.consumer_id if primary else ""
    return recipient or ""


def asker_of(file: ApplicationFile, case: Case, consumer_id: str | None) -> Recipient:
    """Returns in whose name somebody asks for the reasons; None asks for the primary applicant.

    One notice may go to all who apply together. Who applies and was given none of their own asks as
    the primary applicant does, and the statement goes there. Source: 12 CFR 1002.9(f).
    """
    who = recipient_of(file, consumer_id)
    applies = any(a.consumer_id == consumer_id for a in file.applicants)
    is_told_by_another = applies and not case.sent_to(who)
    if is_told_by_another and not is_guarantor(file, consumer_id or ""):
        return PRIMARY_APPLICANT
    return who


def is_guarantor(file: ApplicationFile, consumer_id: str) -> bool:
    """Returns whether somebody only guarantees, and is no applicant."""
    return consumer_id in guarantors_of(file)


def guarantors_of(file: ApplicationFile) -> tuple[str, ...]:
    """Returns the consumer ids of the guarantors."""
    found = (a for a in file.applicants if a.role is ApplicantRole.GUARANTOR)
    return tuple(applicant.consumer_id for applicant in found)


def other_recipients(file: ApplicationFile, outcome: Outcome) -> tuple[str, ...]:
    """Returns who beside the primary applicant is owed the disclosure of their own report.

    Everybody whose report or score was used, where the decision is, or may become, adverse action.
    An applicant of whom neither was used is owed no letter: the primary applicant's is theirs too
    (12 CFR 1002.9(f)), and section 615(a) tells each consumer of the report on them. None is
    written as a courtesy, for it would tell one person's credit record to another.
    """
    if outcome not in WITH_REASONS:
        return ()
    used = information_used(file)
    counted = {report.consumer_id for report in used.reports}
    counted |= {score.consumer_id for score in used.scores}
    others = (a.consumer_id for a in file.applicants if a != primary_of(file))
    return tuple(consumer_id for consumer_id in others if consumer_id in counted)
