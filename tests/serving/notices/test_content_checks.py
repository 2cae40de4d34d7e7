from dataclasses import replace
from datetime import date

import pytest

from serving.notices.case_file import NoticeCase
from serving.notices.checks.every_check import CHECKS, blocking, check_notice
from serving.notices.checks.verdict import Severity
from serving.notices.compose import compose_ecoa_notice
from serving.notices.forms import ActionKind, NoticeForm
from serving.notices.notice import (
    Action,
    Channel,
    CreditorType,
    Delivery,
    Language,
    Layout,
    Recipient,
)
from serving.notices.record import ElectronicConsent
from serving.notices.samples import APPLICANT, CREDITOR, DATED_ON, sample_case
from serving.notices.wording import agencies_of

IDS = [*(f"C{n}" for n in range(1, 21)), *(f"F{n}" for n in range(1, 10))]
IDS += ["B1", "K1", "N1", "H1", "A1"]
NOTICE = sample_case(NoticeForm.C1).notice
RIGHT = sample_case(NoticeForm.C5).notice.right_to_reasons


def test_every_notice_rule_has_its_check_in_order_and_only_c6_warns():
    verdicts = check_notice(NOTICE, sample_case(NoticeForm.C1).record)
    assert [v.check_id for v in verdicts] == IDS
    assert [v.check_id for v in verdicts if v.severity is Severity.WARNS] == ["C6"]
    assert len({judge.__name__ for judge in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("form", NoticeForm)
def test_each_form_filled_in_passes_every_check(form, failed):
    assert failed(sample_case(form)) == set()


def test_a_verdict_names_field_clause_and_what_to_do(changed, message):
    text = message("C2", changed(creditors=(replace(CREDITOR, address_lines=()),)))
    assert text == (
        "notice.creditors[0].address_lines: holds no complete address (12 CFR 1002.9(a)(2)); "
        "give street or box, and city, state and ZIP code"
    )


@pytest.mark.parametrize("description", ["", "  ", "Under review", "Approved"])
def test_c1_the_action_taken_must_be_described(description, changed, failed):
    action = Action(kind=ActionKind.DENIAL, description=description)
    assert "C1" in failed(changed(action=action))


def test_c1_the_action_is_the_one_of_the_record(changed, failed):
    assert "C1" in failed(changed(record_action=ActionKind.TERMINATION))


@pytest.mark.parametrize("change", [{"name": ""}, {"address_lines": ()}, {"name": "Another Bank"}])
def test_c2_the_creditor_is_named_with_its_address(change, changed, failed):
    assert "C2" in failed(changed(creditors=(replace(CREDITOR, **change),)))


@pytest.mark.parametrize("form", [NoticeForm.C1, NoticeForm.C3, NoticeForm.C4])
def test_c3_each_of_the_three_official_wordings_passes(form, changed, failed):
    text = compose_ecoa_notice(form, NOTICE.agencies)
    assert failed(changed(ecoa_notice=text)) == set()


def test_c3_spacing_and_typographic_quotes_make_no_difference(changed, failed):
    text = NOTICE.ecoa_notice.replace("'", "’").replace(". ", ".  ")
    assert failed(changed(ecoa_notice=text)) == set()


@pytest.mark.parametrize(
    "left_out",
    [
        "race, ", "color, ", "religion, ", "national origin, ", "sex, ", "marital status, ",
        "age (provided the applicant has the capacity to enter into a binding contract)",
        "because all or part of the applicant's income derives from any public assistance ",
        "in good faith ", "or because the applicant has in good faith exercised any right under ",
        "The Federal agency that administers compliance with this law concerning this creditor is ",
    ],
)  # fmt: skip
def test_c3_nothing_may_be_left_out_of_the_ecoa_notice(left_out, changed, failed):
    assert left_out in NOTICE.ecoa_notice
    assert "C3" in failed(changed(ecoa_notice=NOTICE.ecoa_notice.replace(left_out, "")))


def test_c4_the_agency_is_the_one_of_the_creditor_type(changed, failed):
    agencies = agencies_of(CreditorType.NATIONAL_BANK)
    text = compose_ecoa_notice(NoticeForm.C1, agencies)
    assert failed(changed(agencies=agencies, ecoa_notice=text)) == {"C4"}
    assert failed(changed(agencies=agencies)) == {"C4"}
    assert failed(changed(ecoa_notice=text)) == {"C4"}


def test_c4_a_nonbank_affiliate_lists_both_agencies(changed, failed):
    kind = CreditorType.NONBANK_AFFILIATE_OF_LARGE_DEPOSITORY
    creditor = replace(CREDITOR, creditor_type=kind)
    for agencies, expected in [(agencies_of(kind), set()), (agencies_of(kind)[:1], {"C4"})]:
        text = compose_ecoa_notice(NoticeForm.C1, agencies)
        parties = {"creditors": (creditor,), "record_creditors": (creditor,)}
        assert failed(changed(agencies=agencies, ecoa_notice=text, **parties)) == expected


def test_c5_reasons_or_the_right_to_them_never_both_never_neither(changed, failed):
    assert "C5" in failed(changed(reasons=()))
    assert "C5" in failed(changed(right_to_reasons=RIGHT))
    assert "C5" in failed(changed(NoticeForm.C5, right_to_reasons=None))
    assert "C5" in failed(changed(NoticeForm.C5, reasons=NOTICE.reasons))


@pytest.mark.parametrize(
    "change",
    [
        {"contact_name": ""},
        {"address_lines": ("400 Quarry Street",)},
        {"telephone": ""},
        {"telephone": "555-0130"},
        {"statement": ""},
        {"statement": RIGHT.statement.replace("60", "30")},
        {"statement": RIGHT.statement.replace("within 30 days", "within 60 days")},
    ],
)
def test_c5_the_right_comes_with_office_address_telephone_and_both_periods(change, changed, failed):
    assert "C5" in failed(changed(NoticeForm.C5, right_to_reasons=replace(RIGHT, **change)))


def test_c16_print_is_large_enough_known_and_printable(changed, failed):
    layout = NOTICE.layout
    for broken in (
        replace(layout, font_size_pt=8.0),
        replace(layout, font_size_pt=float("nan")),
        Layout(templates_sha256="0" * 64, font_size_pt=11.0),
    ):
        assert failed(changed(layout=broken)) == {"C16"}
    transaction = replace(NOTICE.transaction, description="a loan\u202e \ufffd")
    assert failed(changed(transaction=transaction)) == {"C16"}


@pytest.mark.parametrize(
    "name", ["Leilani Kaʻahumanu", "Dʼvora", "Anne\u2011Marie", "Jose\u0301", "Nguyễn Thị Hạnh"]
)
def test_c16_lawful_names_can_be_printed(name, changed, failed):
    named = replace(APPLICANT, name=name)
    assert failed(changed(recipient=named, record_applicants=(named,))) == set()


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ((), {"C17"}),
        ((ElectronicConsent(consumer_id="consumer-1", given_on=DATED_ON),), set()),
        ((ElectronicConsent(consumer_id="consumer-2", given_on=DATED_ON),), {"C17"}),
        ((ElectronicConsent(consumer_id="consumer-1", given_on=date(2026, 12, 1)),), {"C17"}),
        (
            (
                ElectronicConsent(
                    consumer_id="consumer-1", given_on=date(2026, 1, 1), withdrawn_on=DATED_ON
                ),
            ),
            {"C17"},
        ),
    ],
)
def test_c17_electronic_delivery_needs_a_consent_in_force(consents, expected, changed, failed):
    case = changed(delivery=Delivery(channel=Channel.ELECTRONIC), record_consents=consents)
    assert failed(case) == expected


