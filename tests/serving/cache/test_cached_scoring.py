"""Scoring through the cache: computed once, repeated to the bit, right whatever Redis does."""

import asyncio
import threading
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources import Row
from model_store.engine.outputs import EngineLogits
from model_store.manifest import KnownAnswer
from model_store.predictor import Predictor
from serving.adapters.fake import FakePredictor
from serving.adapters.redis_cache import BUDGET_SECONDS
from serving.batching import window_queue
from serving.batching.admission import BatchLimits
from serving.batching.batcher import Batcher
from serving.batching.window_queue import Priority
from serving.cache.logits_cache import LogitsCache, MemoryCache
from serving.errors import NotReadyError
from serving.readiness import Readiness
from serving.scoring import ScoringService


class Counting:
    """Notes what the engine computes and holds it until it may."""

    def __init__(self, *, is_open=True):
        self.texts, self.is_open, self.reached = [], threading.Event(), threading.Event()
        if is_open:
            self.is_open.set()

    def __call__(self, texts):
        self.texts += texts
        self.reached.set()
        assert self.is_open.wait(60)


async def until(condition):
    while not condition():  # noqa: ASYNC110 - what is waited for knows of no event
        await asyncio.sleep(0.001)


@pytest.fixture
def nobody_in_turn(monkeypatch):
    """Nobody waits so long that it is the turn of the less urgent, however busy the machine is."""
    for priority in window_queue._TURN_SECONDS:
        monkeypatch.setitem(window_queue._TURN_SECONDS, priority, 600.0)


@pytest.fixture
def opened(heard, new_codec):
    @asynccontextmanager
    async def open_batcher(predictor, *, shared=None, max_bytes=10**7):
        cache = LogitsCache(
            new_codec(), memory=MemoryCache(max_bytes), shared=shared, observer=heard
        )
        service = ScoringService(predictor=predictor)
        batcher = Batcher(service, limits=BatchLimits(), observer=heard, cache=cache)
        try:
            yield batcher
        finally:
            await batcher.close()

    return open_batcher


def row(text, number=1):
    return Row(number=number, id=str(number), application=LoanApplication(text=text))


def rows(*texts):
    return [row(text, number) for number, text in enumerate(texts, start=1)]


async def kept_busy(batcher, engine):
    """Has the engine hold a text, so that what is asked for next waits; returns its request."""
    busy = asyncio.create_task(batcher.score(rows("Busy.")))
    await asyncio.to_thread(engine.reached.wait, 60)
    return busy


def test_the_same_text_is_computed_once(opened):
    engine = Counting()

    async def scenario():
        async with opened(FakePredictor(before=engine)) as batcher:
            return [await batcher.score(rows("Debts.")) for _ in range(5)]

    answers = asyncio.run(scenario())
    assert engine.texts == ["Debts."]
    assert all(answer == answers[0] for answer in answers)


def test_many_who_ask_at_once_wait_for_one_computation(opened, heard):
    engine = Counting(is_open=False)

    async def scenario():
        async with opened(FakePredictor(before=engine)) as batcher:
            asked = [asyncio.create_task(batcher.score(rows("Debts."))) for _ in range(10)]
            await asyncio.to_thread(engine.reached.wait, 60)
            await until(lambda: heard.lookups.count(("flight", 1, 0)) == 9)
            engine.is_open.set()
            return await asyncio.gather(*asked)

    answers = asyncio.run(scenario())
    assert engine.texts == ["Debts."]
    assert all(answer == answers[0] for answer in answers)


def test_equal_texts_of_one_batch_are_computed_once(opened):
    engine = Counting()

    async def scenario():
        async with opened(FakePredictor(before=engine)) as batcher:
            return await batcher.score(rows(*["Debts.", "Fine."] * 20))

    answers = asyncio.run(scenario())
    assert sorted(engine.texts) == ["Debts.", "Fine."]
    assert [answer.id for answer in answers] == [str(i) for i in range(1, 41)]
    assert answers[0].risk_score == answers[2].risk_score != answers[1].risk_score


def test_who_joined_gets_an_answer_when_the_first_to_ask_is_gone(opened, heard):
    engine = Counting(is_open=False)

    async def scenario():
        async with opened(FakePredictor(before=engine)) as batcher:
            busy = await kept_busy(batcher, engine)
            first = asyncio.create_task(batcher.score(rows("Debts.")))
            await until(lambda: batcher.num_queued_windows)
            second = asyncio.create_task(batcher.score(rows("Debts.")))
            await until(lambda: ("flight", 1, 0) in heard.lookups)
            first.cancel()
            engine.is_open.set()
            await busy
            return await second

    [answer] = asyncio.run(scenario())
    assert answer.error is None
    assert engine.texts == ["Busy.", "Debts."]


