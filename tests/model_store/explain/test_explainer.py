import io
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.calibration import Calibration, CategoryCalibration
from model_store.engine.outputs import EngineLogits
from model_store.evidence import token_budget
from model_store.explain.explainer import CLAUSE_EFFECTS, explain, explain_read, threshold_logit
from model_store.explain.highlights import highlights
from model_store.explain.layout import lay_out, span_unit
from model_store.explain.omission import Omissions, drop_of, drops_of_each
from model_store.explain.page import explanation_html
from model_store.explain.shapley import partition_shap
from model_store.explain.targets import TARGETS, target_index
from model_store.explain.terminal import print_explanation
from model_store.figure_tokens import FigureRanges
from model_store.manifest import Manifest
from model_store.predictor import Predictor

TEXT = (
    "The file is clean and the house is fine. Income cannot carry it at all. "
    "Nothing else was found by us here; the rest of the file is in order and complete."
)
PIECES = st.sampled_from(
    ["DTI 51.2% ", "SSN 123-45-6789", "Dear Mr. Smith,\r\n", "her husband ", "$1,250.50", "🙂",
     "e\u0301", "日本。", "\r\n", "  ", "</s>", ". ", "\ud83d", "\0", "; and ", "income "]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=15).map("".join))


class LinearEngine:
    """Each token adds a fixed amount to each target: every effect is known beforehand."""

    def __init__(self, weight_VX, bias_X):
        self.weight_VX, self.bias_X = weight_VX, bias_X
        self.asked = []

    def logits(self, ids):
        self.asked.append([len(row) for row in ids])
        output = EngineLogits.empty([len(row) for row in ids])
        for i, row in enumerate(ids):
            value_X = self.bias_X + self.weight_VX[list(row)].sum(axis=0)
            output.category_WC[i], output.reason_WR[i] = value_X[:12], value_X[12:41]
            output.risk_W[i] = value_X[41]
            output.evidence[i][:] = self.weight_VX[list(row), :12] - 3
        return output


def linear_predictor(tokenizer, *, heavy=(), bias=-2.0, weight=3.0):
    """A predictor whose first category is stated since the words given stand in the text."""
    weight_VX = np.zeros((400, len(TARGETS)))
    for encoded in tokenizer.encode(list(heavy)):
        weight_VX[list(encoded.ids), 0] = weight / len(encoded.ids)
    engine = LinearEngine(weight_VX, np.full(len(TARGETS), bias))
    return Predictor(
        engine=engine,
        tokenizer=tokenizer,
        calibration=Calibration(),
        manifest=Manifest(name="linear", version="0.0.1", created="2026-01-01"),
    )


def random_predictor(tokenizer, rng):
    """A predictor in which each token adds something else to each target."""
    predictor = linear_predictor(tokenizer)
    predictor.engine.weight_VX = rng.normal(size=(400, len(TARGETS)))
    return predictor


def weights_of(predictor, read, units):
    """What the tokens of each unit add to each target."""
    ids = [list(read.tokens.ids[unit.first_token : unit.stop_token]) for unit in units]
    return [predictor.engine.weight_VX[tokens].sum(axis=0) for tokens in ids]


def test_omission_gives_a_linear_model_exactly_its_weights(tiny_tokenizer, rng):
    predictor = random_predictor(tiny_tokenizer, rng)
    (read,) = predictor.read([TEXT])
    omissions, words = Omissions(predictor.engine, read), lay_out(read).words
    found_UX = omissions.effects([drop_of([word]) for word in words])
    expected_UX = weights_of(predictor, read, words)
    np.testing.assert_allclose(found_UX, expected_UX, atol=1e-4)
    together_X = omissions.effects([drop_of(words)])[0]
    np.testing.assert_allclose(together_X, np.sum(expected_UX, axis=0), atol=1e-3)


def test_what_each_clause_of_a_linear_model_says_alone_is_its_weights(tiny_tokenizer, rng):
    predictor = random_predictor(tiny_tokenizer, rng)
    (read,) = predictor.read([TEXT])
    omissions, clauses = Omissions(predictor.engine, read), lay_out(read).clauses
    expected_UX = weights_of(predictor, read, clauses)
    np.testing.assert_allclose(omissions.gains(clauses), expected_UX, atol=1e-4)
    assert omissions.gains([]).shape == (0, len(TARGETS))
    # The engine has read the clauses and what stands of a text without words, once and no more.
    _, *asked = predictor.engine.asked
    assert asked == [[2, *(2 + clause.num_tokens for clause in clauses)]]


