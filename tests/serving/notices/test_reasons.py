from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.taxonomy import REASON_INFO, REASONS
from serving.notices.errors import LanguageError, ReasonsError
from serving.notices.notice import Language
from serving.notices.reasons import (
    derive_hmda_codes,
    derive_hmda_text,
    failed_hmda_edits,
    merge_families,
    select_principal_reasons,
)
from serving.notices.record import DecisionPath, Factor, FactorSource, FiredRule, HmdaReport
from serving.notices.samples import DENIAL, FACTORS

MERITS = [r.value for r in REASONS if r.value != "credit_application_incomplete"]


def test_the_confirmed_reasons_are_stated_in_the_words_of_form_c1():
    texts = [reason.text for reason in select_principal_reasons(DENIAL)]
    assert texts == [
        "Excessive obligations in relation to income",
        "Delinquent past or present credit obligations with others",
    ]


def test_a_rule_that_fired_is_stated_first_even_when_nobody_confirmed_it():
    rule = FiredRule(rule_id="r", reason_key="bankruptcy")
    stated = select_principal_reasons(replace(DENIAL, fired_rules=(rule,)))
    assert stated[0].key == "bankruptcy"
    assert len(stated) == 3


def test_factors_of_one_reason_become_one_family_with_the_sum():
    more = replace(FACTORS[0], factor_id="payment_to_income", adverse_contribution=0.5, rank=4)
    families = merge_families(replace(DENIAL, factors=(*FACTORS, more)))
    assert [f.adverse_contribution for f in families] == [1.5, 1.0, -1.0]
    assert [f.is_adverse for f in families] == [True, True, False]


@pytest.mark.parametrize(
    "change",
    [
        {"principal_reason_keys": ()},
        {"principal_reason_keys": ("bankruptcy",)},
        {"principal_reason_keys": (FACTORS[2].reason_key,)},
        {"path": DecisionPath.SCORE},
        {"path": None},
    ],
)
def test_reasons_that_the_decision_does_not_rest_on_are_refused(change):
    with pytest.raises(ReasonsError, match="9\\(b\\)\\(2\\)"):
        select_principal_reasons(replace(DENIAL, **change))


def test_another_reason_needs_its_text():
    other = replace(FACTORS[0], reason_key="other:auto", specific_text="Age of automobile")
    record = replace(DENIAL, factors=(other,), principal_reason_keys=("other:auto",))
    assert select_principal_reasons(record)[0].text == "Age of automobile"
    nameless = replace(record, factors=(replace(other, specific_text=None),))
    with pytest.raises(ReasonsError, match="Appendix C"):
        select_principal_reasons(nameless)


def test_spanish_is_refused():
    with pytest.raises(LanguageError):
        select_principal_reasons(DENIAL, language=Language.SPANISH)


@given(keys=st.lists(st.sampled_from(MERITS), min_size=1, max_size=8, unique=True))
def test_codes_derived_from_any_reasons_pass_the_edits(keys):
    factors = tuple(
        Factor(
            factor_id=key,
            reason_key=key,
            source=FactorSource.JUDGMENT,
            adverse_contribution=1.0,
            rank=rank,
        )
        for rank, key in enumerate(keys, start=1)
    )
    record = replace(DENIAL, factors=factors, principal_reason_keys=tuple(keys))
    reasons = select_principal_reasons(record)
    assert [reason.key for reason in reasons] == keys
    codes = derive_hmda_codes(reasons)
    assert set(codes) <= {REASON_INFO[r.reason].hmda_code for r in reasons}
    text = derive_hmda_text(reasons)
    report = HmdaReport(action_taken=3, denial_reasons=codes, other_text=text)
    assert failed_hmda_edits(report) == ()
