"""What a text says without some of its words: whatever an engine answers, on every backend.

Left-out tokens are taken out of the windows they stand in; the windows keep their places, so that
what differs is the omission and not another division of the text. Windows that lose nothing keep
the answer they had. A stretch that is read alone is read in the one window that holds most of it.
The token of a figure that follows from others, such as a ratio, goes with any of them: a text
without the income says nothing of the loan's share in it. All windows of a call go through the
engine as one ragged batch.

Arrays: K stretches or sets of them, C categories, X targets (see `model_store.explain.targets`).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from model_store.engine.outputs import Engine, EngineLogits
from model_store.explain.layout import Unit
from model_store.explain.targets import text_targets
from model_store.predictor import ReadText
from model_store.windows import TokenizedText, Window

Drop = frozenset[tuple[int, int]]
"""Half-open stretches of the tokens of a text that are left out together."""

_Alone = tuple[int, int]  # a half-open stretch of the tokens of a text that is read alone
_NOTHING: _Alone = (0, 0)


def drop_of(units: Sequence[Unit]) -> Drop:
    """Returns the stretches of some units."""
    return frozenset((unit.first_token, unit.stop_token) for unit in units)


def drops_of_each(units: Sequence[Unit]) -> list[Drop]:
    """Returns what leaves out each unit alone."""
    return [drop_of([unit]) for unit in units]


class Omissions:
    """Answers for one text without some of its words; each is computed once.

    Attributes:
        full_X: targets of the whole text.
        evidence_TC: probability that each token carries a category, by the evidence head; 0 for
            white space.
        num_windows_computed: windows that went through the engine since the whole text did.
    """

    def __init__(
        self, engine: Engine, text: ReadText, *, logits: EngineLogits | None = None
    ) -> None:
        """Takes a text that a predictor has read.

        Args:
            engine: what computes.
            text: the text.
            logits: what the engine said of its windows; None to ask it now.
        """
        self._engine = engine
        self._text = text
        self._parts = _parts_of_derived(text.tokens)
        windows = text.windows
        self._logits = engine.logits([w.ids for w in windows]) if logits is None else logits
        values_NX, reading = text_targets(self._logits, [windows])
        self.full_X: NDArray[np.float64] = values_NX[0]
        self.evidence_TC: NDArray[np.float64] = text.quotable(reading.evidence[0])
        self.num_windows_computed = 0
        self._known: dict[Drop | _Alone, NDArray[np.float64]] = {frozenset(): self.full_X}

    def prepare(self, drops: Sequence[Drop] = (), *, units: Sequence[Unit] = ()) -> None:
        """Computes in one batch what `without` and `gains` will be asked for."""
        keys: list[Drop | _Alone] = [*drops]
        if units:
            keys += [_NOTHING, *map(_alone, units)]
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        if new:
            self._compute(new)

    def without(self, drops: Sequence[Drop]) -> NDArray[np.float64]:
        """Returns the targets of the text without each set of stretches, K x X."""
        self.prepare(drops)
        return self._found(drops)

    def effects(self, drops: Sequence[Drop]) -> NDArray[np.float64]:
        """Returns by how much each target falls without each set of stretches, K x X logits."""
        return self.full_X - self.without(drops)

    def gains(self, units: Sequence[Unit]) -> NDArray[np.float64]:
        """Returns by how much each unit alone lifts each target above a text of no words, K x X."""
        self.prepare(units=units)
        return self._found(list(map(_alone, units))) - (self._known[_NOTHING] if units else 0.0)

    def worths(self, units: Sequence[Unit]) -> NDArray[np.float64]:
        """Returns what each unit is worth to each target, K x X.

        Half of what the text loses without it and of what it says alone: what it adds as the last
        of all and as the first, of two units just their Shapley values. Omission alone makes
        little of a fact that stands twice, reading alone of one that needs its neighbour.
        """
        drops = drops_of_each(units)
        self.prepare(drops, units=units)
        return (self.effects(drops) + self.gains(units)) / 2

    def _found(self, keys: Sequence[Drop | _Alone]) -> NDArray[np.float64]:
        return np.array([self._known[key] for key in keys]).reshape(-1, len(self.full_X))

    def _compute(self, keys: Sequence[Drop | _Alone]) -> None:
        known = {window.ids: i for i, window in enumerate(self._text.windows)}
        rows_by_key = [self._rows(key) for key in keys]
        asked = [row for row in dict.fromkeys(chain(*rows_by_key)) if row not in known]
        logits = self._engine.logits(asked) if asked else EngineLogits.empty([])
        self.num_windows_computed += len(asked)
        place = known | {row: len(self._text.windows) + i for i, row in enumerate(asked)}
        everything = _joined(self._logits, logits)
        order = [place[row] for rows in rows_by_key for row in rows]
        texts = [[Window(ids=row, start=0) for row in rows] for rows in rows_by_key]
        values_KX, _ = text_targets(_taken(everything, order), texts)
        self._known |= dict(zip(keys, values_KX, strict=True))

    def _rows(self, key: Drop | _Alone) -> list[tuple[int, ...]]:
        windows = self._text.windows
        if isinstance(key, frozenset):
            drop = key | self._baseless_without(key)
            return [_without(window, drop) for window in windows]
        baseless = self._baseless_alone(*key)
        return [max((_only(window, *key, baseless=baseless) for window in windows), key=len)]

    def _baseless_without(self, drop: Drop) -> Drop:
        """The derived figures one of whose parts is touched by what is left out."""
        return frozenset(
            (position, position + 1)
            for position, parts in self._parts.items()
            if any(first < end and start < stop for start, end in parts for first, stop in drop)
        )

    def _baseless_alone(self, first: int, stop: int) -> frozenset[int]:
        """The derived figures not all of whose parts stand in a stretch."""
        return frozenset(
            position
            for position, parts in self._parts.items()
            if not all(first <= start and end <= stop for start, end in parts)
        )


def _alone(unit: Unit) -> _Alone:
    return unit.first_token, unit.stop_token


def _parts_of_derived(tokens: TokenizedText) -> dict[int, list[tuple[int, int]]]:
    """The stretches of tokens from which each derived figure follows, by its own position."""
    starts = [start for start, _ in tokens.offsets]
    ends = [end for _, end in tokens.offsets]
    return {
        position: [(bisect_right(ends, start), bisect_left(starts, end)) for start, end in parts]
        for position, parts in tokens.derived.items()
    }


def _without(window: Window, drop: Drop) -> tuple[int, ...]:
    gone = {
        position - window.start + 1
        for first, stop in drop
        for position in range(
            max(first, window.start), min(stop, window.start + window.num_text_tokens)
        )
    }
    return tuple(t for i, t in enumerate(window.ids) if i not in gone) if gone else window.ids


def _only(window: Window, first: int, stop: int, *, baseless: frozenset[int]) -> tuple[int, ...]:
    """The tokens of a stretch that stand in a window, between its markers."""
    begin, end = max(first - window.start, 0), max(stop - window.start, 0)
    inside = enumerate(window.ids[1:-1][begin:end], start=window.start + begin)
    return (window.ids[0], *(t for i, t in inside if i not in baseless), window.ids[-1])


def _joined(first: EngineLogits, second: EngineLogits) -> EngineLogits:
    return EngineLogits(
        category_WC=np.concatenate([first.category_WC, second.category_WC]),
        reason_WR=np.concatenate([first.reason_WR, second.reason_WR]),
        risk_W=np.concatenate([first.risk_W, second.risk_W]),
        evidence=[*first.evidence, *second.evidence],
    )


def _taken(logits: EngineLogits, order: Sequence[int]) -> EngineLogits:
    return EngineLogits(
        category_WC=logits.category_WC[order],
        reason_WR=logits.reason_WR[order],
        risk_W=logits.risk_W[order],
        evidence=[logits.evidence[i] for i in order],
    )
