"""The decision record, and what makes it refused.

A reason on a notice must be a factor the decision rested on, and no principal one may be missing;
so the record says where each reason comes from and what became of every reason the model left to
a person.

Source: 12 CFR 1002, Supplement I, comments 9(b)(2)-2, -4, -6 to -8; 9(a)(1)-3 and -4.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from data_pipeline.domain.taxonomy import DenialCategory, DenialReason

MIN_CAUSE_WORDS = 3
"""Fewest words of a written cause; a ditto mark or "ok" is none."""


class Outcome(StrEnum):
    """What was decided.

    LAW_PROHIBITS, PRODUCT_NOT_OFFERED and WITHDRAWN owe no adverse action notice, nor does
    CLOSED_INCOMPLETE after an unanswered notice of incompleteness. The two ACCOUNT outcomes belong
    to existing accounts. Source: 12 CFR 1002.2(c), 1002.9(c)(2), comment 9-2.
    """

    APPROVE = "approve"
    DENY = "deny"
    COUNTEROFFER = "counteroffer"
    PRODUCT_NOT_OFFERED = "product_not_offered"
    LAW_PROHIBITS = "law_prohibits"
    WITHDRAWN = "withdrawn"
    CLOSED_INCOMPLETE = "closed_incomplete"
    ACCOUNT_ADVERSE_ACTION = "account_adverse_action"
    ACCOUNT_UNCHANGED = "account_unchanged"


ACCOUNT_OUTCOMES = frozenset({Outcome.ACCOUNT_ADVERSE_ACTION, Outcome.ACCOUNT_UNCHANGED})
"""Outcomes of the review of an existing account, and of nothing else."""

WITH_REASONS = frozenset({Outcome.DENY, Outcome.COUNTEROFFER, Outcome.ACCOUNT_ADVERSE_ACTION})
"""Outcomes that are, or may become, adverse action and must state reasons."""

ON_THE_MERITS = WITH_REASONS | {Outcome.APPROVE, Outcome.ACCOUNT_UNCHANGED}
"""Outcomes that weigh the applicant."""

WITH_NOTICE = WITH_REASONS | {Outcome.APPROVE}
"""Outcomes of which the applicant must be notified."""


class DecisionPath(StrEnum):
    """Which component of the evaluation decided. Source: comments 9(b)(2)-4, -6, -7, -8."""

    SCORE = "score"
    JUDGMENTAL = "judgmental"
    BOTH = "both"
    AUTO_RULE = "auto_rule"


class Provenance(StrEnum):
    """Where a reason comes from."""

    MODEL = "model"
    PERSON = "person"
    RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A passage of the submitted text that carries a reason.

    Attributes:
        start: first code point, 0-based.
        end: one past the last code point.
        quote: the passage, word for word. Personal: never in a log.
    """

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessedReason:
    """A reason the assessment found.

    Attributes:
        reason: the reason.
        probability: its calibrated probability, 0-1.
        evidence: passages that carry it; empty where none was asked for.
    """

    reason: DenialReason
    probability: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationComparison:
    """Where an applicant stands beside other applicants, as it was when the model answered.

    Source: comment 9(b)(2)-5.

    Attributes:
        population: `slightly_above_approval`, which is of the files that the model states no
            reason against those nearest to a threshold, or `all_applicants`.
        version: version of the averages.
        num_applicants: how many they are taken over.
        shortfall_logit: by how much each category is likelier than on average, log-odds.
        furthest: the categories furthest above the average, worst first.
    """

    population: str
    version: str
    num_applicants: int
    shortfall_logit: dict[DenialCategory, float]
    furthest: tuple[DenialCategory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a model, or a person without one, found in an application.

    Attributes:
        assessment_id: id of the assessment.
        text_digest: sha256 of the submitted text, hexadecimal.
        principal_reasons: reasons stated.
        review_reasons: reasons a person must accept or dismiss.
        model_version: version of the model; None where a person assessed without one.
        taxonomy_version: version of the label list.
        policy_version: version of the creditor's policy.
        risk_score: chance of default within 12 months, percent; None without a model.
        comparisons: one per reference population; empty where the creditor has measured none.
        borderline: categories, or `risk_band`, that the model could have told otherwise when it
            reads the same text again; see `serving.borderline`.
    """

    assessment_id: str
    text_digest: str
    principal_reasons: tuple[AssessedReason, ...]
    review_reasons: tuple[AssessedReason, ...]
    model_version: str | None
    taxonomy_version: str
    policy_version: str
    risk_score: float | None = None
    comparisons: tuple[PopulationComparison, ...] = ()
    borderline: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedReason:
    """A principal reason the decision rests on.

    Attributes:
        reason: the reason.
        provenance: the component it comes from.
        evidence: passages that carry it.
        basis: what a person reviewed, or which rule fired; None where the evidence says it.
        specific_text: the wording beside "other, specify"; None for the taxonomy's own wording.
    """

    reason: DenialReason
    provenance: Provenance
    evidence: tuple[Evidence, ...] = ()
    basis: str | None = None
    specific_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAnswer:
    """What a person made of a reason left to them.

    Attributes:
        reason: the reason.
        accepted: True where it holds for this applicant, False where it was dismissed.
    """

    reason: DenialReason
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """Who decided what, when, and on which reasons.

    Attributes:
        decision_id: id of the decision.
        outcome: what was decided.
        decided_by: id of the person.
        decided_at: when, UTC.
        path: the component that decided; None where the applicant was not weighed.
        reasons: principal reasons, most important first.
        review_answers: one per review reason of the assessment.
        override_cause: why a person departs from the assessment; None where nobody does.
        missing_items: what the application lacks, for a denial as incomplete.
        assessment_id: the assessment decided on; None without one.
        model_version: that assessment's; None without a model.
        taxonomy_version: version of the label list.
        policy_version: version of the creditor's policy.
        other_recipients: consumer ids of those beside the primary applicant whose consumer report
            or credit score was used against the request: each is owed a disclosure of their own.
            Source: 15 USC 1681m(a).
    """

    decision_id: str
    outcome: Outcome
    decided_by: str
    decided_at: datetime
    path: DecisionPath | None
    taxonomy_version: str
    policy_version: str
    reasons: tuple[RecordedReason, ...] = ()
    review_answers: tuple[ReviewAnswer, ...] = ()
    override_cause: str | None = None
    missing_items: tuple[str, ...] = ()
    assessment_id: str | None = None
    model_version: str | None = None
    other_recipients: tuple[str, ...] = ()


def is_written_cause(text: str | None) -> bool:
    """Returns whether a text can stand as a written cause."""
    return text is not None and len(text.split()) >= MIN_CAUSE_WORDS


def denies_as_incomplete(decision: DecisionRecord) -> bool:
    """Returns whether the decision gives incompleteness as its reason (comment 9(a)(1)-3)."""
    return any(r.reason is DenialReason.CREDIT_APPLICATION_INCOMPLETE for r in decision.reasons)


def departs_from(assessment: Assessment, decision: DecisionRecord) -> bool:
    """Returns whether a person overrides the assessment.

    That is: credit is granted although principal reasons were stated, or refused although none was,
    or a stated one is not among the reasons of the refusal. Reasons that a person adds, accepted
    review reasons among them, are no override; nor is a denial as incomplete, which weighs nothing.
    """
    if assessment.model_version is None or decision.outcome not in ON_THE_MERITS:
        return False
    if denies_as_incomplete(decision):
        return False
    stated = {found.reason for found in assessment.principal_reasons}
    if decision.outcome not in WITH_REASONS:
        return bool(stated)
    accepted = any(answer.accepted for answer in decision.review_answers)
    given = {reason.reason for reason in decision.reasons}
    return not stated <= given or not (stated or accepted)
