import asyncio
import threading

import pytest

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources import Row
from serving.adapters.fake import FakePredictor
from serving.errors import NotReadyError, OverloadedError, ScoringTimeoutError
from serving.queueing import ScoringQueue
from serving.scoring import ScoringService


def rows(number):
    application = LoanApplication(text="Debts.")
    return [Row(number=i, id=str(i), application=application) for i in range(1, number + 1)]


@pytest.fixture
def gate():
    """An event that the fake model waits for."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def make_queue(gate):
    queues = []

    def make(*, max_applications=4, timeout_seconds=30.0, held=True):
        predictor = FakePredictor(before=lambda _: gate.wait()) if held else FakePredictor()
        service = ScoringService(predictor=predictor)
        queue = ScoringQueue(
            service, max_applications=max_applications, timeout_seconds=timeout_seconds
        )
        queues.append(queue)
        return queue

    yield make
    gate.set()
    for queue in queues:
        queue.close()


def test_answers_come_in_the_order_of_the_rows(make_queue):
    answers = asyncio.run(make_queue(held=False).score(rows(3)))
    assert [answer.id for answer in answers] == ["1", "2", "3"]


def test_a_full_queue_refuses_with_a_delay_and_takes_requests_again_later(make_queue, gate):
    async def scenario():
        queue = make_queue()
        waiting = asyncio.create_task(queue.score(rows(4)))
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError) as caught:
            await queue.score(rows(1))
        assert caught.value.retry_after_seconds >= 1
        gate.set()
        assert len(await waiting) == 4
        assert len(await queue.score(rows(4))) == 4

    asyncio.run(scenario())


def test_a_request_larger_than_the_queue_is_taken_when_nothing_waits(make_queue):
    assert len(asyncio.run(make_queue(held=False).score(rows(9)))) == 9


def test_a_request_that_waits_too_long_is_told_so(make_queue):
    with pytest.raises(ScoringTimeoutError, match=r"not scored within 0\.01 s"):
        asyncio.run(make_queue(timeout_seconds=0.01).score(rows(1)))


def test_what_timed_out_keeps_its_place_until_it_is_worked_off(make_queue, gate):
    async def scenario():
        queue = make_queue(timeout_seconds=0.01)
        with pytest.raises(ScoringTimeoutError):
            await queue.score(rows(2))
        assert queue.num_queued == 2
        gate.set()
        queue.close()
        assert queue.num_queued == 0

    asyncio.run(scenario())


def test_a_failure_of_the_model_frees_its_place(make_queue):
    def fail(_texts):
        raise RuntimeError("broken")

    async def scenario():
        queue = ScoringQueue(
            ScoringService(predictor=FakePredictor(before=fail)),
            max_applications=1,
            timeout_seconds=5,
        )
        with pytest.raises(RuntimeError):
            await queue.score(rows(1))
        queue.close()
        assert queue.num_queued == 0

    asyncio.run(scenario())


def test_a_closed_queue_refuses(make_queue):
    queue = make_queue(held=False)
    queue.close()
    with pytest.raises(NotReadyError):
        asyncio.run(queue.score(rows(1)))