def test_what_all_have_left_is_dropped_and_computed_when_asked_again(opened):
    engine = Counting(is_open=False)

    async def scenario():
        async with opened(FakePredictor(before=engine)) as batcher:
            busy = await kept_busy(batcher, engine)
            gone = asyncio.create_task(batcher.score(rows("Debts.")))
            await until(lambda: batcher.num_queued_windows)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            engine.is_open.set()
            await busy
            assert engine.texts == ["Busy."]
            return await batcher.score(rows("Debts."))

    [answer] = asyncio.run(scenario())
    assert answer.error is None


@pytest.mark.usefixtures("nobody_in_turn")
def test_a_window_of_a_backlog_goes_with_the_others_once_somebody_waits_for_it(opened, heard):
    engine = Counting(is_open=False)

    async def scenario():
        async with opened(FakePredictor(before=engine)) as batcher:
            busy = await kept_busy(batcher, engine)
            backlog = asyncio.create_task(
                batcher.score(rows("First.", "Second.", "Third."), priority=Priority.BACKLOG)
            )
            await until(lambda: batcher.num_queued_windows == 3)
            online = asyncio.create_task(batcher.score(rows("Third.")))
            await until(lambda: ("flight", 1, 0) in heard.lookups)
            engine.is_open.set()
            return await asyncio.gather(busy, backlog, online)

    _, [*_, third], [same] = asyncio.run(scenario())
    assert engine.texts == ["Busy.", "Third.", "First.", "Second."]
    assert third.risk_score == same.risk_score


@pytest.mark.usefixtures("nobody_in_turn")
def test_who_is_in_no_hurry_does_not_make_others_wait_by_joining_them(opened, heard):
    engine = Counting(is_open=False)

    async def scenario():
        async with opened(FakePredictor(before=engine)) as batcher:
            busy = await kept_busy(batcher, engine)
            online = asyncio.create_task(batcher.score(rows("First.", "Second.")))
            await until(lambda: batcher.num_queued_windows == 2)
            slow = asyncio.create_task(
                batcher.score(rows("Second.", "Third."), priority=Priority.EXPLANATION)
            )
            await until(lambda: ("flight", 1, 0) in heard.lookups)
            engine.is_open.set()
            return await asyncio.wait_for(asyncio.gather(busy, online, slow), timeout=60)

    _, [_, second], [same, third] = asyncio.run(scenario())
    assert engine.texts == ["Busy.", "First.", "Second.", "Third."]
    assert second.risk_score == same.risk_score
    assert third.error is None


def test_a_failure_is_not_remembered(opened):
    failing = ["Debts."]

    def fail(texts):
        if failing and failing[0] in texts:
            raise ValueError("cannot")

    async def scenario():
        async with opened(FakePredictor(before=fail)) as batcher:
            [first] = await batcher.score(rows("Debts."))
            failing.clear()
            [second] = await batcher.score(rows("Debts."))
            return first, second

    first, second = asyncio.run(scenario())
    assert first.error.code == "internal_error"
    assert second.error is None


TEXTS = [
    f"Asks for ${i},000; her debts take {i} % of her income. " * (i % 7 + 1) for i in range(24)
]


def test_a_hit_repeats_the_first_answer_to_the_bit_from_memory_and_from_redis(
    opened, tiny_model, valkey, new_redis_cache, heard
):
    predictor = Predictor.load(tiny_model)

    async def scenario():
        async with opened(predictor, shared=new_redis_cache(valkey.url)) as batcher:
            first = await batcher.score(rows(*TEXTS))
            # Alone the engine would compute them in other batches.
            alone = [(await batcher.score([row]))[0] for row in rows(*TEXTS)]
            with valkey.client() as client:
                await until(lambda: client.dbsize() == len(TEXTS))
        async with opened(predictor, shared=new_redis_cache(valkey.url)) as batcher:
            elsewhere = await batcher.score(rows(*reversed(TEXTS)))
        return first, alone, elsewhere

    first, alone, elsewhere = asyncio.run(scenario())
    assert alone == first
    in_order = [answer.model_copy(update={"id": None}) for answer in reversed(elsewhere)]
    assert in_order == [answer.model_copy(update={"id": None}) for answer in first]
    assert sum(hits for tier, hits, _ in heard.lookups if tier == "shared") == len(TEXTS)


def test_killed_restarted_and_garbage_redis_under_load_never_changes_an_answer(
    opened, tiny_model, valkey, new_redis_cache, close_to
):
    predictor = Predictor.load(tiny_model)
    expected = [
        answer.model_dump(mode="json")
        for answer in ScoringService(predictor=predictor).score(rows(*TEXTS))
    ]

    async def scenario():
        found = []
        # Without memory every text goes to Redis each time.
        async with opened(predictor, shared=new_redis_cache(valkey.url), max_bytes=0) as batcher:
            for round_number in range(12):
                if round_number == 3:
                    valkey.kill()
                if round_number == 6:
                    await asyncio.to_thread(valkey.start)
                if round_number == 9:
                    with valkey.client() as client:
                        for key in client.scan_iter():
                            client.set(key, b"garbage")
                found.append(await asyncio.gather(*(batcher.score([r]) for r in rows(*TEXTS))))
        return found

    for answers in asyncio.run(scenario()):
        for [answer], right in zip(answers, expected, strict=True):
            assert close_to(right, answer.model_dump(mode="json"))


