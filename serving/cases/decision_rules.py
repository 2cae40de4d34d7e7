"""What makes a decision record refused: one function per rule.

Each takes the record and the case's assessment (None without one) and returns what is wrong and
what to do, in words that begin with the field and cite the clause where one is behind it, or None.
"""

from collections import Counter
from collections.abc import Callable

from data_pipeline.domain.taxonomy import DenialReason
from serving.cases.decisions import (
    ON_THE_MERITS,
    WITH_REASONS,
    Assessment,
    DecisionPath,
    DecisionRecord,
    Provenance,
    denies_as_incomplete,
    departs_from,
    is_written_cause,
)

Rule = Callable[[DecisionRecord, Assessment | None], str | None]


def path_fits_outcome(decision: DecisionRecord, _: Assessment | None) -> str | None:
    """A decision on the merits names the component that decided; another names none."""
    if (decision.path is not None) == (decision.outcome in ON_THE_MERITS):
        return None
    if decision.path is None:
        return (
            f"path: {decision.outcome} has no decision path (comment 9(b)(2)-7): name the "
            "component that decided"
        )
    return f"path: {decision.outcome} weighs nobody and has the path {decision.path}: leave it out"


def assessment_is_the_case_s(decision: DecisionRecord, found: Assessment | None) -> str | None:
    """The record names the assessment of the case and carries its versions."""
    if found is None:
        if decision.assessment_id is decision.model_version is None:
            return None
        return "the case has no assessment but the record names one: assess first"
    wanted = (found.assessment_id, found.model_version)
    if decision.outcome in ON_THE_MERITS or decision.assessment_id is not None:
        if (decision.assessment_id, decision.model_version) != wanted:
            return "the record names another assessment or model: decide on the latest assessment"
        versions = (found.taxonomy_version, found.policy_version)
        if (decision.taxonomy_version, decision.policy_version) != versions:
            return "the versions of taxonomy or policy are not the assessment's: assess anew"
    return None


def merits_were_assessed(decision: DecisionRecord, found: Assessment | None) -> str | None:
    """Nothing is decided on the merits without an assessment, by a model or a person."""
    if decision.outcome not in ON_THE_MERITS or found is not None:
        return None
    if denies_as_incomplete(decision):
        return None
    return "nobody has assessed the application: record an assessment first"


def reasons_fit_outcome(decision: DecisionRecord, _: Assessment | None) -> str | None:
    """Adverse action states at least one reason, each once; anything else states none.

    Source: 12 CFR 1002.9(b)(2).
    """
    if decision.outcome not in WITH_REASONS:
        given = f"reasons: {decision.outcome} states reasons: leave them out"
        return given if decision.reasons else None
    if not decision.reasons:
        return (
            f"reasons: {decision.outcome} states no reason (12 CFR 1002.9(b)(2)): add every "
            "principal reason"
        )
    repeated = [k for k, n in Counter(r.reason for r in decision.reasons).items() if n > 1]
    return f"reasons: {repeated[0]} is stated twice: state it once" if repeated else None


def incompleteness_stands_alone(decision: DecisionRecord, _: Assessment | None) -> str | None:
    """Incompleteness is the sole reason of a denial, with the missing items, or no reason.

    Source: comments 9(a)(1)-3 and -4.
    """
    if not denies_as_incomplete(decision):
        return None
    if len(decision.reasons) > 1:
        return (
            "reasons: an incomplete application cannot be a reason beside others (comments "
            "9(a)(1)-3 and -4): state one or the others"
        )
    if not decision.missing_items:
        return (
            "missing_items: no missing item is named (comment 9(a)(1)-3): name what the applicant "
            "did not supply"
        )
    return None


def every_review_reason_is_answered(
    decision: DecisionRecord, found: Assessment | None
) -> str | None:
    """Each review reason of the assessment is accepted or dismissed, once, before a decision."""
    if decision.outcome not in ON_THE_MERITS or denies_as_incomplete(decision):
        return None
    asked = {a.reason for a in found.review_reasons} if found else set[DenialReason]()
    answered = Counter(answer.reason for answer in decision.review_answers)
    if unanswered := sorted(asked - set(answered)):
        return (
            f"review_answers: not answered: {', '.join(unanswered)} (comment 9(b)(2)-4); accept or "
            "dismiss each"
        )
    if unasked := sorted(set(answered) - asked):
        return f"review_answers: answered but never asked: {', '.join(unasked)}; leave them out"
    twice = sorted(reason for reason, count in answered.items() if count > 1)
    return f"review_answers: answered twice: {', '.join(twice)}; answer once" if twice else None


