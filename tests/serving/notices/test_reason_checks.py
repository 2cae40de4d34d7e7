from dataclasses import replace

import pytest

from data_pipeline.domain.taxonomy import REASON_INFO, REASONS, DenialReason
from serving.notices.forms import NoticeForm
from serving.notices.notice import StatedReason
from serving.notices.reasons import SOURCES_OF_PATH
from serving.notices.record import DecisionPath, Factor, FactorSource, FiredRule, MissingItem
from serving.notices.samples import FACTORS, sample_case

NOTICE = sample_case(NoticeForm.C1).notice


def stated(*reasons):
    return tuple(StatedReason(key=r, text=REASON_INFO[r].notice_wording) for r in reasons)


def factors(*reasons, source=FactorSource.JUDGMENT, sign=1.0):
    return tuple(
        Factor(
            factor_id=f"factor-{rank}",
            reason_key=reason,
            source=source,
            adverse_contribution=sign / rank if source is FactorSource.SCORE else sign,
            rank=rank,
        )
        for rank, reason in enumerate(reasons, start=1)
    )


def test_c6_more_than_four_reasons_warn_until_a_cause_is_written(changed, failed):
    five = tuple(r.value for r in REASONS[:5])
    case = {"reasons": stated(*five), "record_factors": factors(*five)}
    case |= {"record_principal_reason_keys": five}
    assert failed(changed(**case)) == {"C6"}
    assert failed(changed(**case, record_more_than_four_cause="all five confirmed")) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Does not meet our internal standards",
        "Company policy on unsecured loans",
        "Your score was too low",
        "You did not reach enough points",
        "Below the cutoff for approval",
        "Below the cut\u2011off for approval",
        "You did not qualify for this loan",
        "Our model declined the application",
        "Result of an algorithm we use",
        "Declined by AI review system",
        "Insufficient risk grade for product",
    ],
)
def test_c7_a_policy_a_score_or_a_model_is_no_reason(text, changed, failed):
    other = Factor(
        factor_id="x",
        reason_key="other:x",
        source=FactorSource.JUDGMENT,
        adverse_contribution=1.0,
        rank=1,
        specific_text=text,
    )
    case = changed(
        reasons=(StatedReason(key="other:x", text=text),),
        record_factors=(other,),
        record_principal_reason_keys=("other:x",),
    )
    assert {"C7"} <= failed(case) <= {"C7", "C14", "F9"}  # it names no factor either


def test_c7_prescribed_text_of_form_c3_may_speak_of_points(failed):
    assert failed(sample_case(NoticeForm.C3)) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Length of time since immigration",
        "Income from public assistance program",
        "Recently divorced with obligations",
        "Too old for this term",
        "Gaps due to pregnancy leave",
        "Alimony is not counted",
        "Property in that neighborhood",
        "Spouse has delinquent accounts",
        "Church employment is not considered",
        "Disability income not considered",
    ],
)
def test_c8_a_prohibited_basis_or_a_word_for_one_is_no_reason(text, changed, failed):
    reasons = (*NOTICE.reasons, StatedReason(key="other:x", text=text))
    assert "C8" in failed(changed(reasons=reasons))


@pytest.mark.parametrize(
    "text",
    ["Age of automobile offered", "Insurance policy on collateral lapsed", "Type of occupation"],
)
def test_c7_and_c8_leave_lawful_texts_alone(text, changed, failed):
    reasons = (*NOTICE.reasons, StatedReason(key="other:x", text=text))
    assert not failed(changed(reasons=reasons)) & {"C7", "C8", "C14"}


def test_c9_a_reason_that_was_not_used_or_helped_is_refused(changed, failed, message):
    unused = changed(reasons=(*NOTICE.reasons, *stated(DenialReason.BANKRUPTCY)))
    assert "was not used" in message("C9", unused)
    helpful = changed(reasons=(*NOTICE.reasons, *stated(DenialReason.LENGTH_OF_EMPLOYMENT)))
    assert "did not count against" in message("C9", helpful)


def test_c9_the_sign_is_that_of_the_family(changed, failed):
    opposed = replace(FACTORS[0], factor_id="residual_income", adverse_contribution=-2.0)
    assert "C9" in failed(changed(record_factors=(*FACTORS, opposed)))


def test_c10_every_family_above_the_lowest_stated_one_is_stated(changed, failed, message):
    assert failed(changed(reasons=NOTICE.reasons[1:])) == {"C10"}
    ranked = factors("bankruptcy", "no_credit_file", "length_of_residence")
    case = {"record_factors": ranked, "record_principal_reason_keys": ()}
    skipped = changed(reasons=stated("bankruptcy", "length_of_residence"), **case)
    assert "leaves out no_credit_file" in message("C10", skipped)
    assert failed(changed(reasons=stated("bankruptcy", "no_credit_file"), **case)) == set()


