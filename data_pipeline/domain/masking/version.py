"""The version of the masker: a digest of all words, rules and patterns it finds things by.

They are looked up in the modules themselves, so that none of them can be left out.
"""

import hashlib
import re
from collections.abc import Iterator
from types import ModuleType

from data_pipeline.domain.masking import (
    account_rules,
    accounts,
    addresses,
    broad_cues,
    broad_names,
    calendar_dates,
    column_names,
    cued_numbers,
    dates,
    folding,
    formatted,
    initial_names,
    known_names,
    listed_names,
    lone_names,
    loose_addresses,
    loose_dates,
    masked_text,
    masker,
    name_context,
    name_cues,
    name_forms,
    name_heads,
    name_lists,
    name_persons,
    names,
    number_shapes,
    numbers,
    patterns,
    reversed_names,
    tables,
    titled_names,
)
from data_pipeline.domain.prohibited_bases import GROUPS

MODULES = (
    account_rules, accounts, addresses, broad_cues, broad_names, calendar_dates, column_names,
    cued_numbers, dates, folding, formatted, initial_names, known_names, listed_names, lone_names,
    loose_addresses, loose_dates, masked_text, masker, name_context, name_cues, name_forms,
    name_heads, name_lists, name_persons, names, number_shapes, numbers, patterns, reversed_names,
    tables, titled_names,
)  # fmt: skip
"""Whatever stands in one of these by a name is in the version."""

_MAJOR = 5


def told_by(module: ModuleType) -> Iterator[str]:
    """Yields the words, rules and patterns of a module, in the order of their names."""
    for name, value in sorted(vars(module).items()):
        if name.startswith("__"):
            continue
        if isinstance(value, frozenset):
            # The long lists, wherever they are imported, are in the digest of their files.
            if name not in vars(name_lists):
                yield " ".join(sorted(value))
        else:
            yield from _forms(value)


def _forms(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, re.Pattern):
        yield f"{value.flags}|{value.pattern}"
    elif isinstance(value, patterns.ContextRule):
        yield f"{value.heads}|{value.pattern}|{value.placeholder}|{value.cased}"
    elif isinstance(value, dict):
        yield from _forms(tuple(value.values()))
    elif isinstance(value, tuple):
        for part in value:
            yield "".join(_forms(part))


def _fingerprint() -> str:
    parts = [name_lists.LISTS_DIGEST, *map(repr, GROUPS)]
    parts += [part for module in MODULES for part in told_by(module)]
    return f"{_MAJOR}-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:12]}"


MASKING_VERSION: str = _fingerprint()
"""Version of the masker: a major number, raised when its code changes what it gives back, and a
digest of words, rules and patterns."""
