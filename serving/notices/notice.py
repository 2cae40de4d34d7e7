"""The notice as a value: everything that is printed, and nothing that is computed while printing.

Prescribed sentences are stored as issued, so that the checks judge what the applicant reads.
Blank strings and empty tuples are possible on purpose: `serving.notices.checks` finds them.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from data_pipeline.domain.taxonomy import DenialReason
from serving.notices.forms import ActionKind, BusinessPath, NoticeForm

OTHER_PREFIX = "other:"
"""How the key of a reason outside the taxonomy begins ("Other, specify" of form C-1)."""


class Language(StrEnum):
    """The languages a notice may be asked for; only those with approved texts can be issued."""

    ENGLISH = "en"
    SPANISH = "es"


class CreditorType(StrEnum):
    """The kinds of creditor of Appendix A. Source: 12 CFR 1002, Appendix A."""

    LARGE_DEPOSITORY = "large_depository"
    NONBANK_AFFILIATE_OF_LARGE_DEPOSITORY = "nonbank_affiliate_of_large_depository"
    NATIONAL_BANK = "national_bank"
    STATE_MEMBER_BANK = "state_member_bank"
    NONMEMBER_INSURED_BANK = "nonmember_insured_bank"
    FEDERAL_CREDIT_UNION = "federal_credit_union"
    AIR_CARRIER = "air_carrier"
    SURFACE_TRANSPORTATION = "surface_transportation"
    PACKERS_AND_STOCKYARDS = "packers_and_stockyards"
    SMALL_BUSINESS_INVESTMENT_COMPANY = "small_business_investment_company"
    BROKER_OR_DEALER = "broker_or_dealer"
    FARM_CREDIT = "farm_credit"
    OTHER_CREDITOR = "other_creditor"


class CreditRequest(StrEnum):
    """What the applicant asked the creditor to do, as form C-5 distinguishes it."""

    LOAN = "loan"
    ACCOUNT = "account"
    LIMIT_INCREASE = "limit_increase"


class Channel(StrEnum):
    """How a notice reaches the recipient."""

    POSTAL = "postal"
    IN_PERSON = "in_person"
    ELECTRONIC = "electronic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """Who took the action.

    Attributes:
        address_lines: street, then city, state and ZIP code.
        telephone: None where the creditor gives none.
    """

    name: str
    address_lines: tuple[str, ...]
    creditor_type: CreditorType
    telephone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One applicant or guarantor; `consumer_id` ties credit data to its person."""

    consumer_id: str
    name: str
    address_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnforcementAgency:
    """A Federal agency of Appendix A, name and address as printed there."""

    name: str
    address_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """The action taken, as a kind and in the words that the notice prints."""

    kind: ActionKind
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """The credit requested; `description` continues "Your request for", such as "a car loan"."""

    request: CreditRequest
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedReason:
    """A principal reason as the notice states it.

    Attributes:
        key: the value of a `DenialReason`; or `other:` and, for specific words, that value, or for
            a reason outside the list a name.
        text: the statement, printed as it stands.
        creditor_name: whose reason it is, where several creditors share a notice; else None.
    """

    key: str
    text: str
    creditor_name: str | None = None

    @property
    def reason(self) -> DenialReason | None:
        """The reason of the taxonomy; None for "Other, specify" and for an unknown key."""
        return DenialReason(self.key) if self.key in set(DenialReason) else None

    @property
    def taxonomy_reason(self) -> DenialReason | None:
        """The reason of the taxonomy, also where "Other, specify" states it in specific words.

        None for a reason outside the list.
        """
        name = self.key.removeprefix(OTHER_PREFIX)
        return DenialReason(name) if name in set(DenialReason) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RightToReasons:
    """Where the applicant can ask for reasons, and the prescribed statement of that right."""

    contact_name: str
    address_lines: tuple[str, ...]
    telephone: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerReportingAgency:
    """An agency whose report was used; nationwide ones must give a toll-free number."""

    name: str
    address_lines: tuple[str, ...]
    telephone: str
    is_nationwide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBlock:
    """The disclosure of section 615(a): whose report, from which agencies, in which sentences."""

    consumer_id: str
    agencies: tuple[ConsumerReportingAgency, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBlock:
    """The credit score disclosure.

    Attributes:
        consumer_id: whose score it is.
        score: the number used.
        created_on: the day the score was created.
        range_low: lowest possible score of the model used.
        range_high: highest possible score of the model used.
        key_factors: as the provider gave them, in its order; never the reasons of the denial.
        provided_by: the person that provided the score.
        sentences: the prescribed explanation.
    """

    consumer_id: str
    score: int
    created_on: date | None
    range_low: int
    range_high: int
    key_factors: tuple[str, ...]
    provided_by: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of a counteroffer, such as Amount: $12,000."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counteroffer:
    """The terms offered instead, how to accept them and until when."""

    terms: tuple[Term, ...]
    accept_at_lines: tuple[str, ...]
    respond_by: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncompletenessRequest:
    """What is missing, until when it can be sent, and the prescribed consequence."""

    items: tuple[str, ...]
    respond_by: date | None
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How the notice is sent."""

    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which templates print the notice, and how large.

    Attributes:
        templates_sha256: digest of the template files, see `serving.notices.templates_digest`.
        font_size_pt: size of the body text in points.
    """

    templates_sha256: str
    font_size_pt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseActionNotice:
    """A notice to one recipient, as it is checked, released, printed and kept.

    Attributes:
        creditors: one, or each creditor on whose behalf the notice is given.
        reasons: empty where the form tells of the right to reasons instead.
        ecoa_notice: the paragraph of 12 CFR 1002.9(b)(1); None on form C-6.
        agencies: the agencies that the paragraph names.
        outside_information: the statement of section 615(b), where it applies.
        english_notice_id: the English version, for a notice in another language.
    """

    notice_id: str
    form: NoticeForm
    language: Language
    dated_on: date
    creditors: tuple[Creditor, ...]
    recipient: Recipient
    action: Action
    transaction: Transaction
    business_path: BusinessPath
    delivery: Delivery
    layout: Layout
    reasons: tuple[StatedReason, ...] = ()
    right_to_reasons: RightToReasons | None = None
    ecoa_notice: str | None = None
    agencies: tuple[EnforcementAgency, ...] = ()
    report_block: ReportBlock | None = None
    score_block: ScoreBlock | None = None
    outside_information: str | None = None
    counteroffer: Counteroffer | None = None
    incompleteness: IncompletenessRequest | None = None
    english_notice_id: str | None = None
