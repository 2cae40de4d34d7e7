"""From a case and its file to the facts that a notice is written from and checked against.

Source: comments 9(b)(2)-2, -4, -6 to -8 on where reasons come from.
"""

import math
import re
from dataclasses import replace

from data_pipeline.domain.taxonomy import DenialReason
from serving.cases.application_file import ApplicantRole, ApplicationFile
from serving.cases.calendar_days import local_date
from serving.cases.case import Case
from serving.cases.decisions import (
    Assessment,
    Outcome,
    Provenance,
    RecordedReason,
    denies_as_incomplete,
    departs_from,
)
from serving.cases.decisions import DecisionRecord as CaseDecision
from serving.casework.facts import CaseFacts, case_facts, consents_of, information_used
from serving.casework.recipients import guarantors_of
from serving.notices.forms import ActionKind
from serving.notices.notice import OTHER_PREFIX, Counteroffer, Recipient
from serving.notices.reasons import (
    derive_hmda_codes,
    derive_hmda_text,
    select_principal_reasons,
)
from serving.notices.record import (
    Actor,
    DecisionPath,
    DecisionRecord,
    ElectronicConsent,
    Factor,
    FactorSource,
    FiredRule,
    HmdaReport,
    MissingItem,
)

REFERENCE_PROBABILITY = 1e-6
"""The probability that a reason has for the reference applicant, one with nothing against them."""
HMDA_DENIED = 3
_NOT_AN_ID = re.compile(r"[^a-z0-9]+")


def record_of(
    case: Case,
    file: ApplicationFile,
    *,
    action: ActionKind,
    missing_items: tuple[str, ...] = (),
    counteroffer: Counteroffer | None = None,
) -> DecisionRecord:
    """Returns the facts of the decision in force, or of an application that waits for items.

    Args:
        case: the case.
        file: its file.
        action: what the notice is to tell.
        missing_items: what a notice of incompleteness asks for.
        counteroffer: what is offered instead.

    Raises:
        FactsError: the file has no facts of creditor and transaction.
        ReasonsError: the register's codes cannot be derived from the decision's reasons.
    """
    facts, used = case_facts(file), information_used(file)
    record = DecisionRecord(
        action=action,
        creditors=facts.creditors,
        applicants=tuple(
            Recipient(consumer_id=a.consumer_id, name=a.name, address_lines=a.address_lines)
            for a in file.applicants
        ),
        primary_consumer_id=_primary(file),
        guarantor_consumer_ids=guarantors_of(file),
        business=facts.business,
        consents=consents_in(file),
        missing_items=_items(missing_items),
        counteroffer=counteroffer,
        decided_by=None,
    )
    if case.decision is None:
        return record
    return _with_hmda(
        replace(
            _decided(record, case, case.decision),
            reports_used=used.reports,
            scores_used=used.scores,
            other_information_used=used.other_information_used,
        ),
        facts,
    )


def consents_in(file: ApplicationFile) -> tuple[ElectronicConsent, ...]:
    """Returns the consents on file as a notice is checked against them."""
    return tuple(
        ElectronicConsent(
            consumer_id=given.consumer_id,
            given_on=given.given_on,
            withdrawn_on=given.withdrawn_on,
        )
        for given in consents_of(file).consents
    )


def action_of(outcome: Outcome) -> ActionKind | None:
    """Returns the action that an outcome is; None where the outcome alone does not tell."""
    return _ACTIONS.get(outcome)


_ACTIONS = {
    Outcome.APPROVE: ActionKind.APPROVAL,
    Outcome.DENY: ActionKind.DENIAL,
    Outcome.COUNTEROFFER: ActionKind.COUNTEROFFER,
}


def _primary(file: ApplicationFile) -> str | None:
    found = [a.consumer_id for a in file.applicants if a.role is ApplicantRole.PRIMARY]
    return found[0] if found else None


def _items(names: tuple[str, ...]) -> tuple[MissingItem, ...]:
    return tuple(MissingItem(name=name, applicant_can_supply=True) for name in names)


