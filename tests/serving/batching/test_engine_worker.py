import threading
import time

import numpy as np
import pytest

from model_store.engine.outputs import EngineLogits
from model_store.errors import DeviceLostError
from serving.batching.engine_worker import (
    EngineWorker,
    NotFiniteError,
    SharedTime,
    Speed,
    TokenBudget,
)
from serving.batching.window_queue import WindowJob, WindowQueue
from serving.errors import EngineLostError, EngineUnreachableError

POISON = 666


class Engine:
    """Gives the first token as the risk; fails as told."""

    def __init__(self, *, fail=lambda _ids: None):
        self.calls = []
        self._fail = fail

    def logits(self, ids):
        self.calls.append([list(row) for row in ids])
        if (error := self._fail(ids)) is not None:
            raise error
        output = EngineLogits.empty([len(row) for row in ids])
        output.risk_W[:] = [row[0] for row in ids]
        return output


class Heard:
    def __init__(self):
        self.failures, self.batches, self.seconds = [], [], []

    def engine_failed(self, kind):
        self.failures.append(kind)

    def computed(self, *, priority, windows, tokens, seconds):
        self.batches.append((priority, windows, tokens))
        self.seconds.append(seconds)


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def compute(heard):
    """Has windows computed by an engine and gives its outcomes by first token, and the worker."""

    def run(engine, firsts, *, max_tokens=1000):
        queue, outcomes = WindowQueue(), []
        worker = EngineWorker(
            engine, queue, max_tokens=max_tokens, deliver=outcomes.extend, observer=heard
        )
        queue.put([WindowJob(ids=(first, 1, 2, 2), deadline=9.0) for first in firsts])
        queue.close()
        worker.start()
        assert worker.join(30)
        return {job.ids[0]: outcome for job, outcome in outcomes}, worker

    return run


def is_right(found, first):
    return not isinstance(found[first], Exception) and found[first].risk_W.tolist() == [first]


def test_each_window_gets_its_own_logits(compute, heard):
    found, _ = compute(Engine(), [1, 2, 3])
    assert all(is_right(found, first) for first in (1, 2, 3))
    assert heard.batches == [("online", 3, 12)]


def test_a_poison_window_fails_alone(compute, heard):
    def fail(ids):
        return ValueError("no") if any(row[0] == POISON for row in ids) else None

    firsts = [*range(20), POISON, *range(30, 40)]
    found, _ = compute(Engine(fail=fail), firsts)
    assert isinstance(found.pop(POISON), ValueError)
    assert all(is_right(found, first) for first in found)
    assert len(found) == 30
    assert heard.failures == ["window"]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("Exception from src/core.cpp: std::bad_alloc"),
    ],
)
def test_memory_that_runs_out_halves_the_budget_and_the_batch_is_tried_again(compute, heard, error):
    engine = Engine(fail=lambda ids: error if len(ids) > 4 else None)
    found, worker = compute(engine, range(16))
    assert all(is_right(found, first) for first in range(16))
    assert worker.budget.tokens == 125
    assert heard.failures == ["memory"] * 3
    assert max(map(len, engine.calls[1:])) <= 8


def test_another_failure_does_not_touch_the_budget(compute):
    _, worker = compute(Engine(fail=lambda _ids: RuntimeError("shape mismatch")), [1, 2])
    assert worker.budget.tokens == 1000


def test_a_budget_grows_back_after_many_good_batches():
    budget = TokenBudget(1000)
    budget.shrink()
    budget.shrink()
    for _ in range(255):
        budget.record_good()
    assert budget.tokens == 250
    for _ in range(600):
        budget.record_good()
    assert budget.tokens == 1000


def test_a_budget_never_falls_to_nothing():
    budget = TokenBudget(100)
    for _ in range(20):
        budget.shrink()
    assert budget.tokens == 64


