from dataclasses import replace
from datetime import date, timedelta

import pytest

from serving.notices.case_file import NoticeCase
from serving.notices.forms import NoticeForm
from serving.notices.notice import StatedReason
from serving.notices.record import ReportUsed
from serving.notices.samples import AGENCY, DECIDED_ON, SCORE, sample_case
from serving.notices.wording import wording

NOTICE = sample_case(NoticeForm.C1).notice
REPORT, BLOCK = NOTICE.report_block, NOTICE.score_block


def with_agency(**change):
    agency = replace(AGENCY, **change)
    used = (ReportUsed(consumer_id="consumer-1", agency=agency),)
    return {"report_block": replace(REPORT, agencies=(agency,)), "record_reports_used": used}


def with_score(**change):
    used = replace(SCORE, **change)
    shown = {k: v for k, v in change.items() if k != "inquiries_factor"}
    return {"score_block": replace(BLOCK, **shown), "record_scores_used": (used,)}


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"address_lines": ("P.O. Box 1150",)},
        {"telephone": ""},
        {"telephone": "(614) 555-0199"},
    ],
)
def test_f1_each_agency_has_name_address_and_a_toll_free_number(change, changed, failed):
    assert failed(changed(**with_agency(**change))) == {"F1"}


def test_f1_a_local_agency_needs_no_toll_free_number(changed, failed):
    local = with_agency(telephone="(614) 555-0199", is_nationwide=False)
    assert failed(changed(**local)) == set()


def test_f1_every_agency_that_was_used_is_named(changed, failed):
    second = replace(AGENCY, name="Second Example Bureau")
    used = tuple(ReportUsed(consumer_id="consumer-1", agency=a) for a in (AGENCY, second))
    assert failed(changed(record_reports_used=used)) == {"F1"}


@pytest.mark.parametrize(
    ("check_id", "name"),
    [("F2", "report_no_part"), ("F3", "report_free_copy"), ("F4", "report_dispute")],
)
def test_f2_f3_f4_each_prescribed_sentence_is_there(check_id, name, changed, failed):
    left = tuple(s for s in REPORT.sentences if s != wording(name))
    assert failed(changed(report_block=replace(REPORT, sentences=left))) == {check_id}


def test_f2_nothing_is_added_to_the_form(changed, failed):
    added = (*REPORT.sentences, "A fee of $20 applies to each report.")
    assert failed(changed(report_block=replace(REPORT, sentences=added))) == {"F2"}


@pytest.mark.parametrize("form", [NoticeForm.C1, NoticeForm.C2, NoticeForm.C5])
def test_f1_to_f4_a_score_without_its_report_lacks_the_rights_that_come_with_one(
    form, changed, failed
):
    case = changed(form, report_block=None, record_reports_used=())
    assert failed(case) == {"F1", "F2", "F3", "F4"}
    unshown = changed(form, report_block=None, score_block=None, record_reports_used=())
    assert failed(unshown) == {"F1", "F2", "F3", "F4", "F5"}


@pytest.mark.parametrize(
    "change",
    [
        {"score": 299},
        {"score": 851},
        {"range_low": 700},
        {"created_on": DECIDED_ON + timedelta(days=1)},
        {"provided_by": ""},
    ],
)
def test_f5_the_score_lies_in_its_range_before_the_decision_with_a_provider(
    change, changed, failed
):
    assert failed(changed(**with_score(**change))) == {"F5"}


@pytest.mark.parametrize(
    "change",
    [{"score": 640}, {"created_on": None}, {"created_on": date(2026, 1, 1)}, {"sentences": ()}],
)
def test_f5_the_score_shown_is_the_score_used(change, changed, failed):
    assert failed(changed(score_block=replace(BLOCK, **change))) == {"F5"}


def test_f5_a_score_that_was_used_is_disclosed(changed, failed):
    assert failed(changed(score_block=None)) == {"F5"}


def test_f6_a_fifth_key_factor_only_for_inquiries(changed, failed):
    assert failed(changed(**with_score(inquiries_factor=None))) == {"F6"}
    four = SCORE.key_factors[:4]
    assert failed(changed(**with_score(key_factors=four, inquiries_factor=None))) == set()
    assert failed(changed(**with_score(key_factors=four))) == {"F6"}
    six = (*SCORE.key_factors, "Too few accounts")
    assert failed(changed(**with_score(key_factors=six))) == {"F6"}


def test_f6_the_order_is_the_providers(changed, failed):
    turned = replace(BLOCK, key_factors=BLOCK.key_factors[::-1])
    assert failed(changed(score_block=turned)) == {"F6"}


def test_f6_the_reasons_are_not_the_key_factors(changed, failed):
    copied = tuple(reason.text for reason in NOTICE.reasons)
    case = changed(**with_score(key_factors=copied, inquiries_factor=None))
    assert failed(case) == {"F6"}


def test_f7_no_report_no_block_and_no_score_no_block(changed, failed):
    assert failed(changed(record_reports_used=())) == {"F7"}
    assert failed(changed(record_scores_used=())) == {"F7"}
    assert failed(changed(record_other_information_used=False)) == {"F7"}
    none = {"report_block": None, "score_block": None, "outside_information": None}
    unused = {"record_reports_used": (), "record_scores_used": ()}
    case = changed(**none, **unused, record_other_information_used=False)
    assert failed(case) == set()


def test_f8_outside_information_brings_its_statement(changed, failed):
    assert failed(changed(outside_information=None)) == {"F8"}
    changed_days = NOTICE.outside_information.replace("60", "30")
    assert failed(changed(outside_information=changed_days)) == {"F8"}


def test_f8_a_guarantor_is_told_nothing_of_what_others_said_about_the_applicant(failed):
    case = sample_case(NoticeForm.REPORT_USED)
    record = replace(case.record, other_information_used=True)
    assert "F8" not in failed(NoticeCase(notice=case.notice, record=record))
    told = replace(case.notice, outside_information=NOTICE.outside_information)
    assert "F7" in failed(NoticeCase(notice=told, record=record))


def test_f9_a_report_never_replaces_the_reasons(changed, failed):
    assert failed(changed(reasons=())) == {"C5", "F9"}
    report = StatedReason(key="other:x", text="Information obtained in your consumer report")
    assert "F9" in failed(changed(reasons=(report,)))
