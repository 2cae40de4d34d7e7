"""Made-up assessments, outcomes and reasons for simulated cases. Nothing here is a real file."""

import hashlib
from random import Random

from data_pipeline.domain.taxonomy import (
    REASONS,
    TAXONOMY_VERSION,
    DenialCategory,
    DenialReason,
)
from serving.cases.case import Case, Stage
from serving.cases.decisions import (
    ACCOUNT_OUTCOMES,
    AssessedReason,
    Assessment,
    Evidence,
    Outcome,
    PopulationComparison,
    Provenance,
    RecordedReason,
    ReviewAnswer,
)
from serving.cases.events import CaseKind

POLICY_VERSION = "policy-1"
_MODEL = "simulated-1"
_WEIGHED = tuple(r for r in REASONS if r is not DenialReason.CREDIT_APPLICATION_INCOMPLETE)


def an_assessment(random: Random, *, assessment_id: str, text_id: str) -> Assessment:
    """Returns an assessment with up to five reasons, some stated and some left to a person."""
    drawn = random.sample(_WEIGHED, random.randrange(6))
    stated = random.randrange(len(drawn) + 1)
    found = tuple(
        AssessedReason(reason=r, probability=0.5, evidence=(_evidence(r),)) for r in drawn
    )
    return Assessment(
        assessment_id=assessment_id,
        text_digest=digest_of(text_id),
        principal_reasons=found[:stated],
        review_reasons=found[stated:],
        model_version=random.choice((_MODEL, _MODEL, None)),
        taxonomy_version=TAXONOMY_VERSION,
        policy_version=POLICY_VERSION,
        risk_score=None,
        comparisons=_comparisons(random),
    )


def _comparisons(random: Random) -> tuple[PopulationComparison, ...]:
    if random.randrange(10):  # few, lest thousands of cases take minutes to store
        return ()
    shortfalls = {category: random.uniform(-3, 3) for category in DenialCategory}
    return tuple(
        PopulationComparison(
            population=population,
            version="2026-q4",
            num_applicants=random.randrange(30, 9000),
            shortfall_logit=shortfalls,
            furthest=tuple(sorted(shortfalls, key=lambda c: -shortfalls[c])[:4]),
        )
        for population in ("slightly_above_approval", "all_applicants")
    )


def likely_outcomes(case: Case, random: Random) -> list[Outcome]:
    """Returns outcomes that a case allows, as often as they are to be drawn."""
    if case.kind is CaseKind.EXISTING_ACCOUNT:
        return sorted(ACCOUNT_OUTCOMES) if case.assessment else [Outcome.ACCOUNT_UNCHANGED]
    found = [Outcome.WITHDRAWN, Outcome.PRODUCT_NOT_OFFERED, Outcome.LAW_PROHIBITS]
    found = [random.choice(found)]
    if case.stage is Stage.AWAITING_INFORMATION:
        found.append(Outcome.CLOSED_INCOMPLETE)
    if case.assessment is not None:
        found += [Outcome.DENY] * 6
        if case.is_complete:
            found += [Outcome.APPROVE, Outcome.COUNTEROFFER] * 3
    return found


def reasons_of(
    found: Assessment | None, answers: tuple[ReviewAnswer, ...], *, is_careful: bool
) -> tuple[RecordedReason, ...]:
    """Returns the reasons stated and accepted; one of a person's own where there is none."""
    stated = [r.reason for r in found.principal_reasons] if found else []
    given = stated + [answer.reason for answer in answers if answer.accepted]
    if given and is_careful:
        return tuple(
            RecordedReason(reason=r, provenance=Provenance.MODEL, evidence=(_evidence(r),))
            for r in given
        )
    dismissed = {answer.reason for answer in answers}
    other = next(reason for reason in _WEIGHED if reason not in dismissed)
    reviewed = "the pay stubs on file"
    return (RecordedReason(reason=other, provenance=Provenance.PERSON, basis=reviewed),)


def digest_of(text: str) -> str:
    """Returns the sha256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _evidence(reason: DenialReason) -> Evidence:
    return Evidence(start=0, end=len(reason), quote=str(reason))
