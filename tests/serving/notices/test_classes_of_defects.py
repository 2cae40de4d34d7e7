"""For each class of defect that a check knows: fresh examples of it, and texts close to them.

None of the texts stands in the lexicon or among the broken notices of the data folder.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from serving.notices.compose import compose_incompleteness
from serving.notices.forms import NoticeForm
from serving.notices.notice import Layout, StatedReason, Term
from serving.notices.record import DecisionPath, FiredRule, MissingItem
from serving.notices.samples import AGENCY, CREDITOR, DATED_ON, FACTORS, SCORE, sample_case

NOTICE = sample_case(NoticeForm.C1).notice
OFFER = sample_case(NoticeForm.C4).notice.counteroffer
REQUEST = sample_case(NoticeForm.C6).notice.incompleteness
RIGHT = sample_case(NoticeForm.C5).notice.right_to_reasons
MANY = tuple(f"Reason {n}" for n in range(5))


@pytest.fixture
def stating(changed):
    """A denial whose second reason is the creditor's own, rightly recorded."""

    def state(text):
        factor = replace(FACTORS[1], reason_key="other:own", specific_text=text)
        return changed(
            reasons=(NOTICE.reasons[0], StatedReason(key="other:own", text=text)),
            record_factors=(FACTORS[0], factor, FACTORS[2]),
            record_principal_reason_keys=(FACTORS[0].reason_key, "other:own"),
        )

    return state


@pytest.fixture
def asking(changed):
    """A request for one item, rightly recorded."""

    def ask(item):
        missing = (MissingItem(name=item, applicant_can_supply=True),)
        request = replace(REQUEST, items=(item,))
        return changed(NoticeForm.C6, incompleteness=request, record_missing_items=missing)

    return ask


BLANK = ["", " \u200b", "--", "n.a.", "None", "TBD", "xxx", "?!", "not applicable", "[cause]"]
BLANK += ["To be filled in later.", "Will follow", "{cause} <of the override>", "____"]
WRITTEN = ["Fraud", "See the memo of the committee, page 2", "None of the five stood back"]
WRITTEN += ["To be consistent with the pay stubs, which show higher income than the text"]
WRITTEN += ["Will be paid from the sale of the house", "Income differs [see pay stub of May]"]


@pytest.mark.parametrize("cause", BLANK)
def test_a_cause_that_says_nothing_is_not_written(cause, changed, failed):
    assert "A1" in failed(changed(record_is_override=True, record_override_cause=cause))
    many = tuple(StatedReason(key=f"other:{text}", text=text) for text in MANY)
    assert "C6" in failed(changed(reasons=many, record_more_than_four_cause=cause))


@pytest.mark.parametrize("cause", WRITTEN)
def test_a_short_cause_is_written(cause, changed, failed):
    assert failed(changed(record_is_override=True, record_override_cause=cause)) == set()
    many = tuple(StatedReason(key=f"other:{text}", text=text) for text in MANY)
    assert "C6" not in failed(changed(reasons=many, record_more_than_four_cause=cause))


@pytest.mark.parametrize(
    "name", ["To be determined", "Unknown", "-- --", "[Name of creditor]", "___"]
)
def test_a_placeholder_is_no_name(name, changed, failed):
    creditor = replace(CREDITOR, name=name)
    assert "C2" in failed(changed(creditors=(creditor,), record_creditors=(creditor,)))
    agency = replace(AGENCY, name=name)
    used = tuple(replace(r, agency=agency) for r in sample_case(NoticeForm.C1).record.reports_used)
    block = replace(NOTICE.report_block, agencies=(agency,))
    assert "F1" in failed(changed(report_block=block, record_reports_used=used))
    score = replace(SCORE, provided_by=name)
    shown = replace(NOTICE.score_block, provided_by=name)
    assert "F5" in failed(changed(score_block=shown, record_scores_used=(score,)))


@pytest.mark.parametrize(
    "name", ["3M Credit", "Unknown Roads Lending LLC", "N.A. Miller & Co.", "GE"]
)
def test_a_short_or_odd_name_is_a_name(name, changed, failed):
    creditor = replace(CREDITOR, name=name)
    assert failed(changed(creditors=(creditor,), record_creditors=(creditor,))) == set()


