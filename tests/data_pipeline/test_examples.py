import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.corpus.narratives import (
    EvidenceQuote,
    Narrative,
    contrast_groups,
    load_corpus,
    load_narratives,
)
from data_pipeline.domain.application import LoanProduct
from data_pipeline.domain.masking import mask
from data_pipeline.domain.taxonomy import CATEGORIES, REASONS, DenialCategory, DenialReason
from data_pipeline.examples import examples_from_narratives, masked_span

DEV_PATH = Path(__file__).parents[1] / "data" / "narratives_dev.jsonl"
EMAIL = "write to jane.doe@example.com about the 61 percent ratio"


def narrative(text, *quotes):
    category = DenialCategory.EXCESSIVE_OBLIGATIONS
    return Narrative(
        id="n-1",
        product=LoanProduct.AUTO,
        style="los_notes",
        text=text,
        denied=True,
        categories=(category,),
        reasons=(DenialReason.EXCESSIVE_OBLIGATIONS_TO_INCOME,),
        evidence=tuple(EvidenceQuote(category=category, quote=quote) for quote in quotes),
        distractors=(),
        protected_mention=False,
        author="a",
        default_probability=0.2,
    )


@pytest.fixture(scope="module")
def corpus():
    return load_corpus()


@pytest.fixture(scope="module")
def examples(corpus):
    return examples_from_narratives(corpus)


def test_every_narrative_of_the_corpus_becomes_one_fully_labelled_example(corpus, examples):
    groups = contrast_groups(corpus)
    for source, example in zip(corpus, examples, strict=True):
        assert example.id == source.id
        assert example.group == groups[source.id]
        assert example.author == source.author
        held = {CATEGORIES[i] for i, t in enumerate(example.category_targets) if t == 1.0}
        assert held == set(source.categories)
        assert {REASONS[i] for i, t in enumerate(example.reason_targets) if t == 1.0} == set(
            source.reasons
        )
        assert [CATEGORIES[i] for i in example.category_order] == list(source.categories)
        assert example.risk_probability == source.default_probability
        assert set(example.category_targets) | set(example.reason_targets) <= {0.0, 1.0}


def test_every_evidence_quote_of_the_corpus_has_its_span_in_the_masked_text(corpus, examples):
    for source, example in zip(corpus, examples, strict=True):
        masked = mask(source.text)
        assert example.text == masked.text
        by_category = {(s.category_index, example.text[s.start : s.end]) for s in example.evidence}
        for evidence in source.evidence:
            start = source.text.index(evidence.quote)
            end = start + len(evidence.quote)
            if not any(r.start < end and start < r.end for r in masked.replacements):
                assert (CATEGORIES.index(evidence.category), evidence.quote) in by_category
        for span in example.evidence:
            back_start, back_end = masked.original_span(span.start, span.end)
            held = source.text[back_start:back_end]
            assert any(evidence.quote in held for evidence in source.evidence)


def test_text_is_masked_before_anything_learns_from_it():
    example = examples_from_narratives([narrative(EMAIL, "61 percent ratio")])[0]
    assert "jane.doe" not in example.text
    span = example.evidence[0]
    assert example.text[span.start : span.end] == "61 percent ratio"


def test_a_quote_that_touches_a_replaced_stretch_covers_the_whole_placeholder():
    example = examples_from_narratives([narrative(EMAIL, "doe@example.com about")])[0]
    span = example.evidence[0]
    replacement = mask(EMAIL).replacements[0]
    assert span.start == replacement.masked_start
    assert example.text[span.start : span.end].endswith(" about")


def test_a_narrative_without_probability_has_none_to_learn():
    dev = examples_from_narratives(load_narratives(DEV_PATH))
    assert len(dev) == 60
    assert all(math.isnan(example.risk_probability) for example in dev)
    assert all(example.author == "" for example in dev)


PIECES = ["jane.doe@example.com", "555-12-3456", " DTI 61 ", "married ", "ask Ms. Lee ", "\n", "é"]


@given(st.lists(st.sampled_from(PIECES), min_size=1).map("".join), st.data())
def test_a_masked_span_maps_back_to_a_stretch_that_holds_the_original_one(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    masked = mask(text)
    masked_start, masked_end = masked_span(masked, start, end)
    back_start, back_end = masked.original_span(masked_start, masked_end)
    assert back_start <= start
    assert end <= back_end
    if not masked.replacements:
        assert (masked_start, masked_end) == (start, end)
