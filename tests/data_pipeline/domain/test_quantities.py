import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.figures import find_figures
from data_pipeline.domain.quantities import (
    COMPARISON_KINDS,
    NEAR_CODE_POINTS,
    SIZE_KINDS,
    find_quantities,
)


def sizes(text):
    """Kind and value of what is no comparison."""
    return [(f.kind, f.value) for f in find_quantities(text) if not f.parts]


def comparisons(text):
    """Kind, both numbers as written, and the part that is the second one's."""
    return [
        (f.kind, *(text[start:end] for start, end in f.parts), round(f.value, 3))
        for f in find_quantities(text)
        if f.parts
    ]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("applies for $84.3k today", "amount", 84_300),
        ("$1,155 a month", "amount", 1155),
        ("gross 3460/mo", "amount", 3460),
        ("LOAN: 9,600.00 card", "amount", 9600),
        ("COLL_BAL: 0.00", "amount", 0),
        ("odometer 81,809 mi", "amount", 81_809),
        ("at 15.9 percent", "share", 15.9),
        ("94% used", "share", 94),
        ("burden .414 of wages", "share", 41.4),
        ("PTI 10.8 on paper", "share", 10.8),
        ("there 20.5 yrs", "months", 246),
        ("2 years 8 months", "months", 32),
        ("at_addr: 9y7m", "months", 115),
        ("DEP_MIN: 6m", "months", 6),
        ("term 60 mo", "months", 60),
        ("a 12-month history", "months", 12),
        ("8 weeks", "months", pytest.approx(8 * 7 / 30.4)),
        ("list 38 days old", "months", pytest.approx(38 / 30.4)),
    ],
)
def test_quantities_are_found_with_their_sizes(text, kind, value):
    assert sizes(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "in 2024 they moved",
        "call 555-0134 or 12:53",
        "R136 and 1003B",
        "30/60/90 1-0-0",
        "on Jan 28 the file went back",
        "9" * 400,
        "3 cards",  # counts are small enough to be read as they are written
    ],
)
def test_other_numbers_have_no_size(text):
    assert sizes(text) == []


@pytest.mark.parametrize(
    ("text", "comparison"),
    [
        ("verified $3,200 of $4,800", ("amount_to_last", "$3,200", "$4,800", 0.6)),
        ("15 % (limit 45 %)", ("share_to_last", "15 %", "45 %", 0.75)),
        ("resid 18 mo, 2 yrs wanted", ("months_to_last", "18 mo", "2 yrs", 0.571)),
        ("1 of 3 confirmed", ("count_to_last", "1", "3", 0.75)),
        ("five sent, three back", ("count_to_last", "five", "three", 0.375)),
        ("mark 3 of 5", ("count_to_last", "3", "5", 0.625)),  # no day of March
        ("0 of 0", ("count_to_last", "0", "0", 0.5)),
    ],
)
def test_a_quantity_is_compared_with_the_one_before_it_of_its_sort(text, comparison):
    assert comparisons(text) == [comparison]


def test_an_amount_is_compared_with_two_before_it_as_payments_are_with_the_income():
    assert comparisons("gross 4,000, new payment 300, others 1,000") == [
        ("amount_to_last", "4,000", "300", 0.07),
        ("amount_to_last", "300", "1,000", 0.769),
        ("amount_to_last_but_one", "4,000", "1,000", 0.2),
    ]


@pytest.mark.parametrize(("num_between", "num_compared"), [(NEAR_CODE_POINTS, 1), (161, 0)])
def test_what_lies_far_apart_is_not_compared(num_between, num_compared):
    assert len(comparisons("$500" + "." * (num_between - 1) + " $800")) == num_compared


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("Written: 07 May 2025. BK13 filed Feb 2020", [63]),
        ("As of 2024-04-17: since Feb 2016, deed Oct 2018", [98, 66]),
        ("Date 12/03/2021. dlq_aged: 2, 02/2020", [22]),
        ("LAST SLOW PAY JUL 2020, WRITTEN 19 FEB 2023", [31]),
        ("Filed May 2019.", []),
        ("13/2020 and 05/2021", []),
    ],
)
def test_a_date_is_as_old_as_it_lies_before_the_latest(text, ages):
    assert [value for kind, value in sizes(text) if kind == "months"] == ages


def test_a_size_that_is_told_by_name_is_not_told_twice_but_compared():
    text = "DTI 52.0% (max 46%)"
    found = find_quantities(text, named=find_figures(text))
    assert [(f.kind, round(f.value, 2)) for f in found] == [
        ("share", 46.0),
        ("share_to_last", 0.47),
    ]


@given(st.text(alphabet="0123456789 .,/$%kmyd-:\nJanMaytwo", max_size=80))
def test_whatever_is_written_quantities_stand_where_they_say(text):
    for figure in find_quantities(text):
        assert figure.kind in (COMPARISON_KINDS if figure.parts else SIZE_KINDS)
        assert 0 <= figure.start < figure.end <= len(text)
        assert figure.value >= 0
        assert all(start < end <= figure.end for start, end in figure.parts)
        if figure.parts:
            assert figure.value <= 1
            assert figure.parts[-1] == (figure.start, figure.end)
