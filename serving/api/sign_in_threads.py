"""The threads on which people sign in: few, and apart from those of all other requests."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from serving.identity.errors import SignInBusyError

P = ParamSpec("P")
T = TypeVar("T")

_AT_ONCE = 2
_MOST = 16


class SignInThreads:
    """Runs what hashes passwords, two at a time; who asks while many wait is told to come back.

    So signing in takes neither all memory nor all threads of the server.
    """

    def __init__(self) -> None:
        """Starts no thread yet."""
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sign-in")
        self._num_waiting = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Returns what some work gives. To be called on the event loop alone.

        Raises:
            SignInBusyError: too many wait already.
        """
        if self._num_waiting >= _MOST:
            raise SignInBusyError
        self._num_waiting += 1
        loop = asyncio.get_running_loop()

        def done(_: "Future[T]") -> None:
            loop.call_soon_threadsafe(self._leave)

        # Counted until the work is done, even where nobody waits for it any more.
        future = self._pool.submit(work, *args, **kwargs)
        future.add_done_callback(done)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Waits for what runs, and drops what does not yet."""
        self._pool.shutdown(cancel_futures=True)

    def _leave(self) -> None:
        self._num_waiting -= 1
