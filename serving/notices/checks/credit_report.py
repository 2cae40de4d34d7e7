"""Checks F1 to F9: the disclosures of the Fair Credit Reporting Act."""

import re
from collections.abc import Collection

from serving.notices.checks.content import (
    digits_of,
    has_address,
    states_reasons_or_the_right_to_them,
)
from serving.notices.checks.verdict import Fault, check
from serving.notices.compose import REPORT_SENTENCES, SCORE_SENTENCES
from serving.notices.forms import ADVERSE_ACTIONS, has_outside_statement
from serving.notices.notice import AdverseActionNotice, ConsumerReportingAgency, ScoreBlock
from serving.notices.record import DecisionRecord, ScoreUsed
from serving.notices.substance import is_written, names_a_factor
from serving.notices.wording import lexicon, normalised, wording

TOLL_FREE_CODES = frozenset({"800", "833", "844", "855", "866", "877", "888"})
MAX_KEY_FACTORS = 4


def _reports(notice: AdverseActionNotice, record: DecisionRecord) -> list[ConsumerReportingAgency]:
    """The agencies whose reports on this recipient led to adverse action."""
    if record.action not in ADVERSE_ACTIONS:
        return []
    own = notice.recipient.consumer_id
    return [used.agency for used in record.reports_used if used.consumer_id == own]


def _score(notice: AdverseActionNotice, record: DecisionRecord) -> ScoreUsed | None:
    if record.action not in ADVERSE_ACTIONS:
        return None
    own = notice.recipient.consumer_id
    return next((used for used in record.scores_used if used.consumer_id == own), None)


def _rests_on_a_report(notice: AdverseActionNotice, record: DecisionRecord) -> bool:
    """Whether a report on this recipient counted: one that is recorded, or the one behind a score.

    A score is made from a consumer report, and the score's block says that it was obtained from the
    agency. Source: 15 USC 1681m(a); 12 CFR 1002, Appendix C, form C-1, Part II.
    """
    has_score = notice.score_block is not None or _score(notice, record) is not None
    return has_score or bool(_reports(notice, record))


def _owes_outside_statement(notice: AdverseActionNotice, record: DecisionRecord) -> bool:
    return record.other_information_used and has_outside_statement(notice.form, record.action)


