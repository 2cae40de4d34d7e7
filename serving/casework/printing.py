"""A letter as bytes: seen before its release, kept with it, and made again from its record."""

import hashlib
from enum import StrEnum

from serving.cases.store import StoredNotice
from serving.casework.desk import Desk
from serving.casework.errors import NoLetterError, RegenerationError
from serving.notices.case_file import NoticeCase, dump_case, parse_case
from serving.notices.notice import AdverseActionNotice
from serving.notices.render import render_html, render_pdf, render_text
from serving.notices.templates_digest import templates_sha256

APPROVAL, OFFER = b'{"approval":', b'{"counteroffer":'
"""How the content of a notice begins that records what was told without a letter of ours."""


class Rendering(StrEnum):
    """What a letter is printed as, by media type."""

    PDF = "application/pdf"
    HTML = "text/html"
    TEXT = "text/plain"


def preview(desk: Desk, notice_id: str, kind: Rendering) -> bytes:
    """Returns a letter as it looks, or as it was released.

    Raises:
        UnknownNoticeError, NoLetterError: there is no such letter.
        RenderError: a part that the form prints is missing.
    """
    kept = desk.storage.cases.notice(notice_id)
    stored = kept.content.renderings.get(kind.value)
    return stored if stored is not None else render(letter_of(kept).notice, kind)


def regenerate(desk: Desk, notice_id: str, kind: Rendering) -> bytes:
    """Makes a released letter again from its record and compares it with what was released.

    Raises:
        RegenerationError: it was never released, the templates are others now, or a byte differs.

    Source: 12 CFR 1002.12(b), comment 12(b)-1.
    """
    kept = desk.storage.cases.notice(notice_id)
    released = kept.content.renderings.get(kind.value)
    if released is None:
        raise RegenerationError(media_type=kind.value, found="a notice that was not released")
    notice = letter_of(kept).notice
    if notice.layout.templates_sha256 != templates_sha256(notice.form):
        raise RegenerationError(media_type=kind.value, found="templates of another version")
    made = render(notice, kind)
    if hashlib.sha256(made).digest() != hashlib.sha256(released).digest():
        raise RegenerationError(media_type=kind.value, found="other bytes")
    return made


def render(notice: AdverseActionNotice, kind: Rendering) -> bytes:
    """Returns the bytes of a letter."""
    match kind:
        case Rendering.PDF:
            return render_pdf(notice)
        case Rendering.HTML:
            return render_html(notice).encode()
        case Rendering.TEXT:
            return render_text(notice).encode()


def is_letter(kept: StoredNotice) -> bool:
    """Returns whether a notice is a letter; approvals and offers may be told in other words."""
    return not kept.content.content.startswith((APPROVAL, OFFER))


def letter_of(kept: StoredNotice) -> NoticeCase:
    """Returns the letter and its facts as drafted. Raises NoLetterError where there is none."""
    if not is_letter(kept):
        raise NoLetterError
    return parse_case(kept.content.content)


def letter_json(case: NoticeCase) -> str:
    """Returns the JSON text of a letter and its facts, as the command takes it."""
    return dump_case(case)
