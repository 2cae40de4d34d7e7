"""The prescribed wording, the agencies of Appendix A and the lexicon, read from package data."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from string import Formatter

from pydantic import BaseModel, ConfigDict

from data_pipeline.domain.taxonomy import REASON_INFO, DenialReason
from serving.notices.errors import LanguageError, NoticeDataError
from serving.notices.notice import CreditorType, EnforcementAgency, Language


class Wording(BaseModel):
    """One prescribed text.

    Attributes:
        text: the text with its `{slots}`.
        slots: what stands in each slot in the regulation.
        source: where the text stands.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    source: str
    slots: dict[str, str] = {}


class _Agency(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    address_lines: tuple[str, ...]


class _AgencyFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    agencies: dict[str, _Agency]
    creditor_types: dict[CreditorType, tuple[str, ...]]


class Lexicon(BaseModel):
    """Words that no notice may use, and words that say nothing, class by class.

    Attributes:
        insufficient: expressions for a standard, policy, score or model in a reason.
        prohibited: expressions for a prohibited basis in a reason, description or term.
        inquiries: expressions for information that may not be asked for.
        placeholders: expressions for whole texts that only fill a field.
        unsettled: expressions for a term that is left open.
        own_measures: expressions for the creditor or its measure, in a reason without a factor.
        sources: expressions for a source of information, in a reason without a factor.
        factors: expressions for a factor, by what it is about.
        empty_words: words that name no factor, by what they do instead.
        unspecific_items: words that specify no information, by what they do instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    insufficient: tuple[str, ...]
    prohibited: tuple[str, ...]
    inquiries: tuple[str, ...]
    placeholders: tuple[str, ...]
    unsettled: tuple[str, ...]
    own_measures: tuple[str, ...]
    sources: tuple[str, ...]
    factors: dict[str, tuple[str, ...]]
    empty_words: dict[str, tuple[str, ...]]
    unspecific_items: dict[str, tuple[str, ...]]


def _toml(name: str) -> dict[str, object]:
    return tomllib.loads((files("serving.notices") / "data" / name).read_text(encoding="utf-8"))


@cache
def wordings() -> Mapping[str, Wording]:
    """Returns every prescribed text by its name."""
    entries = {k: v for k, v in _toml("wordings.toml").items() if k != "version"}
    return {name: Wording.model_validate(entry) for name, entry in entries.items()}


@cache
def own_wordings() -> Mapping[str, Wording]:
    """Returns every sentence of our own by its name."""
    entries = {k: v for k, v in _toml("own_wordings.toml").items() if k != "version"}
    return {name: Wording.model_validate(entry) for name, entry in entries.items()}


@cache
def lexicon() -> Lexicon:
    """Returns the words that no reason may use."""
    return Lexicon.model_validate(_toml("lexicon.toml"))


@cache
def _agency_file() -> _AgencyFile:
    return _AgencyFile.model_validate(_toml("agencies.toml"))


def wording(name: str, **slots: str) -> str:
    """Returns a prescribed text, or a sentence of our own, with its slots filled.

    Raises:
        NoticeDataError: no text has this name, or a slot is missing or unknown.
    """
    found = wordings().get(name) or own_wordings().get(name)
    if found is None:
        raise NoticeDataError(f"found no wording named {name!r}: name one of wordings.toml")
    needed = {slot for _, slot, _, _ in Formatter().parse(found.text) if slot}
    if needed != slots.keys():
        raise NoticeDataError(
            f"wording {name!r} has the slots {sorted(needed)}: fill exactly these"
        )
    return found.text.format(**slots)


def agencies_of(creditor_type: CreditorType) -> tuple[EnforcementAgency, ...]:
    """Returns the agencies that a creditor of this type names, in order; at least one.

    Source: 12 CFR 1002, Appendix A.
    """
    listed = _agency_file()
    names = listed.creditor_types[creditor_type]
    return tuple(
        EnforcementAgency(
            name=listed.agencies[name].name, address_lines=listed.agencies[name].address_lines
        )
        for name in names
    )


def agencies_version() -> str:
    """Returns the version of the list of agencies: the day from which it is mandatory."""
    return _agency_file().version


def agency_phrase(agencies: tuple[EnforcementAgency, ...]) -> str:
    """Returns names and addresses as the notice prints them, without a full stop."""
    return " and ".join(", ".join((agency.name, *agency.address_lines)) for agency in agencies)


def reason_text(reason: DenialReason, language: Language) -> str:
    """Returns the approved statement of a reason.

    Raises:
        LanguageError: no texts in this language are approved; Appendix C gives English only.
    """
    if language is not Language.ENGLISH:
        raise LanguageError(
            f"found no approved texts in language {language.value!r}: issue the notice in 'en', or "
            "have the texts approved first (12 CFR 1002.4(e))"
        )
    return REASON_INFO[reason].notice_wording


def day(value: date) -> str:
    """Returns a date as the notice prints it: November 20, 2026."""
    return f"{value:%B} {value.day}, {value.year}"


_TYPOGRAPHIC = str.maketrans(
    {"\u02bc": "'", "\u2010": "-", "\u2011": "-", "\u2019": "'", "\u201c": '"', "\u201d": '"'}
)


def normalised(text: str) -> str:
    """Returns text with case, spacing, quotes and hyphens made equal, for comparisons."""
    straight = text.translate(_TYPOGRAPHIC)
    return re.sub(r"\s+", " ", straight).strip().casefold()
