"""From the decision of a case to the facts that its notice is checked against."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.taxonomy import DenialReason
from serving.cases.decisions import DecisionPath, Outcome, Provenance, ReviewAnswer
from serving.cases.errors import DecisionRefusedError
from serving.casework import assessing, deciding, intake
from serving.casework.errors import FactsError
from serving.casework.facts import InformationUsed
from serving.casework.notice_record import adverse_log_odds, record_of
from serving.notices import samples
from serving.notices.forms import ActionKind
from serving.notices.reasons import merge_families, select_principal_reasons
from serving.notices.record import FactorSource

INQUIRIES = DenialReason.NUMBER_OF_RECENT_INQUIRIES
BANKRUPTCY = DenialReason.BANKRUPTCY
DEBTS = DenialReason.EXCESSIVE_OBLIGATIONS_TO_INCOME
OFFERED = DenialReason.PRODUCT_OR_TERMS_NOT_OFFERED
INCOMPLETE = DenialReason.CREDIT_APPLICATION_INCOMPLETE


def record(office, case_id, action=ActionKind.DENIAL):
    return record_of(office.desk.load(case_id).case, office.cases.file(case_id), action=action)


def by_person(reason, **fields):
    return deciding.GivenReason(
        **{"reason": reason, "provenance": Provenance.PERSON, "basis": "the pay stubs"} | fields
    )


def incomplete(item):
    """A denial because one item is missing."""
    return deciding.Decide(
        outcome=Outcome.DENY,
        path=DecisionPath.JUDGMENTAL,
        reasons=(by_person(INCOMPLETE),),
        missing_items=(item,),
    )


def test_reasons_of_the_model_are_scored_factors_and_dismissed_ones_are_not_adverse(office):
    found = record(office, office.denied())
    sources = {(f.reason_key, f.source, f.adverse_contribution > 0) for f in found.factors}
    assert sources == {
        (DEBTS, FactorSource.SCORE, True),
        (BANKRUPTCY, FactorSource.SCORE, True),
        (INQUIRIES, FactorSource.SCORE, False),
    }
    assert {r.key for r in select_principal_reasons(found)} == {DEBTS, BANKRUPTCY}


def test_a_reason_left_to_a_person_and_accepted_is_stated(office, people):
    case_id = office.assessed()
    stated = deciding.confirmed(office.desk.load(case_id).case.assessment)
    accepted = deciding.GivenReason(reason=INQUIRIES, provenance=Provenance.MODEL)
    decision = office.denial(
        case_id,
        reasons=(*stated, accepted),
        review_answers=(ReviewAnswer(reason=INQUIRIES, accepted=True),),
    )
    deciding.decide(office.desk, case_id, decision, by=people[0])
    found = record(office, case_id)
    assert {r.key for r in select_principal_reasons(found)} == {DEBTS, BANKRUPTCY, INQUIRIES}
    assert not found.is_override


def test_who_leaves_out_a_stated_reason_overrides_and_writes_why(office, people):
    case_id = office.assessed()
    given = (deciding.GivenReason(reason=DEBTS, provenance=Provenance.MODEL),)
    with pytest.raises(DecisionRefusedError, match="write the cause"):
        deciding.decide(office.desk, case_id, office.denial(case_id, reasons=given), by=people[0])
    cause = "the discharge papers show another person"
    decision = office.denial(case_id, reasons=given, override_cause=cause)
    deciding.decide(office.desk, case_id, decision, by=people[0])
    found = record(office, case_id)
    assert (found.is_override, found.override_cause) == (True, cause)
    adverse = {family.key for family in merge_families(found) if family.is_adverse}
    assert adverse == {DEBTS}


@pytest.mark.parametrize(
    "cause",
    [
        "To be consistent with the pay stubs, which show higher income than the text",
        "Verified income differs [see pay stub of May]",
    ],
)
def test_a_cause_that_is_taken_passes_the_check_of_every_letter(office, people, cause):
    case_id = office.assessed()
    given = (deciding.GivenReason(reason=DEBTS, provenance=Provenance.MODEL),)
    decision = office.denial(case_id, reasons=given, override_cause=cause)
    deciding.decide(office.desk, case_id, decision, by=people[0])
    office.checked(case_id=case_id)


@pytest.mark.parametrize("cause", ["to be determined later", "n/a n/a n/a", "[why it departs]"])
def test_a_cause_that_only_fills_the_field_is_refused(office, people, cause):
    case_id = office.assessed()
    given = (deciding.GivenReason(reason=DEBTS, provenance=Provenance.MODEL),)
    decision = office.denial(case_id, reasons=given, override_cause=cause)
    with pytest.raises(FactsError, match=r"override_cause: .*1002\.9\(b\)\(2\)"):
        deciding.decide(office.desk, case_id, decision, by=people[0])


def test_reasons_of_both_components_keep_their_sources(office, people):
    case_id = office.assessed()
    stated = deciding.confirmed(office.desk.load(case_id).case.assessment)
    reasons = (*stated, by_person(DenialReason.UNABLE_TO_VERIFY_INCOME))
    decision = office.denial(case_id, path=DecisionPath.BOTH, reasons=reasons)
    deciding.decide(office.desk, case_id, decision, by=people[0])
    found = record(office, case_id)
    assert {f.source for f in found.factors} == {FactorSource.SCORE, FactorSource.JUDGMENT}
    keys = [r.key for r in select_principal_reasons(found)]
    assert keys[-1] == DenialReason.UNABLE_TO_VERIFY_INCOME


def test_a_rule_that_fired_is_stated_first(office, people):
    case_id = office.assessed()
    stated = deciding.confirmed(office.desk.load(case_id).case.assessment)
    rule = deciding.GivenReason(
        reason=OFFERED, provenance=Provenance.RULE, basis="Rule 7: terms above 84 months"
    )
    decision = office.denial(
        case_id, path=DecisionPath.AUTO_RULE, reasons=(rule,), override_cause="rule 7 fired alone"
    )
    assert stated
    deciding.decide(office.desk, case_id, decision, by=people[0])
    found = record(office, case_id)
    assert [r.rule_id for r in found.fired_rules] == ["rule_7_terms_above_84_months"]
    assert [r.key for r in select_principal_reasons(found)] == [OFFERED]


@pytest.mark.parametrize("path", [DecisionPath.SCORE, DecisionPath.JUDGMENTAL, DecisionPath.BOTH])
def test_a_rule_that_fired_beside_other_reasons_is_told_in_every_path(office, people, path):
    case_id = office.assessed()
    scored = deciding.confirmed(office.desk.load(case_id).case.assessment)
    reviewed = tuple(by_person(reason) for reason in (DEBTS, BANKRUPTCY))
    both = (*scored, by_person(DenialReason.UNABLE_TO_VERIFY_INCOME))
    weighed = {DecisionPath.SCORE: scored, DecisionPath.JUDGMENTAL: reviewed}.get(path, both)
    rule = deciding.GivenReason(reason=OFFERED, provenance=Provenance.RULE, basis="rule 7")
    decision = office.denial(case_id, path=path, reasons=(rule, *weighed))
    deciding.decide(office.desk, case_id, decision, by=people[0])
    office.checked(case_id=case_id)
    stated = [r.key for r in select_principal_reasons(record(office, case_id))]
    assert stated[0] == OFFERED
    assert set(stated) == {OFFERED, *(given.reason for given in weighed)}


def test_an_automatic_denial_rests_on_rules_alone(office, people):
    case_id = office.assessed()
    stated = deciding.confirmed(office.desk.load(case_id).case.assessment)
    rule = deciding.GivenReason(reason=OFFERED, provenance=Provenance.RULE, basis="rule 7")
    decision = office.denial(case_id, path=DecisionPath.AUTO_RULE, reasons=(rule, *stated))
    with pytest.raises(FactsError, match=r"path: .*9\(b\)\(2\)-7 and -8"):
        deciding.decide(office.desk, case_id, decision, by=people[0])


def test_an_other_reason_is_stated_in_its_own_words(office, people):
    case_id = office.assessed()
    text = "We do not lend on manufactured homes"
    reasons = (by_person(OFFERED, specific_text=text),)
    cause = "the collateral decided, nothing else did"
    decision = office.denial(
        case_id, path=DecisionPath.JUDGMENTAL, reasons=reasons, override_cause=cause
    )
    deciding.decide(office.desk, case_id, decision, by=people[0])
    [stated] = select_principal_reasons(record(office, case_id))
    assert (stated.key, stated.text) == (f"other:{OFFERED}", text)


@pytest.mark.parametrize(
    ("reason", "text"), [(OFFERED, "other"), (OFFERED, "bad file"), (DEBTS, "Debts of many kinds")]
)
def test_a_text_that_says_nothing_or_rewords_the_form_is_refused(office, people, reason, text):
    case_id = office.assessed()
    decision = office.denial(case_id, reasons=(by_person(reason, specific_text=text),))
    with pytest.raises(FactsError, match=r"specific_text: .*Appendix C, paragraph 4"):
        deciding.decide(office.desk, case_id, decision, by=people[0])


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("Property does not meet our lending policy on condominium units", "1002.9(b)(2)"),
        ("Collateral beside the church is not accepted", "1002.2(z)"),
        ("Cash for the 王 purchase not verified", "1002.4(d)(1)"),
        ("Report of Northern Example Credit Bureau, Ohio", "Appendix C, paragraph 4"),
    ],
)
def test_a_text_that_no_letter_may_state_is_refused_before_anybody_is_told(
    office, people, text, clause
):
    case_id = office.assessed()
    reasons = (by_person(DEBTS), by_person(OFFERED, specific_text=text))
    decision = office.denial(case_id, path=DecisionPath.JUDGMENTAL, reasons=reasons)
    with pytest.raises(FactsError) as caught:
        deciding.decide(office.desk, case_id, decision, by=people[0])
    assert caught.value.field == "reasons.1.specific_text"
    assert clause in caught.value.clause
    assert text not in str(caught.value)


def test_an_other_reason_in_the_words_of_a_second_one_is_refused(office, people):
    case_id = office.assessed()
    again = "Excessive obligations in relation to  Income"
    reasons = (by_person(DEBTS), by_person(OFFERED, specific_text=again))
    decision = office.denial(case_id, path=DecisionPath.JUDGMENTAL, reasons=reasons)
    with pytest.raises(FactsError, match=r"reasons: .*Appendix C, paragraph 3"):
        deciding.decide(office.desk, case_id, decision, by=people[0])


def test_a_reason_that_the_model_did_not_find_is_not_the_models(office, people):
    case_id = office.assessed()
    invented = deciding.GivenReason(
        reason=DenialReason.LENGTH_OF_RESIDENCE, provenance=Provenance.MODEL
    )
    with pytest.raises(DecisionRefusedError, match="is not in the assessment"):
        deciding.decide(
            office.desk, case_id, office.denial(case_id, reasons=(invented,)), by=people[0]
        )


def test_a_decision_is_no_older_than_a_score_it_rests_on(office, people):
    case_id = office.receive()
    assessing.assess(office.desk, case_id, by=people[0])
    decided_at = office.clock()
    office.clock.go_to("2026-11-24")
    score = replace(samples.SCORE, created_on=date(2026, 11, 24))
    used = InformationUsed(reports=samples.DENIAL.reports_used, scores=(score,))
    intake.add_information(office.desk, case_id, used, by=people[0])
    earlier = office.denial(case_id, decided_at=decided_at)
    with pytest.raises(FactsError, match=r"decided_at: .*1681m\(a\)\(2\)"):
        deciding.decide(office.desk, case_id, earlier, by=people[0])
    deciding.decide(office.desk, case_id, office.denial(case_id), by=people[0])
    office.checked(case_id=case_id)


def test_a_passage_outside_the_text_is_refused_and_one_inside_is_quoted(office, people):
    case_id = office.assessed()
    text = office.cases.file(case_id).application.text
    start = text.index("61%")
    inside = deciding.Passage(start=start, end=start + 3)
    outside = deciding.Passage(start=0, end=10_000)
    cause = "a second look at the debts"
    for passage in (outside, inside):
        reasons = (by_person(DEBTS, passages=(passage,)),)
        decision = office.denial(
            case_id, path=DecisionPath.JUDGMENTAL, reasons=reasons, override_cause=cause
        )
        if passage is outside:
            with pytest.raises(FactsError, match=r"passages: .*comment 9\(b\)\(2\)-6"):
                deciding.decide(office.desk, case_id, decision, by=people[0])
        else:
            stored = deciding.decide(office.desk, case_id, decision, by=people[0])
            assert stored.case.decision.reasons[0].evidence[0].quote == "61%"


def test_a_denial_for_incompleteness_names_what_is_missing(office, people):
    case_id = office.receive(is_complete=False)
    deciding.decide(office.desk, case_id, incomplete("Pay statements"), by=people[0])
    found = record(office, case_id)
    assert [item.name for item in found.missing_items] == ["Pay statements"]
    assert [r.key for r in select_principal_reasons(found)] == [INCOMPLETE]


@pytest.mark.parametrize("item", ["W-2", "1040"])
def test_a_denial_for_a_form_known_by_its_number_can_be_told(office, people, item):
    case_id = office.receive(is_complete=False)
    deciding.decide(office.desk, case_id, incomplete(item), by=people[0])
    office.checked(case_id=case_id)


@pytest.mark.parametrize("item", ["documents", "-", "to follow"])
def test_a_denial_for_incompleteness_that_names_no_item_is_refused(office, people, item):
    case_id = office.receive(is_complete=False)
    with pytest.raises(FactsError, match=r"missing_items: .*comment 9\(a\)\(1\)-3"):
        deciding.decide(office.desk, case_id, incomplete(item), by=people[0])


def test_the_register_reports_the_issued_reasons(office, people, make_facts):
    case_id = office.denied(facts=make_facts(is_hmda_reportable=True))
    assert set(record(office, case_id).hmda.denial_reasons) == {1, 3}
    assert record(office, office.denied()).hmda is None


@given(st.floats(0, 1), st.floats(0, 1))
def test_log_odds_of_a_stated_reason_are_adverse_and_rise_with_its_probability(one, other):
    low, high = sorted((one, other))
    assert 0 < adverse_log_odds(low) <= adverse_log_odds(high)


def test_the_letter_states_reasons_as_the_person_put_them(office, people):
    case_id = office.assessed()
    stated = deciding.confirmed(office.desk.load(case_id).case.assessment)
    assert [given.reason for given in stated] == [
        found.reason for found in office.desk.load(case_id).case.assessment.principal_reasons
    ]
    turned = tuple(reversed(stated))
    deciding.decide(office.desk, case_id, office.denial(case_id, reasons=turned), by=people[0])
    keys = [reason.key for reason in select_principal_reasons(record(office, case_id))]
    assert keys == [given.reason for given in turned]
    assert len(keys) > 1
