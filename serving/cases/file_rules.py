"""What a file and the ids of a case must look like, so that every database keeps them alike."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal

from serving.cases.application_file import ApplicationFile, Document, ProductTerms
from serving.cases.audit import is_digest, is_id, is_word
from serving.cases.events import AssessmentRecorded, DecisionRecorded, Event
from serving.cases.notice_events import NoticeDrafted
from serving.cases.store_errors import RecordFieldError

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,62}")
_STATE = re.compile(r"[A-Za-z]{2}")
_MONEY = (Decimal("1e14"), 2)
_MONTHS = (Decimal("1e6"), 2)
_PERCENT = (Decimal("1e4"), 6)
_AN_ID = "letters, digits and . _ : / - (128 at most, no social security number)"


def check_file(file: ApplicationFile) -> None:
    """Checks what a file holds beside free text.

    Raises:
        RecordFieldError: names the field, never its value.
    """
    for applicant in file.applicants:
        _require(is_id(applicant.consumer_id), "consumer_id", _AN_ID)
    _unique((a.consumer_id for a in file.applicants), "consumer_id", "each applicant once")
    _unique((terms.kind for terms in file.terms), "terms", "at most one of each kind")
    for terms in file.terms:
        _check_terms(terms)
    if file.collateral is not None:
        _check_decimal("value_usd", file.collateral.value_usd, _MONEY)
        state = file.collateral.state
        _require(state is None or _STATE.fullmatch(state), "state", "two letters")
    _unique((d.document_id for d in file.documents), "document_id", "each document once")
    for document in file.documents:
        check_document(document)


def check_document(document: Document) -> None:
    """Checks what a document says beside its content. Raises RecordFieldError."""
    _require(is_id(document.document_id), "document_id", _AN_ID)
    _require(is_word(document.kind), "kind", "a lower-case word such as pay_stub")
    check_media_type(document.media_type)
    is_utc = document.received_at.utcoffset() == timedelta(0)
    _require(is_utc, "received_at", "a time in UTC")


def check_media_type(text: str) -> None:
    """Checks a media type without parameters. Raises RecordFieldError."""
    known = _MEDIA_TYPE.fullmatch(text)
    _require(known, "media_type", "a media type such as application/pdf")


def check_person(person_id: str | None) -> None:
    """Checks the id of a person; None is nobody. Raises RecordFieldError."""
    _require(person_id is None or is_id(person_id), "person_id", _AN_ID)


def check_ids(events: Sequence[Event]) -> None:
    """Checks the ids and digests that events bring along. Raises RecordFieldError."""
    for event in events:
        if isinstance(event, AssessmentRecorded):
            found = event.assessment
            _require(is_id(found.assessment_id), "assessment_id", _AN_ID)
            _require(is_digest(found.text_digest), "text_digest", "a sha256 in hexadecimal")
        elif isinstance(event, DecisionRecorded):
            _require(is_id(event.decision.decision_id), "decision_id", _AN_ID)
        elif isinstance(event, NoticeDrafted):
            _require(is_id(event.notice_id), "notice_id", _AN_ID)


def _check_terms(terms: ProductTerms) -> None:
    _check_decimal("amount_usd", terms.amount_usd, _MONEY)
    _check_decimal("term_months", terms.term_months, _MONTHS)
    _check_decimal("annual_rate_percent", terms.annual_rate_percent, _PERCENT)


def _check_decimal(field: str, value: Decimal | None, form: tuple[Decimal, int]) -> None:
    if value is None:
        return
    below, places = form
    fits = value.is_finite() and abs(value) < below
    _require(
        fits and value == round(value, places),
        field,
        f"a number below {below:,f} with at most {places} decimal places",
    )


def _unique(values: Iterable[object], field: str, expected: str) -> None:
    found = list(values)
    _require(len(set(found)) == len(found), field, expected)


def _require(condition: object, field: str, expected: str) -> None:
    if not condition:
        raise RecordFieldError(field=field, expected=expected)
