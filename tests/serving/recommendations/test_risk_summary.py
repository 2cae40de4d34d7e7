"""A summary holds facts, evidence and fixed sentences, and nothing else."""

import re

from data_pipeline.domain.application import LoanApplication, LoanProduct
from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory, DenialReason
from serving.cases.decisions import (
    AssessedReason,
    Assessment,
    Evidence,
    PopulationComparison,
)
from serving.recommendations.risk_summary import TEMPLATES, summarise

TEXT = "Chapter 7 discharged\nlast spring; nine inquiries."


def reason(kind, *quotes):
    return AssessedReason(
        reason=kind,
        probability=0.5,
        evidence=tuple(
            Evidence(start=TEXT.index(q), end=TEXT.index(q) + len(q), quote=q) for q in quotes
        ),
    )


def beside(population, *furthest):
    return PopulationComparison(
        population=population,
        version="2026-q4",
        num_applicants=200,
        shortfall_logit=dict.fromkeys(CATEGORIES, 0.0) | dict.fromkeys(furthest, 2.0),
        furthest=furthest,
    )


def assessment(*, principal=(), review=(), risk=13.227, comparisons=(), borderline=()):
    return Assessment(
        assessment_id="a-1",
        text_digest="0" * 64,
        principal_reasons=principal,
        review_reasons=review,
        model_version=None if risk is None else "m-1",
        taxonomy_version="t-1",
        policy_version="p-1",
        risk_score=risk,
        comparisons=comparisons,
        borderline=borderline,
    )


def test_risk_reasons_and_quotes_are_told_in_order():
    found = summarise(
        LoanApplication(text=TEXT, product=LoanProduct.PERSONAL, loan_amount_usd=24000.0),
        assessment(
            principal=(reason(DenialReason.BANKRUPTCY, "Chapter 7 discharged\nlast spring"),),
            review=(reason(DenialReason.NUMBER_OF_RECENT_INQUIRIES),),
        ),
        band="medium",
    )
    assert found.facts == ("Product: personal loan", "Loan amount: $24,000")
    assert found.sentences == (
        "The model puts the chance of default in the next 12 months at 13.2 percent.",
        "Our policy calls that risk medium.",
        "The model names one main reason.",
        "Bankruptcy. The file says: “Chapter 7 discharged last spring”.",
        "One more reason is open. A person must accept or dismiss it.",
        "Number of recent inquiries on credit bureau report. No single passage stands out.",
        "The model gives advice. A person decides.",
    )


def test_what_another_reading_could_turn_is_told_before_who_decides():
    found = summarise(
        LoanApplication(text=TEXT),
        assessment(borderline=("excessive_obligations", "risk_band")),
        band="medium",
    )
    assert found.sentences[-2:] == (
        "A second reading could go the other way on: excessive obligations, the risk band.",
        "The model gives advice. A person decides.",
    )


def test_where_the_file_is_weakest_is_told_beside_each_population():
    debts, inquiries = DenialCategory.EXCESSIVE_OBLIGATIONS, DenialCategory.RECENT_INQUIRIES
    found = summarise(
        LoanApplication(text=TEXT),
        assessment(
            comparisons=(
                beside("slightly_above_approval", debts, inquiries),
                beside("all_applicants"),
            )
        ),
        band=None,
    )
    assert found.sentences[-2] == (
        "Next to files that the model just lets pass, the file is weakest on: "
        "excessive obligations, recent inquiries."
    )
    assert not any("all files measured" in sentence for sentence in found.sentences)


def test_a_file_read_by_a_person_says_so_and_tells_no_risk():
    found = summarise(LoanApplication(text=TEXT), assessment(risk=None), band=None)
    assert found.facts == ()
    assert found.sentences == ("A person read this file without the model.", "A person decides.")


def test_every_sentence_is_made_of_a_template():
    kinds = list(DenialReason)
    found = summarise(
        LoanApplication(text=TEXT),
        assessment(
            principal=tuple(reason(kind, "Chapter 7", "nine") for kind in kinds[:3]),
            review=tuple(reason(kind) for kind in kinds[3:6]),
            comparisons=(beside("all_applicants", DenialCategory.COLLATERAL),),
        ),
        band="high",
    )
    patterns = [re.sub(r"\\{\w+\\}", ".+", re.escape(template)) for template in TEMPLATES.values()]
    for sentence in found.sentences:
        assert any(re.search(pattern, sentence) for pattern in patterns), sentence
