"""The facts of a case that only a notice needs, kept as sheets among the papers of its file.

A sheet is a document of JSON with a kind of its own. Sheets are only added; the latest of a kind
counts, so that what a decision rested on stays there to be read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from serving.cases.application_file import ApplicationFile, Document
from serving.casework.errors import FactsError
from serving.notices.notice import Creditor, Transaction
from serving.notices.record import Business, ReportUsed, ScoreUsed

MEDIA_TYPE = "application/json"


class SheetKind(StrEnum):
    """The kinds of sheets."""

    CASE_FACTS = "case_facts"
    INFORMATION = "information_used"
    CONSENTS = "electronic_consents"
    REVISION = "revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What is known from the first day.

    Attributes:
        creditors: on whose behalf the case is handled, at least one.
        transaction: the credit asked for, in the words that a notice prints.
        business: None for consumer credit.
        is_hmda_reportable: whether the register of 12 CFR 1003 reports it.
        reference: the client's own name for the application; None without one.
    """

    creditors: tuple[Creditor, ...]
    transaction: Transaction
    business: Business | None = None
    is_hmda_reportable: bool = False
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationUsed:
    """What was obtained from others and considered.

    Attributes:
        reports: consumer reports.
        scores: credit scores, at most one per consumer.
        other_information_used: an affiliate or another outside source was used. Source: 15 USC
            1681m(b).
    """

    reports: tuple[ReportUsed, ...] = ()
    scores: tuple[ScoreUsed, ...] = ()
    other_information_used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Consent to electronic records; `withdrawn_on` None while it holds. Source: 15 USC 7001(c)."""

    consent_id: str
    consumer_id: str
    given_on: date
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consents:
    """Every consent given in this case."""

    consents: tuple[Consent, ...] = ()

    def in_force(self, consent_id: str, *, consumer_id: str, on: date) -> bool:
        """Returns whether a consent is this consumer's and holds on a day."""
        return any(
            (given.consent_id, given.consumer_id) == (consent_id, consumer_id)
            and given.given_on <= on
            and (given.withdrawn_on is None or given.withdrawn_on > on)
            for given in self.consents
        )


NO_CONSENTS = Consents()
"""Nobody has consented to electronic records."""

Sheet = CaseFacts | InformationUsed | Consents

_FACTS = TypeAdapter(CaseFacts)
_INFORMATION = TypeAdapter(InformationUsed)
_CONSENTS = TypeAdapter(Consents)


def sheet_of(sheet: Sheet, *, document_id: str, at: datetime) -> Document:
    """Returns a sheet as a paper of the file."""
    kind, adapter = _form_of(sheet)
    return Document(
        document_id=document_id,
        kind=kind.value,
        media_type=MEDIA_TYPE,
        received_at=at,
        content=adapter.dump_json(sheet),
    )


def _form_of(sheet: Sheet) -> tuple[SheetKind, TypeAdapter[Any]]:
    match sheet:
        case CaseFacts():
            return SheetKind.CASE_FACTS, _FACTS
        case InformationUsed():
            return SheetKind.INFORMATION, _INFORMATION
        case Consents():
            return SheetKind.CONSENTS, _CONSENTS


def case_facts(file: ApplicationFile) -> CaseFacts:
    """Returns the facts of a file.

    Raises:
        FactsError: the file has no sheet of them.
    """
    content = _latest(file.documents, SheetKind.CASE_FACTS)
    if content is None:
        raise FactsError(
            field="creditors",
            found="a file without creditor and transaction",
            expected="a case that was opened with both",
            clause="12 CFR 1002.9(a)(2)",
        )
    return _FACTS.validate_json(content)


def information_used(file: ApplicationFile) -> InformationUsed:
    """Returns what was obtained from others; nothing where no sheet says so."""
    content = _latest(file.documents, SheetKind.INFORMATION)
    return _INFORMATION.validate_json(content) if content else InformationUsed()


def consents_of(file: ApplicationFile) -> Consents:
    """Returns the consents given; none where no sheet says so."""
    content = _latest(file.documents, SheetKind.CONSENTS)
    return _CONSENTS.validate_json(content) if content else Consents()


def papers_of(file: ApplicationFile) -> tuple[Document, ...]:
    """Returns the papers that somebody handed in, without our sheets."""
    return tuple(paper for paper in file.documents if paper.kind not in set(SheetKind))


def _latest(documents: Iterable[Document], kind: SheetKind) -> bytes | None:
    found = [document.content for document in documents if document.kind == kind.value]
    return found[-1] if found else None