ADDRESSES = [
    ("https://lender.example", "office@lender.example"),
    ("Tel. 614-555-0130", "Fax 614.555.0131"),
    ("n/a", "n/a"),
    ("400 Quarry Street", "call (614) 555-0130"),
    ("12", "43299"),
]
POSTAL = [
    ("P.O. Box 77", "Webster, OH 43299-0130"),
    ("2 Callaway Road", "Faxton, NY 13501", "Tel. (614) 555-0130"),
]


@pytest.mark.parametrize("lines", ADDRESSES)
def test_a_line_that_no_letter_reaches_is_no_address(lines, changed, failed):
    creditor = replace(CREDITOR, address_lines=lines)
    assert "C2" in failed(changed(creditors=(creditor,), record_creditors=(creditor,)))


@pytest.mark.parametrize("lines", POSTAL)
def test_a_postal_address_may_hold_a_telephone_beside(lines, changed, failed):
    creditor = replace(CREDITOR, address_lines=lines)
    assert failed(changed(creditors=(creditor,), record_creditors=(creditor,))) == set()


SCORE_RESULTS = [
    "VantageScore came out weak",
    "Bureau number of 588 falls short",
    "Beacon under 640",
    "Probability of default is high",
    "Percentile of repayment forecast",
    "Outcome of our statistical analysis",
    "Internal credit grade is D",
    "Decision engine result",
]
NOT_SCORE_RESULTS = [
    "Engine of the automobile is defective",
    "Overdraft of $450 not repaid",
    "Fewer than 360 days in business",
    "Title insurance policy not issued",
    "Result of the title search shows a lien",
    "Default on a lease of equipment",
]


@pytest.mark.parametrize("text", SCORE_RESULTS)
def test_c7_the_result_of_a_scoring_is_no_reason(text, stating, failed):
    assert "C7" in failed(stating(text))


@pytest.mark.parametrize("text", NOT_SCORE_RESULTS)
def test_c7_a_factor_with_a_figure_or_a_like_word_is_a_reason(text, stating, failed):
    assert failed(stating(text)) == set()


PROHIBITED = [
    "Unemployment compensation counted as temporary",  # comment 2(z)-3
    "Rent subsidy by the housing authority",
    "Social Security is the sole income",
    "Tithes paid to a parish priest",
    "Member of a Buddhist community",
    "Raised a billing error notice in May",
    "Rescinded an earlier loan under Truth in Lending",
    "Sued a creditor under the Fair Debt Collection Practices Act",
    "Applicant mainly speaks Portuguese",
    "Needed an interpreter at the branch",
    "Was born in Honduras",
    "Household with a newborn baby",
    "Planning a family next year",
    "Three kids at home",
    "Fiancée has poor credit",
    "Registered domestic partner has debts",
    "Applicant is gay",
    "Applicant is over 70 years of age",
]
NOT_PROHIBITED = [
    "Unable to verify Social Security number",
    "Title of the vehicle is in dispute",
    "Good faith deposit not received",
    "Child care business without earnings record",
    "Speaker equipment offered as collateral",
    "Age of the roof of the property",
    "Unemployment of the guarantor",
    "Obligation for child care not documented",
]


@pytest.mark.parametrize("text", PROHIBITED)
def test_c8_a_prohibited_basis_in_other_words_is_no_reason(text, stating, failed):
    assert "C8" in failed(stating(text))


@pytest.mark.parametrize("text", NOT_PROHIBITED)
def test_c8_a_like_word_with_another_meaning_is_let_pass(text, stating, failed):
    assert failed(stating(text)) == set()


FORBIDDEN_ITEMS = [
    "Marriage license",
    "Pay statements of your husband",
    "Statement on your religion",
    "Proof of your national origin",
    "Doctor's letter that you are not pregnant",
    "Whether you are married or single",
]
LAWFUL_ITEMS = [
    "Copy of your Social Security card",
    "Retirement account statement",
    "Divorce decree that sets the alimony you rely on",
    "Award letter for disability income",
    "Number and ages of your dependents",
    "Colored photographs of the house",
]


