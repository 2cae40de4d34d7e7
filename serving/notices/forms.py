"""The sample forms C-1 to C-8, two forms of our own, and what each of them must hold.

Source: 12 CFR 1002, Appendix C, paragraph 1 and forms C-1 to C-8.
"""

from dataclasses import dataclass
from enum import StrEnum


class NoticeForm(StrEnum):
    """The form that a notice follows: a sample form of Appendix C, or one of our own.

    APPROVAL tells an approval (12 CFR 1002.9(a)(1)(i)). REPORT_USED discloses to a guarantor, who
    is no applicant and is owed no reasons, that a report on them was used (15 USC 1681m(a)).
    """

    C1 = "C-1"
    C2 = "C-2"
    C3 = "C-3"
    C4 = "C-4"
    C5 = "C-5"
    C6 = "C-6"
    C7 = "C-7"
    C8 = "C-8"
    APPROVAL = "APPROVAL"
    REPORT_USED = "REPORT-USED"


OWN_FORMS = frozenset({NoticeForm.APPROVAL, NoticeForm.REPORT_USED})
"""The forms that Appendix C does not have, in sentences of our own."""


class ActionKind(StrEnum):
    """What the creditor did; the last three are no adverse action."""

    DENIAL = "denial"
    COUNTEROFFER = "counteroffer"
    TERMINATION = "termination"
    UNFAVORABLE_CHANGE = "unfavorable_change"
    INCOMPLETENESS = "incompleteness"
    AT_APPLICATION = "at_application"
    APPROVAL = "approval"


class BusinessPath(StrEnum):
    """The rules a notice is given under.

    Source: 12 CFR 1002.9(a)(2), (a)(3)(i) and (a)(3)(ii).
    """

    CONSUMER = "consumer"
    BUSINESS_TO_ONE_MILLION = "business_to_one_million"
    BUSINESS_ABOVE_OR_TRADE = "business_above_or_trade"


class ReasonDisclosure(StrEnum):
    """How a form tells the applicant about reasons."""

    STATED = "stated"
    ON_REQUEST = "on_request"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormInfo:
    """What a form needs.

    Attributes:
        title: the heading of the notice.
        actions: the actions it may notify of.
        reasons: whether it states reasons or tells of the right to them.
        has_ecoa_notice: it carries the notice of 12 CFR 1002.9(b)(1).
        paths: the rules it may be used under.
    """

    title: str
    actions: frozenset[ActionKind]
    reasons: ReasonDisclosure
    has_ecoa_notice: bool
    paths: frozenset[BusinessPath]


ADVERSE_ACTIONS = frozenset(ActionKind) - {
    ActionKind.INCOMPLETENESS,
    ActionKind.AT_APPLICATION,
    ActionKind.APPROVAL,
}
"""The actions that call for the disclosures of section 615 of the Fair Credit Reporting Act."""

ACTION_DESCRIPTIONS: dict[ActionKind, tuple[str, ...]] = {
    ActionKind.DENIAL: (
        "Credit denied",
        "Application denied",
        "Request for a higher credit limit denied",
    ),
    ActionKind.COUNTEROFFER: ("Credit denied on the terms requested; other terms offered",),
    ActionKind.TERMINATION: ("Account closed", "Account suspended"),
    ActionKind.UNFAVORABLE_CHANGE: ("Account terms changed", "Credit limit lowered"),
    ActionKind.INCOMPLETENESS: ("Application incomplete; information requested",),
    ActionKind.AT_APPLICATION: ("Application received; no action taken yet",),
    ActionKind.APPROVAL: ("Credit approved", "Application approved"),
}
"""The descriptions of each action that a notice may print, the usual one first.

Source: comment 9-1: any words that describe the action taken may be used; these are ours.
"""


def has_outside_statement(form: NoticeForm, action: ActionKind) -> bool:
    """Returns whether a form has a place for section 615(b), where outside information was used.

    The right is that of the consumer who is refused credit. A guarantor is not, and would be given
    the nature of what others said about the applicant. Source: 15 USC 1681m(b)(1).
    """
    return action in ADVERSE_ACTIONS and form is not NoticeForm.REPORT_USED


_DENIALS = frozenset({ActionKind.DENIAL})
_ACCOUNTS = ADVERSE_ACTIONS - {ActionKind.COUNTEROFFER}
_ANY_PATH = frozenset(BusinessPath)
_BUSINESS = _ANY_PATH - {BusinessPath.CONSUMER}


def _form(
    title: str,
    actions: frozenset[ActionKind],
    *,
    reasons: ReasonDisclosure = ReasonDisclosure.STATED,
    has_ecoa_notice: bool = True,
    paths: frozenset[BusinessPath] = _ANY_PATH,
) -> FormInfo:
    return FormInfo(
        title=title, actions=actions, reasons=reasons, has_ecoa_notice=has_ecoa_notice, paths=paths
    )


FORMS: dict[NoticeForm, FormInfo] = {
    NoticeForm.C1: _form("Statement of Credit Denial, Termination or Change", _ACCOUNTS),
    NoticeForm.C2: _form("Notice of Action Taken and Statement of Reasons", _DENIALS),
    NoticeForm.C3: _form("Notice of Action Taken and Statement of Reasons", _DENIALS),
    NoticeForm.C4: _form(
        "Notice of Action Taken, Statement of Reasons and Counteroffer",
        frozenset({ActionKind.COUNTEROFFER}),
    ),
    NoticeForm.C5: _form(
        "Disclosure of Right To Request Specific Reasons for Credit Denial",
        _DENIALS,
        reasons=ReasonDisclosure.ON_REQUEST,
    ),
    NoticeForm.C6: _form(
        "Notice of Incomplete Application and Request for Additional Information",
        frozenset({ActionKind.INCOMPLETENESS}),
        reasons=ReasonDisclosure.NONE,
        has_ecoa_notice=False,
    ),
    NoticeForm.C7: _form(
        "Notice of Action Taken and Statement of Reasons", _DENIALS, paths=_BUSINESS
    ),
    NoticeForm.C8: _form(
        "Disclosure of Right To Request Specific Reasons for Credit Denial",
        frozenset({ActionKind.AT_APPLICATION}),
        reasons=ReasonDisclosure.ON_REQUEST,
        paths=frozenset({BusinessPath.BUSINESS_TO_ONE_MILLION}),
    ),
    NoticeForm.APPROVAL: _form(
        "Notice of Credit Approval",
        frozenset({ActionKind.APPROVAL}),
        reasons=ReasonDisclosure.NONE,
        has_ecoa_notice=False,
    ),
    NoticeForm.REPORT_USED: _form(
        "Notice of the Use of Your Consumer Report",
        ADVERSE_ACTIONS,
        reasons=ReasonDisclosure.NONE,
        has_ecoa_notice=False,
    ),
}
"""What each form needs. Source: 12 CFR 1002, Appendix C; comment 9(a)(3)-4 on business credit.

What 12 CFR 1002.9(a)(2) asks for beside the action taken belongs to adverse action on an
applicant's request, so that the forms of our own do without it.
"""