def answers_agree_with_reasons(decision: DecisionRecord, _: Assessment | None) -> str | None:
    """An accepted review reason is among the reasons of a refusal, a dismissed one is not.

    Source: comment 9(b)(2)-4: no factor that was a principal reason may be excluded.
    """
    if decision.outcome not in WITH_REASONS or denies_as_incomplete(decision):
        return None
    given = {reason.reason for reason in decision.reasons}
    for answer in decision.review_answers:
        if answer.accepted and answer.reason not in given:
            return (
                f"reasons: {answer.reason} was accepted but is not stated (comment 9(b)(2)-4): "
                "state it or dismiss it"
            )
        if not answer.accepted and answer.reason in given:
            return (
                f"reasons: {answer.reason} was dismissed but is stated (comment 9(b)(2)-2): accept "
                "it or leave it out"
            )
    return None


def model_reasons_were_assessed(decision: DecisionRecord, found: Assessment | None) -> str | None:
    """A reason said to come from the model is one the model found.

    Source: comment 9(b)(2)-2: factors actually considered or scored.
    """
    known = (*found.principal_reasons, *found.review_reasons) if found else ()
    scored = {assessed.reason for assessed in known}
    for reason in decision.reasons:
        if reason.provenance is Provenance.MODEL and reason.reason not in scored:
            return (
                f"reasons: {reason.reason} is not in the assessment (comment 9(b)(2)-2): give its "
                "true provenance"
            )
    return None


def other_reasons_have_a_basis(decision: DecisionRecord, _: Assessment | None) -> str | None:
    """A reason of a person or a rule says what was reviewed or which rule fired.

    Source: comment 9(b)(2)-6: factors in the record actually reviewed by the person.
    """
    for reason in decision.reasons:
        says = reason.evidence or (reason.basis or "").strip() or denies_as_incomplete(decision)
        if reason.provenance is not Provenance.MODEL and not says:
            return (
                f"reasons: {reason.reason} has neither evidence nor basis (comment 9(b)(2)-6): say "
                "what was reviewed"
            )
    return None


def provenance_fits_path(decision: DecisionRecord, _: Assessment | None) -> str | None:
    """Reasons come from the component that the applicant failed; a rule may fire in any path.

    Source: comments 9(b)(2)-7 (both components in a gray band) and -8 (automatic denial).
    """
    if decision.path is None or not decision.reasons or denies_as_incomplete(decision):
        return None
    found = {reason.provenance for reason in decision.reasons}
    weighed = found - {Provenance.RULE}
    fits = {
        DecisionPath.SCORE: weighed == {Provenance.MODEL},
        DecisionPath.JUDGMENTAL: weighed == {Provenance.PERSON},
        DecisionPath.BOTH: weighed == {Provenance.MODEL, Provenance.PERSON},
        DecisionPath.AUTO_RULE: Provenance.RULE in found,
    }[decision.path]
    if fits:
        return None
    return (
        f"path: the reasons do not come from the path {decision.path} (comments 9(b)(2)-7 and -8): "
        "correct one"
    )


def override_has_a_cause(decision: DecisionRecord, found: Assessment | None) -> str | None:
    """Who departs from the assessment writes why."""
    if found is None or not departs_from(found, decision):
        return None
    if is_written_cause(decision.override_cause):
        return None
    return (
        "override_cause: the decision departs from the assessment: write the cause, in three words "
        "at least"
    )


def others_are_told_of_adverse_action(decision: DecisionRecord, _: Assessment | None) -> str | None:
    """Beside the primary applicant, whose report counted is told of adverse action, each once.

    Source: 15 USC 1681m(a).
    """
    others = decision.other_recipients
    if others and decision.outcome not in WITH_REASONS:
        return f"{decision.outcome} owes nobody else a disclosure: leave other recipients out"
    if len(set(others)) != len(others):
        return "one of the other recipients is named twice: name each once"
    return None


RULES: tuple[Rule, ...] = (
    path_fits_outcome,
    merits_were_assessed,
    assessment_is_the_case_s,
    reasons_fit_outcome,
    incompleteness_stands_alone,
    every_review_reason_is_answered,
    answers_agree_with_reasons,
    model_reasons_were_assessed,
    other_reasons_have_a_basis,
    provenance_fits_path,
    override_has_a_cause,
    others_are_told_of_adverse_action,
)
"""Every rule a decision record must pass, in the order they are told."""


def refusal_of(decision: DecisionRecord, assessment: Assessment | None) -> str | None:
    """Returns why a decision record is refused and what to do, or None where it is whole."""
    return next((why for rule in RULES if (why := rule(decision, assessment)) is not None), None)
