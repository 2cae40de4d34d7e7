"""Explanations given lately: where their quotes stand and what they weigh, never their words.

Only this process has them, under names that a secret of its own makes, so they tell nothing.
"""

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass

from cachetools import LRUCache

from data_pipeline.domain.taxonomy import DenialReason

_ENTRY_BYTES = 1_000  # what one entry costs beside its numbers: name, links, objects
_PLACE_BYTES = 200
_BYTES_PER_EFFECT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A stretch of the scored text.

    Attributes:
        start: first code point.
        end: one past the last.
        field: the application field whose line it stands in; None in free text.
        effects: what it adds to each target, logits, by the target's name.
    """

    start: int
    end: int
    field: str | None
    effects: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonPlaces:
    """What a stated reason rests on.

    Attributes:
        reason: the reason; its places name it as their only target.
        places: one to three quotes, the most telling first.
        category_probability: of its category with the whole text.
        category_probability_without: the same without all the quotes.
        is_below_threshold_without: without them the category would not be stated.
    """

    reason: DenialReason
    places: tuple[Place, ...]
    category_probability: float
    category_probability_without: float
    is_below_threshold_without: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptExplanation:
    """An explanation without its words.

    Attributes:
        reasons: one entry per principal reason, in the order stated.
        clauses: what each clause adds to each stated category and to the risk.
        num_windows: windows that the engine computed for it.
    """

    reasons: tuple[ReasonPlaces, ...]
    clauses: tuple[Place, ...]
    num_windows: int

    @property
    def num_bytes(self) -> int:
        """About what it costs to keep."""
        places = [*self.clauses, *(place for reason in self.reasons for place in reason.places)]
        num_effects = sum(len(place.effects) for place in places)
        return _ENTRY_BYTES + _PLACE_BYTES * len(places) + _BYTES_PER_EFFECT * num_effects


class KeptExplanations:
    """The explanations used last, up to a number of bytes. Thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        """Begins empty."""
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._kept: LRUCache[bytes, KeptExplanation] = LRUCache(
            max_bytes, getsizeof=lambda kept: kept.num_bytes
        )

    @property
    def num_bytes(self) -> int:
        """Bytes kept at present."""
        return int(self._kept.currsize)

    def name(self, text: str, *, method: str) -> bytes:
        """Returns the name of the explanation of a scored text by a method."""
        message = f"{method}\0{text}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).digest()

    def get(self, name: bytes, *, reasons: tuple[DenialReason, ...]) -> KeptExplanation | None:
        """Returns what is kept under a name; None where that is nothing, or of other reasons."""
        with self._lock:
            kept = self._kept.get(name)
        if kept is None or tuple(found.reason for found in kept.reasons) != reasons:
            return None
        return kept

    def clear(self) -> None:
        """Keeps nothing any more."""
        with self._lock:
            self._kept.clear()

    def put(self, name: bytes, explanation: KeptExplanation) -> None:
        """Keeps an explanation, unless it is larger than all that may be kept."""
        with self._lock:
            if explanation.num_bytes <= self._kept.maxsize:
                self._kept[name] = explanation