def test_c10_small_factors_of_one_family_are_ranked_together(changed, failed):
    scored = factors("bankruptcy", "no_credit_file", source=FactorSource.SCORE)
    small = tuple(
        replace(scored[1], factor_id=f"f{n}", adverse_contribution=0.6, rank=n) for n in (3, 4)
    )
    case = {"record_path": DecisionPath.SCORE, "record_factors": (scored[0], *small)}
    case |= {"record_principal_reason_keys": ()}
    assert failed(changed(reasons=stated("bankruptcy"), **case)) == {"C10"}
    assert failed(changed(reasons=stated("no_credit_file"), **case)) == set()


def test_c11_a_rule_that_fired_is_stated_and_has_a_reason(changed, failed):
    bankrupt = FiredRule(rule_id="open_bankruptcy", reason_key="bankruptcy")
    assert failed(changed(record_fired_rules=(bankrupt,))) == {"C11"}
    told = (*stated("bankruptcy"), *NOTICE.reasons)
    assert failed(changed(reasons=told, record_fired_rules=(bankrupt,))) == set()
    nameless = replace(bankrupt, reason_key=None)
    assert failed(changed(record_fired_rules=(nameless,))) == {"C11"}
    alone = {"record_path": DecisionPath.AUTO_RULE, "record_principal_reason_keys": ()}
    case = changed(reasons=stated("bankruptcy"), record_fired_rules=(bankrupt,), **alone)
    assert failed(case) == set()


@pytest.mark.parametrize("path", [p for p in DecisionPath if p is not DecisionPath.INCOMPLETENESS])
@pytest.mark.parametrize("source", [FactorSource.SCORE, FactorSource.JUDGMENT])
def test_c12_reasons_come_from_the_component_that_decided(path, source, changed, failed):
    case = changed(
        record_path=path, record_factors=factors(*(r.key for r in NOTICE.reasons), source=source)
    )
    is_lawful = SOURCES_OF_PATH[path] >= {source} and path is not DecisionPath.BOTH
    assert ("C12" in failed(case)) is not is_lawful


def test_c12_a_gray_band_needs_reasons_of_both_components(changed, failed):
    first, second = (r.key for r in NOTICE.reasons)
    both = factors(first, source=FactorSource.SCORE) + factors(second)
    assert failed(changed(record_path=DecisionPath.BOTH, record_factors=both)) == set()


@pytest.mark.parametrize("path", [*DecisionPath, None])
def test_c12_form_c3_tells_of_a_score_that_decided_alone(path, changed, failed):
    assert ("C12" in failed(changed(NoticeForm.C3, record_path=path))) is (
        path is not DecisionPath.SCORE
    )


def test_c13_incompleteness_stands_alone_and_is_curable(changed, failed):
    missing = (MissingItem(name="Pay statement", applicant_can_supply=True),)
    lone = stated("credit_application_incomplete")
    case = {"record_path": DecisionPath.INCOMPLETENESS, "record_factors": ()}
    case |= {"record_principal_reason_keys": ()}
    assert failed(changed(reasons=lone, record_missing_items=missing, **case)) == set()
    assert failed(changed(reasons=lone, **case)) == {"C13"}
    incurable = (replace(missing[0], applicant_can_supply=False),)
    assert failed(changed(reasons=lone, record_missing_items=incurable, **case)) == {"C13"}
    mixed = (*NOTICE.reasons, *lone)
    assert "C13" in failed(changed(reasons=mixed, record_missing_items=missing))
    merits = changed(reasons=lone, record_missing_items=missing, record_factors=())
    assert "C13" in failed(merits)


@pytest.mark.parametrize(
    ("text", "is_explained"),
    [
        ("Other", False),
        ("Credit history", False),
        ("Other reasons", False),
        ("Overall credit profile.", False),
        ("1 2 3", False),
        ("Insufficient bank references", True),
        ("Inadequate down payment", True),
    ],
)
def test_c14_other_is_explained_in_three_specific_words(text, is_explained, changed, failed):
    reasons = (*NOTICE.reasons, StatedReason(key="other:x", text=text))
    assert ("C14" not in failed(changed(reasons=reasons))) is is_explained


def test_c15_no_reason_twice_and_each_in_its_approved_words(changed, failed):
    assert failed(changed(reasons=(*NOTICE.reasons, NOTICE.reasons[0]))) == {"C15"}
    paraphrased = replace(NOTICE.reasons[0], text="Your debts are too high for your pay")
    assert failed(changed(reasons=(paraphrased, NOTICE.reasons[1]))) == {"C15"}


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_of_the_taxonomy_can_be_stated_alone(reason, changed, failed):
    if reason is DenialReason.CREDIT_APPLICATION_INCOMPLETE:
        return
    case = {"record_factors": factors(reason.value)}
    case |= {"record_principal_reason_keys": (reason.value,)}
    assert failed(changed(reasons=stated(reason.value), **case)) == set()
