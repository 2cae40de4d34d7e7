"""The version of the templates: a digest over their files."""

import hashlib
from functools import cache
from importlib.resources import files

from serving.notices.forms import OWN_FORMS, NoticeForm

TEMPLATE_NAMES = ("notice.html.jinja", "notice.typ")


def template_text(name: str) -> str:
    """Returns the source of a shipped template, one of `TEMPLATE_NAMES`."""
    return (files("serving.notices") / "templates" / name).read_text(encoding="utf-8")


@cache
def templates_sha256(form: NoticeForm = NoticeForm.C1) -> str:
    """Returns the SHA-256 over all templates and the wordings that a form prints, as hexadecimal.

    The sample forms share one: our own sentences belong to the forms of our own alone.
    """
    digest = hashlib.sha256()
    for name in TEMPLATE_NAMES:
        digest.update(f"{name}\n{template_text(name)}\0".encode())
    printed = digest.digest() + _data("wordings.toml")
    printed += _data("own_wordings.toml") if form in OWN_FORMS else b""
    return hashlib.sha256(printed).hexdigest()


def _data(name: str) -> bytes:
    return (files("serving.notices") / "data" / name).read_bytes()
