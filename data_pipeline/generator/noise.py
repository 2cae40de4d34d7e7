"""Slips of the pen and of the scanner that leave every position of a synthetic text where it was.

Only letters change, never a figure, so whatever a text says can still be read from it.
"""

from dataclasses import dataclass
from random import Random

_SCANNED = str.maketrans("lOoSBIecu", "100581cev")
_LINE_WIDTH = 66


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How a family's texts are spoilt.

    Attributes:
        typos_per_1000: swapped neighbouring letters per 1,000 code points, on average.
        scanned_per_1000: letters misread by a scanner per 1,000 code points, on average.
        lower_share: share of texts without capitals.
        upper_share: share of texts in capitals.
        wraps: whether lines are broken at a fixed width.
    """

    typos_per_1000: float = 0.0
    scanned_per_1000: float = 0.0
    lower_share: float = 0.0
    upper_share: float = 0.0
    wraps: bool = False


def spoil(text: str, noise: Noise, random: Random) -> str:
    """Returns the text with slips; of the same length, figures untouched."""
    letters = list(text)
    _swap_letters(letters, random, rate=noise.typos_per_1000)
    _misread_letters(letters, random, rate=noise.scanned_per_1000)
    if noise.wraps:
        _wrap(letters)
    spoilt = "".join(letters)
    case = random.random()
    if case < noise.lower_share:
        return _same_length(spoilt, spoilt.lower())
    return _same_length(spoilt, spoilt.upper()) if case > 1 - noise.upper_share else spoilt


def _same_length(text: str, changed: str) -> str:
    return changed if len(changed) == len(text) else text


def _places(letters: list[str], random: Random, *, rate: float) -> list[int]:
    expected = rate * len(letters) / 1000
    number = int(expected) + (random.random() < expected % 1)
    return [random.randrange(1, len(letters) - 2) for _ in range(number) if len(letters) > 3]  # noqa: PLR2004


def _swap_letters(letters: list[str], random: Random, *, rate: float) -> None:
    for at in _places(letters, random, rate=rate):
        inside = letters[at - 1 : at + 3]
        if all(letter.isalpha() and letter.islower() for letter in inside):
            letters[at], letters[at + 1] = letters[at + 1], letters[at]


def _misread_letters(letters: list[str], random: Random, *, rate: float) -> None:
    for at in _places(letters, random, rate=rate):
        if letters[at].isalpha() and letters[at - 1].isalpha() and letters[at + 1].isalpha():
            letters[at] = letters[at].translate(_SCANNED)


def _wrap(letters: list[str]) -> None:
    last_space = start = -1
    for at, letter in enumerate(letters):
        if letter == "\n":
            start, last_space = at, -1
        elif letter == " ":
            last_space = at
        if at - start > _LINE_WIDTH and last_space > start:
            letters[last_space] = "\n"
            start, last_space = last_space, -1
