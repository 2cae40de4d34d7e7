"""The pieces that a notice is made of, whatever it is printed as."""

from dataclasses import dataclass
from enum import StrEnum


class BlockKind(StrEnum):
    """How a block is set."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LINES = "lines"
    ITEMS = "items"
    FIELDS = "fields"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a document.

    Attributes:
        kind: how it is set.
        lines: one text for a heading or paragraph; one for each line or item; for fields label
            and value by turns.
    """

    kind: BlockKind
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A notice as it is read, from the title down."""

    title: str
    language: str
    blocks: tuple[Block, ...]

    def texts(self) -> tuple[str, ...]:
        """Returns every text of the document in reading order, the title first."""
        return (self.title, *(line for block in self.blocks for line in block.lines))


def heading(text: str) -> Block:
    """Returns a heading inside the notice."""
    return Block(kind=BlockKind.HEADING, lines=(text,))


def paragraph(*sentences: str) -> Block:
    """Returns sentences as one paragraph."""
    return Block(kind=BlockKind.PARAGRAPH, lines=(" ".join(sentences),))


def lines(*texts: str) -> Block:
    """Returns lines that belong together, such as an address; empty ones are left out."""
    return Block(kind=BlockKind.LINES, lines=tuple(text for text in texts if text))


def items(texts: tuple[str, ...]) -> Block:
    """Returns a list of items."""
    return Block(kind=BlockKind.ITEMS, lines=texts)


def fields(*rows: tuple[str, str]) -> Block:
    """Returns rows of label and value."""
    return Block(kind=BlockKind.FIELDS, lines=tuple(text for row in rows for text in row))
