"""The characters that a notice can print: Latin letters with their marks, and what stands by them.

All of them are in the fonts that the typesetter brings along, which a test has it print. Of other
letters those fonts hold some too, but the checks of wording read Latin ones.
"""

import unicodedata

_RANGES = (
    range(0x0020, 0x007F),
    range(0x00A0, 0x00AD),
    range(0x00AE, 0x0370),  # to the end of the modifier letters and of the combining marks
    range(0x1E00, 0x1F00),
    range(0x2000, 0x200B),  # spaces
    range(0x2010, 0x2028),  # hyphens, dashes, quotes, bullets
    range(0x202F, 0x2041),
    range(0x2044, 0x2045),
    range(0x20A0, 0x20C1),  # currencies
    range(0x2116, 0x2117),
    range(0x2122, 0x2123),
    range(0x2150, 0x2152),  # fractions
    range(0x2153, 0x215F),
    range(0x2212, 0x2213),
)
PRINTABLE = frozenset(chr(code) for codes in _RANGES for code in codes)
"""Every character that a notice can print."""


def is_printable(text: str) -> bool:
    """Returns whether a notice can print a text."""
    return PRINTABLE.issuperset(text)


def composed(text: str) -> str:
    """Returns a text with each letter and its marks as one character where there is one (NFC).

    What is typed on one machine as two characters and on another as one is then the same text.
    """
    return unicodedata.normalize("NFC", text)
