from dataclasses import replace

import pytest

from data_pipeline.domain.application import LoanApplication, LoanProduct
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import REASON_INFO, DenialCategory, DenialReason
from model_store.predictor import Evidence, Prediction, ReasonPrediction
from serving.policy import DEFAULT_POLICY
from serving.rows import EvidenceSpan, scored_row
from serving.what_if.errors import WhatIfError
from serving.what_if.recourse import find_recourse
from serving.what_if.table import table

OBLIGATIONS = DenialReason.EXCESSIVE_OBLIGATIONS_TO_INCOME
COLLECTION = DenialReason.COLLECTION_OR_JUDGMENT
BANKRUPTCY = DenialReason.BANKRUPTCY
FORECLOSURE = DenialReason.FORECLOSURE_OR_REPOSSESSION
INQUIRIES = DenialReason.NUMBER_OF_RECENT_INQUIRIES
DELINQUENT = DenialReason.DELINQUENT_OBLIGATIONS_WITH_OTHERS
INCOME = DenialReason.INCOME_INSUFFICIENT_FOR_AMOUNT
AUTO = LoanProduct.AUTO
TEXT = "Asks for $24,000. A judgment of $6,300 is unpaid; nothing else is known. Chapter 7 in 2023."


class Rules:
    """States reasons by plain rules, so that the smallest change is known beforehand."""

    def __init__(self):
        self.asked = []

    def __call__(self, applications):
        self.asked += applications
        return [self.row(application) for application in applications]

    def row(self, application):
        text = render_text(application)
        stated = []
        if (application.debt_to_income_ratio or 0) > 0.43:
            stated.append((OBLIGATIONS, "Asks"))
        if (application.loan_amount_usd or 0) < 9000 and application.loan_amount_usd is not None:
            stated.append((INCOME, "Asks"))
        stated += [(COLLECTION, "judgment")] if "judgment" in text else []
        stated += [(DELINQUENT, "past due")] if "past due" in text else []
        stated += [(BANKRUPTCY, "Chapter 7")] if "Chapter 7" in text else []
        if (application.num_inquiries_6m or 0) > 0:
            stated.append((INQUIRIES, "Asks"))
        reasons = tuple(_found(text, reason, word) for reason, word in stated)
        left = [(FORECLOSURE, "foreclosure")] if "foreclosure" in text else []
        prediction = Prediction(
            risk_score=50.0,
            primary_category=reasons[0].category if reasons else None,
            categories={info.category: 0.1 for info in REASON_INFO.values()}
            | {found.category: 0.9 for found in reasons},
            ranked=tuple(dict.fromkeys([*(r.category for r in reasons), *DenialCategory])),
            principal_reasons=reasons,
            review_reasons=tuple(_found(text, reason, word) for reason, word in left),
            num_tokens=10,
            num_windows=1,
            model_version="rules-1",
        )
        length = len(application.text or "")
        return scored_row(prediction, row_id="1", policy=DEFAULT_POLICY, num_text_characters=length)


def _found(text, reason, word):
    return ReasonPrediction(
        reason=reason,
        category=REASON_INFO[reason].category,
        probability=0.9,
        evidence=(_quote(text, word),),
    )


def _quote(text, word):
    """The word, or how the text begins where it has been struck."""
    start = max(0, text.find(word))
    return Evidence(start=start, end=start + 4, quote=text[start : start + 4])


def search(application, reason):
    rules = Rules()
    return find_recourse(application, rules.row(application), reason, score=rules), rules


APPLICATION_FIELDS = {
    "text": TEXT,
    "loan_amount_usd": 24000,
    "loan_term_months": 60,
    "interest_rate_percent": 12,
    "annual_income_usd": 60000,
    "monthly_debt_payments_usd": 1700,
    "debt_to_income_ratio": 0.4468,
}
APPLICATION = LoanApplication(**APPLICATION_FIELDS)


def test_the_smallest_change_of_each_field_is_found_and_the_easiest_comes_first():
    found, rules = search(APPLICATION, OBLIGATIONS)
    assert found.num_tried == len(rules.asked) <= 120
    costs = [suggestion.cost for suggestion in found.suggestions]
    assert costs == sorted(costs)
    assert 1 <= len(found.suggestions) <= 3
    by_field = {s.changed.changes[0].field: s for s in found.suggestions}
    debts = by_field["monthly_debt_payments_usd"].changed.changes[0].after
    # $84 a month of debts brings 44.68 % to 43 %; the search comes within one refined step of it.
    assert 1700 - 84 - 1700 / 6 / 3 <= debts <= 1700 - 84


def test_every_suggestion_was_scored_and_removes_the_reason_without_another_one():
    found, rules = search(APPLICATION, OBLIGATIONS)
    for suggestion in found.suggestions:
        assert suggestion.changed.application in rules.asked
        reasons = {
            reason.reason for reason in rules.row(suggestion.changed.application).principal_reasons
        }
        assert OBLIGATIONS not in reasons
        assert reasons <= {COLLECTION, BANKRUPTCY}
        amount = suggestion.changed.application.loan_amount_usd
        assert amount >= 9000
        assert suggestion.row.model_version == "rules-1"


def test_every_suggestion_stays_within_the_bounds_of_the_table():
    found, _ = search(APPLICATION, OBLIGATIONS)
    for suggestion in found.suggestions:
        for change in suggestion.changed.changes:
            if not change.is_derived:
                low, high = table().fields[change.field].bounds(change.field, APPLICATION)
                assert low <= change.after <= high