@pytest.fixture
def fields_read(tiny_tokenizer):
    """A rendered application whose one token of a figure is the share of the loan in the income."""
    tokenizer = tiny_tokenizer.with_figures(FigureRanges(edges={"loan_to_income": (300.0,)}))
    predictor = linear_predictor(tokenizer, heavy=[])
    weight_VX = np.zeros((tokenizer.num_words + tokenizer.figures.num_tokens, len(TARGETS)))
    weight_VX[tokenizer.num_words :, 0] = 5.0
    predictor.engine.weight_VX = weight_VX
    text = "All is well.\n\nLoan amount: $250,000\nGross income: $50,000 a year\nState: TX"
    (read,) = predictor.read([text])
    assert max(read.tokens.ids) >= tokenizer.num_words
    return predictor.engine, read


def test_a_figure_that_follows_from_two_goes_with_either(fields_read):
    engine, read = fields_read
    omissions, clauses = Omissions(engine, read), lay_out(read).clauses
    effect_U = omissions.effects(drops_of_each(clauses))[:, 0]
    by_field = dict(zip([clause.field for clause in clauses], effect_U, strict=True))
    assert by_field["loan_amount_usd"] == by_field["annual_income_usd"] == pytest.approx(5.0)
    assert by_field[None] == by_field["state"] == pytest.approx(0.0)


def test_a_figure_that_follows_from_two_is_said_by_both_and_by_neither_alone(fields_read):
    engine, read = fields_read
    omissions, clauses = Omissions(engine, read), lay_out(read).clauses
    loan, income = (c for c in clauses if c.field in {"loan_amount_usd", "annual_income_usd"})
    both = span_unit(loan, income, read)
    gains = omissions.gains([loan, income, both])[:, 0]
    np.testing.assert_allclose(gains, [0.0, 0.0, 5.0], atol=1e-6)


@pytest.mark.parametrize("heavy", [["Income cannot carry"], ["Income cannot carry", "found"]])
def test_exact_clauses_are_worth_half_of_what_they_leave_and_of_what_they_say(
    tiny_tokenizer, heavy
):
    predictor = linear_predictor(tiny_tokenizer, heavy=heavy)
    (read,) = predictor.read([TEXT])
    explanation = explain(predictor, TEXT, method="exact")
    omissions, units = Omissions(predictor.engine, read), explanation.clauses.units
    lost_UX = np.concatenate([omissions.effects([drop_of([unit])]) for unit in units])
    np.testing.assert_allclose(
        explanation.clauses.value_UX, (lost_UX + omissions.gains(units)) / 2, atol=1e-6
    )


def test_the_worths_of_two_clauses_add_up_to_what_both_add(predictor):
    (read,) = predictor.read(["Income of $3,100 cannot carry it. Six inquiries were found."])
    omissions, clauses = Omissions(predictor.engine, read), lay_out(read).clauses
    assert len(clauses) == 2
    both_X = omissions.effects([drop_of(clauses)])[0]
    np.testing.assert_allclose(omissions.worths(clauses).sum(axis=0), both_X, atol=1e-4)
    assert omissions.worths([]).shape == (0, len(TARGETS))


def test_a_clause_of_a_long_text_is_read_alone_without_the_windows_it_is_not_in(predictor):
    (read,) = predictor.read(["Income of $3,100 a month, six inquiries, one collection. " * 60])
    omissions, clauses = Omissions(predictor.engine, read), lay_out(read).clauses
    markers = read.windows[0].ids[0], read.windows[0].ids[-1]
    for clause in clauses:  # some stand in two windows, in one of them cut short
        ids = read.tokens.ids[clause.first_token : clause.stop_token]
        alone_C, empty_C = predictor.engine.logits(
            [(markers[0], *ids, markers[1]), markers]
        ).category_WC
        expected = alone_C - empty_C
        np.testing.assert_allclose(omissions.gains([clause])[0, :12], expected, atol=1e-4)


@pytest.mark.slow
def test_shapley_values_of_a_linear_model_are_its_weights(tiny_tokenizer, rng):
    predictor = random_predictor(tiny_tokenizer, rng)
    (read,) = predictor.read(["Income cannot carry it. Nothing else was found."])
    found = partition_shap(predictor.engine, read, max_evaluations=500)
    expected_UX = weights_of(predictor, read, found.units)
    np.testing.assert_allclose(found.value_UX, expected_UX, atol=1e-4)


