"""What all letters of one decision have in common: the action they tell and the terms they offer.

The first letter that is drafted says both; each later one takes them over, until none is left.
"""

from collections.abc import Sequence

from serving.cases.case import Case
from serving.casework.desk import Desk
from serving.casework.errors import FactsError
from serving.casework.printing import is_letter, letter_of
from serving.notices.forms import ACTION_DESCRIPTIONS, ActionKind
from serving.notices.notice import AdverseActionNotice, Counteroffer

ACCOUNT_ACTIONS = frozenset({ActionKind.TERMINATION, ActionKind.UNFAVORABLE_CHANGE})
"""What may be done to an existing account."""


Letters = Sequence[AdverseActionNotice]
"""The letters on one decision."""


def letters_on(desk: Desk, case: Case) -> Letters:
    """Returns every letter on the decision in force, sent or in preparation."""
    if case.decision is None:
        return []
    drafts = [*(sent.draft for sent in case.sent), *(left.draft for left in case.preparing)]
    of_it = [d.notice_id for d in drafts if d.decision_id == case.decision.decision_id]
    kept = [desk.storage.cases.notice(notice_id) for notice_id in of_it]
    return [letter_of(notice).notice for notice in kept if is_letter(notice)]


def agreed_action(letters: Letters, asked: ActionKind | None) -> ActionKind | None:
    """Returns what was done to the account: what its letters tell, else what is asked for.

    Args:
        letters: see `letters_on`.
        asked: the action to tell; None takes that of the letters there are.

    Raises:
        FactsError: a letter of the same decision, sent or in preparation, tells another action.
    """
    kinds = [notice.action.kind for notice in letters]
    told = next((kind for kind in kinds if kind in ACCOUNT_ACTIONS), None)
    if told is not None and asked not in {None, told}:
        raise _told_otherwise(
            "account_action", "another than a letter of this decision tells", told
        )
    return asked or told


def agreed_description(letters: Letters, asked: str | None, *, action: ActionKind) -> str | None:
    """Returns the words for the action: those of the letters there are, else those asked for.

    Args:
        letters: see `letters_on`.
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
    actions = [notice.action for notice in letters]
    told = next((known.description for known in actions if known.kind is action), None)
    if told is not None and asked not in {None, told}:
        found = "other words than a letter of this decision has"
        raise _told_otherwise("action_description", found, repr(told))
    return asked or told


def agreed_offer(letters: Letters, asked: Counteroffer | None) -> Counteroffer | None:
    """Returns what is offered instead: on the terms of the letters there are.

    Place and last day to accept may be other ones, for letters go out on several days.

    Args:
        letters: see `letters_on`.
        asked: the offer to make; None takes that of the letters there are.

    Raises:
        FactsError: a letter of the same decision, sent or in preparation, offers other terms.
    """
    offers = [notice.counteroffer for notice in letters]
    made = next((offer for offer in offers if offer is not None), None)
    if made is not None and asked is not None and made.terms != asked.terms:
        raise FactsError(
            field="counteroffer.terms",
            found="other terms than a letter of this decision offers",
            expected="the same, or none; to offer others, give that letter up or decide anew",
            clause="12 CFR 1002.9(a)(1)(i), comment 9(a)(1)-6",
        )
    return asked or made


def _told_otherwise(field: str, found: str, told: str) -> FactsError:
    return FactsError(
        field=field,
        found=found,
        expected=f"{told}, or none; to tell another, give that letter up or decide anew",
        clause="12 CFR 1002.9(a)(2)",
    )