def test_fields_are_moved_together_where_none_alone_is_enough():
    heavy = LoanApplication(
        text="Asks for a loan.",
        loan_amount_usd=24000,
        loan_term_months=60,
        interest_rate_percent=12,
        annual_income_usd=40000,
        monthly_debt_payments_usd=900,
        debt_to_income_ratio=0.82,
    )
    found, _ = search(heavy, OBLIGATIONS)
    assert found.suggestions
    direct = [c for c in found.suggestions[0].changed.changes if not c.is_derived]
    assert len(direct) == len(found.suggestions[0].how) >= 2


def test_a_matter_that_can_be_settled_is_struck_from_the_text():
    found, _ = search(APPLICATION, COLLECTION)
    [suggestion] = found.suggestions
    [(start, end)] = suggestion.changed.struck
    assert TEXT[start:end] == "A judgment of $6,300 is unpaid;"
    assert suggestion.how == (table().reasons[COLLECTION].settle,)


@pytest.mark.parametrize("besides", ["Chapter 7", "foreclosure"])  # stated, and left for review
def test_no_clause_is_left_out_that_states_what_nothing_settles(besides):
    text = f"Asks for $24,000. An unpaid judgment after the {besides} of 2023."
    found, _ = search(LoanApplication(text=text), COLLECTION)
    assert found.suggestions == ()


def test_a_reason_that_stays_hinders_no_clause_from_being_settled():
    text = "Asks for $8,000. An unpaid judgment."
    application = LoanApplication(text=text, loan_amount_usd=8000)  # too little income for it
    found, _ = search(application, COLLECTION)
    [suggestion] = found.suggestions
    assert suggestion.how == (table().reasons[COLLECTION].settle,)


def test_what_a_change_costs_is_how_far_it_goes():
    found, _ = search(LoanApplication(text="Asks.", num_inquiries_6m=1), INQUIRIES)
    [suggestion] = found.suggestions
    assert suggestion.changed.changes[0].after == 0
    assert suggestion.cost == table().fields["num_inquiries_6m"].weight


def test_what_a_clause_that_is_left_out_states_besides_is_to_be_settled_too():
    text = "Asks for $24,000. An unpaid judgment and two cards past due."
    found, _ = search(LoanApplication(text=text), COLLECTION)
    [suggestion] = found.suggestions
    settle = [table().reasons[reason].settle for reason in (COLLECTION, DELINQUENT)]
    assert list(suggestion.how) == settle


@pytest.mark.parametrize(
    ("field", "value"),
    [("loan_term_months", 75), ("monthly_debt_payments_usd", 7), ("annual_income_usd", 30149.99)],
)
def test_no_value_is_tried_on_the_wrong_side_of_the_present_one(field, value):
    given = APPLICATION_FIELDS | {field: value}
    application = LoanApplication(**given | {"debt_to_income_ratio": 0.9, "product": AUTO})
    _, rules = search(application, OBLIGATIONS)
    values = {getattr(asked, field) for asked in rules.asked}
    tried = values - {given[field], None}  # a clause alone has no fields
    assert tried
    is_up = table().fields[field].direction == "up"
    assert all((other > given[field]) == is_up for other in tried)


def test_who_has_no_savings_yet_may_save():
    low, high = (
        table()
        .fields["liquid_assets_usd"]
        .bounds("liquid_assets_usd", LoanApplication(loan_amount_usd=24000, liquid_assets_usd=0))
    )
    assert (low, high) == (0.0, 14400.0)


def test_what_nobody_can_change_has_no_recourse():
    found, rules = search(APPLICATION, BANKRUPTCY)
    assert found.suggestions == ()
    assert rules.asked == []


def test_a_reason_that_is_not_stated_is_refused():
    with pytest.raises(WhatIfError, match="does not state"):
        search(APPLICATION, DenialReason.NO_CREDIT_FILE)


def test_clauses_that_no_quote_names_are_found_by_leaving_each_out():
    class MisquotingRules(Rules):
        """Quotes the first word for every reason."""

        def row(self, application):
            row = super().row(application)
            for reason in row.principal_reasons:
                quote = reason.evidence[0].quote
                reason.evidence[:] = [EvidenceSpan(start=0, end=4, quote=quote)]
            return row

    application = LoanApplication(text=TEXT)
    rules = MisquotingRules()
    found = find_recourse(application, rules.row(application), COLLECTION, score=rules)
    [suggestion] = found.suggestions
    [(start, end)] = suggestion.changed.struck
    assert "judgment" in TEXT[start:end]


def test_a_clause_with_a_score_is_not_left_out():
    text = "An unpaid judgment, and a FICO of 655. A second judgment is unpaid."
    found, _ = search(LoanApplication(text=text), COLLECTION)
    assert found.suggestions == ()


def test_a_clause_that_does_not_state_the_matter_is_not_left_out():
    class TogetherRules(Rules):
        """States the judgment only of who asks for something."""

        def row(self, application):
            text = application.text or ""
            if "Asks" not in text and text != "A judgment of $6,300 is unpaid;":
                application = replace(application, text=text.replace("judgment", "matter"))
            return super().row(application)

    rules = TogetherRules()
    application = LoanApplication(text=TEXT)
    found = find_recourse(application, rules.row(application), COLLECTION, score=rules)
    assert [TEXT[start:end] for s in found.suggestions for start, end in s.changed.struck] == [
        "A judgment of $6,300 is unpaid;"
    ]
