"""Phrase grammars: templates with alternatives, slots and marked stretches, written onto a page.

A template reads like the text it makes::

    [Back-end|Total] ratio <O:{back_ratio}>[, cap {max_back_ratio}|]

`[a|b|]` is a choice between alternatives, an empty one among them; `{name}` a slot, the end of
whose name says how it is written (`figures`), `{name:noun}` a count with its noun; `<O:...>` marks
a stretch that carries the category with the letter O. Everything nests.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from data_pipeline.errors import DataError
from data_pipeline.generator.figures import FORMATS, Figures

CATEGORY_LETTERS: dict[str, DenialCategory] = dict(zip("IOEPRLQCFVMX", CATEGORIES, strict=True))
"""The letter that marks each category in a template."""


class TemplateError(DataError, ValueError):
    """A template cannot be read; the message quotes it, as templates hold nobody's data."""

    def __init__(self, template: str, problem: str) -> None:
        """Says what is wrong with which template."""
        super().__init__(f"template {template!r}: {problem}")


@dataclass(frozen=True, slots=True)
class Slot:
    """A value to be written.

    Attributes:
        name: key of the value; its last part names the format.
        noun: word to be counted; empty for none.
        format: how to write it.
    """

    name: str
    noun: str
    format: Callable[[Figures, float], str] | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, each as likely as the others."""

    options: tuple["Nodes", ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch that carries a category."""

    category: DenialCategory
    nodes: "Nodes"


Nodes = tuple[str | Slot | Choice | Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedMark:
    """Where a marked stretch came to stand.

    Attributes:
        start: first code point.
        end: one past the last.
        category: what it carries.
        subject: the facts it states.
    """

    start: int
    end: int
    category: DenialCategory
    subject: str


class Page:
    """A text under construction that knows where its marks stand.

    Attributes:
        values: what slots are filled with, by name.
        figures: how figures are written.
        random: source of choices.
        length: code points written so far.
        marks: stretches marked so far, in order of their ends.
    """

    __slots__ = ("_parts", "_subject", "figures", "length", "marks", "random", "values")

    def __init__(
        self, *, values: Mapping[str, float | str], figures: Figures, random: Random
    ) -> None:
        """Starts with an empty text."""
        self.values = values
        self.figures = figures
        self.random = random
        self.length = 0
        self.marks: list[PlacedMark] = []
        self._parts: list[str] = []
        self._subject = ""

    @property
    def text(self) -> str:
        """What has been written."""
        return "".join(self._parts)

    @property
    def last(self) -> str:
        """The last piece written; empty on an empty page."""
        return self._parts[-1] if self._parts else ""

    def write(self, text: str) -> None:
        """Writes a text as it is."""
        self._parts.append(text)
        self.length += len(text)

    def expand(self, template: str, *, subject: str = "") -> None:
        """Writes one of the texts that a template allows.

        Args:
            template: see the module.
            subject: facts that the marks in it state.

        Raises:
            TemplateError: the template cannot be read.
            KeyError: a slot has no value.
        """
        self._subject = subject
        self._expand(compile_template(template))

    def pick(self, options: Sequence[str]) -> str:
        """Returns one of the options."""
        return options[int(self.random.random() * len(options))]

    def _expand(self, nodes: Nodes) -> None:
        for node in nodes:
            kind = type(node)
            if kind is str:
                self.write(node)  # type: ignore[arg-type]
            elif kind is Slot:
                self.write(self._filled(node))  # type: ignore[arg-type]
            elif kind is Choice:
                options = node.options  # type: ignore[union-attr]
                self._expand(options[int(self.random.random() * len(options))])
            else:
                start = self.length
                self._expand(node.nodes)  # type: ignore[union-attr]
                self._mark(start, node.category)  # type: ignore[union-attr]

    def _mark(self, start: int, category: DenialCategory) -> None:
        self.marks.append(
            PlacedMark(start=start, end=self.length, category=category, subject=self._subject)
        )

    def _filled(self, slot: Slot) -> str:
        value = self.values[slot.name]
        if slot.format is None:
            return str(value)
        assert not isinstance(value, str)  # noqa: S101  (narrows the type)
        text = slot.format(self.figures, value)
        if not slot.noun:
            return text
        return f"{text} {slot.noun}" if value == 1 else f"{text} {slot.noun}s"


@cache
def compile_template(template: str) -> Nodes:
    """Returns the parts of a template.

    Raises:
        TemplateError: brackets do not match, or a letter or format is unknown.
    """
    nodes, end = _read(template, 0, closing="")
    if end != len(template):
        raise TemplateError(template, f"found {template[end]!r} at {end} without its beginning")
    return nodes


def _read(template: str, at: int, *, closing: str) -> tuple[Nodes, int]:
    """Reads up to any of the closing characters; returns the nodes and where it stopped."""
    nodes: list[str | Slot | Choice | Mark] = []
    while at < len(template) and template[at] not in "]|>}":
        if template[at] == "[":
            choice, at = _read_choice(template, at + 1)
            nodes.append(choice)
        elif template[at] == "<":
            mark, at = _read_mark(template, at + 1)
            nodes.append(mark)
        elif template[at] == "{":
            slot, at = _read_slot(template, at + 1)
            nodes.append(slot)
        else:
            end = at
            while end < len(template) and template[end] not in "[]<>{}|":
                end += 1
            nodes.append(template[at:end])
            at = end
    if closing and (at >= len(template) or template[at] not in closing):
        raise TemplateError(template, f"expected one of {closing!r} at {at}")
    return tuple(nodes), at


def _read_choice(template: str, at: int) -> tuple[Choice, int]:
    options = []
    while True:
        nodes, at = _read(template, at, closing="|]")
        options.append(nodes)
        at += 1
        if template[at - 1] == "]":
            return Choice(tuple(options)), at


def _read_mark(template: str, at: int) -> tuple[Mark, int]:
    letter = template[at : at + 1]
    if letter not in CATEGORY_LETTERS or template[at + 1 : at + 2] != ":":
        raise TemplateError(template, f"expected a category letter and a colon at {at}")
    nodes, end = _read(template, at + 2, closing=">")
    return Mark(CATEGORY_LETTERS[letter], nodes), end + 1


def _read_slot(template: str, at: int) -> tuple[Slot, int]:
    end = template.find("}", at)
    if end < 0:
        raise TemplateError(template, f"expected '}}' after {at}")
    name, _, noun = template[at:end].partition(":")
    return Slot(name, noun, FORMATS.get(name.rpartition("_")[2])), end + 1
