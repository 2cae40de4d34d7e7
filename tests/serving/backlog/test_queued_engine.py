import asyncio
import threading
from contextlib import contextmanager

import pytest

from model_store.engine.outputs import EngineLogits
from serving.backlog.server.errors import BacklogStoppedError
from serving.backlog.server.queued_engine import QueuedEngine
from serving.batching.window_queue import Priority
from serving.errors import EngineAnswerError, NotReadyError, OverloadedError


class Queue:
    """Answers with the first token of each window, after what it is told to raise."""

    def __init__(self, *errors, waits_for=None):
        self.errors, self.waits_for = list(errors), waits_for
        self.is_draining, self.tokens_per_second = False, 1000.0
        self.asked = []

    async def compute(self, ids, *, priority):
        assert priority is Priority.BACKLOG
        self.asked.append(len(ids))
        if self.waits_for is not None:
            await self.waits_for
        if self.errors:
            raise self.errors.pop(0)
        output = EngineLogits.empty([len(row) for row in ids])
        output.risk_W[:] = [row[0] for row in ids]
        return output


@contextmanager
def running(queue, *, stop=None):
    """An engine behind a queue whose event loop runs on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield QueuedEngine(queue, loop=loop, stop=stop or threading.Event())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def windows(number, *, length=100):
    return [(i, *[7] * (length - 1)) for i in range(number)]


def overloaded():
    return OverloadedError(num_queued_tokens=1, retry_after_seconds=0)


def test_windows_come_back_in_order_however_they_were_grouped():
    queue = Queue()
    with running(queue) as engine:
        found = engine.logits(windows(300))
    assert [int(x) for x in found.risk_W] == list(range(300))
    assert len(queue.asked) > 4
    assert max(queue.asked) <= 20


def test_a_window_longer_than_a_group_goes_alone():
    queue = Queue()
    with running(queue) as engine:
        engine.logits(windows(3, length=5000))
    assert queue.asked == [1, 1, 1]


def test_what_the_queue_refuses_for_now_is_asked_again():
    queue = Queue(overloaded(), NotReadyError(), overloaded())
    queue.errors[1].retry_after_seconds = 0
    with running(queue) as engine:
        found = engine.logits(windows(50))
    assert [int(x) for x in found.risk_W] == list(range(50))


def test_an_answer_that_cannot_be_used_is_raised_and_not_asked_for_for_ever():
    queue = Queue(EngineAnswerError())
    with running(queue) as engine, pytest.raises(EngineAnswerError):
        engine.logits(windows(1))
    assert len(queue.asked) == 1


def test_what_the_engine_raises_is_raised():
    with running(Queue(MemoryError())) as engine, pytest.raises(MemoryError):
        engine.logits(windows(2))


def test_a_timeout_of_the_engine_itself_is_an_error_like_any_other():
    queue = Queue(TimeoutError("of the engine"))
    with running(queue) as engine, pytest.raises(TimeoutError, match="of the engine"):
        engine.logits(windows(2))


def test_a_queue_that_is_closing_ends_the_work():
    queue = Queue(NotReadyError())
    queue.is_draining = True
    with running(queue) as engine, pytest.raises(BacklogStoppedError):
        engine.logits(windows(2))


def test_work_that_is_to_stop_does_not_wait_for_its_turn():
    stop = threading.Event()
    queue = Queue()
    with running(queue, stop=stop) as engine:
        queue.waits_for = asyncio.run_coroutine_threadsafe(_future(), engine._loop).result()
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(BacklogStoppedError):
            engine.logits(windows(100))
        with pytest.raises(BacklogStoppedError):
            engine.logits(windows(1))


async def _future():
    return asyncio.get_running_loop().create_future()
