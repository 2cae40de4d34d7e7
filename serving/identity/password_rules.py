"""Which passwords are taken.

Source: NIST SP 800-63B-4, section 3.1.1.2: at least 15 characters where nothing else is asked for,
any characters, normalised, no rules of composition.
"""

import unicodedata

LEAST_CHARACTERS = 15
"""The fewest characters of a password, code points after normalisation."""

MOST_CHARACTERS = 256
"""The most; more would only make the server work."""

_LEAST_DIFFERENT = 6


def normalised(password: str) -> str:
    """Returns a password as it is hashed: the same however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password)


def unusable_password(password: str, *, person_id: str) -> str | None:
    """Returns why a password is not taken, in a sentence without it; None where it is.

    Args:
        password: the password as typed.
        person_id: whose it is to be.
    """
    text = normalised(password)
    if not LEAST_CHARACTERS <= len(text) <= MOST_CHARACTERS:
        return (
            f"the new password has {len(text)} characters: expected {LEAST_CHARACTERS} to "
            f"{MOST_CHARACTERS}, for example four or five unrelated words; choose another"
        )
    if len(set(text.casefold())) < _LEAST_DIFFERENT or _is_repeated(text.casefold()):
        return (
            f"the new password repeats itself: expected at least {_LEAST_DIFFERENT} different "
            "characters, and not one piece again and again; choose another"
        )
    if person_id.casefold() in text.casefold() or "wherefore" in text.casefold():
        return (
            "the new password holds the person's id or the name of this program: expected neither; "
            "choose another"
        )
    return None


def _is_repeated(text: str) -> bool:
    # A text made of one piece lies in its double, the ends taken off.
    return text in (text + text)[1:-1]
