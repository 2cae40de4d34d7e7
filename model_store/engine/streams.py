"""Inference requests of a compiled network, lent to the calls that need them.

A machine computes the most texts when each of its cores has a batch of its own: no core waits for
another at the end of every layer, nor for one that the rest of the process has taken away. A text
that comes alone is answered soonest when all cores share it. So the network may be compiled twice,
and a call of one batch that finds no other under way gets all cores.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import openvino

    Requests = SimpleQueue["openvino.InferRequest"]


class Streams:
    """The requests of an engine. Thread-safe."""

    def __init__(
        self,
        compiled: "openvino.CompiledModel",
        count: int,
        *,
        joined: "openvino.CompiledModel | None" = None,
    ) -> None:
        """Makes the requests.

        Args:
            compiled: the network, computing `count` batches at once.
            count: batches computed at once.
            joined: the network on all cores together; None for none.
        """
        self._lock = threading.Lock()
        self._num_calls = 0
        self._shares = _requests(compiled, count)
        self._joined = self._shares if joined is None else _requests(joined, 1)

    @contextmanager
    def lent(self, *, num_batches: int) -> Iterator["Requests"]:
        """Gives the requests that a call may take from, and must put back, until the block ends.

        Args:
            num_batches: batches of the call.
        """
        with self._lock:
            is_alone = self._num_calls == 0
            self._num_calls += 1
        try:
            yield self._joined if is_alone and num_batches == 1 else self._shares
        finally:
            with self._lock:
                self._num_calls -= 1


def _requests(compiled: "openvino.CompiledModel", count: int) -> "Requests":
    requests: Requests = SimpleQueue()
    for _ in range(count):
        requests.put(compiled.create_infer_request())
    return requests
