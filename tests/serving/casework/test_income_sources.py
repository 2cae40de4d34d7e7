"""M3: the same income counts no less because it is part-time, retired, assisted or alimony.

A creditor may not discount or exclude income from a protected source (12 CFR 1002.6(b)(5)). So the
bundled model reads each application once with wages and once with another source of the same sum,
verified alike, and may not find the second riskier. What it states as reasons is judged by the swap
test of `wherefore evaluate`.
"""

import pytest

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources.rows import Row
from model_store.artifact import starter_directory
from model_store.predictor import Predictor
from serving.scoring import ScoringService

MAX_RISE = 1.0
"""Points of the risk score (percent chance of default) that another wording may move it by."""
APPLICATIONS = {
    "in order": (
        "Asks for $14,000 over 48 months for a used car. {income} All accounts are paid as agreed "
        "and her debts take 24% of her income. She has savings for six months of payments."
    ),
    "in trouble": (
        "Asks for $24,000 over 60 months. {income} A Chapter 7 bankruptcy was discharged last "
        "spring and a civil judgment of $6,300 is unpaid."
    ),
}
WAGES = "Her wages come to $3,900 a month"
SOURCES = {
    "part-time": "Her part-time wages come to $3,900 a month",
    "pension": "Her retirement pension comes to $3,900 a month",
    "annuity": "Her annuity comes to $3,900 a month",
    "alimony": "Alimony and child support come to $3,900 a month",
    "own alimony": "Her alimony comes to $3,900 a month",
    "assistance": "Public assistance comes to $3,900 a month",
}
PROOFS = (
    "verified by pay stubs",
    "verified by statements",
    "verified by award letters",
    "verified by court orders",
    "on time for four years",
)


@pytest.fixture(scope="module")
def risk():
    service = ScoringService(predictor=Predictor.load(starter_directory()))

    def score(text):
        application = LoanApplication(text=text)
        [row] = service.score([Row(number=1, id="1", application=application)])
        return row.risk_score

    return score


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("application", APPLICATIONS)
def test_income_from_a_protected_source_is_no_riskier_than_wages(risk, application, source, proof):
    text = APPLICATIONS[application]
    wages = risk(text.format(income=f"{WAGES}, {proof}."))
    assert risk(text.format(income=f"{SOURCES[source]}, {proof}.")) <= wages + MAX_RISE
