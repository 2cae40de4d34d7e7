import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.batching.window_queue import (
    AGE_CAP_SECONDS,
    AHEAD_OF_ALL,
    BACKLOG_TURN_SECONDS,
    Priority,
    WaitingWindows,
    WindowJob,
    WindowQueue,
)


def window(length, *, deadline=100.0, arrived=0.0, priority=Priority.ONLINE):
    return WindowJob(ids=(7,) * length, deadline=deadline, arrived=arrived, priority=priority)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def queue(clock):
    return WindowQueue(clock=clock)


def take(queue, max_tokens=1000, max_backlog_tokens=100):
    return queue.take(max_tokens=max_tokens, max_backlog_tokens=max_backlog_tokens)


def lengths(batch):
    return [len(job.ids) for job in batch.jobs]


def test_a_batch_begins_with_the_earliest_deadline_and_takes_the_nearest_lengths(queue):
    queue.put([window(10), window(300), window(290, deadline=1.0), window(295), window(20)])
    assert lengths(take(queue, max_tokens=900)) == [290, 295, 300]
    assert lengths(take(queue, max_tokens=900)) == [10, 20]


def test_a_window_longer_than_the_budget_comes_alone(queue):
    queue.put([window(512, deadline=1.0), window(511)])
    assert lengths(take(queue, max_tokens=100)) == [512]
    assert lengths(take(queue, max_tokens=100)) == [511]


def test_padding_counts_towards_the_budget(queue):
    queue.put([window(10, deadline=1.0), *(window(10) for _ in range(5)), window(40)])
    assert lengths(take(queue, max_tokens=100)) == [10] * 6


def test_the_oldest_goes_first_once_it_has_waited_for_the_age_cap(queue, clock):
    queue.put([window(500, deadline=1e9, arrived=0.0)])
    clock.now = AGE_CAP_SECONDS
    queue.put([window(10, deadline=clock.now + 0.1, arrived=clock.now)])
    assert lengths(take(queue, max_tokens=600)) == [500]


def test_a_window_ahead_of_all_goes_before_those_that_have_waited_for_the_age_cap(queue, clock):
    queue.put([window(500, deadline=1e9, arrived=0.0)])
    clock.now = AGE_CAP_SECONDS
    queue.put([window(10, deadline=AHEAD_OF_ALL, arrived=clock.now)])
    assert lengths(take(queue, max_tokens=20)) == [10]
    assert lengths(take(queue, max_tokens=600)) == [500]


def test_a_backlog_waits_for_everybody_and_takes_small_batches(queue):
    queue.put([window(40, priority=Priority.BACKLOG, deadline=0.0) for _ in range(5)])
    queue.put([window(40)])
    assert take(queue).priority is Priority.ONLINE
    batch = take(queue, max_backlog_tokens=80)
    assert (batch.priority, lengths(batch)) == (Priority.BACKLOG, [40, 40])


def test_one_window_of_a_backlog_is_taken_however_small_its_share(queue):
    queue.put([window(512, priority=Priority.BACKLOG)])
    assert lengths(take(queue, max_backlog_tokens=1)) == [512]


def test_a_backlog_gets_its_turn_even_if_others_always_wait(queue, clock):
    queue.put([window(10, priority=Priority.BACKLOG), window(10), window(10)])
    clock.now = BACKLOG_TURN_SECONDS
    assert take(queue).priority is Priority.BACKLOG
    queue.put([window(10, priority=Priority.BACKLOG, arrived=clock.now)])
    assert take(queue).priority is Priority.ONLINE


def test_what_was_discarded_is_not_taken(queue):
    dropped, kept = window(10, deadline=0.0), window(10)
    queue.put([dropped, kept])
    assert queue.discard(dropped)
    assert not queue.discard(dropped)
    assert take(queue).jobs == (kept,)
    assert not queue.discard(kept)


def test_a_taker_waits_for_windows_and_is_told_so(queue):
    taken = []
    taker = threading.Thread(target=lambda: taken.append(take(queue)))
    taker.start()
    queue.put([window(10)])
    taker.join(30)
    assert lengths(taken[0]) == [10]


def test_a_closed_queue_gives_out_what_is_left_and_then_nothing(queue):
    queue.put([window(10)])
    queue.close()
    assert take(queue) is not None
    assert take(queue) is None


@pytest.mark.parametrize("first", [Priority.EXPLANATION, Priority.BACKLOG])
def test_a_window_may_leave_and_come_back_with_another_priority(queue, clock, first):
    moved, other = window(10, priority=first), window(20, priority=first)
    queue.put([moved, other])
    assert queue.discard(moved)
    moved.priority = Priority.ONLINE
    queue.put([moved])
    clock.now = BACKLOG_TURN_SECONDS  # the others' turn: who left must not be found there
    assert take(queue).jobs == (other,)
    assert take(queue).jobs == (moved,)
    assert len(queue) == 0


def test_a_window_that_comes_back_goes_by_its_new_deadline(queue):
    moved, other = window(10, deadline=1.0), window(400, deadline=5.0)
    queue.put([moved, other])
    queue.discard(moved)
    moved.deadline = 9.0
    queue.put([moved])
    assert take(queue, max_tokens=400).jobs == (other,)
    assert take(queue, max_tokens=400).jobs == (moved,)


def test_windows_that_left_are_forgotten_however_long_others_wait():
    waiting = WaitingWindows()
    for number in range(5_000):
        waiting.add(window(2 + number % 500, deadline=1e9 - number, arrived=float(number)))
        if number >= 100:
            waiting.take(1, now=1e9, age_cap_seconds=1.0)
    assert len(waiting) == 100
    assert waiting.num_held <= 2 * 100 + 64


@given(
    st.lists(
        st.tuples(st.integers(2, 512), st.floats(0, 100), st.sampled_from(Priority), st.booleans()),
        max_size=60,
    ),
    st.integers(1, 2048),
)
def test_every_window_is_taken_once_or_dropped_and_every_batch_fits(given_windows, max_tokens):
    clock = Clock()
    queue = WindowQueue(clock=clock)
    jobs = [window(n, deadline=d, priority=p) for n, d, p, _ in given_windows]
    queue.put(jobs)
    for job, (_, _, priority, moves) in zip(jobs[::2], given_windows[::2], strict=True):
        if moves and queue.discard(job):
            job.priority = next(p for p in Priority if p is not priority)
            queue.put([job])
    dropped = {job for job, (*_, drop) in zip(jobs, given_windows, strict=True) if drop}
    for job in dropped:
        queue.discard(job)
    queue.close()
    taken = []
    while (batch := take(queue, max_tokens=max_tokens, max_backlog_tokens=50)) is not None:
        assert len(batch.jobs) == 1 or len(batch.jobs) * max(lengths(batch)) <= max_tokens
        assert lengths(batch) == sorted(lengths(batch))
        taken += batch.jobs
        clock.now += 1
    assert len(taken) == len(set(taken))
    assert set(taken) == set(jobs) - dropped
