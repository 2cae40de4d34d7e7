import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data_pipeline.domain.figures import find_figures
from data_pipeline.domain.quantities import QUANTITY_KINDS
from model_store.figure_tokens import MIN_VALUES_PER_RANGE, FigureRanges

RANGES = FigureRanges(edges={"credit_score": (620.0, 720.0), "debt_to_income_ratio": (45.0,)})

WITH_QUANTITIES = FigureRanges(
    edges={**RANGES.edges, **dict.fromkeys(QUANTITY_KINDS, (0.5,)), "loan_to_value_ratio": (80.0,)}
)


def scores(values):
    return [f"Credit score: {value}" for value in values]


def test_ranges_hold_about_equally_many_values():
    values = [round(300 + 550 * i / 199) for i in range(200)]
    ranges = FigureRanges.fit(scores(values), max_ranges=4)
    (edges,) = ranges.edges.values()
    counts = [0] * 4
    for value in values:
        counts[sum(edge <= value for edge in edges)] += 1
    assert counts == [50, 50, 50, 50]


def test_a_kind_of_which_there_are_few_values_has_no_ranges():
    few = scores(range(600, 600 + 2 * MIN_VALUES_PER_RANGE - 1))
    assert FigureRanges.fit(few, max_ranges=16).edges == {}
    assert FigureRanges.fit([*few, "Credit score: 700"], max_ranges=16).num_tokens == 2


def test_a_kind_with_one_value_alone_has_no_ranges():
    assert FigureRanges.fit(scores([700] * 500), max_ranges=16).edges == {}


@given(st.lists(st.sampled_from([300, 500, 620, 621, 700, 850]), min_size=40, max_size=200))
def test_no_range_is_empty(values):
    ranges = FigureRanges.fit(scores(values), max_ranges=8)
    numbers = {number for text in scores(values) for _, number in ranges.tokens_of(text)}
    assert numbers == set(range(ranges.num_tokens))


def test_a_value_on_an_edge_belongs_above_it():
    numbers = [RANGES.tokens_of(text)[0][1] for text in scores([619, 620, 719, 720])]
    assert numbers == [0, 1, 1, 2]
    assert [number for _, number in RANGES.tokens_of("DTI 44.9, DTI 45")] == [3, 4]


SHORTFALLS = [
    text
    for i in range(60)
    for text in (f"Score: {600 + i}", f"Verified ${3000 + 50 * i:,} of $6,000.")
]


def test_quantities_have_ranges_where_they_are_asked_for():
    plain = FigureRanges.fit(SHORTFALLS, max_ranges=4)
    ranges = FigureRanges.fit(SHORTFALLS, max_ranges=4, quantities=True)
    assert (plain.reads_quantities, ranges.reads_quantities) == (False, True)
    assert set(ranges.edges) - set(plain.edges) == {"amount", "amount_to_last"}
    assert plain.edges.items() <= ranges.edges.items()
    assert len(ranges.edges["amount"]) <= 3
    assert FigureRanges.fit(SHORTFALLS, max_ranges=1, quantities=True).num_tokens == 0


def test_short_equal_and_ample_are_told_apart():
    ranges = FigureRanges.fit(SHORTFALLS, max_ranges=4, quantities=True).of_quantities()
    tokens = [
        [number for figure, number in ranges.tokens_of(text) if figure.parts]
        for text in ("$4,900 of $5,000", "$5,000 of $5,000", "$5,000 of $4,900")
    ]
    assert tokens[0] > tokens[1] > tokens[2]


def test_kinds_that_are_added_stand_behind_those_that_were_there():
    plain = FigureRanges(edges={"share": (40.0,), "credit_score": (620.0, 720.0)})
    other = FigureRanges.fit(SHORTFALLS, max_ranges=4, quantities=True)
    both = plain.extended(other)
    assert list(both.edges) == ["share", "credit_score", "amount", "amount_to_last"]
    assert both.edges["credit_score"] == (620.0, 720.0)
    text = "FICO 700 at 30 %"
    assert both.tokens_of(text) == plain.tokens_of(text)
    assert both.extended(other) == both


@pytest.mark.parametrize("edges", [(), (2.0, 1.0), (1.0, 1.0)])
def test_edges_that_do_not_ascend_are_refused(edges):
    with pytest.raises(ValidationError, match="ascending"):
        FigureRanges(edges={"credit_score": edges})


def test_the_token_of_a_figure_stands_behind_its_number_and_for_it(tiny_tokenizer):
    text = "FICO 688, DTI 51.2% and steady"
    plain = tiny_tokenizer.encode([text])[0]
    tokens = tiny_tokenizer.with_figures(RANGES).encode([text])[0]
    own = [i for i, token in enumerate(tokens.ids) if token >= 400]
    assert [tokens.ids[i] for i in own] == [401, 404]
    assert [text[slice(*tokens.offsets[i])] for i in own] == ["688", "51.2"]
    for i in own:
        assert tokens.offsets[i - 1][1] == tokens.offsets[i][1]
    assert tuple(t for t in tokens.ids if t < 400) == plain.ids
    assert tuple(o for i, o in enumerate(tokens.offsets) if i not in own) == plain.offsets


@pytest.mark.parametrize("ranges", [RANGES, WITH_QUANTITIES])
@given(st.lists(st.sampled_from([*"0159 \n.,$%🙂é", "DTI ", "FICO ", " mo"]), max_size=40))
def test_words_stay_what_they_were_in_any_text(tiny_tokenizer, ranges, parts):
    text = "".join(parts)
    plain = tiny_tokenizer.encode([text])[0]
    tokens = tiny_tokenizer.with_figures(ranges).encode([text])[0]
    assert tuple(t for t in tokens.ids if t < 400) == plain.ids
    assert len(tokens.ids) - len(plain.ids) == len(ranges.tokens_of(text))
    assert len(ranges.tokens_of(text)) >= len(find_figures(text))
    assert [end for _, end in tokens.offsets] == sorted(end for _, end in tokens.offsets)
