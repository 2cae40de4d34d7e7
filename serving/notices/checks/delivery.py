"""Checks C16 to C20: how the notice looks, how it goes, and to whom."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from serving.notices.checks.content import has_address
from serving.notices.checks.verdict import Fault, check
from serving.notices.forms import NoticeForm
from serving.notices.notice import AdverseActionNotice, Channel, Language, ScoreBlock
from serving.notices.printable import is_printable
from serving.notices.record import DecisionRecord, ScoreUsed
from serving.notices.templates_digest import templates_sha256

MIN_FONT_SIZE_PT = 10.0
MAX_FONT_SIZE_PT = 24.0
"""Large print for weak sight goes up to here; beyond, words of the form leave the page."""


@check("C16", clause="12 CFR 1002.4(d)(1)")
def is_clear_and_retainable(notice: AdverseActionNotice, _record: DecisionRecord) -> Fault | None:
    """Printed by the shipped templates, large enough, in characters that its fonts hold."""
    if notice.layout.templates_sha256 != templates_sha256(notice.form):
        return Fault(
            field="notice.layout.templates_sha256",
            found="is not the digest of the shipped templates",
            advice="draft the notice again with the templates of this version",
        )
    if not MIN_FONT_SIZE_PT <= notice.layout.font_size_pt <= MAX_FONT_SIZE_PT:
        return Fault(
            field="notice.layout.font_size_pt",
            found="is too small or too large to be clear and conspicuous",
            advice=f"use {MIN_FONT_SIZE_PT:g} to {MAX_FONT_SIZE_PT:g} points",
        )
    for field, text in _texts("notice", notice):
        if not is_printable(text):
            return Fault(
                field=field,
                found="holds a character that the fonts of the notice cannot print",
                advice="write it in Latin letters",
            )
    return None


def _texts(field: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, tuple):
        for position, item in enumerate(value):
            yield from _texts(f"{field}[{position}]", item)
    elif is_dataclass(value):
        for entry in fields(value):
            yield from _texts(f"{field}.{entry.name}", getattr(value, entry.name))


@check("C17", clause="12 CFR 1002.4(d)(2); 15 USC 7001(c)")
def is_delivered_as_consented(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """Electronic delivery only under the recipient's own consent, given and not withdrawn."""
    if notice.delivery.channel is not Channel.ELECTRONIC:
        return None
    if any(
        consent.consumer_id == notice.recipient.consumer_id
        and consent.given_on <= notice.dated_on
        and (consent.withdrawn_on is None or consent.withdrawn_on > notice.dated_on)
        for consent in record.consents
    ):
        return None
    return Fault(
        field="notice.delivery.channel",
        found="is electronic without a consent of the recipient in force",
        advice="send the notice by post",
    )


@check("C18", clause="12 CFR 1002.4(e)")
def exists_in_english(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """A notice in another language has a stored English version."""
    if notice.language is Language.ENGLISH:
        return None
    stored = set(record.stored_notice_ids) - {notice.notice_id}
    if (notice.english_notice_id or "").strip() and notice.english_notice_id in stored:
        return None
    return Fault(
        field="notice.english_notice_id",
        found="names no stored English version",
        advice="draft and store the English notice first",
    )


@check("C19", clause="12 CFR 1002.9(f); 15 USC 1681m(a)")
def goes_to_the_right_person(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """The recipient takes part, the primary applicant is notified, all credit data is their own."""
    if notice.recipient not in record.applicants or not has_address(notice.recipient.address_lines):
        return Fault(
            field="notice.recipient",
            found="is no applicant of this record, or name or address differ from it",
            advice="address the notice to the applicant's last known address",
        )
    own = notice.recipient.consumer_id
    if record.primary_consumer_id not in {None, own, *record.notified_consumer_ids}:
        return Fault(
            field="notice.recipient",
            found="is not the primary applicant, who is not notified either",
            advice="notify the primary applicant",
        )
    return _form_fault(notice, record) or _block_fault(notice, record)


def _form_fault(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """A guarantor is told of the use of their own report and nothing of the applicant's reasons.

    Who is notified as the primary applicant is an applicant, and so is somebody in every record:
    else nobody would be told the reasons.
    """
    own = notice.recipient.consumer_id
    guarantees = own in record.guarantor_consumer_ids
    applying = {a.consumer_id for a in record.applicants} - {*record.guarantor_consumer_ids}
    if guarantees and (own == record.primary_consumer_id or not applying):
        return Fault(
            field="record.guarantor_consumer_ids",
            found="holds the primary applicant, or everybody",
            advice="record who applies, and notify them",
        )
    if (notice.form is NoticeForm.REPORT_USED) != guarantees:
        return Fault(
            field="notice.form",
            found="tells an applicant no reasons, or a guarantor somebody else's",
            advice=f"use form {NoticeForm.REPORT_USED.value} for a guarantor and nobody else",
        )
    used = {report.consumer_id for report in record.reports_used}
    used |= {score.consumer_id for score in record.scores_used}
    if guarantees and own not in used:
        return Fault(
            field="notice.recipient",
            found="is a guarantor whose report was not used",
            advice="send nothing to somebody who is owed nothing",
        )
    return None


def _block_fault(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """Credit data of another person, whatever name it bears."""
    own = notice.recipient.consumer_id
    report, score = notice.report_block, notice.score_block
    advice = "show credit data to nobody but its own consumer"
    for name, block in {"report_block": report, "score_block": score}.items():
        if block is not None and block.consumer_id != own:
            field = f"notice.{name}.consumer_id"
            return Fault(field=field, found="belongs to another person", advice=advice)
    agencies = {used.agency for used in record.reports_used if used.consumer_id == own}
    foreign = {used.agency for used in record.reports_used} - agencies
    if report is not None and foreign & set(report.agencies):
        field = "notice.report_block.agencies"
        return Fault(field=field, found="names another person's agency", advice=advice)
    others = {_score_data(used) for used in record.scores_used if used.consumer_id != own}
    owned = {_score_data(used) for used in record.scores_used if used.consumer_id == own}
    if score is not None and _score_data(score) in others - owned:
        return Fault(field="notice.score_block", found="is another person's score", advice=advice)
    return None


def _score_data(score: ScoreBlock | ScoreUsed) -> tuple[object, ...]:
    names = ("score", "created_on", "range_low", "range_high", "key_factors", "provided_by")
    return tuple(getattr(score, name) for name in names)


@check("C20", clause="12 CFR 1002.9(g); comment 9(g)-1")
def tells_the_creditors_apart(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """Each creditor of the record is named, and each reason says whose it is."""
    named = [creditor.name for creditor in notice.creditors]
    if missing := {c.name for c in record.creditors} - set(named):
        return Fault(
            field="notice.creditors",
            found=f"does not name {len(missing)} of the creditors that took the action",
            advice="name each creditor with its address",
        )
    if len(set(named)) != len(named):
        return Fault(
            field="notice.creditors", found="names a creditor twice", advice="name each once"
        )
    owners = {reason.creditor_name for reason in notice.reasons}
    several = len(named) > 1
    if any(owner not in (named if several else [None, *named]) for owner in owners):
        return Fault(
            field="notice.reasons",
            found="a reason does not say which creditor relied on it",
            advice="give each reason the name of its creditor",
        )
    if several and notice.reasons and owners != set(named):
        return Fault(
            field="notice.reasons",
            found="a creditor has no reason of its own",
            advice="state the primary reasons of each creditor",
        )
    return None
