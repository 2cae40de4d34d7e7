"""Broken notices, drawn by rule from valid ones: the rules for content and delivery."""

from dataclasses import replace
from datetime import timedelta

import pytest

from serving.notices.compose import compose_ecoa_notice
from serving.notices.forms import (
    ACTION_DESCRIPTIONS,
    FORMS,
    ActionKind,
    NoticeForm,
    ReasonDisclosure,
)
from serving.notices.notice import (
    Action,
    Channel,
    CreditorType,
    Delivery,
    Language,
    Recipient,
    RightToReasons,
    StatedReason,
)
from serving.notices.record import ElectronicConsent
from serving.notices.wording import agencies_of, agency_phrase

STRANGER = Recipient(
    consumer_id="stranger", name="Pat Stone", address_lines=("5 Oak Road", "Arden, NY 10900")
)


def c1_other_words(case, change, _):
    others = [t for k, ts in ACTION_DESCRIPTIONS.items() if k is not case.record.action for t in ts]
    for text in ["", " ", "Your application is still under review", "Approved", *others]:
        yield change(action=replace(case.notice.action, description=text))


def c1_other_kind(case, change, _):
    for kind in set(ActionKind) - {case.record.action}:
        yield change(action=Action(kind=kind, description=ACTION_DESCRIPTIONS[kind][0]))


def c1_other_form(case, change, _):
    for form, info in FORMS.items():
        if case.record.action not in info.actions:
            yield change(form=form)


def c1_dated_before_the_decision(case, change, _):
    if case.record.decided_on:
        yield change(dated_on=case.record.decided_on - timedelta(days=1))


def c2_left_out(case, change, _):
    creditor = case.notice.creditors[0]
    yield change(creditors=())
    for name in ["", "   ", creditor.name[:-3], f"{creditor.name} Inc."]:
        yield change(creditors=(replace(creditor, name=name),))
    lines = creditor.address_lines
    for address in [(), lines[:1], lines[1:], ("", ""), lines[::-1]]:
        yield change(creditors=(replace(creditor, address_lines=address),))


def c2_another_address(case, change, _):
    address = case.notice.recipient.address_lines
    yield change(creditors=(replace(case.notice.creditors[0], address_lines=address),))


def c3_broken_words(case, change, broken):
    if case.notice.ecoa_notice is not None:
        phrase = agency_phrase(case.notice.agencies)
        before, _, after = case.notice.ecoa_notice.rpartition(phrase)
        yield change(ecoa_notice=None)
        for text in broken(before.strip()):
            yield change(ecoa_notice=f"{text} {phrase}{after}")
        yield change(ecoa_notice=f"{before}{after}")


def c4_another_agency(case, change, _):
    if case.notice.ecoa_notice is None:
        return
    own = case.notice.agencies
    for kind in CreditorType:
        agencies = agencies_of(kind)
        if agencies == own:
            continue
        text = compose_ecoa_notice(case.notice.form, agencies)
        yield change(agencies=agencies)
        yield change(agencies=agencies, ecoa_notice=text)
        if agency_phrase(own) not in text:
            yield change(ecoa_notice=text)


def c4_broken_entry(case, change, _):
    if case.notice.ecoa_notice is None:
        return
    first = case.notice.agencies[0]
    lines = first.address_lines
    phrase = agency_phrase(case.notice.agencies)
    for entry in [
        replace(first, name=""),
        replace(first, name=f"{first.name} of the United States"),
        replace(first, address_lines=lines[:-1]),
        replace(first, address_lines=(*lines[:-1], lines[-1][:-1])),
    ]:
        yield change(agencies=(entry, *case.notice.agencies[1:]))
    yield change(agencies=())
    extended = f"{phrase} or any State authority"
    yield change(ecoa_notice=case.notice.ecoa_notice.replace(phrase, extended))
    yield change(ecoa_notice=case.notice.ecoa_notice.replace(lines[-1], ""))


def c5_neither_or_both(case, change, _):
    reason = StatedReason(key="bankruptcy", text="Bankruptcy")
    right = RightToReasons(
        contact_name="our office", address_lines=("1 A", "B, OH"), telephone="6145550100",
        statement="Ask us.",
    )  # fmt: skip
    disclosure = FORMS[case.notice.form].reasons
    yield change(reasons=() if disclosure is ReasonDisclosure.STATED else (reason,))
    on_request = disclosure is ReasonDisclosure.ON_REQUEST
    yield change(right_to_reasons=None if on_request else right)
    yield change(reasons=(replace(reason, text=" "), *case.notice.reasons))


def c5_broken_right(case, change, broken):
    right = case.notice.right_to_reasons
    if right is None:
        return
    for text in broken(right.statement):
        yield change(right_to_reasons=replace(right, statement=text))
    for fields in [
        {"contact_name": ""}, {"address_lines": ()}, {"address_lines": right.address_lines[:1]},
        {"telephone": ""}, {"telephone": right.telephone[:-1]}, {"telephone": "see website"},
    ]:  # fmt: skip
        yield change(right_to_reasons=replace(right, **fields))


def c16_small_or_unknown(case, change, _):
    for size in (0.0, 5.5, 9.99, float("nan"), -11.0):
        yield change(layout=replace(case.notice.layout, font_size_pt=size))
    for digest in ("", "0" * 64, case.notice.layout.templates_sha256[:-1]):
        yield change(layout=replace(case.notice.layout, templates_sha256=digest))


