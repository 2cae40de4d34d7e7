import asyncio
import threading
from contextlib import asynccontextmanager

import pytest

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources import Row, RowError
from serving.adapters.fake import FakePredictor
from serving.batching.admission import BatchLimits, estimated_tokens
from serving.batching.batcher import Batcher
from serving.batching.text_stage import MAX_SLICE_CHARACTERS, MAX_SLICE_TEXTS, sliced
from serving.batching.window_queue import Priority
from serving.errors import (
    EngineAnswerError,
    EngineUnreachableError,
    NotReadyError,
    OverloadedError,
    ScoringTimeoutError,
)
from serving.scoring import ScoringService


class Heard:
    """Takes every event and keeps those that tests ask for."""

    def __init__(self):
        self.abandonments, self.failures, self.batches = [], [], []

    def abandoned(self, reason):
        self.abandonments.append(reason)

    def engine_failed(self, kind):
        self.failures.append(kind)

    def computed(self, *, priority, windows, **_):
        self.batches.append((priority, windows))

    def looked_up(self, tier, *, hits, misses):
        pass

    def cache_failed(self, kind, count=1):
        pass


class Gate:
    """Holds the engine until it is opened, and counts what came to it."""

    def __init__(self):
        self.is_open, self.reached, self.texts = threading.Event(), threading.Event(), []

    def __call__(self, texts):
        self.texts += texts
        self.reached.set()
        assert self.is_open.wait(60)


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.is_open.set()


@pytest.fixture
def opened(heard):
    @asynccontextmanager
    async def open_batcher(before=lambda _texts: None, **limits):
        service = ScoringService(predictor=FakePredictor(before=before))
        batcher = Batcher(service, limits=BatchLimits(**limits), observer=heard)
        try:
            yield batcher
        finally:
            await batcher.close()

    return open_batcher


def row(text="Debts.", number=1):
    return Row(number=number, id=str(number), application=LoanApplication(text=text))


def rows(count, text="Debts."):
    return [row(text, number) for number in range(1, count + 1)]


def bad_row(number):
    return RowError(number=number, id=str(number), code="nul_byte", field="text", message="found")


async def until(condition):
    while not condition():  # noqa: ASYNC110 - what is waited for knows of no event
        await asyncio.sleep(0.001)


async def reached(gate):
    assert await asyncio.to_thread(gate.reached.wait, 60)


def test_answers_come_in_the_order_of_the_rows(opened):
    async def scenario():
        async with opened() as batcher:
            return await batcher.score([*rows(30), bad_row(31), row(number=32)])

    answers = asyncio.run(scenario())
    assert [answer.id for answer in answers] == [str(i) for i in range(1, 33)]
    assert [i for i, a in enumerate(answers, start=1) if a.error is not None] == [31]


def test_no_rows_get_no_answers(opened):
    async def scenario():
        async with opened() as batcher:
            return await batcher.score([])

    assert asyncio.run(scenario()) == []


def test_windows_of_several_requests_make_one_batch(opened, gate, heard):
    async def scenario():
        async with opened(gate) as batcher:
            first = asyncio.create_task(batcher.score([row("First.")]))
            await reached(gate)
            others = [asyncio.create_task(batcher.score([row(f"No. {i}")])) for i in range(5)]
            await until(lambda: batcher.num_queued_windows == 5)
            gate.is_open.set()
            await asyncio.gather(first, *others)

    asyncio.run(scenario())
    assert heard.batches == [("online", 1), ("online", 5)]


def test_a_full_queue_refuses_with_an_honest_delay_and_takes_requests_again(opened, gate):
    async def scenario():
        async with opened(gate, max_queued_tokens=100_000) as batcher:
            waiting = asyncio.create_task(batcher.score([row("x" * 60_000)]))
            await reached(gate)
            with pytest.raises(OverloadedError) as caught:
                await batcher.score([row("y" * 60_000), row("y" * 60_000), row("y" * 60_000)])
            expected = batcher.num_queued_tokens / batcher.tokens_per_second
            assert expected <= caught.value.retry_after_seconds <= expected + 1
            gate.is_open.set()
            await waiting
            assert len(await batcher.score([row("Fine.")])) == 1
            assert batcher.num_queued_tokens == 0

    asyncio.run(scenario())


