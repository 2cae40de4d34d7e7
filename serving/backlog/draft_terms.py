"""What all drafts of a job have in common: whose they are, and their date."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime

from serving.backlog.errors import NoCreditorError
from serving.backlog.identity import JobIdentity
from serving.backlog.job import JobManifest
from serving.cases.calendar_days import local_date
from serving.casework.fact_checks import check_facts
from serving.casework.facts import CaseFacts
from serving.notices.notice import Creditor, CreditRequest, Transaction
from serving.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftTerms:
    """What all drafts of a job have in common.

    Attributes:
        creditor: who would deny.
        time_zone: the creditor's, an IANA name.
        dated_on: the date of the drafts.
        series: tells the drafts of one job from another's.
    """

    creditor: Creditor
    time_zone: str
    dated_on: date
    series: str

    def notice_id(self, number: int) -> str:
        """Returns the id of the draft of a row: the same whenever it is made."""
        digest = hashlib.sha256(f"{self.series}\0{number}".encode()).hexdigest()
        return f"n-{digest[:20]}"


def creditor_of(policy: Policy) -> Creditor:
    """Returns who would deny, as notices name them.

    Raises:
        NoCreditorError: the policy does not say.
        FactsError: a fact that every notice needs of the creditor is missing or cannot be.
        NoticeDataError: the creditor's agency has no address on file.
    """
    own = policy.creditor
    if own is None:
        raise NoCreditorError
    creditor = Creditor(
        name=own.name,
        address_lines=own.address_lines,
        creditor_type=own.creditor_type,
        telephone=own.telephone,
    )
    any_credit = Transaction(request=CreditRequest.LOAN, description="a loan")
    check_facts(CaseFacts(creditors=(creditor,), transaction=any_credit))
    return creditor


def date_of_drafts(begun: JobManifest | None, *, policy: Policy, asked: date | None) -> date:
    """Returns the date of the drafts of a job.

    It is the one asked for, else that with which the job was begun, else today where the creditor
    is: a job that goes on tomorrow makes the drafts that it would have made today.

    Args:
        begun: the manifest of the job; None where it is still to begin.
        policy: the creditor's policy.
        asked: the date that somebody asked for.

    Raises:
        NoCreditorError: the policy does not say whose the drafts are.
    """
    if policy.creditor is None:
        raise NoCreditorError
    found = asked or (begun.identity.notices_dated_on if begun else None)
    return found or local_date(datetime.now(UTC), time_zone=policy.creditor.time_zone)


def draft_terms(policy: Policy, identity: JobIdentity) -> DraftTerms | None:
    """Returns what the drafts of a job have in common; None where it drafts none.

    Raises:
        NoCreditorError: the policy does not say whose they are.
    """
    dated_on = identity.notices_dated_on
    if dated_on is None:
        return None
    if policy.creditor is None:
        raise NoCreditorError
    made_of = (identity.input_sha256, identity.model_digest, identity.policy, dated_on.isoformat())
    return DraftTerms(
        creditor=creditor_of(policy),
        time_zone=policy.creditor.time_zone,
        dated_on=dated_on,
        series=hashlib.sha256("\0".join(made_of).encode()).hexdigest(),
    )
