import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory, DenialReason
from data_pipeline.sources import Row, RowError
from model_store.predictor import Evidence, ReasonPrediction
from serving.adapters.fake import FakePredictor
from serving.policy import DEFAULT_POLICY
from serving.rows import ROW_FIELDS, scored_row
from serving.scoring import ScoringService

SERVICE = ScoringService(predictor=FakePredictor())
WORDS = (
    st.lists(
        st.sampled_from(
            ["Her debts", "bankruptcy", "inquiries", "naïve", "\U0001f3e0", "\r\n", "a"]
        ),
        min_size=1,
    )
    .map(" ".join)
    .filter(str.strip)
)


def row(text, number=1, **fields):
    application = LoanApplication(text=text, **fields)
    return Row(number=number, id=str(number), application=application)


def failure(number=1):
    return RowError(
        number=number, id=str(number), code="nul_byte", field="text", message="found a NUL"
    )


def test_an_output_row_has_exactly_the_columns_laid_down():
    laid_down = ["id", "risk_score", "risk_band", "primary_category", "categories"]
    laid_down += ["principal_reasons", "review_reasons", "tokens", "windows"]
    laid_down += ["model_version", "error"]
    assert list(ROW_FIELDS) == laid_down
    for output in SERVICE.score([row("Debts."), failure()]):
        assert list(output.model_dump()) == laid_down


def test_all_twelve_categories_come_in_label_order():
    [scored] = SERVICE.score([row("Bankruptcy and debts.")])
    assert [entry.category for entry in scored.categories] == list(CATEGORIES)


def test_no_stated_reason_means_no_primary_category():
    [scored] = SERVICE.score([row("All is well.")])
    assert scored.primary_category is None
    assert scored.principal_reasons == []


def test_a_failed_row_has_nothing_that_could_pass_for_an_answer():
    [failed] = SERVICE.score([failure()])
    answered = {name for name, value in failed.model_dump().items() if value is not None}
    assert answered == {"id", "model_version", "error"}


def test_rows_before_and_after_a_bad_row_are_scored_in_order():
    outputs = SERVICE.score([row("Debts.", 1), failure(2), row("Fine.", 3)])
    assert [output.id for output in outputs] == ["1", "2", "3"]
    assert [output.error is None for output in outputs] == [True, False, True]


def test_numbers_are_rounded():
    [scored] = SERVICE.score([row("Debts.")])
    assert scored.risk_score == round(scored.risk_score, 4)
    assert all(entry.probability == round(entry.probability, 6) for entry in scored.categories)


@given(WORDS)
def test_every_quote_is_the_slice_of_the_text_as_submitted(text):
    [scored] = SERVICE.score([row(text)])
    spans = [
        span
        for reason in [*scored.principal_reasons, *scored.review_reasons]
        for span in reason.evidence
    ]
    assert all(text[span.start : span.end] == span.quote for span in spans)


@pytest.mark.parametrize(
    ("text", "quoted"), [("He owes much.", "much."), ("He owes much. \n", "much."), ("a\n", "Loan")]
)
def test_a_quote_does_not_run_from_the_text_into_the_fields(text, quoted):
    rendered = render_text(LoanApplication(text=text, purpose="boat"))
    start, end = max(rendered.find("much"), 1), rendered.index("Loan") + len("Loan")
    reason = ReasonPrediction(
        reason=DenialReason.BANKRUPTCY,
        category=DenialCategory.PUBLIC_RECORD,
        probability=0.9,
        evidence=(Evidence(start=start, end=end, quote=rendered[start:end]),),
    )
    [plain] = FakePredictor().predict(["Fine."])
    prediction = dataclasses.replace(plain, principal_reasons=(reason,))
    scored = scored_row(
        prediction, row_id=None, policy=DEFAULT_POLICY, num_text_characters=len(text)
    )
    [span] = scored.principal_reasons[0].evidence
    assert rendered[span.start : span.end] == span.quote == quoted


def test_a_quote_from_a_field_is_the_slice_of_the_rendered_text():
    given_row = row("Fine.", purpose="pay off debts")
    [scored] = SERVICE.score([given_row])
    [span] = scored.principal_reasons[0].evidence
    assert span.quote == "debts"
    assert render_text(given_row.application)[span.start : span.end] == "debts"
    assert span.start > len("Fine.")
