"""Which stretches become quotes, on an engine whose every answer is known beforehand."""

from itertools import pairwise

import numpy as np
import pytest

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.calibration import Calibration, CategoryCalibration
from model_store.engine.outputs import EngineLogits
from model_store.evidence import token_budget
from model_store.explain.exact_spans import _narrowed, _pieces
from model_store.explain.explainer import explain
from model_store.explain.layout import lay_out
from model_store.explain.omission import Omissions, drops_of_each
from model_store.explain.proposals import _heaviest, fitted, head_quotes, proposed_quotes
from model_store.explain.spans import Question
from model_store.manifest import Manifest
from model_store.predictor import Predictor

TOLD = "the borrower owes far too much"
MEANT = "nobody could reach the employer"
AGAINST = "every card is paid on time"
FILLER = "the rest of this file is in order and nothing else was noted by anyone here today"
TEXT = f"{FILLER}. {TOLD}. {FILLER}. {MEANT}. {FILLER}. {AGAINST}. {FILLER}."


class PhraseEngine:
    """Phrases that stand whole in a window add to the first category, or are seen by the head."""

    def __init__(self, tokenizer, *, effects, seen, bias, beside=()):
        (tokens,) = tokenizer.encode([TEXT])
        self.bias = bias
        self.beside = {
            (_ids(tokens, one), _ids(tokens, other)): effect for one, other, effect in beside
        }
        self.effects = {_ids(tokens, phrase): effect for phrase, effect in effects.items()}
        self.seen = [_ids(tokens, phrase) for phrase in seen]

    def logits(self, ids):
        output = EngineLogits.empty([len(row) for row in ids])
        output.category_WC[:] = output.reason_WR[:] = -9
        for i, row in enumerate(ids):
            held = [effect for phrase, effect in self.effects.items() if _place(phrase, row) >= 0]
            together = [
                e for pair, e in self.beside.items() if all(_place(p, row) >= 0 for p in pair)
            ]
            output.category_WC[i, 0] = self.bias + sum(held) + sum(together)
            output.evidence[i][:] = -5
            for phrase in self.seen:
                if (place := _place(phrase, row)) >= 0:
                    output.evidence[i][place : place + len(phrase), 0] = 5
        return output


def _ids(tokens, phrase):
    start = TEXT.index(phrase)
    return tuple(
        token
        for token, (first, end) in zip(tokens.ids, tokens.offsets, strict=True)
        if start <= first and end <= start + len(phrase)
    )


def _place(phrase, row):
    starts = range(len(row) - len(phrase) + 1)
    return next((s for s in starts if tuple(row[s : s + len(phrase)]) == phrase), -1)


@pytest.fixture
def predictor_of(tiny_tokenizer):
    def build(*, effects, seen, bias, beside=()):
        never = CategoryCalibration(state=0.9, review=0.9)
        return Predictor(
            engine=PhraseEngine(
                tiny_tokenizer, effects=effects, seen=seen, bias=bias, beside=beside
            ),
            tokenizer=tiny_tokenizer,
            calibration=Calibration(
                categories=(CategoryCalibration(), *[never] * (len(CATEGORIES) - 1))
            ),
            manifest=Manifest(name="phrases", version="0.0.1", created="2026-01-01"),
        )

    return build


def quotes(predictor, method):
    (reason,) = explain(predictor, TEXT, method=method).reasons
    return reason, [span.quote.rstrip(".") for span in reason.spans]


def test_what_head_and_omission_agree_on_comes_before_what_only_omission_finds(predictor_of):
    predictor = predictor_of(effects={TOLD: 2.0, MEANT: 4.0}, seen=[TOLD], bias=-1.0)
    reason, found = quotes(predictor, "exact")
    assert TOLD in found[0]
    assert len(found) == 2
    assert reason.is_below_threshold_without


