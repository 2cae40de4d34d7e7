import dataclasses

import pytest

from data_pipeline.domain.taxonomy import DenialReason as R
from serving.cases.decision_rules import RULES, refusal_of
from serving.cases.decisions import (
    AssessedReason,
    Assessment,
    DecisionPath,
    DecisionRecord,
    Evidence,
    Outcome,
    Provenance,
    RecordedReason,
    ReviewAnswer,
)
from serving.cases.errors import DecisionRefusedError

QUOTE = Evidence(start=0, end=5, quote="Debts")
ASSESSMENT = Assessment(
    assessment_id="a-1",
    text_digest="d" * 64,
    principal_reasons=(
        AssessedReason(
            reason=R.EXCESSIVE_OBLIGATIONS_TO_INCOME, probability=0.9, evidence=(QUOTE,)
        ),
    ),
    review_reasons=(
        AssessedReason(reason=R.LENGTH_OF_EMPLOYMENT, probability=0.4),
        AssessedReason(reason=R.BANKRUPTCY, probability=0.3),
    ),
    model_version="m-1",
    taxonomy_version="t-1",
    policy_version="p-1",
    risk_score=31.0,
)


def model(reason):
    return RecordedReason(reason=reason, provenance=Provenance.MODEL, evidence=(QUOTE,))


def person(reason, basis="pay stubs of March"):
    return RecordedReason(reason=reason, provenance=Provenance.PERSON, basis=basis)


RULE = RecordedReason(
    reason=R.NO_DEPOSIT_RELATIONSHIP, provenance=Provenance.RULE, basis="rule deposit-1"
)


def answers(*, employment, bankruptcy):
    return (
        ReviewAnswer(reason=R.LENGTH_OF_EMPLOYMENT, accepted=employment),
        ReviewAnswer(reason=R.BANKRUPTCY, accepted=bankruptcy),
    )


@pytest.fixture
def denial(story):
    """A denial on the model's reason, with one review reason accepted and one dismissed."""
    told = story().complete("2026-01-08")
    told.take(dataclasses.replace(told.assess("2026-01-09").events.pop(), assessment=ASSESSMENT))
    return told.record(
        "2026-01-12",
        Outcome.DENY,
        path=DecisionPath.SCORE,
        override_cause=None,
        reasons=(model(R.EXCESSIVE_OBLIGATIONS_TO_INCOME), model(R.LENGTH_OF_EMPLOYMENT)),
        review_answers=answers(employment=True, bankruptcy=False),
    )


def changed(record, **fields):
    return dataclasses.replace(record, **fields)


def test_a_whole_record_is_taken(denial):
    assert refusal_of(denial, ASSESSMENT) is None


