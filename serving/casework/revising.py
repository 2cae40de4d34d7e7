"""The file of a case is corrected or supplemented: somebody moved, or sent what was missing.

Source: 12 CFR 1002.9(c)(2) on what an applicant sends later; comment 9-3 on the last known address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from data_pipeline.domain.application import LoanApplication
from serving.cases.application_file import (
    Applicant,
    ApplicationFile,
    Document,
    TermsKind,
    collateral_of,
    requested_terms,
)
from serving.cases.events import Actor, Recipient
from serving.cases.file_events import FilePart, FileRevised
from serving.cases.outdated import outdated_by
from serving.cases.store import StoredCase
from serving.casework.applicants import in_composed_letters
from serving.casework.desk import Desk
from serving.casework.errors import FactsError
from serving.casework.fact_checks import check_applicants, check_facts
from serving.casework.facts import case_facts, sheet_of
from serving.casework.giving_up import give_up
from serving.casework.recipients import recipient_of
from serving.casework.revisions import Contents, Revision, contents_of, paper_of, parts_between
from serving.notices.notice import Creditor, Transaction

_IN_FACTS = frozenset({FilePart.CREDITORS, FilePart.TRANSACTION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """How somebody is named and reached from now on; None leaves what is on file.

    Attributes:
        consumer_id: who, of those who take part.
        name: full name.
        address_lines: last known address.
        email: for electronic notices; an empty text takes it off the file.
    """

    consumer_id: str
    name: str | None = None
    address_lines: tuple[str, ...] | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revise:
    """What is to stand in the file from now on; None leaves what is there.

    Attributes:
        cause: why, written.
        applicants: names and addresses of applicants and guarantors.
        application: the whole application, as corrected or supplemented.
        creditors: on whose behalf the case is handled.
        transaction: the credit asked for, in the words that a notice prints.
        property_address_lines: where the property lies that secures the credit.
    """

    cause: str
    applicants: tuple[Particulars, ...] = ()
    application: LoanApplication | None = None
    creditors: tuple[Creditor, ...] | None = None
    transaction: Transaction | None = None
    property_address_lines: tuple[str, ...] | None = None


def revise(desk: Desk, case_id: str, command: Revise, *, by: Actor) -> StoredCase:
    """Revises the file of a case; what stood there is kept, drafts that rest on it are given up.

    Names and addresses may change at any time, everything else while the case is undecided. Another
    application is another one to assess.

    Raises:
        FactsError: a fact cannot be as given, or nothing of the file would change.
        NoticeDataError: the creditor's agency has no address on file.
        IllegalEventError: no cause is written, the case is decided, or a letter that rests on what
            would change is released already.
        CaseConflictError: somebody worked on the case meanwhile.
    """
    stored, file = desk.load(case_id), desk.storage.cases.file(case_id)
    before = contents_of(file)
    after = _revised(before, command)
    when = desk.when(by)
    event = FileRevised(
        **when,
        parts=_parts(before, after),
        cause=command.cause,
        recipients=_addressed_anew(file, after),
    )
    given_up = give_up(
        outdated_by(event, stored.case),
        when,
        cause=f"the file that it rests on was revised: {command.cause}",
    )
    return desk.record(
        stored,
        [*given_up, event],
        file=_with(file, after, papers=_papers(file, before, after, event, case_id=case_id)),
    )


def _addressed_anew(file: ApplicationFile, after: Contents) -> tuple[Recipient, ...]:
    """Returns whose letters would begin with other lines; no letter prints an e-mail address."""
    pairs = zip(file.applicants, after.applicants, strict=True)
    return tuple(
        recipient_of(file, old.consumer_id)
        for old, new in pairs
        if (old.name, old.address_lines) != (new.name, new.address_lines)
    )


def _parts(before: Contents, after: Contents) -> tuple[FilePart, ...]:
    parts = parts_between(before, after)
    if not parts:
        raise FactsError(
            field="file", found="nothing but what is on file", expected="a part that differs"
        )
    return parts


def _revised(before: Contents, command: Revise) -> Contents:
    """Returns the contents as a command would have them, checked as those of a new case are."""
    if before.application is None:
        _check_account(command)
    where = command.property_address_lines
    return Contents(
        applicants=_applicants(before.applicants, command.applicants),
        application=command.application or before.application,
        creditors=before.creditors if command.creditors is None else command.creditors,
        transaction=command.transaction or before.transaction,
        property_address=before.property_address if where is None else where,
    )


def _check_account(command: Revise) -> None:
    """Raises FactsError where an existing account is given what only an application has."""
    for field in ("application", "property_address_lines"):
        if getattr(command, field) is not None:
            raise FactsError(
                field=field, found="one for an existing account", expected="none for an account"
            )


def _applicants(
    there: tuple[Applicant, ...], given: Sequence[Particulars]
) -> tuple[Applicant, ...]:
    known = {applicant.consumer_id: applicant for applicant in there}
    for position, each in enumerate(given):
        if each.consumer_id not in known:
            raise FactsError(
                field=f"applicants.{position}.consumer_id",
                found="somebody who takes no part in the application",
                expected="the consumer_id of an applicant or guarantor",
                clause="12 CFR 1002.9(f)",
            )
    changed = tuple(_with_particulars(known[each.consumer_id], each) for each in given)
    if changed:
        check_applicants(changed)
    known |= {applicant.consumer_id: applicant for applicant in changed}
    return tuple(known.values())


def _with_particulars(applicant: Applicant, given: Particulars) -> Applicant:
    lines, email = given.address_lines, given.email
    return in_composed_letters(
        replace(
            applicant,
            name=applicant.name if given.name is None else given.name,
            address_lines=applicant.address_lines if lines is None else lines,
            email=applicant.email if email is None else email or None,
        )
    )


def _papers(
    file: ApplicationFile, before: Contents, after: Contents, event: FileRevised, *, case_id: str
) -> tuple[Document, ...]:
    """Returns the sheets that a revision adds: what stood in the file, and new facts if there are.

    Raises:
        FactsError, NoticeDataError: the new facts cannot be.
    """
    first, at = len(file.documents) + 1, event.occurred_at
    revision = Revision(
        revised_at=at,
        revised_by=event.actor.actor_id,
        cause=event.cause,
        parts=event.parts,
        before=before,
    )
    kept = paper_of(revision, document_id=f"{case_id}-sheet-{first}")
    if _IN_FACTS.isdisjoint(event.parts):
        return (kept,)
    facts = replace(case_facts(file), creditors=after.creditors, transaction=after.transaction)
    check_facts(facts)
    return kept, sheet_of(facts, document_id=f"{case_id}-sheet-{first + 1}", at=at)


def _with(
    file: ApplicationFile, after: Contents, *, papers: tuple[Document, ...]
) -> ApplicationFile:
    """Returns a file with its new contents."""
    asked = after.application
    others = tuple(terms for terms in file.terms if terms.kind is not TermsKind.REQUESTED)
    return replace(
        file,
        applicants=after.applicants,
        application=asked,
        terms=(requested_terms(asked), *others) if asked else others,
        collateral=collateral_of(asked, address_lines=after.property_address) if asked else None,
        documents=(*file.documents, *papers),
    )