def test_a_request_larger_than_the_queue_is_taken_when_nothing_waits(opened):
    async def scenario():
        async with opened(max_queued_tokens=1) as batcher:
            return await batcher.score(rows(9))

    assert len(asyncio.run(scenario())) == 9


def test_a_request_that_waits_too_long_is_told_so_and_dropped(opened, gate, heard):
    async def scenario():
        async with opened(gate, timeout_seconds=0.05) as batcher:
            busy = asyncio.create_task(batcher.compute_ahead([(0, *map(ord, "Busy."), 2)]))
            await reached(gate)
            with pytest.raises(ScoringTimeoutError, match=r"not scored within 0\.05 s"):
                await batcher.score([row("Late.")])
            assert batcher.num_queued_tokens == batcher.num_queued_windows == 0
            gate.is_open.set()
            await busy

    asyncio.run(scenario())
    assert gate.texts == ["Busy."]
    assert heard.abandonments == ["timeout"]


def test_an_abandoned_request_is_never_computed(opened, gate, heard):
    async def scenario():
        async with opened(gate) as batcher:
            first = asyncio.create_task(batcher.score([row("First.")]))
            await reached(gate)
            gone = asyncio.create_task(batcher.score(rows(20, "Gone.")))
            await until(lambda: batcher.num_queued_windows == 20)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
            assert batcher.num_queued_windows == 0
            gate.is_open.set()
            await first

    asyncio.run(scenario())
    assert gate.texts == ["First."]
    assert heard.abandonments == ["disconnected"]


def test_a_poison_text_fails_alone_beside_others_and_in_its_own_request(opened, heard):
    def fail(texts):
        if any("poison" in text for text in texts):
            raise ValueError("cannot")

    async def scenario():
        async with opened(fail) as batcher:
            requests = [batcher.score([row(f"Debts {i}.")]) for i in range(10)]
            mixed = batcher.score([row("Fine."), row("poison", 2), row("Fine too.", 3)])
            return await asyncio.gather(mixed, *requests)

    mixed, *others = asyncio.run(scenario())
    assert [answer.error and answer.error.code for answer in mixed] == [
        None,
        "internal_error",
        None,
    ]
    assert all(answer.error is None for answers in others for answer in answers)
    assert heard.failures == ["window"]


def test_an_answer_that_cannot_be_used_fails_its_row_alone_unless_there_is_no_other(opened):
    def fail(texts):
        if any("poison" in text for text in texts):
            raise EngineAnswerError

    async def scenario():
        async with opened(fail) as batcher:
            mixed = await batcher.score([row("Fine."), row("poison", 2)])
            with pytest.raises(EngineAnswerError):
                await batcher.score([row("poison")])
            return mixed

    fine, failed = asyncio.run(scenario())
    assert (fine.error, failed.error.code) == (None, "internal_error")


def test_a_text_that_cannot_be_read_fails_alone(opened):
    class Fussy(FakePredictor):
        def read(self, texts):
            if "unreadable" in texts[0]:
                raise KeyError("cannot")
            return super().read(texts)

    async def scenario():
        service = ScoringService(predictor=Fussy())
        batcher = Batcher(service, limits=BatchLimits(), observer=Heard())
        answers = await batcher.score([row("Fine."), row("unreadable", 2), row("Fine.", 3)])
        await batcher.close()
        return answers

    codes = [answer.error and answer.error.code for answer in asyncio.run(scenario())]
    assert codes == [None, "internal_error", None]


def test_an_engine_that_cannot_be_reached_is_told_to_the_client(opened):
    def fail(_texts):
        raise EngineUnreachableError

    async def scenario():
        async with opened(fail) as batcher:
            with pytest.raises(EngineUnreachableError):
                await batcher.score(rows(3))
            assert batcher.num_queued_tokens == 0

    asyncio.run(scenario())