def test_an_engine_that_cannot_be_reached_fails_the_batch_at_once(compute, heard):
    engine = Engine(fail=lambda _ids: EngineUnreachableError())
    found, _ = compute(engine, [1, 2, 3])
    assert all(isinstance(outcome, EngineUnreachableError) for outcome in found.values())
    assert len(engine.calls) == 1
    assert heard.failures == ["engine"]


def test_a_device_that_failed_is_asked_no_more_than_once_a_batch(compute, heard):
    engine = Engine(fail=lambda _ids: DeviceLostError())
    found, worker = compute(engine, [1, 2, 3])
    assert all(isinstance(outcome, EngineLostError) for outcome in found.values())
    assert worker.is_lost
    assert len(engine.calls) == 1
    assert heard.failures == ["engine"]


def test_a_window_that_fails_loses_no_engine(compute):
    _, worker = compute(Engine(fail=lambda _ids: RuntimeError()), [1, 2, 3])
    assert not worker.is_lost


def test_a_batch_without_an_answer_counts_for_nothing(compute, heard):
    def fail(_ids):
        return EngineUnreachableError()

    _, worker = compute(Engine(fail=fail), [1, 2, 3])
    assert heard.batches == []
    assert worker.tokens_per_second == Speed().tokens_per_second


def test_of_a_batch_only_the_windows_that_were_answered_count(compute, heard):
    def fail(ids):
        return ValueError() if any(row[0] == POISON for row in ids) else None

    compute(Engine(fail=fail), [1, POISON, 3])
    assert heard.batches == [("online", 2, 8)]


def test_what_is_no_number_is_a_failure_of_that_window_only(compute):
    class Lying(Engine):
        def logits(self, ids):
            output = super().logits(ids)
            output.category_WC[1, 3] = np.nan
            return output

    found, _ = compute(Lying(), [1, 2, 3])
    assert isinstance(found[2], NotFiniteError)
    assert is_right(found, 1)
    assert is_right(found, 3)


def test_an_engine_that_answers_for_too_few_windows_is_not_believed(compute):
    class Short(Engine):
        def logits(self, ids):
            return super().logits(ids[:1])

    found, _ = compute(Short(), [1, 2])
    assert is_right(found, 1)
    assert is_right(found, 2)


def test_the_speed_follows_what_was_measured():
    speed = Speed()
    for _ in range(100):
        speed.record(tokens=1000, seconds=0.1)
    assert speed.tokens_per_second == pytest.approx(10_000, rel=0.01)
    for _ in range(2000):
        speed.record(tokens=1000, seconds=1.0)
    assert speed.tokens_per_second == pytest.approx(1_000, rel=0.05)


def test_calls_that_share_the_machine_share_its_time():
    now = 0.0
    shared = SharedTime(clock=lambda: now)
    first = shared.enter()
    now = 2.0
    second = shared.enter()
    now = 6.0
    first_share = shared.leave() - first
    now = 7.0
    second_share = shared.leave() - second
    now = 20.0
    third = shared.enter()
    now = 21.0
    assert (first_share, second_share, shared.leave() - third) == (2 + 2, 2 + 1, 1)


def test_several_threads_compute_batches_at_once_and_count_the_time_only_once(heard):
    both_compute = threading.Barrier(2, timeout=30)

    class Meeting(Engine):
        def logits(self, ids):
            both_compute.wait()
            time.sleep(0.2)  # counted twice it would be more than all the time there was
            return super().logits(ids)

    queue, outcomes = WindowQueue(), []
    worker = EngineWorker(
        Meeting(), queue, max_tokens=4, deliver=outcomes.extend, observer=heard, num_threads=2
    )
    queue.put([WindowJob(ids=(first, 1, 2, 2), deadline=9.0) for first in (1, 2)])
    queue.close()
    began = time.monotonic()
    worker.start()
    assert worker.join(30)
    assert {job.ids[0] for job, _ in outcomes} == {1, 2}
    assert sum(heard.seconds) < 1.5 * (time.monotonic() - began)
