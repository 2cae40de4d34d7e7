"""The threads on which people sign in: few, and no queue without end."""

import asyncio
import threading

import pytest

from serving.api.sign_in_threads import SignInThreads
from serving.identity.errors import SignInBusyError

WAIT_S = 60


async def all_left(threads):
    """Waits until nobody is counted any more."""
    for _ in range(6000):
        if not threads._num_waiting:
            return
        await asyncio.sleep(0.01)
    pytest.fail("somebody is counted for ever")


def test_two_work_at_a_time_and_who_comes_when_many_wait_is_told_so():
    gate, running = threading.Event(), threading.Semaphore(0)

    def work():
        running.release()
        assert gate.wait(WAIT_S)
        return "done"

    async def come():
        threads = SignInThreads()
        waiting = [asyncio.create_task(threads.run(work)) for _ in range(16)]
        await asyncio.sleep(0)
        with pytest.raises(SignInBusyError):
            await threads.run(work)
        for _ in range(2):
            assert await asyncio.to_thread(running.acquire, timeout=WAIT_S)
        assert not running.acquire(blocking=False)
        gate.set()
        assert await asyncio.gather(*waiting) == ["done"] * 16
        await all_left(threads)
        assert await threads.run(lambda: "again") == "again"
        threads.close()

    asyncio.run(come())


def test_work_that_nobody_waits_for_any_more_still_counts_until_it_is_done():
    gate, started = threading.Event(), threading.Event()

    def work():
        started.set()
        assert gate.wait(WAIT_S)

    async def come():
        threads = SignInThreads()
        left = asyncio.create_task(threads.run(work))
        assert await asyncio.to_thread(started.wait, WAIT_S)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        assert threads._num_waiting == 1
        gate.set()
        await all_left(threads)
        threads.close()

    asyncio.run(come())


def test_what_goes_wrong_reaches_who_waits():
    def fail():
        raise ValueError("no")

    async def come():
        threads = SignInThreads()
        with pytest.raises(ValueError, match="no"):
            await threads.run(fail)
        threads.close()

    asyncio.run(come())
