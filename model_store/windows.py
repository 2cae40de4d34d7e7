"""Texts as token ids, and token windows: how a text longer than the encoder's limit is read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tokenizers import Tokenizer

from model_store.errors import ArtifactMismatchError
from model_store.figure_tokens import FigureRanges

MAX_WINDOW_TOKENS = 512
"""Tokens of one window, the two markers included."""

WINDOW_OVERLAP_TOKENS = 128
"""Tokens that a window shares with the one before it."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizedText:
    """A text as token ids.

    Attributes:
        ids: token ids without markers.
        offsets: for each id, the half-open stretch of the text it stands for, in code points; that
            of a figure's token is the number before it.
        derived: of each token of a figure that follows from other numbers, by its position, the
            stretches of these.
    """

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    derived: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of a tokenized text that the encoder reads at once.

    Attributes:
        ids: token ids, with the first-token and the end marker.
        start: position in the text of the first token after the marker.
    """

    ids: tuple[int, ...]
    start: int

    @property
    def num_text_tokens(self) -> int:
        """Tokens of the text in this window, markers left out."""
        return len(self.ids) - 2


class TextTokenizer:
    """A RoBERTa tokenizer that keeps offsets, and puts the sizes of figures behind them.

    Attributes:
        figures: the ranges of the figures' tokens, whose ids are those behind the vocabulary's.
        num_words: token ids of the vocabulary itself.
    """

    def __init__(self, tokenizer: Tokenizer, *, figures: FigureRanges | None = None) -> None:
        """Wraps a tokenizer of the `tokenizers` library.

        Args:
            tokenizer: the tokenizer.
            figures: the ranges of figures; None for no tokens of figures.

        Raises:
            ArtifactMismatchError: the tokenizer lacks one of RoBERTa's special tokens.
        """
        tokenizer.no_truncation()
        tokenizer.no_padding()
        # An applicant who writes "<pad>" means five characters.
        tokenizer.encode_special_tokens = True
        self._tokenizer = tokenizer
        self.figures = FigureRanges() if figures is None else figures
        self.num_words = max(tokenizer.get_vocab().values()) + 1
        self.first_id = self._special("<s>")
        self.end_id = self._special("</s>")
        self.padding_id = self._special("<pad>")
        self.mask_id = self._special("<mask>")

    @classmethod
    def from_file(cls, path: Path, *, figures: FigureRanges | None = None) -> "TextTokenizer":
        """Reads a `tokenizer.json`."""
        return cls(Tokenizer.from_file(str(path)), figures=figures)

    def with_figures(self, figures: FigureRanges) -> "TextTokenizer":
        """Returns the same tokenizer with other tokens of figures."""
        return TextTokenizer(self._tokenizer, figures=figures)

    @property
    def vocabulary_size(self) -> int:
        """One more than the largest token id, the figures' included."""
        return self.num_words + self.figures.num_tokens

    def to_json(self) -> str:
        """Returns the content of a `tokenizer.json`."""
        content: str = self._tokenizer.to_str()
        return content

    def encode(self, texts: Sequence[str]) -> list[TokenizedText]:
        """Tokenizes texts of any content, each on its own, in order.

        The names of special tokens are read as plain text, lone surrogates as U+FFFD.
        """
        readable = [_LONE_SURROGATE.sub("\ufffd", text) for text in texts]
        encodings = self._tokenizer.encode_batch(readable, add_special_tokens=False)
        return [
            self._with_figures(text, e.ids, e.offsets)
            for text, e in zip(readable, encodings, strict=True)
        ]

    def windows(self, ids: Sequence[int]) -> list[Window]:
        """Splits token ids into overlapping windows; at least one, also for no ids at all."""
        return [
            Window(ids=(self.first_id, *ids[start:stop], self.end_id), start=start)
            for start, stop in window_bounds(len(ids))
        ]

    def _with_figures(
        self, text: str, ids: list[int], offsets: list[tuple[int, int]]
    ) -> TokenizedText:
        """Puts the token of each figure behind the last token of its number."""
        at = 0
        merged_ids, merged_offsets = list[int](), list[tuple[int, int]]()
        derived = dict[int, tuple[tuple[int, int], ...]]()
        for figure, number in self.figures.tokens_of(text):
            begin = at
            while at < len(ids) and offsets[at][0] < figure.end:
                at += 1
            merged_ids += [*ids[begin:at], self.num_words + number]
            merged_offsets += [*offsets[begin:at], (figure.start, figure.end)]
            if figure.parts:
                derived[len(merged_ids) - 1] = figure.parts
        return TokenizedText(
            ids=(*merged_ids, *ids[at:]),
            offsets=(*merged_offsets, *offsets[at:]),
            derived=derived,
        )

    def _special(self, token: str) -> int:
        token_id = self._tokenizer.token_to_id(token)
        if token_id is None:
            raise ArtifactMismatchError(
                f"the tokenizer has no token {token!r}: expected a RoBERTa tokenizer"
            )
        return int(token_id)


def window_bounds(
    num_tokens: int,
    *,
    max_window_tokens: int = MAX_WINDOW_TOKENS,
    overlap_tokens: int = WINDOW_OVERLAP_TOKENS,
) -> Iterator[tuple[int, int]]:
    """Yields the half-open token stretches of the windows of a text.

    The last window ends with the text and is moved back to full length, so that a late fact is
    never read with little context.

    Args:
        num_tokens: tokens of the text, markers left out.
        max_window_tokens: tokens of a window, markers included.
        overlap_tokens: tokens shared by neighbours (more, for the last window).
    """
    room = max_window_tokens - 2
    start = 0
    while start + room < num_tokens:
        yield start, start + room
        start += room - overlap_tokens
    yield max(0, min(start, num_tokens - room)), num_tokens
