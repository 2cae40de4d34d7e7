import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_pipeline.domain.application import MAX_TEXT_BYTES
from data_pipeline.domain.masking import mask
from data_pipeline.domain.taxonomy import CATEGORIES, CATEGORY_REASONS, REASON_INFO
from model_store.calibration import Calibration, CategoryCalibration, LogisticScale
from model_store.engine.outputs import EngineLogits
from model_store.errors import ModelError, TextTooLongError
from model_store.predictor import Predictor

PIECES = st.sampled_from(
    ["DTI 51.2% ", "SSN 123-45-6789", "Dear Mr. Smith,\r\n", "jane.doe@example.com ", "income ",
     "her husband ", "71 years old ", "$1,250.50", "non-payment", "🙂", "👩‍👧", "e\u0301", "日本",
     "\r\n", "\u00a0", "  ", "<pad>", "</s>", ". ", "(212) 555-0147", "don't ", "\ud83d", "\0"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join))
LONG_TEXT = "Income of $3,100 a month, six inquiries and one collection of $1,250.50. " * 60


def scales(*, state, review):
    state, review = np.broadcast_to(state, 12), np.broadcast_to(review, 12)
    return Calibration(
        categories=tuple(
            CategoryCalibration(state=float(s), review=float(r))
            for s, r in zip(state, review, strict=True)
        )
    )


@pytest.fixture(scope="module")
def predictor(new_artifact):
    """States every category of every text, with evidence for some tokens and not for others."""
    calibration = scales(state=1e-6, review=1e-6).model_copy(update={"evidence_threshold": 0.6})
    return Predictor.from_artifact(new_artifact(calibration=calibration))


def assert_same(found, expected):
    """Same answers up to the rounding of another batch: 1e-5 of a probability."""
    assert found.num_tokens == expected.num_tokens
    assert found.num_windows == expected.num_windows
    assert found.risk_score == pytest.approx(expected.risk_score, abs=1e-3)
    assert list(found.categories) == list(expected.categories) == list(CATEGORIES)
    np.testing.assert_allclose(
        list(found.categories.values()), list(expected.categories.values()), rtol=0, atol=1e-5
    )


@settings(max_examples=150)
@given(TEXTS)
def test_every_quote_is_what_stands_in_the_text_as_given(predictor, text):
    (prediction,) = predictor.predict([text])
    assert {reason.category for reason in prediction.principal_reasons} == set(CATEGORIES)
    for reason in prediction.principal_reasons:
        for quote in reason.evidence:
            assert text[quote.start : quote.end] == quote.quote
            assert quote.quote.strip()
        positions = [i for quote in reason.evidence for i in range(quote.start, quote.end)]
        assert len(positions) == len(set(positions))
        if mask(text).text.strip():
            assert 1 <= len(reason.evidence) <= 3
        else:
            assert reason.evidence == ()


@settings(max_examples=50)
@given(st.lists(TEXTS, max_size=6))
def test_texts_together_get_the_answers_they_get_one_by_one(predictor, texts):
    together = predictor.predict(texts)
    assert len(together) == len(texts)
    for text, found in zip(texts, together, strict=True):
        assert_same(found, predictor.predict([text])[0])


def test_answers_come_in_the_order_of_the_texts_whatever_their_lengths(predictor):
    texts = [LONG_TEXT, "", "DTI 51.2%", LONG_TEXT[:700], "one collection"]
    found = predictor.predict(texts)
    assert [p.num_tokens for p in found] == [predictor.predict([t])[0].num_tokens for t in texts]
    for forward, backward in zip(found, reversed(predictor.predict(texts[::-1])), strict=True):
        assert_same(forward, backward)
        assert [(r.reason, r.evidence) for r in forward.principal_reasons] == [
            (r.reason, r.evidence) for r in backward.principal_reasons
        ]


def test_the_place_moves_the_order_of_what_is_named_and_no_probability(new_artifact):
    calibration = scales(state=[1e-6] * 6 + [1.0] * 6, review=[1e-6] * 9 + [1.0] * 3)
    found = [
        Predictor.from_artifact(
            new_artifact(calibration=calibration.model_copy(update={"precedence": weight}))
        ).predict([LONG_TEXT])[0]
        for weight in (0.0, 3.0)
    ]
    by_likelihood, by_place = found
    assert by_likelihood.categories == by_place.categories
    assert by_likelihood.ranked != by_place.ranked
    for prediction in found:
        assert set(prediction.ranked[:6]) == set(CATEGORIES[:6])
        assert set(prediction.ranked[6:9]) == set(CATEGORIES[6:9])
        for reasons, part in (
            (prediction.principal_reasons, prediction.ranked[:6]),
            (prediction.review_reasons, prediction.ranked[6:9]),
        ):
            assert tuple(dict.fromkeys(reason.category for reason in reasons)) == part
        assert prediction.primary_category is prediction.ranked[0]
    for part in (slice(6), slice(6, 9), slice(9, 12)):
        probabilities = [by_likelihood.categories[c] for c in by_likelihood.ranked[part]]
        assert probabilities == sorted(probabilities, reverse=True)


