"""Windows on their way to the engine, with a cache that does what no cache should."""

import asyncio

import pytest

from model_store.engine.outputs import EngineLogits
from serving.batching.flights import NamedWindow, WindowFlights
from serving.batching.window_queue import Priority, WindowQueue


class Memory:
    def get(self, _name):
        return None


class FailingCache:
    """Fails in a way that the ways to a cache do not know of."""

    memory = Memory()
    shared = object()

    async def fetch(self, _names):
        raise RuntimeError("cannot schedule new futures after shutdown")

    def keep(self, _name, logits):
        return logits


class Unheard:
    def looked_up(self, tier, *, hits, misses):
        pass


@pytest.mark.parametrize("count", [1, 3])
def test_a_cache_that_fails_in_any_way_is_a_miss(count):
    async def scenario():
        queue = WindowQueue()
        flights = WindowFlights(queue, cache=FailingCache(), observer=Unheard())
        windows = [NamedWindow(ids=(0, 5 + i, 2), name=b"%d" % i) for i in range(count)]
        asked = asyncio.ensure_future(
            flights.compute(windows, deadline=1e9, priority=Priority.ONLINE)
        )
        async with asyncio.timeout(10):
            while not len(queue):  # noqa: ASYNC110 - the queue knows of no event
                await asyncio.sleep(0.001)
        batch = queue.take(max_tokens=1000, max_backlog_tokens=1000)
        flights.deliver([(job, EngineLogits.empty([len(job.ids)])) for job in batch.jobs])
        return await asked

    assert len(asyncio.run(scenario())) == count