@pytest.mark.parametrize("item", FORBIDDEN_ITEMS)
def test_c8_information_that_may_not_be_asked_for_is_not_asked_for(item, asking, failed):
    assert "C8" in failed(asking(item))


@pytest.mark.parametrize("item", LAWFUL_ITEMS)
def test_c8_evidence_of_income_identity_and_property_may_be_asked_for(item, asking, failed):
    assert failed(asking(item)) == set()


VAGUE_ITEMS = [
    "All remaining documents",
    "Additional information",
    "TBD",
    "The missing papers",
    "-",
]
NAMED_ITEMS = ["Pay stub", "Additional bank statement", "Missing page of the deed"]


@pytest.mark.parametrize("item", VAGUE_ITEMS)
def test_n1_an_item_that_names_nothing_is_not_specified(item, asking, failed):
    assert failed(asking(item)) == {"N1"}


@pytest.mark.parametrize("item", NAMED_ITEMS)
def test_n1_two_words_can_name_an_item(item, asking, failed):
    assert failed(asking(item)) == set()


@pytest.mark.parametrize(("days", "expected"), [(3, True), (9, True), (10, False), (60, False)])
def test_n1_the_period_lets_a_letter_come_and_its_answer_go(days, expected, changed, failed):
    request = compose_incompleteness(REQUEST.items, DATED_ON + timedelta(days=days))
    assert ("N1" in failed(changed(NoticeForm.C6, incompleteness=request))) is expected


BANKRUPT = replace(FACTORS[0], reason_key="bankruptcy")
LONE = (StatedReason(key="credit_application_incomplete", text="Credit application incomplete"),)
PAY_STUB = MissingItem(name="Pay stub", applicant_can_supply=True)


@pytest.fixture
def incomplete(changed):
    def make(**fields):
        bare = {"record_factors": (), "record_principal_reason_keys": ()}
        bare |= {"record_path": DecisionPath.INCOMPLETENESS, "record_missing_items": (PAY_STUB,)}
        return changed(reasons=LONE, **(bare | fields))

    return make


@pytest.mark.parametrize(
    "fields",
    [
        {"record_principal_reason_keys": ("length_of_residence",)},
        {"record_fired_rules": (FiredRule(rule_id="r", reason_key="bankruptcy"),)},
        {"record_missing_items": (replace(PAY_STUB, name="\u200b"),)},
        {"record_missing_items": (replace(PAY_STUB, name="n/a"),)},
        {"record_missing_items": (replace(PAY_STUB, name="todo"),)},
        {"record_missing_items": (replace(PAY_STUB, name="All outstanding documents"),)},
    ],
)
def test_c13_merits_that_were_decided_or_an_unnamed_item_forbid_incompleteness(
    fields, incomplete, failed
):
    assert "C13" in failed(incomplete(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"record_principal_reason_keys": ("credit_application_incomplete",)},
        {"record_factors": (BANKRUPT,)},  # seen, but nobody decided on it
        {"record_missing_items": (replace(PAY_STUB, name="-"), PAY_STUB)},
        {"record_missing_items": (replace(PAY_STUB, name="W-2"),)},
        {"record_missing_items": (replace(PAY_STUB, name="1040"),)},
    ],
)
def test_c13_what_was_seen_but_not_decided_leaves_incompleteness_lawful(fields, incomplete, failed):
    assert failed(incomplete(**fields)) == set()


SAYS_NOTHING = [
    "Please refer to our accompanying notice",
    "Pending further review by committee",
    "Several items of concern",
    "General weakness of the request",
    "Decision of the loan officer",
    "Not applicable at this time",
    "Certain adverse information on file",
    "Will be explained upon request",
    "Contact our branch for details",
    "Not satisfactory to the lender",
]
SAYS_SOMETHING = [
    "Management experience of the owner",
    "Quality of the collateral offered",
    "Enclosed parking not available at property",
    "Number of bank overdrafts",
    "Certain liens on the title",
    "Length of credit history",
]


@pytest.mark.parametrize("text", SAYS_NOTHING)
def test_c14_words_that_point_postpone_or_evaluate_name_no_factor(text, stating, failed):
    assert "C14" in failed(stating(text))


