"""Splits that do not leak: contrast pairs stay together, authors, lenders and months stay whole.

The twins of a contrast pair share nearly every word, so a split that parts them measures memory.
The texts of one author share a voice, the rows of one lender its habits, and what was known only
later tells of the past: a score on authors, lenders and months never seen is the honest one.

Errors::

    DataError
    ├── SplitError        a split cannot be made as asked
    └── LeakError         two splits share what they must not
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Generic, Protocol, TypeVar

from data_pipeline.errors import DataError
from data_pipeline.examples import Example

NEAR_DUPLICATE_SHARE = 0.3
"""Share of the shorter text's word 5-grams that makes two texts near-duplicates.

In the bundled corpus texts that are not twins share at most 0.08, twins 0.38 in the median.
"""

_SHINGLE_WORDS = 5


class SplitError(DataError, ValueError):
    """A split cannot be made as asked."""


class LeakError(DataError):
    """Two splits share what they must not.

    Attributes:
        kind: "id", "group", "author", "text", or what `require_disjoint` was told.
        ids: ids of examples concerned, at most ten.
    """

    def __init__(self, *, kind: str, names: tuple[str, str], ids: Sequence[str]) -> None:
        """Keeps what leaks and where."""
        self.kind = kind
        self.ids = tuple(ids[:10])
        super().__init__(
            f"splits {names[0]!r} and {names[1]!r} share {kind}s of {len(ids)} examples "
            f"({', '.join(self.ids)}): expected none in common; split by whole {kind}s"
        )


class Authored(Protocol):
    """Anything composed by a named author."""

    @property
    def author(self) -> str | None:
        """Who composed it; None or "" where not recorded."""


Item = TypeVar("Item", bound=Authored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Generic[Item]):
    """Two disjoint parts, each in the order of the source.

    Attributes:
        train: what may be learned from.
        held_out: what is kept for measuring.
    """

    train: tuple[Item, ...]
    held_out: tuple[Item, ...]


def author_folds(items: Sequence[Item], *, num_folds: int, seed: int) -> list[Split[Item]]:
    """Returns cross-validation folds in which every author is held out exactly once, whole.

    Folds are filled so that their sizes differ little; the seed decides which authors meet.

    Raises:
        SplitError: fewer than two folds, more folds than authors, or an item without author.
    """
    sizes = Counter(item.author or "" for item in items)
    if "" in sizes:
        raise SplitError(f"found {sizes['']} items without author: give each one an author")
    if not 2 <= num_folds <= len(sizes):  # noqa: PLR2004
        raise SplitError(f"found {num_folds} folds: expected 2 to {len(sizes)}, the authors")
    fold_of = _balanced_folds(sizes, num_folds=num_folds, seed=seed)
    return [
        Split(
            train=tuple(item for item in items if fold_of[item.author or ""] != fold),
            held_out=tuple(item for item in items if fold_of[item.author or ""] == fold),
        )
        for fold in range(num_folds)
    ]


def authors_apart(items: Sequence[Item], authors: Sequence[str]) -> Split[Item]:
    """Returns the split that holds out just these authors.

    Raises:
        SplitError: an author composed nothing, an item has no author, or a part would be empty.
    """
    found = {item.author or "" for item in items}
    if "" in found or not authors:
        raise SplitError("expected authors to hold out, and an author for every item")
    if unknown := [author for author in authors if author not in found]:
        raise SplitError(
            f"found no text by {', '.join(unknown)}: expected some of {', '.join(sorted(found))}"
        )
    held_out = tuple(item for item in items if item.author in authors)
    train = tuple(item for item in items if item.author not in authors)
    if not train:
        raise SplitError("found every author held out: leave some to learn from")
    return Split(train=train, held_out=held_out)


def _balanced_folds(sizes: Mapping[str, int], *, num_folds: int, seed: int) -> dict[str, int]:
    authors = sorted(sizes)
    random.Random(seed).shuffle(authors)  # noqa: S311
    fold_sizes = [0] * num_folds
    fold_of = {}
    for author in sorted(authors, key=lambda a: -sizes[a]):
        fold_of[author] = fold_sizes.index(min(fold_sizes))
        fold_sizes[fold_of[author]] += sizes[author]
    return fold_of


def group_parts(
    sizes: Mapping[str, int], *, shares: Mapping[str, float], seed: int
) -> dict[str, str]:
    """Deals whole groups to parts, the largest first, each to the part that lacks most.

    Args:
        sizes: size of each group.
        shares: share of the sum of the sizes that each part should get, above 0; they add up to 1.
        seed: decides between groups of one size.

    Returns:
        The part of each group.

    Raises:
        SplitError: there are fewer groups than parts, or the shares are none.
    """
    if any(share <= 0 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-6:  # noqa: PLR2004
        raise SplitError(f"found shares {dict(shares)}: expected shares above 0 that add up to 1")
    if len(sizes) < len(shares):
        raise SplitError(
            f"found {len(sizes)} groups for {len(shares)} parts: expected one for each at least"
        )
    groups = sorted(sizes)
    random.Random(seed).shuffle(groups)  # noqa: S311
    lacking = {part: share * sum(sizes.values()) for part, share in shares.items()}
    part_of = {}
    for group in sorted(groups, key=lambda g: -sizes[g]):
        part_of[group] = max(lacking, key=lacking.__getitem__)
        lacking[part_of[group]] -= sizes[group]
    return part_of


def holdout_by_group(examples: Sequence[Example], *, fraction: float, seed: int) -> Split[Example]:
    """Returns a split that holds out a share of the groups, evenly over the primary categories.

    A group goes whole to one side. Groups are stratified by the first primary category of their
    members, not denied counting as one more.

    Args:
        examples: what to split.
        fraction: share of the groups to hold out, above 0 and below 1.
        seed: decides which groups.

    Raises:
        SplitError: the fraction is out of its range or leaves a side empty.
    """
    if not 0 < fraction < 1:
        raise SplitError(f"found a fraction of {fraction}: expected above 0 and below 1")
    ordered = _by_stratum(examples, seed=seed)
    held = {
        group
        for position, group in enumerate(ordered)
        if int((position + 1) * fraction) > int(position * fraction)
    }
    split = Split(
        train=tuple(e for e in examples if e.group not in held),
        held_out=tuple(e for e in examples if e.group in held),
    )
    if not split.train or not split.held_out:
        raise SplitError(f"{len(ordered)} groups at {fraction}: a side is empty; give more groups")
    return split


def _by_stratum(examples: Sequence[Example], *, seed: int) -> list[str]:
    """Returns the groups, shuffled, then sorted by primary category."""
    strata: dict[str, int] = {}
    for example in examples:
        primary = example.category_order[0] if example.category_order else -1
        strata[example.group] = max(strata.get(example.group, -1), primary)
    groups = sorted(strata)
    random.Random(seed).shuffle(groups)  # noqa: S311
    return sorted(groups, key=strata.__getitem__)


def require_no_leak(
    splits: Mapping[str, Sequence[Example]], *, authors: bool = False, texts: bool = True
) -> None:
    """Checks that no two splits share an example, a group, an author or a near-duplicate text.

    Args:
        splits: examples by the name of their split.
        authors: whether authors must be disjoint, too.
        texts: whether to look for near-duplicates (see `NEAR_DUPLICATE_SHARE`); switch off for
            texts rendered from fields alone, which resemble one another by nature.

    Raises:
        LeakError: two splits share what they must not.
    """
    for (left_name, left), (right_name, right) in combinations(splits.items(), 2):
        shared = {
            "id": _sharing(left, right, attribute="id"),
            "group": _sharing(left, right, attribute="group"),
            "author": _sharing(left, right, attribute="author") if authors else [],
        }
        shared["text"] = near_duplicates(left, right) if texts else []
        for kind, ids in shared.items():
            if ids:
                raise LeakError(kind=kind, names=(left_name, right_name), ids=ids)


def require_disjoint(splits: Mapping[str, Mapping[str, str]], *, kind: str) -> None:
    """Checks that no two splits share what an example does not say of itself.

    Args:
        splits: for each split, by the id of an example, what must not be in another split; "" where
            that is not recorded.
        kind: what that is: "lender", "month", "family", "policy".

    Raises:
        LeakError: two splits share it.
    """
    for (left_name, left), (right_name, right) in combinations(splits.items(), 2):
        seen = set(left.values()) - {""}
        ids = [id_ for id_, value in right.items() if value in seen]
        if ids:
            raise LeakError(kind=kind, names=(left_name, right_name), ids=ids)


def require_in_time(splits: Mapping[str, Mapping[str, str]]) -> None:
    """Checks that splits follow one another in time.

    Args:
        splits: from the earliest split to the latest, by the id of an example, its time in ISO
            8601, all of one precision.

    Raises:
        LeakError: something is not later than everything in the splits before it.
    """
    for (left_name, left), (right_name, right) in combinations(splits.items(), 2):
        last = max(left.values(), default="")
        ids = [id_ for id_, time in right.items() if time <= last]
        if ids:
            raise LeakError(kind="time", names=(left_name, right_name), ids=ids)


def _sharing(left: Iterable[Example], right: Iterable[Example], *, attribute: str) -> list[str]:
    seen = {getattr(example, attribute) for example in left} - {""}
    return [example.id for example in right if getattr(example, attribute) in seen]


def near_duplicates(left: Iterable[Example], right: Iterable[Example]) -> list[str]:
    """Returns the ids of the right side's examples that nearly repeat a text of the left side.

    Compared are word 5-grams, case and punctuation aside; a text shorter than five words is one
    gram.
    """
    index = _TextIndex()
    for example in left:
        index.add(example)
    return [example.id for example in right if index.repeated_by(example)]


def near_repeats(examples: Iterable[Example]) -> list[tuple[str, str]]:
    """Returns ids of examples, each with that of an earlier one of another group it repeats."""
    index, found = _TextIndex(), []
    for example in examples:
        earlier = next((e for e in index.repeated_by(example) if e.group != example.group), None)
        if earlier is not None:
            found.append((example.id, earlier.id))
        index.add(example)
    return found


class _TextIndex:
    """Texts by their word 5-grams."""

    def __init__(self) -> None:
        self._examples: list[tuple[Example, int]] = []
        self._postings: dict[tuple[str, ...], list[int]] = defaultdict(list)

    def add(self, example: Example) -> None:
        shingles = _shingles(example.text)
        for shingle in shingles:
            self._postings[shingle].append(len(self._examples))
        self._examples.append((example, len(shingles)))

    def repeated_by(self, example: Example) -> list[Example]:
        """The examples whose text another nearly repeats, or the other way round."""
        shingles = _shingles(example.text)
        shared = Counter(position for s in shingles for position in self._postings.get(s, ()))
        held = ((*self._examples[position], count) for position, count in shared.items())
        return [
            other
            for other, size, count in held
            if count >= NEAR_DUPLICATE_SHARE * min(len(shingles), size)
        ]


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    last = max(len(words) - _SHINGLE_WORDS, 0)
    return {tuple(words[i : i + _SHINGLE_WORDS]) for i in range(last + 1)}
