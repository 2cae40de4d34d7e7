"""Counterfactual texts: the same application with another prohibited basis stated in it.

Where the masker finds a word of `data_pipeline.domain.prohibited_bases`, another word of the same
basis that the masker would replace alike takes its place ("he" becomes "she", "Cuban" "Korean",
"62 years old" "37 years old"); where the table knows no other word, the neutral wording does. One
word is replaced by the same other word throughout a text, and one basis is changed at a time.

In a second kind of counterfactual the words that state a basis are removed: the neutral wording of
the masker stands in their place, so that no income fact is lost.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from data_pipeline.domain.application import MAX_TEXT_BYTES
from data_pipeline.domain.masking import mask
from data_pipeline.domain.prohibited_bases import GROUPS

_AGES = ("22", "29", "37", "46", "58", "67", "79")
_DECADES = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies")
_MARITAL = ("married", "unmarried", "single", "separated", "divorced", "widowed")
_ACRONYMS = frozenset(
    ("ssi", "ssdi", "tanf", "afdc", "ssa", "wic", "mfj", "mfs", "snap", "ebt", "hud", "va")
)
# Words that count only beside others are tried beside these.
_PROBES = ("{}", "{} applicant", "{} speaking", "{} name", "{} $500")
_LINE_LABEL = re.compile(r"(\w+)\.?(?:\s{1,3}stat(?:us)?\.?)?\s?[:=]\s?$", re.IGNORECASE)
_AGE_NEUTRALS = frozenset({"of stated age", "as stated"})
_DECADE_NEUTRAL = "years"
_LINE_NEUTRAL = "a personal characteristic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """A text with other words for one prohibited basis.

    Attributes:
        source: position of the text it was made from.
        basis: the basis, as 12 CFR 1002.2(z) names it.
        text: the changed text.
    """

    source: int
    basis: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mention:
    """A stretch of a text that states a basis, with the neutral wording it would get.

    Attributes:
        start: where it starts.
        end: one past where it ends.
        basis: the basis.
        neutral: the wording, caseless, by which words of a kind are found.
        wording: the wording as the masker writes it there.
    """

    start: int
    end: int
    basis: str
    neutral: str
    wording: str


def counterfactuals(texts: Sequence[str], *, per_basis: int = 2, seed: int) -> list[Counterfactual]:
    """Returns up to `per_basis` changed texts for each basis that a text states.

    Equal ones come once; one that grows over the length limit is left out.

    Args:
        texts: applications as text, not masked.
        per_basis: how many changed texts to make of one text and basis.
        seed: decides the words.
    """
    generator = np.random.default_rng(seed)
    made = []
    for source, text in enumerate(texts):
        by_basis: dict[str, list[_Mention]] = defaultdict(list)
        for mention in _mentions(text):
            by_basis[mention.basis].append(mention)
        for basis, mentions in by_basis.items():
            changed = {_changed(text, mentions, generator): None for _ in range(per_basis)}
            made += [
                Counterfactual(source=source, basis=basis, text=other)
                for other in changed
                if other != text and len(other.encode("utf-8", "replace")) <= MAX_TEXT_BYTES
            ]
    return made


def removals(texts: Sequence[str]) -> list[Counterfactual]:
    """Returns, for each basis that a text states, the text with neutral wording in its place.

    One that grows over the length limit is left out.

    Args:
        texts: applications as text, not masked.
    """
    made = []
    for source, text in enumerate(texts):
        mentions = _mentions(text)
        for basis in dict.fromkeys(mention.basis for mention in mentions):
            other = _neutral(text, [m for m in mentions if m.basis == basis])
            if other != text and len(other.encode("utf-8", "replace")) <= MAX_TEXT_BYTES:
                made.append(Counterfactual(source=source, basis=basis, text=other))
    return made


def _neutral(text: str, mentions: Sequence[_Mention]) -> str:
    pieces, at = [], 0
    for mention in mentions:
        pieces += [text[at : mention.start], mention.wording]
        at = mention.end
    return "".join([*pieces, text[at:]])


def _mentions(text: str) -> list[_Mention]:
    found = []
    for replacement in mask(text).replacements:
        neutral = replacement.wording.casefold()
        words = text[replacement.start : replacement.end].casefold()
        basis = _basis(neutral, words)
        if basis is not None:
            found.append(
                _Mention(
                    start=replacement.start,
                    end=replacement.end,
                    basis=basis,
                    neutral=neutral,
                    wording=replacement.wording,
                )
            )
    return found


def _basis(neutral: str, words: str) -> str | None:
    """The basis whose rule gave a wording; None for identifiers, which state no basis."""
    bases = _bases_by_neutral().get(neutral, {})
    first_word = next(iter(re.findall(r"\w+", words)), "")
    return next((b for b, heads in bases.items() if first_word in heads), next(iter(bases), None))


@cache
def _bases_by_neutral() -> dict[str, dict[str, frozenset[str]]]:
    """For each neutral wording the bases that use it, each with the words that start a match."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for group in GROUPS:
        for rule in group.rules:
            found[rule.neutral.casefold()][group.basis] |= set(rule.heads.split())
    return {
        neutral: {basis: frozenset(heads) for basis, heads in bases.items()}
        for neutral, bases in found.items()
    }


