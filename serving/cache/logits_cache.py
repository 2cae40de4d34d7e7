"""Logits that were computed before: in this process, and beside it where a shared cache is set.

The first answer stays: what is stored under a name is never replaced by another computation, so a
hit repeats the first answer bit for bit. A shared cache that is dead, slow or full of garbage
makes misses and counts, never errors and never other answers. What an engine computed that turned
out to be wrong is forgotten in both, back to when it was last known to be right.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

from cachetools import LRUCache

from model_store.engine.outputs import EngineLogits
from serving.cache.codec import LogitsCodec
from serving.window_logits import num_bytes

MAX_UNPROVEN = 65_536
"""Names that are remembered since the engine was last known to be right; of more the latest."""

_ENTRY_BYTES = 1_500  # what one entry costs beside its numbers: arrays, key, links


class CacheObserver(Protocol):
    """Hears what the cache does; called from any thread."""

    def looked_up(self, tier: str, *, hits: int, misses: int) -> None:
        """Windows were looked up in `memory`, in `flight` (being computed) or in `shared`."""

    def cache_failed(self, kind: str, count: int = 1) -> None:
        """The shared cache failed: see `serving.adapters.redis_cache` for the kinds."""


class SharedCache(Protocol):
    """A cache beside the process, shared by several."""

    @property
    def is_available(self) -> bool:
        """Whether it answered lately."""
        ...

    async def fetch(self, names: Sequence[bytes]) -> Mapping[bytes, EngineLogits]:
        """Returns what it holds of some names, within its time budget; never raises."""
        ...

    def store(self, name: bytes, logits: EngineLogits) -> None:
        """Takes logits to be stored soon, unless the name is taken; never waits, never raises."""
        ...

    def forget(self, names: Sequence[bytes]) -> None:
        """Takes names whose logits are to be removed soon; never waits, never raises."""
        ...

    def close(self) -> None:
        """Stores what is still to be stored, as far as that is quick, and disconnects."""
        ...


class MemoryCache:
    """The logits used last, up to a number of bytes. Thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        """Begins empty."""
        self._lock = threading.Lock()
        self._kept: LRUCache[bytes, EngineLogits] = LRUCache(max_bytes, getsizeof=_entry_bytes)

    @property
    def num_bytes(self) -> int:
        """Bytes kept at present."""
        return int(self._kept.currsize)

    def get(self, name: bytes) -> EngineLogits | None:
        """Returns the logits of a name; None where they are not kept."""
        with self._lock:
            return self._kept.get(name)

    def put(self, name: bytes, logits: EngineLogits) -> EngineLogits:
        """Keeps logits unless the name is taken; returns those that are now kept.

        What is larger than the whole cache is returned and not kept.
        """
        with self._lock:
            kept = self._kept.get(name)
            if kept is None and _entry_bytes(logits) <= self._kept.maxsize:
                self._kept[name] = logits
            return logits if kept is None else kept

    def clear(self) -> None:
        """Keeps nothing any more."""
        with self._lock:
            self._kept.clear()


class LogitsCache:
    """Memory in front of an optional shared cache.

    Attributes:
        memory: what this process keeps.
        shared: the cache beside it; None where none is set.
    """

    def __init__(
        self,
        codec: LogitsCodec,
        *,
        memory: MemoryCache,
        shared: SharedCache | None,
        observer: CacheObserver,
    ) -> None:
        """Takes the parts."""
        self.memory, self.shared = memory, shared
        self._codec, self._observer = codec, observer
        self._unproven: dict[bytes, int] = {}
        self._num_kept = self._num_disowned = 0
        self._is_keeping = True

    @property
    def is_degraded(self) -> bool:
        """Whether a shared cache is set and does not answer."""
        return self.shared is not None and not self.shared.is_available

    def name(self, ids: Sequence[int]) -> bytes:
        """Returns the name of the logits of a window."""
        return self._codec.name(ids)

    def get(self, name: bytes) -> EngineLogits | None:
        """Returns what memory holds."""
        found = self.memory.get(name)
        self._observer.looked_up("memory", hits=found is not None, misses=found is None)
        return found

    async def fetch(self, names: Sequence[bytes]) -> Mapping[bytes, EngineLogits]:
        """Returns what the shared cache holds of some names, and keeps it in memory."""
        if self.shared is None or not names:
            return {}
        asked_before = self._num_disowned
        found = await self.shared.fetch(names)
        if self._num_disowned != asked_before:
            return {}  # it may have been among what was disowned meanwhile
        self._observer.looked_up("shared", hits=len(found), misses=len(names) - len(found))
        return {name: self.memory.put(name, logits) for name, logits in found.items()}

    def keep(self, name: bytes, logits: EngineLogits) -> EngineLogits:
        """Keeps computed logits in both; returns the first that were kept under the name.

        After `disown` nothing is kept before `prove`.
        """
        if not self._is_keeping:
            return logits
        kept = self.memory.put(name, logits)
        if kept is logits and self.shared is not None:
            self.shared.store(name, logits)
            self._num_kept += 1
            self._unproven.pop(name, None)
            self._unproven[name] = self._num_kept
            if len(self._unproven) > MAX_UNPROVEN:
                del self._unproven[next(iter(self._unproven))]
        return kept

    @property
    def num_kept(self) -> int:
        """How often something was handed to the shared cache so far."""
        return self._num_kept

    def prove(self, num_kept: int) -> None:
        """Takes what was handed on so far for right: the engine has shown since that it is.

        Args:
            num_kept: as it was when the engine was asked what shows it.
        """
        self._is_keeping = True
        self._unproven = {name: n for name, n in self._unproven.items() if n > num_kept}

    def disown(self) -> None:
        """Forgets what the engine may have computed since it was last known to be right.

        What another process has read in the shared cache meanwhile it keeps in its own memory.
        """
        self._is_keeping = False
        self._num_disowned += 1
        self.memory.clear()
        if self.shared is not None and self._unproven:
            self.shared.forget(list(self._unproven))
        self._unproven.clear()

    def close(self) -> None:
        """Disconnects from the shared cache."""
        if self.shared is not None:
            self.shared.close()


def _entry_bytes(logits: EngineLogits) -> int:
    return num_bytes(logits) + _ENTRY_BYTES
