"""What all letters of one decision have in common: the action they tell and the terms they offer.

The first letter that is drafted says both; each later one takes them over, until none is left.
"""

from serving.cases.case import Case
from serving.casework.desk import Desk
from serving.casework.errors import FactsError
from serving.casework.printing import is_letter, letter_of
from serving.notices.forms import ACTION_DESCRIPTIONS, ActionKind
from serving.notices.notice import AdverseActionNotice, Counteroffer

ACCOUNT_ACTIONS = frozenset({ActionKind.TERMINATION, ActionKind.UNFAVORABLE_CHANGE})
"""What may be done to an existing account."""


def agreed_action(desk: Desk, case: Case, asked: ActionKind | None) -> ActionKind | None:
    """Returns what was done to the account: what its letters tell, else what is asked for.

    Args:
        desk: where.
        case: the case.
        asked: the action to tell; None takes that of the letters there are.

    Raises:
        FactsError: a letter of the same decision, sent or in preparation, tells another action.
    """
    kinds = [notice.action.kind for notice in _letters(desk, case)]
    told = next((kind for kind in kinds if kind in ACCOUNT_ACTIONS), None)
    if told is not None and asked not in {None, told}:
        raise FactsError(
            field="account_action",
            found="another than a letter of this decision tells",
            expected=f"{told}, or none; to tell another, give that letter up or decide anew",
            clause="12 CFR 1002.9(a)(2)",
        )
    return asked or told


def agreed_description(
    desk: Desk, case: Case, asked: str | None, *, action: ActionKind
) -> str | None:
    """Returns the words for the action: those of the letters there are, else those asked for.

    Args:
        desk: where.
        case: the case.
        asked: one of `ACTION_DESCRIPTIONS`; None takes that of the letters there are.
        action: what the letter tells; an offer and the denial after it have words of their own.

    Raises:
        FactsError: the words do not describe the action, or a letter of the same decision, sent or
            in preparation, describes it otherwise.
    """
    allowed = ACTION_DESCRIPTIONS[action]
    if asked is not None and asked not in allowed:
        raise FactsError(
            field="action_description",
            found="words that do not describe the action",
            expected=f"one of: {'; '.join(allowed)}",
            clause="12 CFR 1002.9(a)(2)",
        )
    actions = [notice.action for notice in _letters(desk, case)]
    told = next((known.description for known in actions if known.kind is action), None)
    if told is not None and asked not in {None, told}:
        raise FactsError(
            field="action_description",
            found="other words than a letter of this decision has",
            expected=f"{told!r}, or none; to tell another, give that letter up or decide anew",
            clause="12 CFR 1002.9(a)(2)",
        )
    return asked or told


def agreed_offer(desk: Desk, case: Case, asked: Counteroffer | None) -> Counteroffer | None:
    """Returns what is offered instead: on the terms of the letters there are.

    Place and last day to accept may be other ones, for letters go out on several days.

    Args:
        desk: where.
        case: the case.
        asked: the offer to make; None takes that of the letters there are.

    Raises:
        FactsError: a letter of the same decision, sent or in preparation, offers other terms.
    """
    offers = [notice.counteroffer for notice in _letters(desk, case)]
    made = next((offer for offer in offers if offer is not None), None)
    if made is not None and asked is not None and made.terms != asked.terms:
        raise FactsError(
            field="counteroffer.terms",
            found="other terms than a letter of this decision offers",
            expected="the same, or none; to offer others, give that letter up or decide anew",
            clause="12 CFR 1002.9(a)(1)(i), comment 9(a)(1)-6",
        )
    return asked or made


def _letters(desk: Desk, case: Case) -> list[AdverseActionNotice]:
    """Every letter on the decision in force, sent or in preparation."""
    if case.decision is None:
        return []
    drafts = [*(sent.draft for sent in case.sent), *(left.draft for left in case.preparing)]
    of_it = [d.notice_id for d in drafts if d.decision_id == case.decision.decision_id]
    kept = [desk.storage.cases.notice(notice_id) for notice_id in of_it]
    return [letter_of(notice).notice for notice in kept if is_letter(notice)]
