"""Whether a text says something: a name, a cause, a factor, an item, a settled term.

The classes of words that say nothing stand in `lexicon.toml`, each with the rule behind it.
"""

import re
from collections.abc import Collection, Iterable
from functools import cache

from serving.notices.wording import lexicon, normalised

MIN_LETTERS_OF_A_NAME = 2
MIN_UNLISTED_WORDS = 3

_WORD = re.compile(r"\w+(?:-\w+)*")
_ARTIFICIAL_INTELLIGENCE = re.compile(r"\bA\.?I\.?\b")
_UNFILLED = re.compile(r"_{3,}|\[[^\]]*\]|\{[^}]*\}|<[^>]*>")
_MARGINS = " .,;:!?-–—()*\"'/"
_DIRECT = re.compile(
    r"@|\bhttps?:|\bwww\.|^\w[\w-]*\.[a-z]{2,}(/\S*)?$|\(?\b\d{3}\)?[ .-]?\d{3}[ .-]\d{4}\b"
)


def is_written(text: str | None) -> bool:
    """Whether a field was filled in: letters, and neither a placeholder nor an unfilled slot."""
    return sum(map(str.isalpha, text or "")) >= MIN_LETTERS_OF_A_NAME and not _is_filler(text or "")


def states_a_cause(text: str | None) -> bool:
    """Whether a cause is written; it may point to a paper in brackets, but not in them alone."""
    return is_written(_UNFILLED.sub(" ", text or ""))


def _is_filler(text: str) -> bool:
    return _is_placeholder(text) or _UNFILLED.search(text) is not None


def _is_placeholder(text: str) -> bool:
    plain = normalised(text).strip(_MARGINS)
    return any(re.fullmatch(expression, plain) for expression in lexicon().placeholders)


def postal_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Returns the lines that a letter can be addressed to: no telephone, e-mail or web address."""
    return tuple(
        line
        for line in lines
        if any(map(str.isalpha, line)) and not _is_filler(line) and not _DIRECT.search(line.lower())
    )


def names_a_factor(text: str, *, beside: Collection[str] = ()) -> bool:
    """Whether a text names something about the applicant's means, record, security or request.

    It holds a word for a factor; or, for no list of factors is complete, three words none of which
    points elsewhere, postpones, evaluates or speaks of credit in general.

    Args:
        text: what is stated as a reason.
        beside: names to be left out first, such as those of the reporting agencies.
    """
    plain = normalised(text)
    for name in beside:
        plain = plain.replace(normalised(name), " ")
    left = [word for word in _words(plain) if not _is_one_of(word, "empty_words")]
    return has_factor_word(plain) or len(set(left)) >= MIN_UNLISTED_WORDS


def has_factor_word(text: str) -> bool:
    """Whether a text holds a word that the lexicon lists for a factor."""
    return _factor().search(normalised(text)) is not None


@cache
def _factor() -> re.Pattern[str]:
    expressions = [e for about in lexicon().factors.values() for e in about]
    return re.compile(rf"\b(?:{'|'.join(expressions)})\b")


def names_a_measure(text: str, *, is_own: bool = True) -> bool:
    """Whether a reason names a standard, policy, score or model instead of a factor.

    Args:
        text: what is stated as a reason.
        is_own: whether the words are the creditor's own; then one for its own measures tells too,
            where no factor stands beside it.
    """
    if _ARTIFICIAL_INTELLIGENCE.search(text) or _matches(lexicon().insufficient, text):
        return True
    return is_own and not has_factor_word(text) and _matches(lexicon().own_measures, text)


def touches_prohibited_basis(text: str) -> bool:
    """Whether a text holds a word for a prohibited basis, or one that stands in for it.

    The word alone tells: a church that is the name of a street is one too.
    """
    return _matches(lexicon().prohibited, text)


def asks_what_may_not_be_asked(item: str) -> bool:
    """Whether an item asks for information that a creditor may not ask for."""
    return _matches(lexicon().inquiries, item)


def _matches(expressions: tuple[str, ...], text: str) -> bool:
    plain = normalised(text)
    return any(re.search(expression, plain) for expression in expressions)


def names_an_item(text: str) -> bool:
    """Whether a word or number is left once those that specify no information are taken away."""
    filled = _UNFILLED.sub(" ", text)
    left = (word for word in _words(normalised(filled)) if not _is_one_of(word, "unspecific_items"))
    return not _is_placeholder(filled) and any(len(word) > 1 for word in left)


def _words(plain: str) -> list[str]:
    return _WORD.findall(plain)


def _is_one_of(word: str, name: str) -> bool:
    return bool({word, word.removesuffix("s")} & _listed(name))


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(word for words in getattr(lexicon(), name).values() for word in words)


def is_settled(text: str) -> bool:
    """Whether the value of an offered term is there, and not left to be agreed."""
    if _matches(lexicon().unsettled, text):
        return False
    return any(map(str.isdigit, normalised(text))) or is_written(text)