def _changed(text: str, mentions: Sequence[_Mention], generator: np.random.Generator) -> str:
    chosen: dict[tuple[str, str], str] = {}
    pieces, at = [], 0
    for mention in mentions:
        words = text[mention.start : mention.end]
        key = (mention.neutral, words.casefold())
        if key not in chosen:
            options = [o for o in _options(mention, text) if o.casefold() != words.casefold()]
            chosen[key] = str(generator.choice(options)) if options else mention.neutral
        pieces += [text[at : mention.start], _cased(chosen[key], like=words)]
        at = mention.end
    return "".join([*pieces, text[at:]])


def _options(mention: _Mention, text: str) -> Sequence[str]:
    """What may stand in the place of a mention."""
    words = text[mention.start : mention.end]
    if mention.neutral in _AGE_NEUTRALS:
        return _ages(words)
    if mention.neutral == _DECADE_NEUTRAL:
        return _DECADES
    if mention.neutral == _LINE_NEUTRAL:
        return _line_values(words, before=text[max(0, mention.start - 40) : mention.start])
    return _exemplars(mention.basis, mention.neutral)


def _ages(words: str) -> list[str]:
    number = re.search(r"\d+", words)
    if number:
        return [words[: number.start()] + age + words[number.end() :] for age in _AGES]
    return [f"{age} years old" if re.search("old|age", words) else age for age in _AGES]


def _line_values(words: str, *, before: str) -> Sequence[str]:
    """Values for a demographic line such as "Sex: F", by its label."""
    label = _LINE_LABEL.search(before)
    name = label[1].casefold() if label else ""
    is_code = len(words) == 1
    if name in {"sex", "gender"}:
        return ("M", "F") if is_code else ("male", "female")
    if name in {"marital", "mar"}:
        return ("M", "S", "D", "W") if is_code else _MARITAL
    if name == "religion":
        return _exemplars("religion", "particular")
    if name in {"origin", "nationality"}:
        return _exemplars("national origin", "particular")
    return _exemplars("race and color", "particular")


@cache
def _exemplars(basis: str, neutral: str) -> tuple[str, ...]:
    """The words of a basis which, in some place, the masker replaces by this wording alone."""
    heads = [
        head.upper() if rule.cased else head
        for group in GROUPS
        if group.basis == basis
        for rule in group.rules
        if rule.neutral.casefold() == neutral
        for head in rule.heads.split()
    ]
    return tuple(dict.fromkeys(head for head in heads if _stands_alone(head, neutral)))


def _stands_alone(head: str, neutral: str) -> bool:
    """Whether there is a place where the masker replaces a word by a wording, and it alone."""
    firsts = [next(iter(mask(probe.format(head)).replacements), None) for probe in _PROBES]
    return any(
        first is not None
        and (first.start, first.end) == (0, len(head))
        and first.wording.casefold() == neutral
        for first in firsts
    )


def _cased(word: str, *, like: str) -> str:
    if word.casefold() in _ACRONYMS or (len(like) > 1 and like.isupper()):
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word
