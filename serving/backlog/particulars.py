"""What a notice needs of a row beside the application: who is told, of what, from which reports.

A cell is a value of .jsonl or .parquet, or of .csv its text, JSON where the value is a list or an
object; an address may also be text of several lines. One that cannot be read is named and never
quoted; the row is scored all the same.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from data_pipeline.domain.application import LoanApplication
from serving.notices.notice import ConsumerReportingAgency, CreditRequest
from serving.notices.record import Business, ReportUsed, ScoreUsed

NAME, ADDRESS, REQUESTED = "applicant_name", "applicant_address_lines", "credit_requested"

REQUIRED_COLUMNS = (NAME, ADDRESS, REQUESTED)
"""Columns without which there is no notice."""

_AGENCIES, _SCORE, _CONSUMER_ID = "reporting_agencies", "credit_score_used", "consumer_id"
_DEFAULT_CONSUMER_ID = "applicant"
_OF_REPORTS = (
    "credit_score",
    "num_open_accounts",
    "num_delinquencies_2y",
    "num_public_records",
    "num_inquiries_6m",
    "credit_history_years",
    "revolving_utilization_ratio",
)
"""Fields of an application that come from a consumer report."""

_Text = Annotated[str, Field(max_length=200)]
_Lines = Annotated[tuple[_Text, ...], Field(max_length=8)]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_KINDS: dict[str, TypeAdapter[Any]] = {
    NAME: TypeAdapter(_Text),
    ADDRESS: TypeAdapter(_Lines),
    REQUESTED: TypeAdapter(_Text),
    "credit_request": TypeAdapter(CreditRequest),
    _CONSUMER_ID: TypeAdapter(_Id, config=ConfigDict(coerce_numbers_to_str=True)),
    "business": TypeAdapter(Business),
    "is_hmda_reportable": TypeAdapter(bool),
    _AGENCIES: TypeAdapter(tuple[ConsumerReportingAgency, ...]),
    _SCORE: TypeAdapter(dict[str, Any]),
    "other_information_used": TypeAdapter(bool),
}
_IN_JSON = frozenset({"business", _AGENCIES, _SCORE})
_SCORE_USED = TypeAdapter(ScoreUsed)

PARTICULAR_COLUMNS = tuple(_KINDS)
"""Every column that a draft is made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What a row says for its notice. Personal.

    Attributes:
        name: of the applicant; empty where it is not given.
        address_lines: street, then city, state and ZIP code; empty likewise.
        credit_requested: continues "Your request for"; empty likewise.
        credit_request: a loan, an account or a higher limit.
        consumer_id: ties credit data to the applicant.
        business: None for consumer credit.
        is_hmda_reportable: whether the register of 12 CFR 1003 reports the application.
        reports: consumer reports on the applicant that were used.
        scores: the credit score that was used, or none.
        other_information_used: an affiliate or another outside source was used.
        missing: columns that a lawful notice needs and that the row leaves out.
        unreadable: columns whose cells are not what they should be.
    """

    name: str = ""
    address_lines: tuple[str, ...] = ()
    credit_requested: str = ""
    credit_request: CreditRequest = CreditRequest.LOAN
    consumer_id: str = _DEFAULT_CONSUMER_ID
    business: Business | None = None
    is_hmda_reportable: bool = False
    reports: tuple[ReportUsed, ...] = ()
    scores: tuple[ScoreUsed, ...] = ()
    other_information_used: bool = False
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def particulars_of(cells: Mapping[str, object], application: LoanApplication) -> Particulars:
    """Returns what a row says for its notice.

    An application that tells what a consumer report says needs the agencies, or an empty list
    where the figures come from the applicant: a report that was used is to be disclosed, and
    nothing else would show that one was. A credit score needs the agency whose report it was made
    from. Source: 15 USC 1681m(a).
    """
    found, unreadable = _read(cells)
    agencies, score = found.pop(_AGENCIES, None), found.pop(_SCORE, None)
    own = found.get(_CONSUMER_ID, _DEFAULT_CONSUMER_ID)
    scores = _scores(score, own)
    if scores is None:
        unreadable.append(_SCORE)
    missing = [name for name in REQUIRED_COLUMNS if not found.get(name) and name not in unreadable]
    is_untold = agencies is None and _tells_of_a_report(application)
    if _AGENCIES not in unreadable and (is_untold or (scores and not agencies)):
        missing.append(_AGENCIES)
    if agencies and application.credit_score is not None and scores == ():
        missing.append(_SCORE)
    return Particulars(
        name=found.pop(NAME, ""),
        address_lines=found.pop(ADDRESS, ()),
        reports=tuple(ReportUsed(consumer_id=own, agency=agency) for agency in agencies or ()),
        scores=scores or (),
        missing=tuple(missing),
        unreadable=tuple(unreadable),
        **found,
    )


def _read(cells: Mapping[str, object]) -> tuple[dict[str, Any], list[str]]:
    """The values of the columns given, and the names of those that cannot be read."""
    found: dict[str, Any] = {}
    unreadable = []
    for name, kind in _KINDS.items():
        try:
            value = _value(cells.get(name), name=name)
            if value is not None:
                found[name] = kind.validate_python(value)
        except (ValueError, RecursionError):
            unreadable.append(name)
    return found, unreadable


def _value(value: object, *, name: str) -> object:
    """What a cell says; None where it is blank, or null as JSON has it."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return None
    if name == ADDRESS and not text.startswith("["):
        return tuple(line.strip() for line in text.splitlines())
    return json.loads(text) if name in _IN_JSON or name == ADDRESS else text


def _scores(score: dict[str, Any] | None, own: str) -> tuple[ScoreUsed, ...] | None:
    """The score as the record has it; None where it is not one."""
    if score is None:
        return ()
    try:
        return (_SCORE_USED.validate_python(score | {_CONSUMER_ID: own}),)
    except ValidationError:
        return None


def _tells_of_a_report(application: LoanApplication) -> bool:
    return any(getattr(application, name) is not None for name in _OF_REPORTS)
