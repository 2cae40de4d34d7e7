from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.taxonomy import (
    CATEGORIES,
    CATEGORY_INFO,
    CATEGORY_REASONS,
    REASON_CATEGORY_INDEX,
    REASON_INFO,
    REASONS,
    TAXONOMY_VERSION,
    DenialCategory,
    categories_of_hmda_code,
)


def test_there_are_twelve_categories_and_twenty_nine_reasons_in_a_fixed_order():
    assert len(CATEGORIES) == 12
    assert len(REASONS) == 29
    assert CATEGORIES[0] is DenialCategory.INSUFFICIENT_INCOME
    assert CATEGORIES[-1] is DenialCategory.OTHER


def test_every_category_has_a_reason_and_every_reason_one_category():
    assert all(CATEGORY_REASONS[category] for category in CATEGORIES)
    assert [r for category in CATEGORIES for r in CATEGORY_REASONS[category]] == list(REASONS)


def test_every_category_and_reason_is_described():
    assert set(CATEGORY_INFO) == set(CATEGORIES)
    assert set(REASON_INFO) == set(REASONS)
    assert all(info.title and info.meaning for info in CATEGORY_INFO.values())
    assert all(info.notice_wording and info.source for info in REASON_INFO.values())


def test_each_numbered_reason_of_form_c1_is_covered_exactly_once():
    counts = Counter(info.c1_number for info in REASON_INFO.values())
    assert {number: counts[number] for number in range(1, 24)} == dict.fromkeys(range(1, 24), 1)
    assert set(counts) == set(range(1, 25))


@pytest.mark.parametrize("code", range(1, 10))
def test_every_hmda_denial_code_stands_for_some_category(code):
    assert categories_of_hmda_code(code)


def test_codes_one_and_three_are_the_only_coarse_ones():
    coarse = [code for code in range(1, 10) if len(categories_of_hmda_code(code)) > 1]
    assert coarse == [1, 3]
    assert set.union(*(set(categories_of_hmda_code(code)) for code in range(1, 10))) == set(
        CATEGORIES
    )


@given(st.integers().filter(lambda code: not 1 <= code <= 9))
def test_a_code_that_names_no_reason_stands_for_no_category(code):
    assert categories_of_hmda_code(code) == frozenset()


def test_a_reason_shares_the_hmda_code_of_its_category_except_mortgage_insurance():
    deviating = [
        info.reason.value
        for info in REASON_INFO.values()
        if info.hmda_code != CATEGORY_INFO[info.category].hmda_code
    ]
    assert deviating == ["mortgage_insurance_denied"]


def test_notice_wordings_are_distinct():
    wordings = [info.notice_wording for info in REASON_INFO.values()]
    assert len(set(wordings)) == len(wordings)


def test_the_index_of_a_reason_points_at_its_category():
    for reason, index in zip(REASONS, REASON_CATEGORY_INDEX, strict=True):
        assert reason in CATEGORY_REASONS[CATEGORIES[index]]


def test_the_taxonomy_version_is_the_one_the_label_lists_had_when_last_reviewed():
    assert TAXONOMY_VERSION == "1-af527db8dfeb"
