"""Buckets in the process and on a real Valkey server give the same answers."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from serving.adapters.token_buckets import MemoryBuckets, RedisBuckets
from serving.errors import SettingsError
from serving.limits.limiter import ClientLimits
from serving.limits.quota import LimitClass, Quota

SLOW = Quota(units=5, seconds=86_400)
"""Five a day: none flows in while a test runs."""
SECRET = b"a secret of a deployment, 32 bytes or more"
WAIT_S = 30


def patient(url, heard):
    """Buckets that wait longer than a busy machine needs."""
    return RedisBuckets(SecretStr(url), secret=SECRET, observer=heard, budget_seconds=10)


async def connected(url, heard):
    """Patient buckets that Redis answers, however long a busy machine takes to connect."""
    buckets = patient(url, heard)
    await buckets.open()
    give_up = time.monotonic() + WAIT_S
    while not buckets.is_available:
        assert time.monotonic() < give_up
        await asyncio.sleep(0.05)
    heard.failures.clear()
    return buckets


@pytest.fixture(params=["memory", "valkey"])
def opened(request, heard):
    """Opens buckets of either kind, on the loop of the test."""
    url = request.getfixturevalue("counter").url if request.param == "valkey" else None

    @asynccontextmanager
    async def open_buckets():
        if url is None:
            yield MemoryBuckets()
            return
        buckets = await connected(url, heard)
        yield buckets
        await buckets.close()

    return open_buckets


def test_a_bucket_gives_what_it_holds_and_then_says_when(opened):
    async def run():
        async with opened() as buckets:
            return [await buckets.take("one", SLOW, 2) for _ in range(3)]

    first, second, third = asyncio.run(run())
    assert (first.is_allowed, second.is_allowed, third.is_allowed) == (True, True, False)
    assert (first.remaining, second.remaining, third.remaining) == (3, 1, 1)
    # One unit is missing, which takes a fifth of a day.
    assert third.retry_after_seconds == pytest.approx(86_400 / 5, rel=0.01)
    assert third.full_after_seconds == pytest.approx(4 * 86_400 / 5, rel=0.01)
    assert first.retry_after_seconds == 0


def test_a_refusal_takes_nothing(opened):
    async def run():
        async with opened() as buckets:
            await buckets.take("one", SLOW, 4)
            for _ in range(10):
                assert not (await buckets.take("one", SLOW, 2)).is_allowed
            return await buckets.take("one", SLOW, 1)

    assert asyncio.run(run()).is_allowed


def test_buckets_of_two_names_are_apart(opened):
    async def run():
        async with opened() as buckets:
            await buckets.take("one", SLOW, 5)
            return await buckets.take("other", SLOW, 5)

    assert asyncio.run(run()).is_allowed


def test_a_bucket_fills_again(opened):
    quick = Quota(units=20, seconds=1)

    async def run():
        async with opened() as buckets:
            await buckets.take("one", quick, 20)
            give_up = time.monotonic() + WAIT_S
            while not (await buckets.take("one", quick, 10)).is_allowed:
                assert time.monotonic() < give_up
                await asyncio.sleep(0.05)

    asyncio.run(run())


def test_many_at_once_get_no_more_than_there_is(opened):
    async def run():
        async with opened() as buckets:
            return await asyncio.gather(*(buckets.take("one", SLOW, 1) for _ in range(12)))

    assert sum(verdict.is_allowed for verdict in asyncio.run(run())) == 5


def test_names_in_redis_tell_nothing_and_end_by_themselves(counter, heard):
    async def run():
        buckets = await connected(counter.url, heard)
        await buckets.take("person:dana", SLOW, 1)
        found = counter.names()  # that of nobody in particular ends within seconds
        await buckets.close()
        return found

    assert len(asyncio.run(run())) == 2
    assert all(name.startswith("wherefore:limit:") for name in counter.names())
    assert "dana" not in " ".join(counter.names())


def test_what_is_no_address_of_redis_is_refused(heard):
    with pytest.raises(SettingsError, match="WHEREFORE_REDIS_URL"):
        patient("http://nowhere", heard)


def limits_of(heard, shared=None):
    limits = ClientLimits({LimitClass.PREDICT: SLOW}, own=MemoryBuckets(), observer=heard)
    limits.shared = shared
    return limits


def test_when_redis_dies_the_process_counts_by_itself_until_it_is_back(counter, heard):
    async def run():
        buckets = await connected(counter.url, heard)
        limits = limits_of(heard, buckets)
        assert (await limits.take("one", LimitClass.PREDICT, cost=5)).is_allowed
        assert not (await limits.take("one", LimitClass.PREDICT)).is_allowed
        counter.kill()
        # What Redis knew is lost; nobody gets an error, and the limit still holds here.
        assert (await limits.take("one", LimitClass.PREDICT, cost=5)).is_allowed
        assert not (await limits.take("one", LimitClass.PREDICT)).is_allowed
        assert not buckets.is_available
        assert set(heard.failures) <= {"unreachable", "timeout"}
        assert len(heard.failures) == 1
        counter.start()
        give_up = time.monotonic() + WAIT_S
        while not buckets.is_available:
            assert time.monotonic() < give_up
            await asyncio.sleep(0.05)
        assert (await limits.take("one", LimitClass.PREDICT, cost=5)).is_allowed
        await buckets.close()

    asyncio.run(run())


def test_a_foreign_value_under_the_name_of_a_bucket_gives_way_to_a_new_one(counter, heard):
    async def run():
        buckets = await connected(counter.url, heard)
        await buckets.take("one", SLOW, 5)
        with counter.client() as client:
            for name in client.scan_iter():
                client.set(name, b"no hash, and it stays")
        found = await buckets.take("one", SLOW, 2)
        assert (found.is_allowed, found.remaining) == (True, 3)
        # The one that a lost Redis is looked for with gives way too.
        assert await buckets._answers()
        assert buckets.is_available
        assert heard.failures == []
        await buckets.close()

    asyncio.run(run())


def test_a_server_that_starts_without_redis_counts_by_itself(heard, counter):
    counter.kill()

    async def run():
        buckets = patient(counter.url, heard)
        await buckets.open()
        verdict = await limits_of(heard, buckets).take("one", LimitClass.PREDICT)
        await buckets.close()
        return verdict

    assert asyncio.run(run()).is_allowed
    assert heard.failures == ["unreachable"]


def test_one_client_cannot_use_up_the_quota_of_another(heard):
    limits = limits_of(heard)

    async def run():
        greedy = [await limits.take("greedy", LimitClass.PREDICT) for _ in range(20)]
        modest = await limits.take("modest", LimitClass.PREDICT)
        return greedy, modest

    greedy, modest = asyncio.run(run())
    assert [verdict.is_allowed for verdict in greedy] == [True] * 5 + [False] * 15
    assert modest.is_allowed
    assert heard.refused == [LimitClass.PREDICT] * 15


def test_what_costs_more_than_the_bucket_holds_empties_it(heard):
    limits = limits_of(heard)

    async def run():
        return [await limits.take("one", LimitClass.PREDICT, cost=1000) for _ in range(2)]

    first, second = asyncio.run(run())
    assert (first.is_allowed, first.remaining) == (True, 0)
    assert not second.is_allowed


def test_a_class_without_a_quota_is_not_limited(heard):
    assert asyncio.run(limits_of(heard).take("one", LimitClass.OTHER)) is None
