"""Reads the synthetic phrases of `wording/`: per register, templates by statement."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from data_pipeline.errors import DataError

_HEAD = "== "
_NEW_LINE = "¶"


class Register(StrEnum):
    """A way of speaking; one file of `wording/`."""

    PROSE = "prose"
    TERSE = "terse"
    SPOKEN = "spoken"
    FIELDS = "fields"
    DESK = "desk"


HELD_OUT_REGISTERS = frozenset({Register.DESK})
"""Registers that no training text uses."""


class WordingError(DataError, ValueError):
    """A file of phrases is not as `phrases` expects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Something that a text says.

    Attributes:
        name: which templates say it.
        subject: the facts it states; empty for what bears on no category.
    """

    name: str
    subject: str = ""


@cache
def phrases(register: Register) -> dict[str, tuple[str, ...]]:
    """Returns the templates of a register by statement; none is empty.

    Raises:
        WordingError: a line stands before the first statement, or a statement has no template.
    """
    source = files("data_pipeline.generator") / "wording" / f"{register}.txt"
    found: dict[str, list[str]] = {}
    name = ""
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.startswith(_HEAD):
            name = line.removeprefix(_HEAD).strip()
            found[name] = []
        elif line.strip() and not line.startswith("#"):
            if not name:
                raise WordingError(f"{register}.txt: expected `{_HEAD}name` before any template")
            found[name].append(line.replace(_NEW_LINE, "\n"))
    empty = [name for name, templates in found.items() if not templates]
    if empty:
        raise WordingError(f"{register}.txt: found no template for {', '.join(empty)}: add one")
    return {name: tuple(templates) for name, templates in found.items()}
