import os
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from serving.backlog.server.records import BacklogRequest, BacklogStatus
from serving.backlog.server.runner import BacklogRunner
from serving.backlog.server.shelf import BacklogShelf
from serving.backlog.server.sweeper import Sweeper
from serving.backlog.tally import Tally

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)
KEEP = timedelta(days=7)
PATIENCE_S = 240


def request(name, at):
    return BacklogRequest(
        backlog_id=name * 32,
        created_at=at,
        person_id="person-1",
        fingerprint="0" * 64,
        source=None,
        upload="input.jsonl",
        input_format="auto",
        limit=None,
        output=".jsonl",
        webhook_url=None,
    )


@pytest.fixture
def shelf(tmp_path):
    return BacklogShelf(tmp_path / "backlogs")


@pytest.fixture
def put(shelf):
    """Puts a backlog on the shelf, with a status that it has had for some days."""

    def put(name, *, status=BacklogStatus.QUEUED, days=0.0):
        at = AT - timedelta(days=days)
        with shelf.incoming() as folder:
            (folder / "input.jsonl").write_text("{}\n")
            shelf.admit(folder, request(name, at))
        shelf.change(name * 32, lambda state: state.now(status, at))
        return name * 32

    return put


def sweeper(shelf, *, worked_on=None, now=lambda: AT, every_seconds=3600.0):
    return Sweeper(
        shelf,
        now=now,
        keep=KEEP,
        is_worked_on=lambda backlog_id: backlog_id == worked_on,
        every_seconds=every_seconds,
    )


def until(is_so):
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_ended_goes_when_its_time_is_over_and_what_waits_stays(shelf, put):
    put("a", status=BacklogStatus.COMPLETED, days=8)
    kept = [
        put("b", status=BacklogStatus.COMPLETED, days=6),
        put("c", status=BacklogStatus.PAUSED, days=8),
    ]
    sweeper(shelf).sweep()
    assert sorted(shelf.ids()) == kept
    assert [shelf.upload_of(shelf.request(name)).exists() for name in kept] == [False, True]


def test_what_is_still_worked_on_is_left_alone(shelf, put):
    name = put("a", status=BacklogStatus.CANCELLED, days=8)
    sweeper(shelf, worked_on=name).sweep()
    assert shelf.upload_of(shelf.request(name)).exists()
    sweeper(shelf).sweep()
    assert shelf.ids() == []


def test_what_a_killed_removal_left_keeps_nothing_from_being_removed(shelf, put):
    name = put("a", status=BacklogStatus.COMPLETED, days=8)
    left = shelf.folder / ".incoming" / name
    left.mkdir()
    (left / "result.jsonl").write_text("{}\n")
    sweeper(shelf).sweep()
    assert shelf.ids() == []


def test_one_that_cannot_be_swept_keeps_no_other_from_its_turn(shelf, put):
    names = [put("a", status=BacklogStatus.COMPLETED, days=6), put("b", days=5)]
    shelf.change(names[1], lambda state: state.now(BacklogStatus.CANCELLED, AT))
    stuck, other = (shelf.upload_of(shelf.request(name)) for name in names)
    stuck.unlink()
    stuck.mkdir()  # a folder cannot be unlinked
    sweeper(shelf).sweep()
    assert stuck.exists()
    assert not other.exists()


def test_broken_off_uploads_and_old_results_go_while_another_backlog_is_worked_on(shelf, put):
    clock, is_over = [AT], threading.Event()
    under_way = put("a")

    def score(work, _):
        assert is_over.wait(PATIENCE_S)
        work.on_complete(Tally())

    runner = BacklogRunner(
        shelf, score=score, now=lambda: clock[0], on_end=lambda _: None, watch=lambda: print
    )
    sweeping = sweeper(shelf, now=lambda: clock[0], every_seconds=0.01)
    runner.start()
    until(lambda: shelf.state(under_way).status is BacklogStatus.RUNNING)
    sweeping.start()
    put("b", status=BacklogStatus.COMPLETED)
    left = shelf.folder / ".incoming" / "left"
    left.mkdir()
    os.utime(left, (0, 0))
    clock[0] += KEEP
    until(lambda: shelf.ids() == [under_way] and not left.exists())
    assert shelf.state(under_way).status is BacklogStatus.RUNNING
    is_over.set()
    runner.close(PATIENCE_S)
    sweeping.close(PATIENCE_S)


def test_one_that_cannot_be_worked_on_keeps_no_other_from_its_turn(shelf, put):
    stuck, other = put("a", days=1), put("b")
    (shelf.folder / stuck / ".state.json.tmp").mkdir()  # a file of this name cannot be written
    runner = BacklogRunner(
        shelf,
        score=lambda work, _: work.on_complete(Tally()),
        now=lambda: AT,
        on_end=lambda _: None,
        watch=lambda: print,
    )
    runner.start()
    until(lambda: shelf.state(other).status is BacklogStatus.COMPLETED)
    runner.close(PATIENCE_S)
    assert shelf.state(stuck).status is BacklogStatus.QUEUED
