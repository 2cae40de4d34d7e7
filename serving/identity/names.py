"""The ids of people and of programs, which records and logs carry."""

import re

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")

ID_FORM = "lower-case letters, digits, dots, dashes and underscores, 63 at most"
"""What an id consists of, for people to read."""


def is_usable_id(text: str) -> bool:
    """Returns whether a text has the form of an id."""
    return bool(_ID.fullmatch(text))