def test_a_redis_that_takes_two_seconds_is_a_miss_and_changes_no_answer(
    opened, tiny_model, slow_proxy, new_redis_cache, heard
):
    predictor = Predictor.load(tiny_model)
    expected = ScoringService(predictor=predictor).score(rows(*TEXTS))

    async def scenario():
        shared = new_redis_cache(slow_proxy.url, budget_seconds=BUDGET_SECONDS)
        async with opened(predictor, shared=shared, max_bytes=0) as batcher:
            return [await batcher.score(rows(*TEXTS)) for _ in range(4)]

    for answers in asyncio.run(scenario()):
        assert all(answer.error is None for answer in answers)
        found = [answer.risk_score for answer in answers]
        assert found == pytest.approx([right.risk_score for right in expected], abs=1e-2)
    assert "timeout" in heard.failures
    # Nothing that came too late was taken for an answer.
    assert sum(hits for tier, hits, _ in heard.lookups if tier == "shared") == 0


def test_a_dead_redis_is_named_in_the_answer(opened, valkey, new_redis_cache):
    valkey.kill()

    async def scenario():
        async with opened(FakePredictor(), shared=new_redis_cache(valkey.url)) as batcher:
            while not batcher.degraded:
                [answer] = await batcher.score(rows("Debts."))
                assert answer.error is None
                await batcher.score(rows(f"Debts {id(object())}."))
            return batcher.degraded

    assert asyncio.run(scenario()) == ["cache_unavailable"]


class Damaged:
    """An engine that says one risk while it is well, and another while it is not."""

    def __init__(self):
        self.is_well = True

    def logits(self, ids):
        found = EngineLogits.empty([len(row) for row in ids])
        found.risk_W[:] = 1.0 if self.is_well else 40.0
        return found


class Showing(FakePredictor):
    """Answers what its engine says, and knows what it should say."""

    def __init__(self):
        super().__init__()
        self.engine = Damaged()
        [plain] = super().decode(self.read(["Debts."]), None)
        self.known_answer = KnownAnswer(
            text="Debts.",
            category_probabilities=tuple(plain.categories.values()),
            risk_score=1.0,
        )

    def decode(self, read, logits):
        return [
            replace(p, risk_score=float(logits.risk_W[0])) for p in super().decode(read, logits)
        ]


def test_what_a_damaged_engine_computed_is_answered_by_nobody_once_that_is_known(
    opened, valkey, new_redis_cache, monkeypatch
):
    monkeypatch.setattr("serving.readiness.GOOD_FOR_SECONDS", 0.0)

    async def risks(batcher):
        rows = await batcher.score([row("Laid off in March."), row("Six inquiries.", 2)])
        return [scored.risk_score for scored in rows]

    async def scenario():
        damaged, well = Showing(), Showing()
        forgotten = []
        async with (
            opened(damaged, shared=new_redis_cache(valkey.url)) as one,
            opened(well, shared=new_redis_cache(valkey.url)) as two,
        ):
            readiness = Readiness(one, damaged, on_wrong=lambda: forgotten.append(True))
            await one.score([row("Known from before.")])
            await readiness.check()
            damaged.engine.is_well = False
            assert await risks(one) == [40.0, 40.0]
            with valkey.client() as client:
                await until(lambda: client.dbsize() == 3)
                with pytest.raises(NotReadyError):
                    await readiness.check()
                await until(lambda: client.dbsize() == 1)  # what was proven stays
            with pytest.raises(NotReadyError):
                await risks(one)
            damaged.engine.is_well = True
            await readiness.check()
            assert [await risks(batcher) for batcher in (one, two)] == [[1.0, 1.0]] * 2
            assert forgotten == [True]

    asyncio.run(scenario())


def test_who_waited_while_the_engine_was_found_wrong_is_told_to_come_back(opened):
    async def scenario():
        computing = Counting(is_open=False)
        async with opened(FakePredictor(before=computing)) as batcher:
            waiting = asyncio.create_task(batcher.score([row("Laid off in March.")]))
            await until(computing.reached.is_set)
            batcher.distrust()
            computing.is_open.set()
            with pytest.raises(NotReadyError):
                await waiting
            batcher.trust(num_kept=0)
            await batcher.score([row("Laid off in March.")])
            assert len(computing.texts) == 2  # nothing was kept of the first

    asyncio.run(scenario())