DEFECTS = {
    "a review reason without an answer": (
        lambda d: changed(d, review_answers=d.review_answers[:1]),
        "not answered: bankruptcy",
    ),
    "an answer to what was not asked": (
        lambda d: changed(
            d,
            review_answers=(
                *d.review_answers,
                ReviewAnswer(reason=R.NO_CREDIT_FILE, accepted=False),
            ),
        ),
        "never asked: no_credit_file",
    ),
    "two answers to one question": (
        lambda d: changed(d, review_answers=(*d.review_answers, d.review_answers[0])),
        "answered twice: length_of_employment",
    ),
    "an accepted reason left out": (
        lambda d: changed(d, review_answers=answers(employment=True, bankruptcy=True)),
        "bankruptcy was accepted but is not stated",
    ),
    "a dismissed reason stated": (
        lambda d: changed(d, review_answers=answers(employment=False, bankruptcy=False)),
        "length_of_employment was dismissed but is stated",
    ),
    "no reason": (lambda d: changed(d, reasons=()), "states no reason"),
    "a reason twice": (
        lambda d: changed(d, reasons=(*d.reasons, d.reasons[0])),
        "is stated twice",
    ),
    "a model's reason the model did not find": (
        lambda d: changed(d, reasons=(*d.reasons, model(R.NO_CREDIT_FILE))),
        "no_credit_file is not in the assessment",
    ),
    "a person's reason without basis": (
        lambda d: changed(
            d, path=DecisionPath.BOTH, reasons=(*d.reasons, person(R.TEMPORARY_RESIDENCE, " "))
        ),
        "temporary_residence has neither evidence nor basis",
    ),
    "a person's reason on the path of the score": (
        lambda d: changed(d, reasons=(*d.reasons, person(R.TEMPORARY_RESIDENCE))),
        "path score",
    ),
    "model's reasons on the judgmental path": (
        lambda d: changed(d, path=DecisionPath.JUDGMENTAL),
        "path judgmental",
    ),
    "one component where both decided": (
        lambda d: changed(d, path=DecisionPath.BOTH),
        "path both",
    ),
    "a rule alone where the score decided": (
        lambda d: changed(
            d, reasons=(RULE,), review_answers=answers(employment=False, bankruptcy=False)
        ),
        "path score",
    ),
    "an automatic denial without its rule": (
        lambda d: changed(d, path=DecisionPath.AUTO_RULE),
        "path auto_rule",
    ),
    "no path": (lambda d: changed(d, path=None), "no decision path"),
    "a path without weighing": (
        lambda d: changed(d, outcome=Outcome.WITHDRAWN, reasons=()),
        "weighs nobody",
    ),
    "reasons of an approval": (
        lambda d: changed(d, outcome=Outcome.APPROVE),
        "approve states reasons",
    ),
    "another assessment": (
        lambda d: changed(d, assessment_id="a-0"),
        "another assessment or model",
    ),
    "another model": (lambda d: changed(d, model_version="m-0"), "another assessment or model"),
    "another taxonomy": (lambda d: changed(d, taxonomy_version="t-0"), "versions of taxonomy"),
    "another policy": (lambda d: changed(d, policy_version="p-0"), "versions of taxonomy"),
    "a stated reason dropped without a cause": (
        lambda d: changed(d, reasons=d.reasons[1:]),
        "write the cause",
    ),
    "an approval against stated reasons without a cause": (
        lambda d: changed(d, outcome=Outcome.APPROVE, reasons=(), override_cause="because"),
        "write the cause",
    ),
    "incompleteness beside other reasons": (
        lambda d: changed(
            d, reasons=(*d.reasons, person(R.CREDIT_APPLICATION_INCOMPLETE)), missing_items=("x",)
        ),
        "cannot be a reason beside others",
    ),
    "somebody told twice": (
        lambda d: changed(d, other_recipients=("p-2", "p-2")),
        "named twice",
    ),
    "incompleteness without what is missing": (
        lambda d: changed(d, reasons=(person(R.CREDIT_APPLICATION_INCOMPLETE),)),
        "no missing item",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_record_with_a_defect_is_refused_and_told_why(denial, defect):
    spoil, told = DEFECTS[defect]
    assert told in refusal_of(spoil(denial), ASSESSMENT)


def test_every_rule_refuses_something(denial):
    refusing = {
        rule.__name__
        for rule in RULES
        for spoil, _ in DEFECTS.values()
        if rule(spoil(denial), ASSESSMENT)
    }
    refusing |= {rule.__name__ for rule in RULES if rule(denial, None)}
    assert refusing == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda d: changed(d, override_cause="the debts were repaid since"),
        lambda d: changed(d, reasons=d.reasons[1:], override_cause="the debts were repaid since"),
        lambda d: changed(
            d,
            outcome=Outcome.APPROVE,
            reasons=(),
            review_answers=answers(employment=False, bankruptcy=True),
            override_cause="the co-borrower carries the debts",
        ),
        lambda d: changed(
            d, path=DecisionPath.BOTH, reasons=(*d.reasons, person(R.TEMPORARY_RESIDENCE))
        ),
        lambda d: changed(d, path=DecisionPath.AUTO_RULE, reasons=(*d.reasons, RULE)),
        lambda d: changed(d, reasons=(*d.reasons, RULE)),
        lambda d: changed(
            d,
            path=DecisionPath.BOTH,
            reasons=(*d.reasons, person(R.TEMPORARY_RESIDENCE), RULE),
        ),
        lambda d: changed(
            d,
            path=DecisionPath.JUDGMENTAL,
            reasons=(
                person(R.EXCESSIVE_OBLIGATIONS_TO_INCOME),
                person(R.LENGTH_OF_EMPLOYMENT),
                RULE,
            ),
        ),
        lambda d: changed(
            d,
            path=DecisionPath.JUDGMENTAL,
            override_cause=None,
            reasons=(
                person(R.EXCESSIVE_OBLIGATIONS_TO_INCOME),
                person(R.LENGTH_OF_EMPLOYMENT),
            ),
        ),
        lambda d: changed(d, path=None, outcome=Outcome.WITHDRAWN, reasons=(), review_answers=()),
    ],
)
def test_a_lawful_variant_is_taken(denial, spoiled):
    assert refusal_of(spoiled(denial), ASSESSMENT) is None


def test_a_denial_although_the_model_found_nothing_needs_a_cause(denial):
    nothing = dataclasses.replace(ASSESSMENT, principal_reasons=(), review_reasons=())
    record = changed(
        denial, path=DecisionPath.JUDGMENTAL, reasons=(person(R.BANKRUPTCY),), review_answers=()
    )
    assert "write the cause" in refusal_of(record, nothing)
    by_person = dataclasses.replace(nothing, model_version=None)
    assert refusal_of(changed(record, model_version=None), by_person) is None


def test_an_incomplete_application_is_denied_for_that_alone(story):
    told = story("2026-01-05")
    reasons = (person(R.CREDIT_APPLICATION_INCOMPLETE),)
    told.decide("2026-01-12", Outcome.DENY, reasons=reasons, missing_items=("pay_stub",))
    assert told.notify("2026-01-13").case.sent
    told = story("2026-01-05").complete("2026-01-06").assess("2026-01-07")
    with pytest.raises(DecisionRefusedError, match="the application is complete"):
        told.decide("2026-01-12", Outcome.DENY, reasons=reasons, missing_items=("pay_stub",))


def test_who_and_when_of_the_record_are_the_event_s(story):
    told = story().complete("2026-01-08").assess("2026-01-09")
    with pytest.raises(DecisionRefusedError, match="person or moment"):
        told.decide("2026-01-12", Outcome.DENY, decided_by="u-other")
    assert isinstance(told.decide("2026-01-12", Outcome.DENY).case.decision, DecisionRecord)
