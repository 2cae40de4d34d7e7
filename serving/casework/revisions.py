"""What the file of a case said before it was revised, kept as sheets among its papers.

Source: 12 CFR 1002.12(b)(1): what was used in evaluating an application is kept.
"""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from data_pipeline.domain.application import LoanApplication
from serving.cases.application_file import Applicant, ApplicationFile, Document
from serving.cases.file_events import FilePart
from serving.casework.facts import MEDIA_TYPE, SheetKind, case_facts
from serving.notices.notice import Creditor, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What of a file can be revised: a field for each `FilePart`, of the same name.

    Attributes:
        applicants: everybody who takes part.
        application: as submitted; None for an existing account.
        creditors: on whose behalf the case is handled.
        transaction: the credit asked for, in the words that a notice prints.
        property_address: where the property lies that secures the credit, in lines.
    """

    applicants: tuple[Applicant, ...]
    application: LoanApplication | None
    creditors: tuple[Creditor, ...]
    transaction: Transaction
    property_address: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A revision of a file.

    Attributes:
        revised_at: when, UTC.
        revised_by: id of the person.
        cause: why, written.
        parts: which parts differ since.
        before: what stood in the file until then.
    """

    revised_at: datetime
    revised_by: str
    cause: str
    parts: tuple[FilePart, ...]
    before: Contents


_REVISION = TypeAdapter(Revision)


def contents_of(file: ApplicationFile) -> Contents:
    """Returns what of a file can be revised. Raises FactsError as `case_facts`."""
    facts = case_facts(file)
    return Contents(
        applicants=file.applicants,
        application=file.application,
        creditors=facts.creditors,
        transaction=facts.transaction,
        property_address=file.collateral.address_lines if file.collateral else (),
    )


def parts_between(before: Contents, after: Contents) -> tuple[FilePart, ...]:
    """Returns the parts that differ."""
    return tuple(p for p in FilePart if getattr(before, p.value) != getattr(after, p.value))


def paper_of(revision: Revision, *, document_id: str) -> Document:
    """Returns a revision as a paper of the file."""
    return Document(
        document_id=document_id,
        kind=SheetKind.REVISION.value,
        media_type=MEDIA_TYPE,
        received_at=revision.revised_at,
        content=_REVISION.dump_json(revision),
    )


def revisions_of(file: ApplicationFile) -> tuple[Revision, ...]:
    """Returns every revision of a file, the first one first."""
    papers = (paper for paper in file.documents if paper.kind == SheetKind.REVISION)
    return tuple(_REVISION.validate_json(paper.content) for paper in papers)