def test_a_small_request_is_read_while_a_large_one_is_still_being_read(gate):
    class SlowAtLargeOnes(FakePredictor):
        def read(self, texts):
            if "Large" in texts[0]:
                gate(texts)
            return super().read(texts)

    async def scenario():
        service = ScoringService(predictor=SlowAtLargeOnes())
        batcher = Batcher(service, limits=BatchLimits(), observer=Heard())
        large = asyncio.create_task(batcher.score(rows(10 * MAX_SLICE_TEXTS, "Large request.")))
        await reached(gate)
        small = await batcher.score([row("Small.")])  # the large one cannot go on before it
        gate.is_open.set()
        answers = await large
        await batcher.close()
        return small, answers

    small, answers = asyncio.run(scenario())
    assert (len(small), len(answers)) == (1, 10 * MAX_SLICE_TEXTS)


def test_a_backlog_never_refuses_anybody_who_waits_for_an_answer(opened, gate):
    async def scenario():
        async with opened(gate, max_queued_tokens=4000) as batcher:
            backlog = asyncio.create_task(
                batcher.score(rows(10, "b" * 400), priority=Priority.BACKLOG)
            )
            await reached(gate)
            with pytest.raises(OverloadedError):
                await batcher.score([row("b" * 400)], priority=Priority.BACKLOG)
            online = asyncio.create_task(batcher.score([row("Debts.")]))
            gate.is_open.set()
            return await asyncio.gather(backlog, online)

    backlog, online = asyncio.run(scenario())
    assert (len(backlog), len(online)) == (10, 1)


def test_draining_answers_everything_accepted_and_refuses_the_rest(opened, gate):
    async def scenario():
        async with opened(gate) as batcher:
            accepted = [asyncio.create_task(batcher.score([row(f"{i}")])) for i in range(50)]
            await reached(gate)
            batcher.drain()
            with pytest.raises(NotReadyError):
                await batcher.score([row("late")])
            gate.is_open.set()
            return await asyncio.gather(*accepted)

    assert len(asyncio.run(scenario())) == 50


def test_what_cannot_be_answered_within_the_grace_time_is_told_to_come_back(opened, gate):
    async def scenario():
        async with opened(gate) as batcher:
            accepted = asyncio.create_task(batcher.score([row("slow")]))
            await reached(gate)
            batcher.drain(seconds=0.01)
            with pytest.raises(NotReadyError):
                await accepted
            gate.is_open.set()

    asyncio.run(scenario())


def test_the_event_loop_goes_on_while_texts_are_read_and_computed():
    reading, computing = Gate(), Gate()

    class Slow(FakePredictor):
        def read(self, texts):
            reading(texts)  # ends only when the event loop says so
            return super().read(texts)

    async def scenario():
        service = ScoringService(predictor=Slow(before=computing))
        batcher = Batcher(service, limits=BatchLimits(), observer=Heard())
        scoring = asyncio.create_task(batcher.score([row()]))
        for gate in (reading, computing):
            await reached(gate)
            gate.is_open.set()
        answers = await scoring
        await batcher.close()
        return answers

    assert len(asyncio.run(scenario())) == 1


def test_what_stands_in_fields_counts_like_what_stands_in_the_text():
    long = "x" * 4000
    applications = [
        LoanApplication(text=long),
        LoanApplication(purpose=long),
        LoanApplication(text=long[:2000], purpose=long[:2000], credit_score=540),
    ]
    for application in applications:
        given = [Row(number=1, id="1", application=application)]
        assert estimated_tokens(given) == pytest.approx(1000, rel=0.05)
        assert len(list(sliced(given * 8))) == 2
    plain = Row(number=1, id="1", application=LoanApplication(credit_score=540))
    assert estimated_tokens([plain]) > 5


def test_slices_keep_order_and_stay_small():
    given = [*rows(20), row("x" * (MAX_SLICE_CHARACTERS + 1)), *rows(3), bad_row(9)]
    parts = list(sliced(given))
    assert [r for part in parts for r in part] == given
    assert all(len(part) <= MAX_SLICE_TEXTS for part in parts)
    assert [len(part) for part in parts] == [8, 8, 4, 1, 4]