def test_where_the_most_telling_start_is_not_enough_the_strongest_is_tried(predictor_of):
    # The head's stretch takes the room that the strong one needs.
    long = f"{TOLD}. the rest of this file is in order"
    predictor = predictor_of(effects={long: 0.5, MEANT: 4.0}, seen=[long], bias=-1.0)
    reason, found = quotes(predictor, "exact")
    assert any(set(MEANT.split()) & set(quote.split()) for quote in found)
    assert reason.is_below_threshold_without


def test_fast_quotes_nothing_that_speaks_against_a_reason(predictor_of):
    predictor = predictor_of(
        effects={TOLD: 4.0, MEANT: 4.0, AGAINST: -2.0}, seen=[TOLD, AGAINST], bias=-1.0
    )
    _, found = quotes(predictor, "fast")
    assert TOLD in found[0]
    assert not any(AGAINST in quote for quote in found)


class Told(Omissions):
    """Answers of which each is given beforehand."""

    def __init__(self, *, gains, effects):
        self._gains, self._effects = gains, effects

    def prepare(self, drops=(), *, units=()):
        pass

    def gains(self, units):
        return np.array([[self._gains.get(unit, 0.0)] for unit in units])

    def effects(self, drops):
        return np.array([[self._effects.get(drop, 0.0)] for drop in drops])


@pytest.mark.parametrize(("effect", "stands"), [(2.9, True), (0.5, False), (-1.0, False)])
def test_a_part_stands_for_its_clause_only_if_leaving_it_out_does_as_much(
    predictor_of, effect, stands
):
    (read,) = predictor_of(effects={}, seen=[], bias=-1.0).read([TEXT])
    layout = lay_out(read)
    clause = max(layout.clauses, key=lambda unit: unit.num_tokens)
    budget = clause.num_tokens
    part, *others = _pieces(clause, read, layout, budget)
    told = Told(
        gains={clause: 4.0, part: 4.0},
        effects=dict(zip(drops_of_each([clause, part]), (3.0, effect), strict=True)),
    )
    question = Question(target=0, category=0, threshold_logit=0.0)
    narrowed = _narrowed(told, read, layout, [question], [[clause]], budget=budget)
    assert others
    assert narrowed == [[part if stands else clause]]


def test_what_the_head_would_quote_besides_does_not_bring_the_category_back(predictor_of):
    # Beside the filler the last phrase takes away more than it adds.
    predictor = predictor_of(
        effects={TOLD: 4.0, AGAINST: 0.5, MEANT: 0.5},
        seen=[TOLD, AGAINST],
        bias=-1.0,
        beside=[(TOLD, AGAINST, 0.5), (MEANT, AGAINST, -2.0), (TOLD, MEANT, 2.0)],
    )
    reason, _ = quotes(predictor, "exact")
    assert reason.is_below_threshold_without


def test_fast_leaves_quotes_out_one_by_one_where_all_of_them_together_lower_nothing(predictor_of):
    # Alone the last phrase speaks for the reason; beside what the head does not see it takes more.
    predictor = predictor_of(
        effects={TOLD: 2.0, MEANT: 3.0, AGAINST: 1.0},
        seen=[TOLD, AGAINST],
        bias=2.0,
        beside=[(MEANT, AGAINST, -5.0)],
    )
    _, found = quotes(predictor, "fast")
    assert TOLD in found[0]
    assert not any(AGAINST in quote for quote in found)


@pytest.mark.parametrize("method", ["fast", "exact"])
def test_quotes_fit_into_a_fifth_of_the_tokens_and_do_not_overlap(predictor_of, method):
    everything = TEXT[10:-10]
    predictor = predictor_of(effects={everything: 9.0, TOLD: 1.0}, seen=[everything], bias=-1.0)
    (read,) = predictor.read([TEXT])
    (reason,) = explain(predictor, TEXT, method=method).reasons
    words = [
        word
        for word in lay_out(read).words
        if any(span.start < word.end and word.start < span.end for span in reason.spans)
    ]
    assert 0 < sum(word.num_tokens for word in words) <= token_budget(len(read.tokens.ids))
    ends = sorted((span.start, span.end) for span in reason.spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(ends))


