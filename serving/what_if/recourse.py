"""The smallest lawful change that removes a reason, found by asking the model.

First each field that the table names for the reason is moved alone, in steps towards its bound;
then, where the matter can be settled, the clauses that state it are left out; then fields are moved
together, and beside settling. Whatever is suggested was scored: the reason is gone, and no other
one has come.

What it finds is what would change this model's answer, not what the applicant would be granted. It
never stands on a notice.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.figures import find_figures
from data_pipeline.domain.taxonomy import DenialReason
from model_store.explain.clauses import split_clauses
from serving.rows import ScoredRow, StatedReason
from serving.what_if.changes import ChangedApplication, changed, refuse_unless_actionable
from serving.what_if.errors import WhatIfError
from serving.what_if.table import table

_Stretch = tuple[int, int]

Score = Callable[[Sequence[LoanApplication]], list[ScoredRow]]
"""Scores applications, in order."""

NUM_STEPS = 6
"""Values of a field that are tried on the way to its bound."""

NUM_SUGGESTIONS = 3
"""Suggestions for a reason, at most."""

_REFINED = (0.25, 0.5, 0.75)  # between the last step that did not help and the first that did
_TOGETHER_STEPS = (1 / 3, 2 / 3, 1.0)
_MAX_TOGETHER = 4
_MAX_STRUCK = 3
_MAX_WEIGHED = 24
_ROUNDING = 1e-6  # of a step: what arithmetic leaves of a whole number of them
_SAID_ALONE = 0.2  # probability of its category from which on a clause alone states a matter
_SETTLE_COST = 1.0  # of settling one stated matter, beside moving a field all the way


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A change that removes a reason.

    Attributes:
        how: what the applicant would do, in words; one per change, and one per other matter that
            the clauses left out state too.
        changed: the application as it would be.
        row: its answer.
        cost: share of the way to their bounds that fields move, weighed by how hard that is.
        still_in_review: whether the reason is up for review, though not stated.
    """

    how: tuple[str, ...]
    changed: ChangedApplication
    row: ScoredRow
    cost: float
    still_in_review: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recourse:
    """What may remove a reason.

    Attributes:
        reason: the reason.
        suggestions: the smallest change first; none where nothing that was tried removes it.
        num_tried: applications that were scored.
    """

    reason: DenialReason
    suggestions: tuple[Suggestion, ...]
    num_tried: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Try:
    how: tuple[str, ...]
    changed: ChangedApplication
    cost: float


def find_recourse(
    application: LoanApplication, row: ScoredRow, reason: DenialReason, *, score: Score
) -> Recourse:
    """Searches for the smallest changes that remove a reason.

    Args:
        application: as it is.
        row: its answer, which states the reason.
        reason: the reason to remove.
        score: asks the model.

    Raises:
        WhatIfError: the answer does not state the reason.
    """
    stated = next((found for found in row.principal_reasons if found.reason == reason), None)
    if stated is None:
        raise WhatIfError(
            f"reason: found one that the answer does not state ({reason}), expected one of its "
            "principal reasons: choose one"
        )
    search = _Search(application, row, stated, score)
    suggestions = sorted(search.run(), key=lambda found: found.cost)
    return Recourse(
        reason=reason,
        suggestions=tuple(suggestions[:NUM_SUGGESTIONS]),
        num_tried=search.num_tried,
    )


