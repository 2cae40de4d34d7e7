"""Broken notices, drawn by rule from valid ones: credit reports, offers, register, four eyes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from serving.notices.forms import ActionKind, BusinessPath, NoticeForm, has_outside_statement
from serving.notices.notice import ReportBlock, StatedReason
from serving.notices.record import Actor, Business, HmdaReport, MissingItem, ReportUsed
from serving.notices.samples import AGENCY, sample_case
from serving.notices.wording import wording

SAMPLE = sample_case(NoticeForm.C1).notice
OFFER = sample_case(NoticeForm.C4).notice.counteroffer
REQUEST = sample_case(NoticeForm.C6).notice.incompleteness
NAMES = {"F2": "report_no_part", "F3": "report_free_copy", "F4": "report_dispute"}


def agency_changes(agency):
    lines = agency.address_lines
    yield from ({"name": n} for n in ("", agency.name[:-1], f"The {agency.name}"))
    yield from ({"address_lines": a} for a in ((), lines[:1], lines[::-1], ("", "")))
    yield from ({"telephone": t} for t in ("", agency.telephone[:-1], "see website"))
    if agency.is_nationwide:
        yield {"telephone": "(212) 555-0100"}
        yield {"is_nationwide": False, "telephone": "(212) 555-0100"}


def f1_broken_entry(case, change, _):
    block = case.notice.report_block
    for position, agency in enumerate(block.agencies if block else ()):
        for fields in agency_changes(agency):
            changed = list(block.agencies)
            changed[position] = replace(agency, **fields)
            yield change(report_block=replace(block, agencies=tuple(changed)))
        left = (*block.agencies[:position], *block.agencies[position + 1 :])
        yield change(report_block=replace(block, agencies=left))


def f1_incomplete_in_both(case, change, _):
    own = case.notice.recipient.consumer_id
    if case.notice.report_block is not None:
        for fields in [{"telephone": ""}, {"address_lines": ()}, {"telephone": "212 555 0100"}]:
            agency = replace(AGENCY, **fields)
            used = (ReportUsed(consumer_id=own, agency=agency),)
            block = replace(case.notice.report_block, agencies=(agency,))
            yield change(report_block=block, record_reports_used=used)


def f1_no_block(case, change, _):
    if case.notice.report_block is not None:
        yield change(report_block=None)


def a_score_without_its_report(case, change, _):
    """In record and notice alike: nothing but the score tells that there was one."""
    if case.notice.score_block is not None and case.notice.report_block is not None:
        yield change(report_block=None, record_reports_used=())


def sentence_rule(check_id):
    prescribed = wording(NAMES[check_id])

    def broken_sentence(case, change, broken):
        block = case.notice.report_block
        if block is not None:
            for text in broken(prescribed):
                changed = tuple(text if s == prescribed else s for s in block.sentences)
                yield change(report_block=replace(block, sentences=changed))
            left = tuple(s for s in block.sentences if s != prescribed)
            yield change(report_block=replace(block, sentences=left))

    return broken_sentence


def f2_added(case, change, _):
    block = case.notice.report_block
    if block is not None:
        for text in ("The agency made this decision.", "A fee applies.", "Call us first."):
            yield change(report_block=replace(block, sentences=(*block.sentences, text)))


def f5_broken_block(case, change, broken):
    block = case.notice.score_block
    if block is None:
        return
    yield change(score_block=None)
    for fields in [
        {"score": block.score + 1}, {"score": block.range_high + 1}, {"score": block.range_low - 1},
        {"created_on": None}, {"created_on": case.notice.dated_on + timedelta(days=1)},
        {"created_on": block.created_on - timedelta(days=1)}, {"range_low": block.range_low - 1},
        {"range_high": block.range_high + 1}, {"provided_by": ""}, {"provided_by": "Another"},
        {"sentences": ()}, {"sentences": block.sentences[:2]}, {"sentences": block.sentences[::-1]},
        {"range_low": block.range_high, "range_high": block.range_low},
    ]:  # fmt: skip
        yield change(score_block=replace(block, **fields))
    for text in broken(block.sentences[1]):
        sentences = (block.sentences[0], text, block.sentences[2])
        yield change(score_block=replace(block, sentences=sentences))


def f5_wrong_in_both(case, change, _):
    block = case.notice.score_block
    if block is not None:
        for fields in [
            {"score": block.range_high + 40},
            {"created_on": case.record.decided_on + timedelta(days=1)},
            {"provided_by": ""},
        ]:
            used = tuple(replace(score, **fields) for score in case.record.scores_used)
            yield change(score_block=replace(block, **fields), record_scores_used=used)


def f6_broken_factors(case, change, _):
    block = case.notice.score_block
    if block is None:
        return
    factors = block.key_factors
    reasons = tuple(reason.text for reason in case.notice.reasons)
    for changed in {
        (), factors[:-1], (*factors, "Too few accounts"), factors[1:], ("", *factors[1:]),
        ("Length of employment", *factors[1:]), reasons, tuple(f.upper() for f in factors),
        (*factors, *(f"Factor {n}" for n in range(5))), factors[::-1],
    } - {factors}:  # fmt: skip
        yield change(score_block=replace(block, key_factors=changed))


def f6_wrong_in_both(case, change, _):
    block, reasons = case.notice.score_block, case.notice.reasons
    if block is not None:
        many = tuple(f"Factor {n}" for n in range(5))
        copies = [many, (*many, "Number of inquiries")]
        copies += [tuple(reason.text for reason in reasons)] if reasons else []
        for factors in copies:
            own = case.notice.recipient.consumer_id
            used = next(s for s in case.record.scores_used if s.consumer_id == own)
            score = replace(used, key_factors=factors, inquiries_factor=None)
            changed = replace(block, key_factors=factors)
            yield change(score_block=changed, record_scores_used=(score,))


def f7_not_used(case, change, _):
    notice = case.notice
    if notice.report_block is not None:
        yield change(record_reports_used=())
        block = notice.report_block
        foreign = replace(AGENCY, name="Eastern Example Bureau")
        yield change(report_block=replace(block, agencies=(*block.agencies, foreign)))
        yield change(report_block=replace(block, agencies=(block.agencies[0],) * 2))
        others = tuple(replace(r, consumer_id="stranger") for r in case.record.reports_used)
        yield change(record_reports_used=others)
    if notice.score_block is not None:
        yield change(record_scores_used=())
        others = tuple(replace(s, consumer_id="stranger") for s in case.record.scores_used)
        yield change(record_scores_used=others)
    if notice.outside_information is not None:
        yield change(record_other_information_used=False)


def f7_added(case, change, _):
    if case.notice.report_block is None:
        empty = ReportBlock(
            consumer_id=case.notice.recipient.consumer_id, agencies=(), sentences=()
        )
        yield change(report_block=SAMPLE.report_block)
        yield change(report_block=empty)
    if case.notice.score_block is None:
        yield change(score_block=SAMPLE.score_block)
    if case.notice.outside_information is None:
        yield change(outside_information=SAMPLE.outside_information)


def f8_broken_statement(case, change, broken):
    if case.notice.outside_information is not None:
        yield change(outside_information=None)
        for text in broken(case.notice.outside_information):
            yield change(outside_information=text)
    elif has_outside_statement(case.notice.form, case.record.action):
        yield change(record_other_information_used=True)


def f9_instead_of_reasons(case, change, _):
    if case.notice.report_block is None:
        return
    if case.notice.reasons or case.notice.right_to_reasons:
        yield change(reasons=(), right_to_reasons=None)
    if case.notice.reasons:
        for text in [
            "Credit report was obtained", "Consumer report used in decision",
            "Information from a consumer reporting agency", "Contents of credit report",
            "Information obtained in a report", "Key factors listed below",
            "See key factors of score", "Information in your bureau report",
        ]:  # fmt: skip
            yield change(reasons=(StatedReason(key="other:x", text=text),))


def b1_another_path(case, change, _):
    if case.record.business is None:
        for path in set(BusinessPath) - {BusinessPath.CONSUMER}:
            yield change(business_path=path)
        yield change(form=NoticeForm.C7)
        yield change(form=NoticeForm.C8)
    else:
        yield change(record_business=None, business_path=BusinessPath.BUSINESS_TO_ONE_MILLION)


def b1_large_treated_as_at_application(case, change, _):
    if case.notice.form is NoticeForm.C8:
        for revenue, is_trade in [(Decimal("1000000.01"), False), (None, True)]:
            business = Business(gross_revenue_usd=revenue, is_trade_credit_or_factoring=is_trade)
            path = BusinessPath.BUSINESS_ABOVE_OR_TRADE
            yield change(record_business=business, business_path=path)


def k1_broken_offer(case, change, _):
    offer = case.notice.counteroffer
    if offer is None:
        yield change(counteroffer=OFFER)
        return
    first = offer.terms[0]
    yield change(counteroffer=None)
    yield change(record_counteroffer=None)
    for fields in [
        {"terms": ()}, {"terms": offer.terms[1:]}, {"terms": (replace(first, value=""),)},
        {"terms": (replace(first, label=" "), *offer.terms[1:])},
        {"terms": (replace(first, value="$99,000.00"), *offer.terms[1:])},
        {"accept_at_lines": ()}, {"accept_at_lines": ("", "")}, {"respond_by": None},
        {"accept_at_lines": case.notice.recipient.address_lines},
        {"respond_by": case.notice.dated_on}, {"respond_by": case.record.decided_on},
        {"respond_by": offer.respond_by + timedelta(days=10)},
    ]:  # fmt: skip
        yield change(counteroffer=replace(offer, **fields))


def k1_wrong_in_both(case, change, _):
    offer = case.notice.counteroffer
    if offer is not None:
        for fields in [{"terms": ()}, {"respond_by": case.notice.dated_on}]:
            wrong = replace(offer, **fields)
            yield change(counteroffer=wrong, record_counteroffer=wrong)


def n1_broken_request(case, change, broken):
    request = case.notice.incompleteness
    if request is None:
        yield change(incompleteness=REQUEST)
        return
    yield change(incompleteness=None)
    for fields in [
        {"items": ()}, {"items": request.items[:1]}, {"items": (*request.items, "Tax return")},
        {"items": request.items * 2}, {"items": ("Other papers", *request.items[1:])},
        {"respond_by": None}, {"respond_by": case.notice.dated_on},
        {"respond_by": request.respond_by + timedelta(days=1)},
    ]:  # fmt: skip
        yield change(incompleteness=replace(request, **fields))
    for text in broken(request.statement):
        yield change(incompleteness=replace(request, statement=text))
    yield change(record_missing_items=())
    yield change(record_missing_items=(MissingItem(name="X", applicant_can_supply=False),))


def h1_broken_report(case, change, _):
    report = case.record.hmda
    if report is None:
        return
    codes = report.denial_reasons
    wrong = [(), (10,), (12,), (*codes, codes[0]), (*codes, 10), (1111, *codes)]
    wrong += [codes[:-1], codes[::-1] if len(codes) > 1 else (), (8,) if codes != (8,) else (7,)]
    for changed in wrong:
        yield change(record_hmda=replace(report, denial_reasons=changed))
    for action in (1, 2, 4, 5, 6, 8):
        yield change(record_hmda=replace(report, action_taken=action))
    text = None if report.other_text else "Length of residence"
    yield change(record_hmda=replace(report, other_text=text))


def h1_other_reasons(case, change, _):
    if case.record.action is ActionKind.DENIAL and case.notice.reasons:
        report = HmdaReport(action_taken=3, denial_reasons=(8,))
        bankruptcy = StatedReason(key="bankruptcy", text="Bankruptcy")
        yield change(record_hmda=report, reasons=(bankruptcy,))


def a1_one_person(case, change, _):
    decider = case.record.decided_by
    machine = Actor(actor_id="model", is_person=False)
    for actor in (None, machine, replace(decider, actor_id="")):
        yield change(record_decided_by=actor)
        yield change(record_released_by=actor)
    for actor_id in (decider.actor_id, decider.actor_id.upper(), f" {decider.actor_id}"):
        yield change(record_released_by=Actor(actor_id=actor_id, is_person=True))
    for cause in (None, "", " \n"):
        yield change(record_is_override=True, record_override_cause=cause)


RULES = {
    "F1": [f1_broken_entry, f1_incomplete_in_both, f1_no_block, a_score_without_its_report],
    "F2": [sentence_rule("F2"), f2_added, a_score_without_its_report],
    "F3": [sentence_rule("F3"), a_score_without_its_report],
    "F4": [sentence_rule("F4"), a_score_without_its_report],
    "F5": [f5_broken_block, f5_wrong_in_both],
    "F6": [f6_broken_factors, f6_wrong_in_both],
    "F7": [f7_not_used, f7_added],
    "F8": [f8_broken_statement],
    "F9": [f9_instead_of_reasons],
    "B1": [b1_another_path, b1_large_treated_as_at_application],
    "K1": [k1_broken_offer, k1_wrong_in_both],
    "N1": [n1_broken_request],
    "H1": [h1_broken_report, h1_other_reasons],
    "A1": [a1_one_person],
}


@pytest.mark.parametrize("check_id", RULES)
def test_every_broken_notice_is_caught_by_its_own_check(check_id, detect):
    assert detect(check_id, RULES[check_id]) == []
