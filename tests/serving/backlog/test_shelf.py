import os
from datetime import UTC, datetime

import pytest

from serving.backlog.server.errors import UnknownBacklogError
from serving.backlog.server.records import BacklogRequest, BacklogStatus
from serving.backlog.server.shelf import BacklogShelf

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


def request(name, *, at=AT, fingerprint="0"):
    return BacklogRequest(
        backlog_id=name * 32,
        created_at=at,
        person_id="person-1",
        fingerprint=fingerprint * 64,
        source=None,
        upload="input.jsonl",
        input_format="auto",
        limit=None,
        output=".jsonl",
        webhook_url=None,
    )


def put(shelf, asked):
    with shelf.incoming() as folder:
        (folder / "input.jsonl").write_text("{}\n")
        return shelf.admit(folder, asked)


def break_off(shelf):
    with shelf.incoming() as folder:
        (folder / "input.jsonl").write_text("{}\n")
        raise ValueError("broken")


@pytest.fixture
def shelf(tmp_path):
    return BacklogShelf(tmp_path / "backlogs")


def test_a_backlog_is_there_whole_or_not_at_all(shelf):
    with pytest.raises(ValueError, match="broken"):
        break_off(shelf)
    assert shelf.ids() == []
    assert put(shelf, request("a"))
    assert shelf.ids() == ["a" * 32]
    assert shelf.state("a" * 32).status is BacklogStatus.QUEUED
    assert shelf.upload_of(shelf.request("a" * 32)).read_text() == "{}\n"
    assert [path for path in shelf.folder.rglob("*") if path.name.startswith(".input")] == []


def test_of_two_with_one_id_the_first_stays(shelf):
    assert put(shelf, request("a", fingerprint="1"))
    assert not put(shelf, request("a", fingerprint="2"))
    assert shelf.request("a" * 32).fingerprint == "1" * 64


def test_the_oldest_comes_first(shelf):
    for name, day in [("b", 2), ("a", 3), ("c", 1)]:
        put(shelf, request(name, at=AT.replace(day=day)))
    assert [name[0] for name in shelf.ids()] == ["c", "b", "a"]


@pytest.mark.parametrize("file", ["request.json", "state.json"])
def test_a_damaged_backlog_does_not_keep_the_others_from_their_turn(shelf, file):
    put(shelf, request("a"))
    put(shelf, request("b"))
    (shelf.folder / ("a" * 32) / file).write_text("{")
    assert shelf.ids() == ["b" * 32]


@pytest.mark.parametrize("name", ["", "..", "a", "A" * 32, "../" + "a" * 29, ".incoming"])
def test_what_is_no_id_is_never_a_path(shelf, name):
    put(shelf, request("a"))
    with pytest.raises(UnknownBacklogError):
        shelf.state(name)


def test_a_removed_backlog_leaves_nothing(shelf):
    put(shelf, request("a"))
    shelf.remove("a" * 32)
    assert shelf.ids() == []
    assert [path.name for path in shelf.folder.rglob("*") if path.is_file()] == [".lock"]


def test_what_a_killed_process_had_begun_to_take_in_is_cleared_away(shelf):
    with shelf.incoming() as folder:
        (folder / "body").write_text("half")
        shelf.forget_incoming()
        assert folder.exists()
        os.utime(folder, (0, 0))
        shelf.forget_incoming()
        assert not folder.exists()