class _Search:
    """The search for one reason of one application."""

    def __init__(
        self, application: LoanApplication, row: ScoredRow, stated: StatedReason, score: Score
    ) -> None:
        self.num_tried = 0
        self._application, self._stated, self._score = application, stated, score
        self._row = row
        self._known, self._lasting = _stated_in(row), _lasting_in(row)
        entry = table().reasons[stated.reason]
        self._settle = (entry.settle,) if entry.settle is not None else ()
        self._clauses = list(_that_may_go(application.text or ""))
        self._fields = tuple(name for name in entry.fields if self._may_change(name))

    def run(self) -> list[Suggestion]:
        quoted = self._quoted()
        found = [*self._alone(), *self._settled(quoted)]
        if found:
            return found
        weighed = self._weighed()
        return self._settled(weighed) or self._first(self._together(weighed))

    def _may_change(self, name: str) -> bool:
        try:
            entry = refuse_unless_actionable(self._application, name)
        except WhatIfError:
            return False
        present, bound = entry.way(name, self._application)
        return present != bound

    def _alone(self) -> list[Suggestion]:
        steps = [k / NUM_STEPS for k in range(1, NUM_STEPS + 1)]
        tries = {name: list(self._moves((name,), steps)) for name in self._fields}
        helped = self._helping([t for of_field in tries.values() for t in of_field])
        suggestions = []
        for name, of_field in tries.items():
            first = next((t for t in of_field if t in helped), None)
            if first is not None:
                before = next((t for t in reversed(of_field) if t.cost < first.cost), None)
                suggestions.append(self._refined(name, before, first, helped[first]))
        return suggestions

    def _refined(
        self, name: str, before: _Try | None, first: _Try, answer: ScoredRow
    ) -> Suggestion:
        """The smallest of a few values between one that does not help and one that does."""
        weight = table().fields[name].weight
        low, high = (before.cost if before else 0.0) / weight, first.cost / weight
        tries = list(self._moves((name,), [low + (high - low) * part for part in _REFINED]))
        helped = self._helping(tries)
        best = next((t for t in tries if t in helped), None)
        return self._suggestion(best, helped[best]) if best else self._suggestion(first, answer)

    def _settled(self, clauses: Sequence[_Stretch]) -> list[Suggestion]:
        """Leaves out clauses that state the matter, one more each time."""
        tries = []
        for count in range(1, len(clauses) + 1):
            made = self._made({}, strike=sorted(clauses[:count]))
            if made is not None:
                tries.append(_Try(how=self._settle, changed=made, cost=_SETTLE_COST * count))
        return self._first(tries)

    def _quoted(self) -> list[_Stretch]:
        """The clauses that the answer quotes for the reason and that state it."""
        if not self._settle:
            return []
        holding = [
            clause
            for span in self._stated.evidence
            for clause in self._clauses
            if clause[0] < span.end and span.start < clause[1]
        ]
        return self._stating(list(dict.fromkeys(holding)))[:_MAX_STRUCK]

    def _weighed(self) -> list[_Stretch]:
        """The clauses that state the matter and without which the reason is least likely."""
        if not self._settle:
            return []
        made = {clause: self._made({}, strike=[clause]) for clause in self._clauses[:_MAX_WEIGHED]}
        left = self._likelihoods(
            {clause: one.application for clause, one in made.items() if one is not None}
        )
        present = self._likelihood(self._row)
        helping = [clause for clause in left if left[clause] < present]
        return self._stating(sorted(helping, key=lambda clause: left[clause]))[:_MAX_STRUCK]

    def _stating(self, clauses: Sequence[_Stretch]) -> list[_Stretch]:
        """Those of some clauses that state the matter by themselves.

        Without others a text may say less of a matter that they do not state, as what is asked for.
        """
        text = self._application.text or ""
        alone = self._likelihoods({c: LoanApplication(text=text[c[0] : c[1]]) for c in clauses})
        return [clause for clause in clauses if alone[clause][1] >= _SAID_ALONE]

    def _likelihoods(
        self, tries: Mapping[_Stretch, LoanApplication]
    ) -> dict[_Stretch, tuple[bool, float]]:
        """How likely the reason is of each of some applications."""
        self.num_tried += len(tries)
        rows = self._score(list(tries.values())) if tries else []
        return dict(zip(tries, map(self._likelihood, rows), strict=True))

    def _likelihood(self, row: ScoredRow) -> tuple[bool, float]:
        """Whether the reason is stated, and how likely its category is."""
        category = self._stated.category
        probabilities = {found.category: found.probability for found in row.categories}
        return self._stated.reason in _stated_in(row), probabilities[category]

    def _together(self, clauses: Sequence[_Stretch]) -> Iterator[_Try]:
        """Several fields, and fields beside settling the matter."""
        fields = self._fields[:_MAX_TOGETHER]
        for count in range(1, len(fields) + 1):
            for names in itertools.combinations(fields, count):
                if count > 1:
                    yield from self._moves(names, _TOGETHER_STEPS)
                if clauses:
                    yield from self._moves(names, _TOGETHER_STEPS, strike=sorted(clauses))

    def _moves(
        self,
        names: Sequence[str],
        shares: Sequence[float],
        *,
        strike: Sequence[_Stretch] = (),
    ) -> Iterator[_Try]:
        """Fields moved by a share of the way to their bounds, each value once."""
        entries = [table().fields[name] for name in names]
        how = tuple(entry.how for entry in entries)
        if strike:
            how += self._settle
        seen: set[tuple[float, ...]] = set()
        for share in shares:
            values = {name: self._value(name, share) for name in names}
            moved = [self._moved_share(name, value) for name, value in values.items()]
            if tuple(values.values()) in seen or min(moved) <= 0:
                continue
            seen.add(tuple(values.values()))
            made = self._made(values, strike=strike)
            if made is not None:
                yield _Try(how=how, changed=made, cost=sum(moved) + _SETTLE_COST * len(strike))

    def _value(self, name: str, share: float) -> float:
        entry = table().fields[name]
        present, bound = entry.way(name, self._application)
        moved = present + share * (bound - present)
        # Towards the bound: rounded to the nearest, a value may lie behind the present one.
        towards = math.ceil if entry.direction == "up" else math.floor
        slack = _ROUNDING if entry.direction == "down" else -_ROUNDING
        rounded = towards(moved / entry.step + slack) * entry.step
        low, high = entry.bounds(name, self._application)
        return min(max(round(rounded, 6), low), high)

    def _moved_share(self, name: str, value: float) -> float:
        """How far on the way to its bound a field is moved, weighed by how hard that is."""
        entry = table().fields[name]
        present, bound = entry.way(name, self._application)
        return entry.weight * (value - present) / (bound - present)

    def _made(
        self, values: Mapping[str, float], *, strike: Sequence[_Stretch] = ()
    ) -> ChangedApplication | None:
        try:
            return changed(self._application, values, strike=strike)
        except WhatIfError:
            return None

    def _first(self, tries: Iterator[_Try] | Sequence[_Try]) -> list[Suggestion]:
        """The cheapest of some tries that helps."""
        helped = self._helping(list(tries))
        if not helped:
            return []
        best = min(helped, key=lambda tried: tried.cost)
        return [self._suggestion(best, helped[best])]

    def _helping(self, tries: Sequence[_Try]) -> dict[_Try, ScoredRow]:
        """The tries after which the reason is not stated, and no other one is that was not.

        A clause may state more than the matter that is settled. Where that is a fact that nobody
        can change, as a bankruptcy is, leaving the clause out would hide it.
        """
        if not tries:
            return {}
        self.num_tried += len(tries)
        rows = self._score([tried.changed.application for tried in tries])
        return {
            tried: row
            for tried, row in zip(tries, rows, strict=True)
            if _stated_in(row) <= self._known - {self._stated.reason}
            and not (tried.changed.struck and self._lasting - _lasting_in(row))
        }

    def _settled_besides(self, tried: _Try, row: ScoredRow) -> Iterator[str]:
        """What settles each other reason that is gone with the clauses left out."""
        if not tried.changed.struck:
            return
        gone = self._known - {self._stated.reason} - _stated_in(row)
        for reason in sorted(gone):
            entry = table().reasons[reason]
            # Where fields move as well, a reason that they may remove is taken to be gone by them.
            is_by_fields = bool(tried.changed.changes and entry.fields)
            if entry.settle is not None and not is_by_fields:
                yield entry.settle

    def _suggestion(self, tried: _Try, row: ScoredRow) -> Suggestion:
        return Suggestion(
            how=tuple(dict.fromkeys([*tried.how, *self._settled_besides(tried, row)])),
            changed=tried.changed,
            row=row,
            cost=round(tried.cost, 4),
            still_in_review=any(
                found.reason == self._stated.reason for found in row.review_reasons
            ),
        )


def _that_may_go(text: str) -> Iterator[_Stretch]:
    """The clauses of a text, but for those with a figure that nobody can change, as a score is."""
    fixed = [figure for figure in find_figures(text) if figure.kind in table().refused]
    for start, end in split_clauses(text):
        if not any(start < figure.end and figure.start < end for figure in fixed):
            yield start, end


def _stated_in(row: ScoredRow) -> set[DenialReason]:
    return {found.reason for found in row.principal_reasons}


def _lasting_in(row: ScoredRow) -> set[DenialReason]:
    """Reasons that an answer states, or leaves for review, which nobody can do anything about."""
    found = {reason.reason for reason in (*row.principal_reasons, *row.review_reasons)}
    return {reason for reason in found if table().reasons[reason].is_lasting}
