"""The version of the templates: a digest over their files."""

import hashlib
from functools import cache
from importlib.resources import files

TEMPLATE_NAMES = ("notice.html.jinja", "notice.typ")


def template_text(name: str) -> str:
    """Returns the source of a shipped template, one of `TEMPLATE_NAMES`."""
    return (files("serving.notices") / "templates" / name).read_text(encoding="utf-8")


@cache
def templates_sha256() -> str:
    """Returns the SHA-256 over all templates and the wordings they print, as hexadecimal."""
    digest = hashlib.sha256()
    for name in TEMPLATE_NAMES:
        digest.update(f"{name}\n{template_text(name)}\0".encode())
    wordings = (files("serving.notices") / "data" / "wordings.toml").read_bytes()
    return hashlib.sha256(digest.digest() + wordings).hexdigest()