def test_a_set_of_words_is_left_out_once_however_often_it_is_asked_for(predictor, read):
    omissions, clauses = Omissions(predictor.engine, read), lay_out(read).clauses
    first = omissions.without([drop_of([clause]) for clause in clauses])
    assert omissions.num_windows_computed == len(clauses)
    again = omissions.without([drop_of([clause]) for clause in reversed(clauses)])
    assert omissions.num_windows_computed == len(clauses)
    assert (first[::-1] == again).all()


def test_a_long_text_computes_only_the_windows_that_lose_something(predictor):
    (read,) = predictor.read(["Income of $3,100 a month, six inquiries, one collection. " * 60])
    assert len(read.windows) >= 3
    omissions, clauses = Omissions(predictor.engine, read), lay_out(read).clauses
    omissions.without([drop_of([clauses[0]])])
    assert omissions.num_windows_computed == 1
    everything_X = omissions.without([drop_of(clauses)])[0]
    empty = predictor.engine.logits([(read.windows[0].ids[0], read.windows[0].ids[-1])])
    np.testing.assert_allclose(everything_X[:12], empty.category_WC[0], atol=1e-4)


@pytest.mark.parametrize("method", ["fast", "exact"])
def test_the_words_that_carry_a_reason_are_quoted_and_without_them_it_falls(tiny_tokenizer, method):
    predictor = linear_predictor(tiny_tokenizer, heavy=["Income cannot carry"], bias=-2.0)
    text = TEXT.replace("found by us here", "seen").replace("in order", "fine")
    explanation = explain(predictor, text, method=method)
    (reason,) = explanation.reasons
    assert reason.category == CATEGORIES[0]
    assert any("cannot" in span.quote for span in reason.spans)
    assert reason.category_probability >= 0.5
    assert reason.is_below_threshold_without == (reason.category_probability_without < 0.5)
    assert max(span.effect_logit for span in reason.spans) > 0


def test_a_reason_no_quote_can_take_down_says_so(tiny_tokenizer):
    predictor = linear_predictor(tiny_tokenizer, bias=4.0)
    explanation = explain(predictor, TEXT, method="exact")
    assert len({reason.category for reason in explanation.reasons}) == len(CATEGORIES)
    assert not any(reason.is_below_threshold_without for reason in explanation.reasons)


def test_fast_asks_the_engine_once_beyond_the_prediction(tiny_tokenizer):
    predictor = linear_predictor(tiny_tokenizer, heavy=["Income cannot carry"])
    explanation = explain(predictor, TEXT, method="fast")
    whole, added = predictor.engine.asked
    assert sum(added) < 3 * sum(whole)
    (read,) = predictor.read([TEXT])
    assert explanation.clauses.units == lay_out(read).clauses
    effect_U = explanation.clauses.of(str(CATEGORIES[0]))
    assert "Income cannot" in explanation.clauses.units[int(effect_U.argmax())].quote


def test_fast_asks_nothing_where_nothing_is_stated(tiny_tokenizer):
    predictor = linear_predictor(tiny_tokenizer)
    explanation = explain(predictor, TEXT, method="fast")
    assert not explanation.reasons
    assert not explanation.clauses.units
    assert len(predictor.engine.asked) == 1


def test_the_same_text_gets_the_same_explanation(predictor, read):
    logits = predictor.engine.logits([w.ids for w in read.windows])
    first, second = (explain_read(predictor, read, logits, method="exact") for _ in range(2))
    assert first.reasons == second.reasons
    assert (first.clauses.value_UX == second.clauses.value_UX).all()


@settings(max_examples=25)
@given(TEXTS, st.sampled_from(["fast", "exact"]))
@example("011111111 MR.B:0", "exact")
def test_quotes_are_exact_disjoint_and_short(predictor, text, method):
    explanation = explain(predictor, text, method=method)
    num_tokens = explanation.prediction.num_tokens
    for reason in explanation.reasons:
        assert len(reason.spans) <= 3
        assert bool(reason.spans) == bool(explanation.clauses.units)
        positions = [p for span in reason.spans for p in range(span.start, span.end)]
        assert len(positions) == len(set(positions))
        for span in reason.spans:
            assert text[span.start : span.end] == span.quote != ""
    budget = token_budget(num_tokens)
    (read,) = predictor.read([text])
    words = lay_out(read).words
    for reason in explanation.reasons:
        quoted = [
            word.num_tokens
            for word in words
            if any(s.start <= word.start and word.end <= s.end for s in reason.spans)
        ]
        # A single word longer than the budget is still quoted whole.
        assert sum(quoted) <= budget or len(quoted) == 1


