"""What `wherefore notice draft` takes, and the draft that it makes of it."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from serving.casework.drafting import Draft
    from serving.notices.forms import ActionKind, NoticeForm
    from serving.notices.notice import Counteroffer, Term


class Way(StrEnum):
    """How a letter is to go; the same words as `serving.notices.notice.Channel`."""

    POSTAL = "postal"
    IN_PERSON = "in_person"
    ELECTRONIC = "electronic"


FormOption = Annotated[
    str | None, typer.Option(help="C-1 to C-7 or APPROVAL.", show_default="the usual one")
]
ConsumerOption = Annotated[
    str | None,
    typer.Option(help="Id of one recipient.", show_default="everybody who is owed one"),
]
TermOption = Annotated[
    list[str] | None,
    typer.Option(metavar="LABEL=VALUE", help="A term offered instead, on form C-4."),
]
AcceptOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LINE", help="Where to accept the offer.", show_default="the creditor's address"
    ),
]
ItemOption = Annotated[
    list[str] | None, typer.Option(metavar="TEXT", help="An item that form C-6 asks for.")
]
RespondOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Last day to accept the offer, or to send the items."),
]
ContactOption = Annotated[
    str | None,
    typer.Option(help="The office that gives reasons, on form C-5.", show_default="the creditor"),
]
ActionOption = Annotated[
    str | None, typer.Option(help="Of an account: termination or unfavorable_change.")
]
DescriptionOption = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="The action in other words, such as 'Account suspended'.",
        show_default="the usual ones",
    ),
]
WayOption = Annotated[Way, typer.Option(help="How the letter is to go.")]


def make_draft(
    *,
    form: str | None,
    consumer: str | None,
    terms: Sequence[str],
    accept_at: Sequence[str],
    items: Sequence[str],
    respond_by: datetime | None,
    contact: str | None,
    account_action: str | None,
    action_description: str | None,
    way: Way,
) -> "Draft":
    """Returns what is to be drafted.

    Raises:
        FactsError: a form, an action or a term is not one.
    """
    from serving.casework.drafting import Draft  # noqa: PLC0415
    from serving.notices.notice import Channel  # noqa: PLC0415

    day = respond_by.date() if respond_by else None
    offer = _offer(terms, accept_at, day)
    return Draft(
        form=_form(form),
        consumer_id=consumer,
        channel=Channel(way.value),
        missing_items=tuple(items),
        respond_by=None if offer else day,
        counteroffer=offer,
        reasons_contact=contact,
        account_action=_action(account_action),
        action_description=action_description,
    )


def _form(name: str | None) -> "NoticeForm | None":
    from serving.casework.errors import FactsError  # noqa: PLC0415
    from serving.notices.forms import NoticeForm  # noqa: PLC0415

    if name is None:
        return None
    if name.upper() not in set(NoticeForm):
        raise FactsError(
            field="--form",
            found="no form of this name",
            expected=f"one of {', '.join(NoticeForm)}",
            clause="12 CFR 1002, Appendix C",
        )
    return NoticeForm(name.upper())


def _action(name: str | None) -> "ActionKind | None":
    from serving.casework.errors import FactsError  # noqa: PLC0415
    from serving.notices.forms import ActionKind  # noqa: PLC0415

    if name is None:
        return None
    if name not in {ActionKind.TERMINATION, ActionKind.UNFAVORABLE_CHANGE}:
        raise FactsError(
            field="--account-action",
            found="no action of this name",
            expected="termination or unfavorable_change",
            clause="12 CFR 1002.2(c)(1)",
        )
    return ActionKind(name)


def _offer(
    terms: Sequence[str], accept_at: Sequence[str], respond_by: date | None
) -> "Counteroffer | None":
    from serving.casework.errors import FactsError  # noqa: PLC0415
    from serving.notices.notice import Counteroffer  # noqa: PLC0415

    if not terms and accept_at:
        raise FactsError(
            field="--accept-at",
            found="a place to accept an offer without terms",
            expected="--term LABEL=VALUE for each term offered",
            clause="12 CFR 1002, Appendix C, form C-4",
        )
    if not terms:
        return None
    return Counteroffer(
        terms=tuple(map(_term, terms)), accept_at_lines=tuple(accept_at), respond_by=respond_by
    )


def _term(given: str) -> "Term":
    from serving.casework.errors import FactsError  # noqa: PLC0415
    from serving.notices.notice import Term  # noqa: PLC0415

    label, equals, value = given.partition("=")
    if not equals or not label.strip() or not value.strip():
        raise FactsError(
            field="--term",
            found="no label and value",
            expected="LABEL=VALUE, such as Amount=$12,000.00",
            clause="12 CFR 1002, Appendix C, form C-4",
        )
    return Term(label=label.strip(), value=value.strip())