def test_c18_another_language_needs_the_english_version_and_c15_its_approval(changed, failed):
    spanish = {"language": Language.SPANISH, "english_notice_id": "n-1"}
    assert failed(changed(**spanish)) == {"C15", "C18"}
    assert failed(changed(**spanish, record_stored_notice_ids=("n-1",))) == {"C15"}


def test_c19_a_score_is_never_shown_to_another_consumer(changed, failed):
    joint = Recipient(consumer_id="consumer-2", name="Lee Whitlow", address_lines=("1 A", "B, OH"))
    both = {"record_applicants": (APPLICANT, joint)}
    assert "C19" in failed(changed(recipient=joint, **both))
    cleared = {"report_block": None, "score_block": None}
    alone = changed(recipient=joint, **both, **cleared)
    assert failed(alone) == {"C19"}
    after = changed(
        recipient=joint, **both, **cleared, record_notified_consumer_ids=("consumer-1",)
    )
    assert failed(after) == set()


def test_c19_somebody_who_applies_is_told_the_reasons(failed):
    case = sample_case(NoticeForm.REPORT_USED)
    everybody = tuple(a.consumer_id for a in case.record.applicants)
    own = case.notice.recipient.consumer_id
    for change in (
        {"guarantor_consumer_ids": everybody, "primary_consumer_id": None},
        {"applicants": (case.notice.recipient,), "primary_consumer_id": None},
        {"primary_consumer_id": own},
    ):
        broken = NoticeCase(notice=case.notice, record=replace(case.record, **change))
        assert failed(broken) == {"C19"}


def test_c19_the_address_is_the_last_known_one(changed, failed):
    moved = replace(APPLICANT, address_lines=("9 Elm Street", "Millbrook, OH 43299"))
    assert failed(changed(record_applicants=(moved,))) == {"C19"}


def test_c20_a_notice_for_several_creditors_says_whose_each_reason_is(changed, failed):
    other = replace(CREDITOR, name="Second Example Lender", address_lines=("7 Low Road", "X, OH"))
    creditors = {"creditors": (CREDITOR, other), "record_creditors": (CREDITOR, other)}
    first, second = NOTICE.reasons
    told_apart = (
        replace(first, creditor_name=CREDITOR.name),
        replace(second, creditor_name=other.name),
    )
    assert failed(changed(reasons=told_apart, **creditors)) == set()
    assert failed(changed(**creditors)) == {"C20"}
    assert failed(changed(record_creditors=(CREDITOR, other))) == {"C20"}


def test_a_warning_does_not_block():
    verdicts = check_notice(NOTICE, sample_case(NoticeForm.C1).record)
    warned = [replace(v, passed=v.severity is Severity.BLOCKS) for v in verdicts]
    assert blocking(warned) == []
    assert len(blocking([replace(v, passed=False) for v in verdicts])) == len(IDS) - 1
