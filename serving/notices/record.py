"""The decision record: the facts a notice is checked against."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from serving.notices.forms import ActionKind
from serving.notices.notice import ConsumerReportingAgency, Counteroffer, Creditor, Recipient


class DecisionPath(StrEnum):
    """Which component of the system decided.

    `BOTH` is a gray band of the score followed by a judgment that denied; a score that was passed
    before a judgment denied is `JUDGMENTAL`. `INCOMPLETENESS` is no decision on the merits.

    Source: comments 9(b)(2)-4, -6, -7, -8 and 9(a)(1)-3.
    """

    SCORE = "score"
    JUDGMENTAL = "judgmental"
    BOTH = "both"
    AUTO_RULE = "auto_rule"
    INCOMPLETENESS = "incompleteness"


class FactorSource(StrEnum):
    """Where a factor was considered."""

    SCORE = "score"
    JUDGMENT = "judgment"
    RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A factor actually scored, or actually reviewed by the person who decided.

    Attributes:
        factor_id: its name in the explanation.
        reason_key: the reason it stands for, see `StatedReason.key`.
        source: where it was considered.
        adverse_contribution: signed for this applicant, above 0 counts against them: log-odds
            against the reference for a scored factor; 1, 0 or -1 for a reviewed one.
        rank: from 1, the most adverse, within its source.
        specific_text: the statement of a reason outside the taxonomy; None for its members.
    """

    factor_id: str
    reason_key: str
    source: FactorSource
    adverse_contribution: float
    rank: int
    specific_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredRule:
    """An automatic-denial rule that fired; `reason_key` None means nobody gave it a reason."""

    rule_id: str
    reason_key: str | None
    specific_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUsed:
    """A consumer report that was considered."""

    consumer_id: str
    agency: ConsumerReportingAgency


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreUsed:
    """A credit score that was considered, as its provider delivered it.

    Attributes:
        key_factors: in the provider's order.
        inquiries_factor: which of them is the number of inquiries; None where none is.
    """

    consumer_id: str
    score: int
    created_on: date
    range_low: int
    range_high: int
    key_factors: tuple[str, ...]
    provided_by: str
    inquiries_factor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingItem:
    """Information the creditor lacks, and whether the applicant can supply it."""

    name: str
    applicant_can_supply: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """Facts of a business applicant.

    Attributes:
        gross_revenue_usd: of the preceding fiscal year; None for a business that starts.
        is_trade_credit_or_factoring: trade credit, factoring or similar credit.
    """

    gross_revenue_usd: Decimal | None
    is_trade_credit_or_factoring: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectronicConsent:
    """Consent under the E-Sign Act (15 USC 7001); `withdrawn_on` None while it holds."""

    consumer_id: str
    given_on: date
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HmdaReport:
    """What the register reports on a covered mortgage.

    Attributes:
        action_taken: code 1-8 of 12 CFR 1003.4(a)(8).
        denial_reasons: up to four codes of 12 CFR 1003.4(a)(16), in order.
        other_text: the free-form reason that goes with code 9, at most 255 characters.
    """

    action_taken: int
    denial_reasons: tuple[int, ...]
    other_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acted; a model or a job is no person."""

    actor_id: str
    is_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """The facts of one decision.

    Attributes:
        applicants: everyone who takes part, guarantors too, with their last known addresses.
        primary_consumer_id: None where no primary applicant is readily apparent.
        guarantor_consumer_ids: who of them only guarantees, and is no applicant.
        notified_consumer_ids: who has been, or is to be with this notice, notified.
        decided_on: None while nothing is decided (forms C-6 and C-8).
        path: None while nothing is decided.
        factors: all factors used, favorable ones included.
        principal_reason_keys: the reasons that the person who decided confirmed as principal.
        other_information_used: an affiliate or outside source other than a consumer reporting
            agency was used (section 615(b)).
        more_than_four_cause: why more than four reasons are stated; None where not written.
        business: None for consumer credit.
        consents: electronic delivery.
        stored_notice_ids: notices that are stored and can be retrieved.
        hmda: None where the application is not reported.
        override_cause: the written cause of an override; None where not written.
        released_by: the second person; None before release.
    """

    action: ActionKind
    creditors: tuple[Creditor, ...]
    applicants: tuple[Recipient, ...]
    primary_consumer_id: str | None
    guarantor_consumer_ids: tuple[str, ...] = ()
    decided_on: date | None = None
    path: DecisionPath | None = None
    factors: tuple[Factor, ...] = ()
    fired_rules: tuple[FiredRule, ...] = ()
    principal_reason_keys: tuple[str, ...] = ()
    notified_consumer_ids: tuple[str, ...] = ()
    reports_used: tuple[ReportUsed, ...] = ()
    scores_used: tuple[ScoreUsed, ...] = ()
    other_information_used: bool = False
    missing_items: tuple[MissingItem, ...] = ()
    counteroffer: Counteroffer | None = None
    more_than_four_cause: str | None = None
    business: Business | None = None
    consents: tuple[ElectronicConsent, ...] = ()
    stored_notice_ids: tuple[str, ...] = ()
    hmda: HmdaReport | None = None
    decided_by: Actor | None = None
    is_override: bool = False
    override_cause: str | None = None
    released_by: Actor | None = None