def test_no_texts_get_no_answers(predictor):
    assert predictor.predict([]) == []


def test_an_empty_text_gets_an_answer_without_quotes(predictor):
    (prediction,) = predictor.predict([""])
    assert prediction.num_tokens == 0
    assert prediction.num_windows == 1
    assert 0 <= prediction.risk_score <= 100
    assert all(reason.evidence == () for reason in prediction.principal_reasons)


def test_a_long_text_is_read_in_windows_and_quoted_past_the_first(predictor):
    (prediction,) = predictor.predict([LONG_TEXT])
    assert prediction.num_tokens > 1020
    assert prediction.num_windows == 1 + -(-(prediction.num_tokens - 510) // 382)
    ends = [q.end for r in prediction.principal_reasons for q in r.evidence]
    assert max(ends) > len(LONG_TEXT) / 2
    for reason in prediction.principal_reasons:
        for quote in reason.evidence:
            assert LONG_TEXT[quote.start : quote.end] == quote.quote


def test_a_text_as_long_as_the_limit_is_read_and_one_byte_more_is_refused(predictor):
    text = ("income of $3,100 " * 4000)[:MAX_TEXT_BYTES]
    assert len(text.encode()) == MAX_TEXT_BYTES
    (prediction,) = predictor.predict([text])
    assert prediction.num_windows > 10
    with pytest.raises(TextTooLongError, match="65,537 bytes") as caught:
        predictor.predict(["short", text + "!"])
    assert caught.value.num_bytes == MAX_TEXT_BYTES + 1
    assert caught.value.max_bytes == MAX_TEXT_BYTES
    assert "income" not in str(caught.value)
    assert isinstance(caught.value, ModelError)


def test_the_limit_counts_bytes_and_not_code_points(predictor):
    with pytest.raises(TextTooLongError):
        predictor.predict(["🙂" * (MAX_TEXT_BYTES // 4 + 1)])


def test_an_identifier_is_masked_before_the_model_reads_it(predictor):
    first, second = predictor.predict(["SSN 123-45-6789 on file", "SSN 987-65-4321 on file"])
    assert first.categories == second.categories
    assert first.risk_score == second.risk_score


def test_a_quote_of_a_masked_identifier_covers_the_whole_of_it(new_artifact):
    calibration = scales(state=1e-6, review=1e-6).model_copy(update={"evidence_threshold": 0.01})
    text = "SSN 123-45-6789"
    (prediction,) = Predictor.from_artifact(new_artifact(calibration=calibration)).predict([text])
    quotes = [q for r in prediction.principal_reasons for q in r.evidence]
    assert {quote.quote for quote in quotes} <= {text, "123-45-6789", "SSN"}
    assert any("123-45-6789" in quote.quote for quote in quotes)


def test_thresholds_part_what_is_stated_from_what_is_up_for_review(new_artifact):
    text = "Back-end DTI of 51.2% is over the limit; two cards are 30 days past due."
    plain = Predictor.from_artifact(new_artifact(calibration=scales(state=1, review=1)))
    (unlisted,) = plain.predict([text])
    assert unlisted.principal_reasons == unlisted.review_reasons == ()
    assert unlisted.primary_category is None

    ranked = sorted(CATEGORIES, key=unlisted.categories.__getitem__, reverse=True)
    cut = [unlisted.categories[category] for category in ranked]
    state, review = cut[2], (cut[6] + cut[7]) / 2  # the third reaches its threshold exactly
    parted = Predictor.from_artifact(new_artifact(calibration=scales(state=state, review=review)))
    (prediction,) = parted.predict([text])
    assert prediction.categories == unlisted.categories
    stated = list(dict.fromkeys(r.category for r in prediction.principal_reasons))
    for_review = list(dict.fromkeys(r.category for r in prediction.review_reasons))
    assert stated == ranked[:3]
    assert for_review == ranked[3:7]
    assert prediction.primary_category == ranked[0]


def test_every_category_has_thresholds_of_its_own(new_artifact):
    state, review = np.ones(12), np.ones(12)
    state[5], review[8] = 1e-6, 1e-6
    predictor = Predictor.from_artifact(
        new_artifact(calibration=scales(state=state, review=review))
    )
    (prediction,) = predictor.predict(["one collection of $1,250.50"])
    assert {r.category for r in prediction.principal_reasons} == {CATEGORIES[5]}
    assert {r.category for r in prediction.review_reasons} == {CATEGORIES[8]}
    assert prediction.primary_category == CATEGORIES[5]


class FixedEngine:
    """An engine that says the same of every window."""

    def __init__(self, category_C, reason_R, *, risk=0.0):
        self._category_C, self._reason_R, self._risk = category_C, reason_R, risk

    def logits(self, ids):
        logits = EngineLogits.empty([len(row) for row in ids])
        logits.category_WC[:] = self._category_C
        logits.reason_WR[:] = self._reason_R
        logits.risk_W[:] = self._risk
        return logits


def logit(probability):
    return np.log(probability / (1 - probability))


@pytest.fixture
def answer(new_artifact):
    """Reads one text with fixed category and reason probabilities."""
    artifact = new_artifact()

    def read(categories, reasons, *, risk=0.0, calibration=artifact.calibration):
        category_C = np.full(12, -9.0, np.float32)
        reason_R = np.full(29, -12.0, np.float32)
        for category, probability in categories.items():
            category_C[CATEGORIES.index(category)] = logit(probability)
        for reason, probability in reasons.items():
            reason_R[list(REASON_INFO).index(reason)] = logit(probability)
        predictor = Predictor(
            engine=FixedEngine(category_C, reason_R, risk=risk),
            tokenizer=artifact.tokenizer,
            calibration=calibration,
            manifest=artifact.manifest,
        )
        return predictor.predict(["one collection, garnished wages"])[0]

    return read


def test_the_likeliest_reason_of_a_category_is_stated_and_others_from_half_of_it_on(answer):
    category = max(CATEGORIES, key=lambda c: len(CATEGORY_REASONS[c]))
    first, second, third, *_ = CATEGORY_REASONS[category]
    found = answer({category: 0.8}, {first: 0.3, second: 0.6, third: 0.41})
    assert [r.reason for r in found.principal_reasons] == [second, third]
    assert [r.probability for r in found.principal_reasons] == pytest.approx([0.6, 0.41])
    assert all(r.category == category for r in found.principal_reasons)


def test_a_stated_category_always_brings_its_likeliest_reason(answer):
    category = CATEGORIES[3]
    found = answer({category: 0.9}, {CATEGORY_REASONS[category][1]: 0.01})
    assert [r.reason for r in found.principal_reasons] == [CATEGORY_REASONS[category][1]]


def test_reasons_come_by_category_the_likeliest_first(answer):
    order = [CATEGORIES[7], CATEGORIES[0], CATEGORIES[4]]
    found = answer(dict(zip(order, [0.9, 0.8, 0.7], strict=True)), {})
    assert [r.category for r in found.principal_reasons] == order


def test_without_token_evidence_a_stated_reason_still_shows_words(answer):
    (reason,) = answer({CATEGORIES[0]: 0.9}, {}).principal_reasons
    assert len(reason.evidence) == 1


def test_the_risk_score_is_the_calibrated_chance_in_percent(answer):
    assert answer({}, {}, risk=0.0).risk_score == pytest.approx(50.0)
    scaled = Calibration(risk=LogisticScale(slope=2.0, intercept=-1.0))
    assert answer({}, {}, risk=0.5, calibration=scaled).risk_score == pytest.approx(50.0)


def test_an_answer_names_the_model_and_the_model_its_figures(new_artifact):
    artifact = new_artifact()
    predictor = Predictor.from_artifact(artifact)
    (prediction,) = predictor.predict(["x"])
    assert prediction.model_version == predictor.model_version == artifact.manifest.model_version
    assert predictor.evaluation == artifact.manifest.metrics


def weighed(predictor, text):
    """What each piece of a text weighs where all of it is evidence alike."""
    [read] = predictor.read([text])
    shown_TC = read.quotable(np.ones((len(read.tokens.ids), len(CATEGORIES))))
    return [
        (read.masked.text[start:end], float(weight))
        for (start, end), weight in zip(read.tokens.offsets, shown_TC[:, 0], strict=True)
    ]


def test_quotes_do_not_rest_on_white_space_nor_on_who_it_was(predictor):
    text = "SSN 123-45-6789,   she is 71 years old, owes $900."
    weights = weighed(predictor, text)
    said = "".join(piece.strip() for piece, _ in weights)
    assert said == "SSN[SSN],theyisofstatedage,owes$900."
    assert all(weight == 0.0 for piece, weight in weights if not piece.strip())
    inside = [weight for piece, weight in weights if "[" in piece or "]" in piece]
    assert inside == pytest.approx([0.0] * len(inside), abs=1e-3)
    assert len(inside) == 2
    assert sum(weight == 1.0 for _, weight in weights) > len(weights) / 2


def test_a_text_of_an_identifier_alone_is_quoted_all_the_same(predictor):
    [prediction] = predictor.predict([" " * 60 + "123-45-6789"])
    assert {q.quote for r in prediction.principal_reasons for q in r.evidence} == {"123-45-6789"}
