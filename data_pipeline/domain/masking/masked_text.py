"""A text after replacements, with the way back to the text before them."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A stretch of the original text and what stands for it.

    Attributes:
        start: first code point of the stretch in the original text.
        end: one past its last code point; always greater than `start`.
        masked_start: where the replacement starts in the masked text.
        wording: the placeholder or neutral words; never empty.
    """

    start: int
    end: int
    masked_start: int
    wording: str

    @property
    def masked_end(self) -> int:
        """One past the last code point of the replacement in the masked text."""
        return self.masked_start + len(self.wording)

    @property
    def is_placeholder(self) -> bool:
        """Tells that an identifier stood here, and no neutral wording says what it said."""
        return self.wording.startswith("[") and self.wording.endswith("]")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedText:
    """A text after masking, with the way back.

    Attributes:
        text: the masked text.
        original: the text as submitted.
        replacements: what was replaced, in order, without overlaps.
    """

    text: str
    original: str = field(repr=False)
    replacements: tuple[Replacement, ...] = field(default=(), repr=False)

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Maps a half-open span of `text` to the half-open span of `original` it stands for.

        Positions are code points. A span that touches a replacement covers the whole replaced
        stretch; an empty span inside one maps to the start of the stretch.

        Raises:
            ValueError: unless 0 <= start <= end <= len(text).
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(
                f"span {start}:{end} is outside the masked text of {len(self.text)} code points"
            )
        original_start = self._original_start(start)
        if start == end:
            return original_start, original_start
        return original_start, self._original_end(end)

    def _original_start(self, position: int) -> int:
        index = bisect_right(self.replacements, position, key=lambda r: r.masked_start) - 1
        if index < 0:
            return position
        last = self.replacements[index]
        return last.start if position < last.masked_end else last.end + position - last.masked_end

    def _original_end(self, position: int) -> int:
        index = bisect_left(self.replacements, position, key=lambda r: r.masked_start) - 1
        if index < 0:
            return position
        last = self.replacements[index]
        return last.end + max(0, position - last.masked_end)


def replaced(original: str, edits: Sequence[tuple[int, int, str]]) -> MaskedText:
    """Returns a text with stretches of it replaced.

    Args:
        original: the text.
        edits: start, end and wording of each stretch, in order and without overlaps.
    """
    pieces: list[str] = []
    replacements: list[Replacement] = []
    at = length = 0
    for start, end, wording in edits:
        pieces += (original[at:start], wording)
        length += start - at
        replacements.append(Replacement(start=start, end=end, masked_start=length, wording=wording))
        length += len(wording)
        at = end
    pieces.append(original[at:])
    return MaskedText(text="".join(pieces), original=original, replacements=tuple(replacements))