@check("F1", clause="15 USC 1681m(a)(3)(A)")
def names_each_reporting_agency(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """Name, address and telephone of each agency used, toll-free where it is nationwide."""
    shown = notice.report_block.agencies if notice.report_block else ()
    if not shown and _rests_on_a_report(notice, record):
        return Fault(
            field="notice.report_block.agencies",
            found="names no agency though a report or a credit score was used",
            advice="record the report that was used, and name its agency",
        )
    for used in _reports(notice, record):
        if used not in shown:
            return Fault(
                field="notice.report_block.agencies",
                found="does not name an agency whose report was used, as the record holds it",
                advice="give its name, address and telephone number",
            )
    for position, agency in enumerate(shown):
        field = f"notice.report_block.agencies[{position}]"
        if not can_be_reached(agency):
            return Fault(
                field=field,
                found="lacks name, full address or telephone number",
                advice="complete the entry of the agency",
            )
        if lacks_toll_free_number(agency):
            return Fault(
                field=f"{field}.telephone",
                found="is not toll-free though the agency is nationwide",
                advice="give its toll-free number",
            )
    return None


def can_be_reached(agency: ConsumerReportingAgency) -> bool:
    """Whether name, full address and telephone number of an agency are there."""
    has_number = bool(digits_of(agency.telephone))
    return is_written(agency.name) and has_address(agency.address_lines) and has_number


def lacks_toll_free_number(agency: ConsumerReportingAgency) -> bool:
    """Whether an agency is nationwide and its number is none of the toll-free ones."""
    return agency.is_nationwide and digits_of(agency.telephone)[:3] not in TOLL_FREE_CODES


def _lacks_sentence(notice: AdverseActionNotice, record: DecisionRecord, name: str) -> Fault | None:
    if not _rests_on_a_report(notice, record):
        return None
    sentences = notice.report_block.sentences if notice.report_block else ()
    if normalised(wording(name)) in map(normalised, sentences):
        return None
    return Fault(
        field="notice.report_block.sentences",
        found="lacks a prescribed sentence",
        advice=f"add word for word: {wording(name)}",
    )


@check("F2", clause="15 USC 1681m(a)(3)(B)")
def says_the_agency_did_not_decide(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """The agency played no part and cannot give reasons; the block says nothing beside the form."""
    known = {normalised(wording(name)) for name in REPORT_SENTENCES}
    sentences = notice.report_block.sentences if notice.report_block else ()
    if not set(map(normalised, sentences)) <= known:
        return Fault(
            field="notice.report_block.sentences",
            found="holds a sentence that the form does not have",
            advice="use the sentences of form C-1, Part II word for word",
        )
    return _lacks_sentence(notice, record, "report_no_part") or _lacks_sentence(
        notice, record, "report_used"
    )


@check("F3", clause="15 USC 1681m(a)(4)(A)")
def tells_of_the_free_report(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """The right to a free report within 60 days."""
    return _lacks_sentence(notice, record, "report_free_copy")


@check("F4", clause="15 USC 1681m(a)(4)(B)")
def tells_of_the_dispute(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """The right to dispute accuracy or completeness."""
    return _lacks_sentence(notice, record, "report_dispute")


@check("F5", clause="15 USC 1681m(a)(2); 15 USC 1681g(f)(1)")
def discloses_the_score_used(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """Number, date, range and provider of the score used, with the prescribed explanation."""
    used, block = _score(notice, record), notice.score_block
    if used is None:
        return None
    if block is None:
        return Fault(
            field="notice.score_block",
            found="is missing though a credit score was used",
            advice="disclose the score, its date, range, key factors and provider",
        )
    return _implausible(record, block) or _difference(used, block)


def _implausible(record: DecisionRecord, block: ScoreBlock) -> Fault | None:
    if block.created_on is None:
        return _score_fault("created_on", "is missing")
    if not block.range_low <= block.score <= block.range_high:
        return _score_fault("score", "lies outside the range of its model")
    if record.decided_on and block.created_on > record.decided_on:
        return _score_fault("created_on", "lies after the decision")
    return None


def _difference(used: ScoreUsed, block: ScoreBlock) -> Fault | None:
    for name in ("score", "created_on", "range_low", "range_high", "provided_by"):
        if getattr(block, name) != getattr(used, name):
            return _score_fault(name, "differs from the score that was used")
    if not is_written(block.provided_by):
        return _score_fault("provided_by", "names nobody")
    expected = [normalised(wording(name)) for name in SCORE_SENTENCES]
    if [normalised(sentence) for sentence in block.sentences] != expected:
        return _score_fault("sentences", "differ from the prescribed explanation")
    return None


def _score_fault(name: str, found: str) -> Fault:
    return Fault(
        field=f"notice.score_block.{name}",
        found=found,
        advice="disclose the score as its provider delivered it, in the words of form C-1",
    )


@check("F6", clause="15 USC 1681g(f)(1)(C) and (f)(9); comment 9(b)(2)-9")
def gives_the_providers_key_factors(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """The provider's key factors in its order, four or five with inquiries, never our reasons."""
    used, block = _score(notice, record), notice.score_block
    if used is None or block is None:
        return None
    field = "notice.score_block.key_factors"
    reasons = [normalised(reason.text) for reason in notice.reasons]
    if fault := key_factors_fault(block.key_factors, inquiries_factor=used.inquiries_factor):
        return Fault(field=field, found=fault, advice="disclose the provider's list")
    if block.key_factors != used.key_factors:
        return Fault(
            field=field,
            found="differ from the provider's factors or their order",
            advice="copy the provider's list in its order",
        )
    if [normalised(factor) for factor in block.key_factors] == reasons:
        return Fault(
            field=field,
            found="are a copy of the reasons of the decision",
            advice="disclose the provider's key factors; they are not the creditor's reasons",
        )
    return None


def key_factors_fault(key_factors: Collection[str], *, inquiries_factor: str | None) -> str | None:
    """Returns what is wrong with a provider's key factors, a verb first, or None.

    Source: 15 USC 1681g(f)(1)(C) and (f)(9).
    """
    num_factors = len(key_factors)
    if not num_factors or not all(factor.strip() for factor in key_factors):
        return "are missing"
    allowed = MAX_KEY_FACTORS + (inquiries_factor in key_factors)
    if num_factors > allowed:
        return f"are {num_factors}, more than the {allowed} allowed"
    if inquiries_factor is not None and inquiries_factor not in key_factors:
        return "leave out the number of inquiries"
    return None


@check("F7", clause="15 USC 1681m(a) and (b)")
def shows_no_block_without_its_use(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """No report, score or outside information is disclosed that was not used."""
    reports = _reports(notice, record)
    shown = notice.report_block.agencies if notice.report_block else ()
    if notice.report_block and (not reports or any(agency not in reports for agency in shown)):
        return _unused("report_block", "names a report that was not used for this recipient")
    if len(set(shown)) != len(shown):
        return _unused("report_block", "names an agency twice")
    if notice.score_block and _score(notice, record) is None:
        return _unused("score_block", "shows a score that was not used for this recipient")
    if notice.outside_information is not None and not _owes_outside_statement(notice, record):
        return _unused("outside_information", "tells of outside information that was not used")
    return None


def _unused(name: str, found: str) -> Fault:
    return Fault(field=f"notice.{name}", found=found, advice="leave out what was not used")


@check("F8", clause="15 USC 1681m(b)")
def tells_of_outside_information(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """Information of an affiliate or another outside source brings the prescribed statement."""
    if not _owes_outside_statement(notice, record):
        return None
    if normalised(notice.outside_information or "") == normalised(wording("outside_information")):
        return None
    return Fault(
        field="notice.outside_information",
        found="is missing or differs from the prescribed statement",
        advice="use the last paragraph of form C-1, Part II word for word",
    )


@check("F9", clause="comment 9(b)(2)-9")
def does_not_replace_reasons_by_a_report(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """The disclosures of the report stand beside the reasons, never in their place."""
    if notice.report_block is None and notice.score_block is None:
        return None
    if not states_reasons_or_the_right_to_them(notice, record).passed:
        return Fault(
            field="notice.reasons",
            found="are replaced by the disclosure of a report",
            advice="state the specific reasons beside the disclosure",
        )
    names = _agency_names(notice, record)
    used = {factor.reason_key for factor in record.factors}
    factors = notice.score_block.key_factors if notice.score_block else ()
    for position, reason in enumerate(notice.reasons):
        field = f"notice.reasons[{position}].text"
        if reason.reason is None and _names_only_a_source(reason.text, names):
            return Fault(
                field=field,
                found="says that a report was used instead of what in it counted",
                advice="state the factor, such as delinquent obligations",
            )
        is_key_factor = normalised(reason.text) in map(normalised, factors)
        if reason.reason is None and reason.key not in used and is_key_factor:
            return Fault(
                field=field,
                found="is a key factor of the credit score and no factor of the decision",
                advice="state what the decision rested on",
            )
    return None


def _agency_names(notice: AdverseActionNotice, record: DecisionRecord) -> set[str]:
    shown = notice.report_block.agencies if notice.report_block else ()
    return {agency.name for agency in (*shown, *(r.agency for r in record.reports_used))}


def _names_only_a_source(text: str, names: set[str]) -> bool:
    plain = normalised(text)
    has_source = any(re.search(expression, plain) for expression in lexicon().sources)
    has_source = has_source or any(normalised(name) in plain for name in names)
    return has_source and not names_a_factor(text, beside=names)