def c16_unprintable(case, change, _):
    recipient = case.notice.recipient
    for character in ("\ufffd", "\u200b", "\u202e", "\x07", "名", "🏠", "\ue000"):
        yield change(recipient=replace(recipient, name=f"{recipient.name}{character}"))
        creditor = case.notice.creditors[0]
        yield change(creditors=(replace(creditor, name=f"{creditor.name}{character}"),))


def c17_no_consent(case, change, _):
    own, day = case.notice.recipient.consumer_id, case.notice.dated_on
    electronic = {"delivery": Delivery(channel=Channel.ELECTRONIC)}
    given = ElectronicConsent(consumer_id=own, given_on=day - timedelta(days=9))
    for consents in [
        (),
        (replace(given, consumer_id="stranger"),),
        (replace(given, given_on=day + timedelta(days=1)),),
        (replace(given, withdrawn_on=day),),
        (replace(given, withdrawn_on=day - timedelta(days=1)),),
    ]:
        yield change(**electronic, record_consents=consents)


def c18_no_english(case, change, _):
    own = case.notice.notice_id
    for english, stored in [(None, ()), ("e-1", ()), (own, (own,)), ("e-1", ("e-2",)), ("", ("",))]:
        fields = {"english_notice_id": english, "record_stored_notice_ids": stored}
        yield change(language=Language.SPANISH, **fields)


def c19_another_person(case, change, _):
    recipient = case.notice.recipient
    yield change(recipient=STRANGER)
    for fields in [
        {"consumer_id": "stranger"}, {"name": ""}, {"name": "Pat Stone"}, {"address_lines": ()},
        {"address_lines": STRANGER.address_lines},
    ]:  # fmt: skip
        yield change(recipient=replace(recipient, **fields))
    joint = (*case.record.applicants, STRANGER)
    nobody = {"record_notified_consumer_ids": ()}
    yield change(recipient=STRANGER, record_applicants=joint, **nobody)


def c19_another_persons_block(case, change, _):
    for name in ("report_block", "score_block"):
        block = getattr(case.notice, name)
        if block is not None:
            for owner in {"stranger", "consumer-a", "consumer-b", ""} - {block.consumer_id}:
                yield change(**{name: replace(block, consumer_id=owner)})


def c19_another_persons_data_under_the_own_name(case, change, _):
    """The block of another recipient of the same decision, relabelled."""
    own = case.notice.recipient.consumer_id
    theirs = [used for used in case.record.reports_used if used.consumer_id != own]
    for used in theirs:
        shown = case.notice.report_block
        if shown is not None:
            for agencies in [(used.agency,), (*shown.agencies, used.agency)]:
                yield change(report_block=replace(shown, agencies=agencies))
    for used in case.record.scores_used:
        if used.consumer_id != own and case.notice.score_block is not None:
            names = ("score", "created_on", "range_low", "range_high", "key_factors", "provided_by")
            data = {name: getattr(used, name) for name in names}
            yield change(score_block=replace(case.notice.score_block, **data))


def c19_reasons_for_a_guarantor(case, change, _):
    """An applicant gets reasons, a guarantor never somebody else's."""
    own = case.notice.recipient.consumer_id
    if own in case.record.guarantor_consumer_ids:
        for form in (NoticeForm.C1, NoticeForm.C2, NoticeForm.C5):
            yield change(form=form)
        yield change(record_guarantor_consumer_ids=())
        everybody = tuple(a.consumer_id for a in case.record.applicants)
        yield change(record_guarantor_consumer_ids=everybody)
        yield change(record_primary_consumer_id=own)
        used = case.record.reports_used
        yield change(
            record_reports_used=tuple(u for u in used if u.consumer_id != own),
            record_scores_used=(),
        )
    else:
        yield change(form=NoticeForm.REPORT_USED)
        yield change(record_guarantor_consumer_ids=(own,))


def c19_nobody_told_the_primary_applicant(case, change, _):
    if case.notice.recipient.consumer_id != case.record.primary_consumer_id:
        yield change(record_notified_consumer_ids=())
        yield change(record_notified_consumer_ids=(case.notice.recipient.consumer_id,))


def c20_mixed_creditors(case, change, _):
    own = case.notice.creditors[0]
    other = replace(own, name="Second Example Lender")
    both = {"creditors": (own, other), "record_creditors": (own, other)}
    yield change(record_creditors=(own, other))
    yield change(creditors=(own, own))
    yield change(creditors=(other,))
    if case.notice.reasons:
        yield change(**both)
        for owner in (own.name, other.name, "Third Lender"):
            owned = tuple(replace(r, creditor_name=owner) for r in case.notice.reasons)
            yield change(**both, reasons=owned)
        foreign = replace(case.notice.reasons[0], creditor_name="Third Lender")
        yield change(reasons=(foreign, *case.notice.reasons[1:]))


RULES = {
    "C1": [c1_other_words, c1_other_kind, c1_other_form, c1_dated_before_the_decision],
    "C2": [c2_left_out, c2_another_address],
    "C3": [c3_broken_words],
    "C4": [c4_another_agency, c4_broken_entry],
    "C5": [c5_neither_or_both, c5_broken_right],
    "C16": [c16_small_or_unknown, c16_unprintable],
    "C17": [c17_no_consent],
    "C18": [c18_no_english],
    "C19": [
        c19_another_person,
        c19_another_persons_block,
        c19_another_persons_data_under_the_own_name,
        c19_reasons_for_a_guarantor,
        c19_nobody_told_the_primary_applicant,
    ],
    "C20": [c20_mixed_creditors],
}


@pytest.mark.parametrize("check_id", RULES)
def test_every_broken_notice_is_caught_by_its_own_check(check_id, detect):
    assert detect(check_id, RULES[check_id]) == []
