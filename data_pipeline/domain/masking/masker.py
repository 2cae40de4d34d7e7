"""The one masker: personal identifiers and prohibited-basis words, out; every position, mapped.

Training, evaluation and serving all read text through `mask`. Identifiers become typed
placeholders such as `[SSN]`; words that state a prohibited basis become neutral ones, never
nothing. Amounts, ratios, scores, dates, cities, employers and products stay: they are the reasons.

Where things come from: bases and words in `prohibited_bases`, each group with its source;
identifier formats in `masking.formatted` and `masking.patterns`.

A pass looks at each word once and tries only the rules that start with it, so the time is linear
in the length of the text. Masking one thing may bring another into view; passes repeat until
nothing changes, at most `_MAX_PASSES` times.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from data_pipeline.domain.masking import names, patterns
from data_pipeline.domain.masking.account_rules import ACCOUNT_RULES
from data_pipeline.domain.masking.accounts import find_accounts
from data_pipeline.domain.masking.addresses import ADDRESS_RULES, find_addresses
from data_pipeline.domain.masking.cued_numbers import CUED_RULES
from data_pipeline.domain.masking.dates import DATE_RULES, find_birth_dates
from data_pipeline.domain.masking.folding import fold, level, seen_otherwise
from data_pipeline.domain.masking.formatted import find_formatted
from data_pipeline.domain.masking.loose_addresses import SPOKEN_RULES, find_loose_addresses
from data_pipeline.domain.masking.loose_dates import find_loose_dates
from data_pipeline.domain.masking.masked_text import MaskedText, replaced
from data_pipeline.domain.masking.number_shapes import find_by_shape
from data_pipeline.domain.masking.numbers import (
    find_bare_numbers,
    find_numbers,
    straightened,
)
from data_pipeline.domain.masking.reversed_names import find_reversed_names
from data_pipeline.domain.masking.tables import find_in_tables
from data_pipeline.domain.prohibited_bases import GROUPS, WordRule
from data_pipeline.domain.rendering import field_lines

_MAX_PASSES = 8
_WORD = re.compile(r"\w+")
_GAP = r"(?:\s{1,3}|-)"  # what `~` means in the word tables


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    pattern: re.Pattern[str]
    neutral: str
    context: patterns.ContextRule | None
    cased: bool
    partial: bool

    def wording(self, found: str) -> str | None:
        if self.context is None:
            return self.neutral if self.cased else _with_capitals(self.neutral, found)
        if self.context.classify is not None:
            return self.context.classify(found)
        return self.context.placeholder


_Hit = tuple[int, int, str]
_FINDERS: tuple[Callable[[str], Iterator[_Hit]], ...] = (
    find_numbers,
    find_bare_numbers,
    find_birth_dates,
    find_addresses,
    find_accounts,
    find_in_tables,
    find_by_shape,
    find_loose_addresses,
    find_loose_dates,
)


def mask(text: str) -> MaskedText:
    """Masks a text of any content and length.

    Never raises on a string. Masking a masked text changes nothing; a text with nothing to mask
    comes back as it is.
    """
    masked = MaskedText(text=text, original=text)
    for _ in range(_MAX_PASSES):
        hits = _without_overlaps(_find(masked.text))
        if not hits:
            break
        masked = _replace(masked, hits)
    return masked


def _find(text: str) -> list[_Hit]:
    """Finds in the free text and in the rendered fields apart.

    What holds of a whole text, such as how it writes sums and names, holds of what one hand wrote:
    fields behind a text change nothing in it.
    """
    lines = field_lines(text)
    at = lines[0].start if lines else len(text)
    hits = _find_in_part(text[:at])
    if lines:
        hits += ((start + at, end + at, word) for start, end, word in _find_in_part(text[at:]))
    return hits


def _find_in_part(text: str) -> list[_Hit]:
    """Finds in a text levelled first, and maps what is found back to the text as it stands."""
    otherwise = seen_otherwise(text)
    if not otherwise:
        return _find_in_level(level(text))
    seen = replaced(text, otherwise)
    return [
        (*seen.original_span(start, end), wording)
        for start, end, wording in _find_in_level(level(seen.text))
    ]


def _find_in_level(text: str) -> list[_Hit]:
    plain = straightened(text)
    hits = list(find_formatted(plain))
    hits.extend(_find_by_word(plain))
    for find in _FINDERS:
        hits.extend(find(plain))
    hits.extend(find_reversed_names(text))
    told = sorted((start, end) for start, end, wording in hits if wording == names.NAME)
    hits.extend(names.find_names(text, told))
    if "ooper" in text.lower() and patterns.SERVICER.search(text):
        return [hit for hit in hits if text[hit[0] : hit[1]].lower() not in patterns.SERVICER_NAMES]
    return hits


def _find_by_word(text: str) -> Iterator[_Hit]:
    folded = fold(text)
    for word in _WORD.finditer(folded):
        for rule in _RULES.get(word.group(), ()):
            match = rule.pattern.match(text if rule.cased else folded, word.start())
            if match is None:
                continue
            group = "x" if rule.partial else 0
            start, end = match.span(group)
            wording = rule.wording(text[start:end])
            if wording is None:
                continue
            yield start, end, wording
            if not rule.partial:
                break


def _without_overlaps(hits: list[_Hit]) -> list[_Hit]:
    kept: list[_Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
        if not kept or hit[0] >= kept[-1][1]:
            kept.append(hit)
    return kept


def _replace(masked: MaskedText, hits: list[_Hit]) -> MaskedText:
    """Replaces hits in the masked text, together with earlier replacements that they touch."""
    edits: list[_Hit] = []
    for start, end, wording in hits:
        original_start, original_end = masked.original_span(start, end)
        if not edits or original_start >= edits[-1][1]:
            edits.append((original_start, original_end, wording))
    earlier = [(r.start, r.end, r.wording) for r in masked.replacements]
    # New edits swallow whole earlier ones, so sorting the longer first keeps the new one.
    return replaced(masked.original, _without_overlaps(edits + earlier))


def _with_capitals(neutral: str, found: str) -> str:
    if " " in neutral or " " in found or not found[0].isupper():
        return neutral
    return neutral.upper() if len(found) > 1 and found.isupper() else neutral.capitalize()


def _compile_word_rule(rule: WordRule) -> _Rule:
    heads = rule.heads.upper() if rule.cased else rule.heads
    tail = rule.tail.replace("~", _GAP)
    alternatives = "|".join(map(re.escape, sorted(heads.split(), key=len, reverse=True)))
    return _Rule(
        pattern=re.compile(rf"(?:{alternatives}){tail}(?!\w)"),
        neutral=rule.neutral,
        context=None,
        cased=rule.cased,
        partial="(?P<x>" in rule.tail,
    )


def _compile_context_rule(rule: patterns.ContextRule) -> _Rule:
    return _Rule(
        pattern=re.compile(rule.pattern),
        neutral="",
        context=rule,
        cased=rule.cased,
        partial="(?P<x>" in rule.pattern,
    )


_CONTEXT_RULES = (
    *ACCOUNT_RULES, *CUED_RULES, *DATE_RULES, *ADDRESS_RULES, *SPOKEN_RULES,
    *patterns.CONTEXT_RULES,
)  # fmt: skip


def _rules_by_head() -> dict[str, tuple[_Rule, ...]]:
    by_head: dict[str, list[_Rule]] = defaultdict(list)
    for context in _CONTEXT_RULES:
        for head in context.heads.split():
            by_head[head].append(_compile_context_rule(context))
    for rule in (rule for group in GROUPS for rule in group.rules):
        compiled = _compile_word_rule(rule)
        for head in {_WORD.match(head)[0] for head in rule.heads.split()}:  # type: ignore[index]
            by_head[head].append(compiled)
    # Rules that replace only a part do not exclude others at the same word, so they go first.
    return {
        head: tuple(sorted(rules, key=lambda rule: not rule.partial))
        for head, rules in by_head.items()
    }


_RULES = _rules_by_head()
