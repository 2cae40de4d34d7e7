"""Advice stands on a page of its own, is short and readable, and promises nothing."""

import re

import pytest

from data_pipeline.domain.taxonomy import REASON_INFO, REASONS, DenialCategory, DenialReason
from serving.notices import samples
from serving.notices.forms import NoticeForm
from serving.notices.notice import StatedReason
from serving.notices.render import render_text
from serving.notices.wording import lexicon
from serving.recommendations.advice import (
    advice_page,
    advice_words,
    recommend,
    render_page_html,
)
from serving.recommendations.risk_summary import TEMPLATES

MAX_GRADE = 8.0
FIGURES = {
    "percent": "13.2",
    "band": "medium",
    "count": "3",
    "reason": "Bankruptcy",
    "day": "June 30, 2027",
    "whom": "files that the model just lets pass",
    "which": "recent inquiries, collateral",
}


def sentences_of(text):
    return [part for part in re.split(r"[.!?:]\s+|[.!?:]$", text) if part.strip()]


def num_syllables(word):
    """Groups of vowels, a silent e at the end left out; at least one."""
    groups = len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e")))
    return max(1, groups)


def grade_of(texts):
    """Flesch-Kincaid grade level over all the texts.

    Source: Kincaid et al. 1975, 0.39 words per sentence + 11.8 syllables per word - 15.59.
    """
    sentences = [sentence for text in texts for sentence in sentences_of(text)]
    words = [word for sentence in sentences for word in re.findall(r"[A-Za-z']+", sentence)]
    syllables = sum(map(num_syllables, words))
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def stated(*reasons):
    return [StatedReason(key=reason, text=REASON_INFO[reason].notice_wording) for reason in reasons]


def our_sentences():
    words = advice_words()
    yield words.page.title
    yield words.page.opening
    yield words.page.closing
    for steps in (*words.steps.values(), words.other.steps):
        yield from steps
    for others in words.alternatives.values():
        yield f"{words.page.alternatives}: {', '.join(others)}."


def test_our_sentences_are_readable_at_grade_8():
    assert grade_of(list(our_sentences())) <= MAX_GRADE


@pytest.mark.parametrize("reason", REASONS)
def test_the_advice_on_each_reason_is_readable_at_grade_8(reason):
    assert grade_of(advice_words().steps[reason]) <= MAX_GRADE


def test_the_templates_of_the_risk_summary_are_readable_at_grade_8():
    texts = [
        text.format(**FIGURES, quotes="“Chapter 7”")
        for name, text in TEMPLATES.items()
        if name != "reason"
    ]
    assert grade_of(texts) <= MAX_GRADE


def test_a_text_that_is_hard_to_read_would_be_told():
    hard = (
        "Notwithstanding the aforementioned determination, applicants considering resubmission "
        "should facilitate comprehensive documentation substantiating compensatory liquidity."
    )
    assert grade_of([hard]) > MAX_GRADE


def test_every_reason_and_category_has_advice():
    assert set(advice_words().steps) == set(DenialReason)
    assert set(advice_words().alternatives) == set(DenialCategory)
    assert all(advice_words().steps.values())


def test_advice_names_no_prohibited_basis_and_no_score_and_promises_nothing():
    text = " ".join(our_sentences()).lower()
    for expression in (*lexicon().prohibited, *lexicon().insufficient):
        assert not re.search(expression, text), expression
    assert not re.search(r"guarantee|you will (get|be)|we will approve", text)


def test_alternatives_are_named_once_and_in_the_order_of_the_reasons():
    found = recommend(stated(DenialReason.INCOME_INSUFFICIENT_FOR_AMOUNT, DenialReason.BANKRUPTCY))
    assert found.alternatives[0] == "a smaller loan"
    assert len(set(found.alternatives)) == len(found.alternatives)
    assert [entry.reason for entry in found.advice] == [
        "Income insufficient for amount of credit requested",
        "Bankruptcy",
    ]


def test_a_reason_outside_the_taxonomy_has_advice_too():
    other = StatedReason(key="other:homes", text="We do not lend on manufactured homes")
    assert recommend([other]).advice[0].steps == advice_words().other.steps


@pytest.mark.parametrize("form", NoticeForm)
def test_no_advice_is_ever_on_a_notice(form):
    notice = samples.sample_case(form).notice
    printed = " ".join(render_text(notice).split())
    found = recommend(notice.reasons)
    words = advice_words().page
    own = {words.title, words.opening, words.alternatives, words.closing}
    own |= {step for entry in found.advice for step in entry.steps} | set(found.alternatives)
    assert [text for text in own if text in printed] == []


def test_the_page_is_html_that_loads_nothing_and_holds_every_step():
    found = recommend(stated(*REASONS))
    html = render_page_html(advice_page(found))
    assert "<script" not in html
    assert not re.search(r"(src|href)=", html)
    for entry in found.advice:
        assert all(step.replace("'", "&#39;") in html for step in entry.steps)


def test_a_reason_in_specific_words_keeps_its_own_advice():
    reason = DenialReason.MORTGAGE_INSURANCE_DENIED
    text = "Mortgage insurance denied by Example MI Company"
    specific = recommend([StatedReason(key=f"other:{reason}", text=text)])
    plain = recommend(stated(reason))
    assert specific.advice[0].reason == text
    assert specific.advice[0].steps == plain.advice[0].steps
    assert specific.alternatives == plain.alternatives