@settings(max_examples=25)
@given(TEXTS)
def test_a_page_and_a_terminal_show_any_text(predictor, text):
    explanation = explain(predictor, text, method="fast")
    assert "".join(stretch.text for stretch in highlights(text, explanation)) == text
    page = explanation_html(text, explanation)
    HTMLParser().feed(page)
    page.encode()
    assert "<script" not in page
    assert "http" not in page.replace(text, "")
    output = io.StringIO()
    print_explanation(Console(file=output, width=100), text, explanation)
    assert "\x1b" not in output.getvalue()


@pytest.mark.parametrize("method", ["fast", "exact"])
def test_a_page_says_of_its_own_method_what_the_effects_of_clauses_are(tiny_tokenizer, method):
    predictor = linear_predictor(tiny_tokenizer, heavy=["Income cannot carry"])
    page = explanation_html(TEXT, explain(predictor, TEXT, method=method))
    assert {each for each, says in CLAUSE_EFFECTS.items() if says in page} == {method}


@pytest.mark.parametrize("mark", "\u202a\u202e\u2066\u2069\u200e\u200f\u061c")
def test_no_mark_of_direction_turns_what_stands_beside_a_text(predictor, mark):
    text = f"Income {mark}cannot carry it."
    explanation = explain(predictor, text, method="exact")
    output = io.StringIO()
    print_explanation(Console(file=output, width=200), text, explanation)
    assert mark not in output.getvalue()
    page = explanation_html(text, explanation)
    assert page.count(mark) == sum(piece.count(mark) for piece in isolated(page)) > 0


def isolated(page):
    return [piece.partition("</bdi>")[0] for piece in page.split("<bdi>")[1:]]


def test_a_page_holds_the_text_escaped_its_quotes_and_tables(tiny_tokenizer):
    predictor = linear_predictor(tiny_tokenizer, heavy=["Income cannot carry"])
    text = TEXT + " <script>alert(1)</script>"
    explanation = explain(predictor, text, method="exact")
    page = explanation_html(text, explanation)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    for reason in explanation.reasons:
        for span in reason.spans:
            assert span.quote in unescape(page)
    assert page.count("<table>") == page.count("<caption>") >= 3
    assert page.count("<mark") >= 1


def test_what_is_left_for_a_person_is_shown_with_what_the_model_points_at(tiny_tokenizer):
    # Near 0.4: not stated, not ruled out.
    predictor = linear_predictor(tiny_tokenizer, heavy=["Income cannot carry"], weight=1.0)
    explanation = explain(predictor, TEXT, method="exact")
    assert not explanation.reasons
    [*quotes] = [q.quote for r in explanation.prediction.review_reasons for q in r.evidence]
    assert quotes
    output = io.StringIO()
    print_explanation(Console(file=output, width=200), TEXT, explanation)
    for shown in (unescape(explanation_html(TEXT, explanation)), output.getvalue()):
        assert "No principal reason is stated." in shown
        _, _, left_for_a_person = shown.partition("For a person to accept or dismiss")
        assert all(quote in left_for_a_person for quote in quotes)
    assert all(
        f"<q><bdi>{quote}</bdi></q>" in explanation_html(TEXT, explanation) for quote in quotes
    )


def test_the_threshold_in_logits_is_where_the_probability_meets_it():
    scale = CategoryCalibration(slope=2.0, intercept=-0.5, state=0.7, review=0.1)
    calibration = Calibration(categories=(scale,) * len(CATEGORIES))
    logits = np.full((1, 12), threshold_logit(calibration, 3), dtype=np.float32)
    assert calibration.category_probabilities(logits)[0, 3] == pytest.approx(0.7)
    never = calibration.model_copy(
        update={"categories": (scale.model_copy(update={"state": 1.0}),) * len(CATEGORIES)}
    )
    assert threshold_logit(never, 3) == float("inf")


def test_an_unknown_target_is_refused():
    assert TARGETS[target_index("risk")] == "risk"
    with pytest.raises(ValueError, match="no target"):
        target_index("luck")
