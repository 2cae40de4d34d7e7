"""Folds case and signs, so that patterns need not know how else a text can be written.

A pattern that ignores case has no first letter to look for and is tried at every position; one
matched against a folded text is tried only where its first letter stands. Signs that look alike
(a no-break hyphen, a minus, a thin space, a digit of full width) become the plain one, in place;
what cannot be seen, and a mark apart from its letter, is told by `seen_otherwise`.

Source: Unicode general categories Pd, Zs, Cf and Mn; Unicode Standard Annex 15 (NFC).
"""

import re
import unicodedata

_HYPHENS = "\u2010\u2011\u2012\u2212\ufe58\ufe63"
_SPACES = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PLAIN = _FULL_WIDTH | {ord(sign): "-" for sign in _HYPHENS} | {ord(sign): " " for sign in _SPACES}
_JOINING = re.compile(r"(?<=[0-9])[\u00ad\u2013-\u2015](?=[0-9])")
"""Dashes and soft hyphens that stand for a hyphen: those right between digits."""
_UNSEEN = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
_MARKS = "\u0300-\u036f"
_ODD = re.compile(
    rf"[^\W\d_][{_MARKS}]{{1,8}}[{_UNSEEN}]*|[^{_UNSEEN}](?<!\d(?=\u00ad\d))[{_UNSEEN}]+"
)


def fold(text: str) -> str:
    """Returns a text, as long as before, in lower case (ASCII only) with straight apostrophes."""
    # Bytes are lowered in one pass and only where they are ASCII; `str.lower` may change lengths.
    lowered = text.replace("\u2019", "'").encode("utf-8", "surrogatepass").lower()
    return lowered.decode("utf-8", "surrogatepass")


def level(text: str) -> str:
    """Returns a text, as long as before, with plain hyphens, spaces and digits."""
    if text.isascii():
        return text
    return _JOINING.sub("-", text.translate(_PLAIN))


def seen_otherwise(text: str) -> list[tuple[int, int, str]]:
    """Returns start, end and plain wording of what is longer than it looks.

    A character goes with the zero-width ones behind it, a letter with the marks that make one
    letter of it ("u" and a diaeresis).
    """
    if text.isascii():
        return []
    found = ((odd.start(), odd.end(), _composed(odd.group())) for odd in _ODD.finditer(text))
    return [edit for edit in found if len(edit[2]) < edit[1] - edit[0]]


def _composed(odd: str) -> str:
    return unicodedata.normalize("NFC", re.sub(f"[{_UNSEEN}]", "", odd))