def test_the_head_proposes_its_own_quotes_first_and_clauses_where_room_is_left(predictor_of):
    predictor = predictor_of(effects={TOLD: 4.0}, seen=[TOLD], bias=-1.0)
    (read,) = predictor.read([TEXT])
    omissions, layout = Omissions(predictor.engine, read), lay_out(read)
    asked = {"category": 0, "threshold": 0.5, "budget": token_budget(len(read.tokens.ids))}
    (own,) = head_quotes(omissions, read, layout, **asked)
    assert own.quote.rstrip(".") == TOLD
    proposed = proposed_quotes(omissions, read, layout, **asked)
    assert proposed[0] == own
    assert len({unit.first_token for unit in proposed}) == len(proposed) <= 3
    assert sum(unit.num_tokens for unit in proposed) <= asked["budget"]
    assert np.all([unit.num_tokens > 0 for unit in proposed])


def read_with(predictor_of, text):
    (read,) = predictor_of(effects={}, seen=[], bias=-1.0).read([text])
    return read, lay_out(read)


NEGATED = (
    "after closing costs and fees are paid there would be no reserves that remain with them now"
)


def test_no_piece_of_a_clause_begins_behind_a_negation(predictor_of):
    text = NEGATED.replace("and fees are paid there would be no", "they wouldn't")
    for clause, negation in ((NEGATED, "no"), (text, "wouldn't")):
        words = clause.split()
        place = words.index(negation)
        moved = " ".join(words[max(0, place - 7) : place + 8])  # half begins behind it
        read, layout = read_with(predictor_of, moved)
        [unit] = layout.clauses
        held = layout.words_of(unit)
        behind = [w.quote for w in held].index(negation) + 1
        whole = fitted(held, behind, read, stop=len(held), max_tokens=unit.num_tokens)
        assert whole.quote.startswith(f"{negation} ")
        budget = held[behind + 1].stop_token - held[behind - 1].first_token
        short = fitted(held, behind, read, stop=len(held), max_tokens=budget)
        assert short.quote == " ".join(w.quote for w in held[behind - 1 : behind + 2])


def test_halves_and_the_heaviest_stretch_take_a_negation_along(predictor_of):
    read, layout = read_with(predictor_of, "we are told of no reserves left at the end")
    [clause] = layout.clauses
    pieces = list(_pieces(clause, read, layout, clause.num_tokens))
    assert [piece.quote for piece in pieces][-1] == "no reserves left at the end"
    words = layout.words_of(clause)
    evidence_T = np.zeros(len(read.tokens.ids))
    evidence_T[words[5].first_token : words[6].stop_token] = 0.9
    budget = words[6].stop_token - words[4].first_token
    heaviest = _heaviest(clause, read, layout, evidence_T, max_tokens=budget)
    assert heaviest.quote == "no reserves left"


@pytest.mark.parametrize(("text_ratio", "quote"), [(0.9, "far too much"), (0.6, "Credit score:")])
def test_a_quote_of_the_head_is_cut_between_text_and_fields_before_it_is_weighed(
    predictor_of, text_ratio, quote
):
    text = f"{FILLER}. {FILLER}. She owes far too much\n\nCredit score: 540\nState: TX"
    read, layout = read_with(predictor_of, text)
    evidence_TC = np.zeros((len(read.tokens.ids), 1))
    for word in layout.words:
        if text.index("far too") <= word.start < text.index("\n"):
            evidence_TC[word.first_token : word.stop_token] = text_ratio
        if text.index("Credit") <= word.start < text.index("540"):
            evidence_TC[word.first_token : word.stop_token] = 1.5 - text_ratio
    omissions = Told(gains={}, effects={})
    omissions.evidence_TC = evidence_TC
    [unit] = head_quotes(
        omissions, read, layout, category=0, threshold=0.5, budget=len(read.tokens.ids)
    )
    assert unit.quote == quote