@pytest.mark.parametrize("text", SAYS_SOMETHING)
def test_c14_one_word_that_names_the_factor_is_enough(text, stating, failed):
    assert failed(stating(text)) == set()


@pytest.mark.parametrize("key", ["C-1:12", "income", "other:"])
def test_c15_a_code_outside_the_catalogue_has_no_approved_text(key, changed, failed):
    reasons = (*NOTICE.reasons, StatedReason(key=key, text="Age of automobile offered"))
    assert "C15" in failed(changed(reasons=reasons))


@pytest.mark.parametrize("key", ["other:automobile", "other:age_of_boat"])
def test_c15_a_reason_in_the_creditors_own_words_needs_no_approved_text(key, changed, failed):
    reasons = (*NOTICE.reasons, StatedReason(key=key, text="Age of automobile offered"))
    assert "C15" not in failed(changed(reasons=reasons))


@pytest.mark.parametrize(
    ("size", "is_clear"),
    [(24.5, False), (float("inf"), False), (72.0, False), (18.0, True), (24.0, True)],
)
def test_c16_print_may_be_large_but_has_to_fit_the_page(size, is_clear, changed, failed):
    layout = Layout(templates_sha256=NOTICE.layout.templates_sha256, font_size_pt=size)
    assert ("C16" not in failed(changed(layout=layout))) is is_clear


@pytest.mark.parametrize("added", [" Disregard this paragraph.", " You may also call us."])
def test_c3_nothing_stands_between_the_agency_and_the_full_stop(added, changed, failed):
    assert "C3" in failed(changed(ecoa_notice=NOTICE.ecoa_notice + added))


@pytest.mark.parametrize("spaced", ["  DC  20580.", "\u00a0DC 20580."])
def test_c3_spacing_before_the_full_stop_is_no_addition(spaced, changed, failed):
    text = NOTICE.ecoa_notice.replace(" DC 20580.", spaced)
    assert failed(changed(ecoa_notice=text)) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Facts that a consumer bureau provided to us",
        "File obtained from Northern Example Credit Bureau",
        "Your report was reviewed by us",
    ],
)
def test_f9_a_source_without_its_content_is_no_reason(text, stating, failed):
    assert "F9" in failed(stating(text))


@pytest.mark.parametrize(
    "text",
    [
        "Collection account shown in a credit report",
        "Report of the appraiser shows roof damage",
    ],
)
def test_f9_what_a_report_showed_is_a_reason(text, stating, failed):
    assert failed(stating(text)) == set()


@pytest.mark.parametrize("factor", [SCORE.key_factors[1], SCORE.key_factors[2].upper()])
def test_f9_a_key_factor_of_the_score_is_no_reason_unless_it_decided(
    factor, changed, stating, failed
):
    borrowed = (*NOTICE.reasons, StatedReason(key="other:borrowed", text=factor))
    assert "F9" in failed(changed(reasons=borrowed))
    assert failed(stating(factor)) == set()


@pytest.mark.parametrize(
    "value",
    ["TBD", "on terms to be negotiated", "varies", "at our discretion", "5 % or as later agreed"],
)
def test_k1_a_term_that_is_left_open_is_not_offered(value, changed, failed):
    offer = replace(OFFER, terms=(*OFFER.terms, Term(label="Rate", value=value)))
    assert failed(changed(NoticeForm.C4, counteroffer=offer, record_counteroffer=offer)) == {"K1"}


@pytest.mark.parametrize(
    "value", ["Prime rate plus 2.00 %", "First lien on the automobile", "As requested"]
)
def test_k1_a_term_in_words_is_a_term(value, changed, failed):
    offer = replace(OFFER, terms=(*OFFER.terms, Term(label="Condition", value=value)))
    assert failed(changed(NoticeForm.C4, counteroffer=offer, record_counteroffer=offer)) == set()


@pytest.mark.parametrize("name", ["n/a", "___"])
def test_c5_an_office_without_a_name_is_not_named(name, changed, failed):
    right = replace(RIGHT, contact_name=name)
    assert "C5" in failed(changed(NoticeForm.C5, right_to_reasons=right))