def _decided(record: DecisionRecord, case: Case, decision: CaseDecision) -> DecisionRecord:
    incomplete = denies_as_incomplete(decision)
    path = DecisionPath(decision.path.value) if decision.path else None
    return replace(
        record,
        decided_on=local_date(decision.decided_at, time_zone=case.time_zone),
        path=DecisionPath.INCOMPLETENESS if incomplete else path,
        factors=() if incomplete else _factors(decision, case.assessment),
        fired_rules=_rules(decision),
        principal_reason_keys=tuple(
            key_of(reason) for reason in decision.reasons if not incomplete
        ),
        missing_items=_items(decision.missing_items) if incomplete else record.missing_items,
        decided_by=Actor(actor_id=decision.decided_by, is_person=True),
        is_override=case.assessment is not None and departs_from(case.assessment, decision),
        override_cause=decision.override_cause,
    )


def key_of(reason: RecordedReason) -> str:
    """Returns the key that a notice states a reason under."""
    return f"{OTHER_PREFIX}{reason.reason}" if reason.specific_text else str(reason.reason)


def _factors(decision: CaseDecision, found: Assessment | None) -> tuple[Factor, ...]:
    by_person = [r for r in decision.reasons if r.provenance is Provenance.PERSON]
    return (
        *_scored(decision, found),
        *(
            Factor(
                factor_id=f"reviewed_{reason.reason}",
                reason_key=key_of(reason),
                source=FactorSource.JUDGMENT,
                adverse_contribution=1.0,
                rank=rank,
                specific_text=reason.specific_text,
            )
            for rank, reason in enumerate(by_person, start=1)
        ),
    )


def _scored(decision: CaseDecision, found: Assessment | None) -> list[Factor]:
    """Every reason that the model found, adverse where the person who decided let it stand."""
    if found is None or found.model_version is None:
        return []
    stated = {r.reason: r for r in decision.reasons if r.provenance is Provenance.MODEL}
    known = sorted((*found.principal_reasons, *found.review_reasons), key=lambda a: -a.probability)
    return [
        Factor(
            factor_id=f"scored_{assessed.reason}",
            reason_key=_stated_key(assessed.reason, stated),
            source=FactorSource.SCORE,
            adverse_contribution=(
                adverse_log_odds(assessed.probability) if assessed.reason in stated else 0.0
            ),
            rank=rank,
            specific_text=(
                stated[assessed.reason].specific_text if assessed.reason in stated else None
            ),
        )
        for rank, assessed in enumerate(known, start=1)
    ]


def _stated_key(reason: DenialReason, stated: dict[DenialReason, RecordedReason]) -> str:
    return key_of(stated[reason]) if reason in stated else str(reason)


def adverse_log_odds(probability: float) -> float:
    """Returns the log-odds of a reason above those of the reference applicant, always above 0."""
    bounded = min(max(probability, 2 * REFERENCE_PROBABILITY), 1 - REFERENCE_PROBABILITY)
    return _logit(bounded) - _logit(REFERENCE_PROBABILITY)


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _rules(decision: CaseDecision) -> tuple[FiredRule, ...]:
    return tuple(
        FiredRule(
            rule_id=_NOT_AN_ID.sub("_", (reason.basis or reason.reason).lower()).strip("_"),
            reason_key=key_of(reason),
            specific_text=reason.specific_text,
        )
        for reason in decision.reasons
        if reason.provenance is Provenance.RULE
    )


def _with_hmda(record: DecisionRecord, facts: CaseFacts) -> DecisionRecord:
    if not facts.is_hmda_reportable or record.action is not ActionKind.DENIAL:
        return record
    reasons = select_principal_reasons(record)
    report = HmdaReport(
        action_taken=HMDA_DENIED,
        denial_reasons=derive_hmda_codes(reasons),
        other_text=derive_hmda_text(reasons),
    )
    return replace(record, hmda=report)
