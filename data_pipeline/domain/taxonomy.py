"""The denial taxonomy: 12 categories, their reasons, notice wording and HMDA codes.

This module is the only home of the label list. The order of `DenialCategory` is the order of the
category outputs of the network, the order of `DenialReason` that of its reason outputs; both are
fingerprinted by `TAXONOMY_VERSION`, which every stored model carries.

Not being denied is the absence of reasons, never a thirteenth category.

Source: form C-1, Part I (12 CFR 1002, Appendix C); denial reason codes of 12 CFR 1003.4(a)(16)
and the HMDA filing instructions; the crosswalk between the two groups C-1 reasons 1-24 by the
credit factor they name.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class DenialCategory(StrEnum):
    """The 12 denial categories, in label order."""

    INSUFFICIENT_INCOME = "insufficient_income"
    EXCESSIVE_OBLIGATIONS = "excessive_obligations"
    EMPLOYMENT_HISTORY = "employment_history"
    PAYMENT_HISTORY = "payment_history"
    PUBLIC_RECORD = "public_record"
    LIMITED_CREDIT = "limited_credit"
    RECENT_INQUIRIES = "recent_inquiries"
    COLLATERAL = "collateral"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    UNVERIFIABLE_INFORMATION = "unverifiable_information"
    INCOMPLETE_APPLICATION = "incomplete_application"
    OTHER = "other"


class DenialReason(StrEnum):
    """The reasons below the categories, in label order (grouped by category)."""

    INCOME_INSUFFICIENT_FOR_AMOUNT = "income_insufficient_for_amount"
    EXCESSIVE_OBLIGATIONS_TO_INCOME = "excessive_obligations_to_income"
    TEMPORARY_OR_IRREGULAR_EMPLOYMENT = "temporary_or_irregular_employment"
    LENGTH_OF_EMPLOYMENT = "length_of_employment"
    POOR_CREDIT_PERFORMANCE_WITH_US = "poor_credit_performance_with_us"
    DELINQUENT_OBLIGATIONS_WITH_OTHERS = "delinquent_obligations_with_others"
    COLLECTION_OR_JUDGMENT = "collection_or_judgment"
    GARNISHMENT_OR_ATTACHMENT = "garnishment_or_attachment"
    FORECLOSURE_OR_REPOSSESSION = "foreclosure_or_repossession"
    BANKRUPTCY = "bankruptcy"
    INSUFFICIENT_CREDIT_REFERENCES = "insufficient_credit_references"
    UNACCEPTABLE_CREDIT_REFERENCES = "unacceptable_credit_references"
    NO_CREDIT_FILE = "no_credit_file"
    LIMITED_CREDIT_EXPERIENCE = "limited_credit_experience"
    NUMBER_OF_RECENT_INQUIRIES = "number_of_recent_inquiries"
    COLLATERAL_VALUE_OR_TYPE_INSUFFICIENT = "collateral_value_or_type_insufficient"
    INSUFFICIENT_FUNDS_DOWN_PAYMENT_CLOSING_RESERVES = (
        "insufficient_funds_down_payment_closing_reserves"
    )
    UNABLE_TO_VERIFY_CREDIT_REFERENCES = "unable_to_verify_credit_references"
    UNABLE_TO_VERIFY_EMPLOYMENT = "unable_to_verify_employment"
    UNABLE_TO_VERIFY_INCOME = "unable_to_verify_income"
    UNABLE_TO_VERIFY_RESIDENCE = "unable_to_verify_residence"
    UNABLE_TO_VERIFY_IDENTITY = "unable_to_verify_identity"
    CREDIT_APPLICATION_INCOMPLETE = "credit_application_incomplete"
    LENGTH_OF_RESIDENCE = "length_of_residence"
    TEMPORARY_RESIDENCE = "temporary_residence"
    MORTGAGE_INSURANCE_DENIED = "mortgage_insurance_denied"
    PRODUCT_OR_TERMS_NOT_OFFERED = "product_or_terms_not_offered"
    NO_DEPOSIT_RELATIONSHIP = "no_deposit_relationship"
    BUSINESS_EARNINGS_RECORD = "business_earnings_record"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryInfo:
    """What a category is called and how it is reported.

    Attributes:
        category: the category.
        title: a short name for people, sentence case.
        meaning: one sentence on what the category covers.
        hmda_code: denial reason code under Regulation C (1-9). Reasons may deviate: see
            `ReasonInfo.hmda_code`.
    """

    category: DenialCategory
    title: str
    meaning: str
    hmda_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonInfo:
    """How a reason is worded on a notice and where the wording comes from.

    Attributes:
        reason: the reason.
        category: the category it belongs to.
        notice_wording: the statement of the reason as form C-1 words it.
        source: where the wording stands.
        hmda_code: denial reason code under Regulation C (1-9).
        c1_number: position in the list of form C-1, Part I (24 is "Other, specify").
    """

    reason: DenialReason
    category: DenialCategory
    notice_wording: str
    source: str
    hmda_code: int
    c1_number: int


_CATEGORY_ROWS: tuple[tuple[DenialCategory, str, str, int], ...] = (
    (
        DenialCategory.INSUFFICIENT_INCOME,
        "Insufficient income",
        "Income is too low for the amount asked, though debts are modest.",
        1,
    ),
    (
        DenialCategory.EXCESSIVE_OBLIGATIONS,
        "Excessive obligations",
        "Debts are too heavy in relation to income.",
        1,
    ),
    (
        DenialCategory.EMPLOYMENT_HISTORY,
        "Employment history",
        "Employment is temporary, irregular or too recent.",
        2,
    ),
    (
        DenialCategory.PAYMENT_HISTORY,
        "Payment history",
        "Obligations with this or another creditor were paid late or not at all.",
        3,
    ),
    (
        DenialCategory.PUBLIC_RECORD,
        "Public record and collections",
        "Collection, judgment, garnishment, foreclosure, repossession or bankruptcy.",
        3,
    ),
    (
        DenialCategory.LIMITED_CREDIT,
        "Limited credit",
        "Too few, unacceptable or no credit references, or too short an experience.",
        3,
    ),
    (
        DenialCategory.RECENT_INQUIRIES,
        "Recent inquiries",
        "Too many recent inquiries on the credit bureau report.",
        3,
    ),
    (
        DenialCategory.COLLATERAL,
        "Collateral",
        "The value, type, title or condition of the collateral does not secure the loan.",
        4,
    ),
    (
        DenialCategory.INSUFFICIENT_FUNDS,
        "Insufficient funds",
        "Funds do not cover down payment, closing costs or reserves.",
        5,
    ),
    (
        DenialCategory.UNVERIFIABLE_INFORMATION,
        "Unverifiable information",
        "Credit references, employment, income, residence or identity could not be verified.",
        6,
    ),
    (
        DenialCategory.INCOMPLETE_APPLICATION,
        "Incomplete application",
        "Information needed for a decision was not supplied.",
        7,
    ),
    (
        DenialCategory.OTHER,
        "Other",
        "Residence, mortgage insurance, terms not offered, no deposits with us or short earnings.",
        9,
    ),
)

_C1 = "12 CFR 1002, Appendix C, form C-1, Part I"
_C1_OTHER = f"{_C1}, item 24 (Other, specify)"

_REASON_ROWS: tuple[tuple[DenialReason, DenialCategory, str, int, int, str], ...] = (
    (
        DenialReason.INCOME_INSUFFICIENT_FOR_AMOUNT,
        DenialCategory.INSUFFICIENT_INCOME,
        "Income insufficient for amount of credit requested",
        1,
        8,
        _C1,
    ),
    (
        DenialReason.EXCESSIVE_OBLIGATIONS_TO_INCOME,
        DenialCategory.EXCESSIVE_OBLIGATIONS,
        "Excessive obligations in relation to income",
        1,
        9,
        _C1,
    ),
    (
        DenialReason.TEMPORARY_OR_IRREGULAR_EMPLOYMENT,
        DenialCategory.EMPLOYMENT_HISTORY,
        "Temporary or irregular employment",
        2,
        5,
        _C1,
    ),
    (
        DenialReason.LENGTH_OF_EMPLOYMENT,
        DenialCategory.EMPLOYMENT_HISTORY,
        "Length of employment",
        2,
        7,
        _C1,
    ),
    (
        DenialReason.POOR_CREDIT_PERFORMANCE_WITH_US,
        DenialCategory.PAYMENT_HISTORY,
        "Poor credit performance with us",
        3,
        16,
        _C1,
    ),
    (
        DenialReason.DELINQUENT_OBLIGATIONS_WITH_OTHERS,
        DenialCategory.PAYMENT_HISTORY,
        "Delinquent past or present credit obligations with others",
        3,
        17,
        _C1,
    ),
    (
        DenialReason.COLLECTION_OR_JUDGMENT,
        DenialCategory.PUBLIC_RECORD,
        "Collection action or judgment",
        3,
        18,
        _C1,
    ),
    (
        DenialReason.GARNISHMENT_OR_ATTACHMENT,
        DenialCategory.PUBLIC_RECORD,
        "Garnishment or attachment",
        3,
        19,
        _C1,
    ),
    (
        DenialReason.FORECLOSURE_OR_REPOSSESSION,
        DenialCategory.PUBLIC_RECORD,
        "Foreclosure or repossession",
        3,
        20,
        _C1,
    ),
    (DenialReason.BANKRUPTCY, DenialCategory.PUBLIC_RECORD, "Bankruptcy", 3, 21, _C1),
    (
        DenialReason.INSUFFICIENT_CREDIT_REFERENCES,
        DenialCategory.LIMITED_CREDIT,
        "Insufficient number of credit references provided",
        3,
        2,
        _C1,
    ),
    (
        DenialReason.UNACCEPTABLE_CREDIT_REFERENCES,
        DenialCategory.LIMITED_CREDIT,
        "Unacceptable type of credit references provided",
        3,
        3,
        _C1,
    ),
    (DenialReason.NO_CREDIT_FILE, DenialCategory.LIMITED_CREDIT, "No credit file", 3, 14, _C1),
    (
        DenialReason.LIMITED_CREDIT_EXPERIENCE,
        DenialCategory.LIMITED_CREDIT,
        "Limited credit experience",
        3,
        15,
        _C1,
    ),
    (
        DenialReason.NUMBER_OF_RECENT_INQUIRIES,
        DenialCategory.RECENT_INQUIRIES,
        "Number of recent inquiries on credit bureau report",
        3,
        22,
        _C1,
    ),
    (
        DenialReason.COLLATERAL_VALUE_OR_TYPE_INSUFFICIENT,
        DenialCategory.COLLATERAL,
        "Value or type of collateral not sufficient",
        4,
        23,
        _C1,
    ),
    (
        DenialReason.INSUFFICIENT_FUNDS_DOWN_PAYMENT_CLOSING_RESERVES,
        DenialCategory.INSUFFICIENT_FUNDS,
        "Insufficient funds for down payment, closing costs or reserves",
        5,
        24,
        _C1_OTHER,
    ),
    (
        DenialReason.UNABLE_TO_VERIFY_CREDIT_REFERENCES,
        DenialCategory.UNVERIFIABLE_INFORMATION,
        "Unable to verify credit references",
        6,
        4,
        _C1,
    ),
    (
        DenialReason.UNABLE_TO_VERIFY_EMPLOYMENT,
        DenialCategory.UNVERIFIABLE_INFORMATION,
        "Unable to verify employment",
        6,
        6,
        _C1,
    ),
    (
        DenialReason.UNABLE_TO_VERIFY_INCOME,
        DenialCategory.UNVERIFIABLE_INFORMATION,
        "Unable to verify income",
        6,
        10,
        _C1,
    ),
    (
        DenialReason.UNABLE_TO_VERIFY_RESIDENCE,
        DenialCategory.UNVERIFIABLE_INFORMATION,
        "Unable to verify residence",
        6,
        13,
        _C1,
    ),
    (
        DenialReason.UNABLE_TO_VERIFY_IDENTITY,
        DenialCategory.UNVERIFIABLE_INFORMATION,
        "Unable to verify identity",
        6,
        24,
        _C1_OTHER,
    ),
    (
        DenialReason.CREDIT_APPLICATION_INCOMPLETE,
        DenialCategory.INCOMPLETE_APPLICATION,
        "Credit application incomplete",
        7,
        1,
        _C1,
    ),
    (
        DenialReason.LENGTH_OF_RESIDENCE,
        DenialCategory.OTHER,
        "Length of residence",
        9,
        11,
        _C1,
    ),
    (DenialReason.TEMPORARY_RESIDENCE, DenialCategory.OTHER, "Temporary residence", 9, 12, _C1),
    (
        DenialReason.MORTGAGE_INSURANCE_DENIED,
        DenialCategory.OTHER,
        "Mortgage insurance denied",
        8,
        24,
        _C1_OTHER,
    ),
    (
        DenialReason.PRODUCT_OR_TERMS_NOT_OFFERED,
        DenialCategory.OTHER,
        "We do not offer credit on the terms requested",
        9,
        24,
        _C1_OTHER,
    ),
    (
        DenialReason.NO_DEPOSIT_RELATIONSHIP,
        DenialCategory.OTHER,
        "No deposit relationship with us",
        9,
        24,
        "12 CFR 1002, Appendix C, paragraph 3",
    ),
    (
        DenialReason.BUSINESS_EARNINGS_RECORD,
        DenialCategory.OTHER,
        "Lack of established earnings record",
        9,
        24,
        "12 CFR 1002, Appendix C, form C-7",
    ),
)

CATEGORIES: tuple[DenialCategory, ...] = tuple(DenialCategory)
"""The 12 categories in label order."""

REASONS: tuple[DenialReason, ...] = tuple(DenialReason)
"""The 29 reasons in label order."""

CATEGORY_INFO: dict[DenialCategory, CategoryInfo] = {
    category: CategoryInfo(category=category, title=title, meaning=meaning, hmda_code=hmda_code)
    for category, title, meaning, hmda_code in _CATEGORY_ROWS
}
"""Names, meanings and HMDA codes by category."""

REASON_INFO: dict[DenialReason, ReasonInfo] = {
    reason: ReasonInfo(
        reason=reason,
        category=category,
        notice_wording=wording,
        source=source,
        hmda_code=hmda_code,
        c1_number=c1_number,
    )
    for reason, category, wording, hmda_code, c1_number, source in _REASON_ROWS
}
"""Notice wording, source and codes by reason."""

CATEGORY_REASONS: dict[DenialCategory, tuple[DenialReason, ...]] = {
    category: tuple(r for r in REASONS if REASON_INFO[r].category is category)
    for category in CATEGORIES
}
"""The reasons of each category, in label order; never empty."""

REASON_CATEGORY_INDEX: tuple[int, ...] = tuple(
    CATEGORIES.index(REASON_INFO[reason].category) for reason in REASONS
)
"""For each reason, the position of its category in `CATEGORIES`."""


def categories_of_hmda_code(hmda_code: int) -> frozenset[DenialCategory]:
    """Returns the categories that an HMDA denial reason code may stand for.

    Codes 1 and 3 are coarse: the label says that at least one of the categories holds. Codes
    without a category (10 not applicable, 1111 exempt, anything unknown) give the empty set.
    Source: denial reason codes, 12 CFR 1003.4(a)(16).
    """
    return frozenset(info.category for info in REASON_INFO.values() if info.hmda_code == hmda_code)


def _fingerprint() -> str:
    rows = [f"{info.reason}<{info.category}" for info in REASON_INFO.values()]
    digest = hashlib.sha256("\n".join([*CATEGORIES, *rows]).encode()).hexdigest()
    return f"1-{digest[:12]}"


TAXONOMY_VERSION: str = _fingerprint()
"""Version of the label list: a major number and a digest of the labels and their order."""
