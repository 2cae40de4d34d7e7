"""Key files: read while they change, published whole and to their owner alone."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from serving.errors import ServingError
from serving.torchserve.keys import KeyFile, KeyFileUnreadableError, KeyKeeper

SOURCE = {
    "management": {"key": "mmmmmmmm", "expiration time": "2026-11-20T10:40:18.288660739Z"},
    "inference": {"key": "iiiiiiii", "expiration time": "2026-11-20T10:40:18.288653929Z"},
    "API": {"key": "aaaaaaaa"},
}


def write(path, *, key="iiiiiiii", expires=None):
    content = json.loads(json.dumps(SOURCE))
    content["inference"]["key"] = key
    if expires is not None:
        content["inference"]["expiration time"] = expires.isoformat()
    path.write_text(json.dumps(content))


def test_the_published_file_holds_the_inference_key_alone_for_its_owner(tmp_path):
    write(tmp_path / "source")
    published = tmp_path / "state" / "key.json"
    keeper = KeyKeeper(source=tmp_path / "source", published=published, management_url="")
    keeper.publish()
    assert KeyFile(published).current() == "iiiiiiii"
    assert "mmmmmmmm" not in published.read_text()
    assert "aaaaaaaa" not in published.read_text()
    assert published.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in published.parent.iterdir()] == ["key.json"]


def test_torchserves_own_key_file_is_read_too(tmp_path):
    write(tmp_path / "key_file.json")
    assert KeyFile(tmp_path / "key_file.json").current() == "iiiiiiii"


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"inference": {}}'])
def test_a_key_file_that_is_absent_or_not_whole_is_told_without_its_content(tmp_path, content):
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(KeyFileUnreadableError, match="wherefore torchserve"):
        KeyFile(path).current()


def test_a_key_that_replaces_a_refused_one_is_waited_for(tmp_path):
    path = tmp_path / "key.json"
    path.write_text("")  # as in the moment in which TorchServe writes it
    writer = threading.Timer(0.1, write, args=[path], kwargs={"key": "renewed"})
    writer.start()
    assert KeyFile(path).other_than("iiiiiiii", within_seconds=30) == "renewed"
    writer.join()


def test_where_no_other_key_appears_none_is_given(tmp_path):
    write(tmp_path / "key.json")
    assert KeyFile(tmp_path / "key.json").other_than("iiiiiiii", within_seconds=0) is None


@pytest.mark.parametrize(("left", "is_due"), [(3600, False), (40, False), (-5, True)])
def test_a_key_is_renewed_at_half_of_its_life(tmp_path, left, is_due):
    write(tmp_path / "source", expires=datetime.now(UTC) + timedelta(seconds=left))
    keeper = KeyKeeper(source=tmp_path / "source", published=tmp_path / "p", management_url="")
    assert (keeper.seconds_until_renewal() == 0) is is_due
    assert keeper.seconds_until_renewal() <= max(0, left / 2)


def test_a_key_whose_renewal_was_not_heard_of_is_published_at_the_next_call(tmp_path):
    source, published = tmp_path / "source", tmp_path / "key.json"
    write(source, expires=datetime.now(UTC) + timedelta(hours=1))
    keeper = KeyKeeper(source=source, published=published, management_url="http://127.0.0.1:9")
    keeper.publish()
    assert not keeper.keep()
    keeper.renewed_at -= 3600  # the key is half an hour over its time, and TorchServe made another
    write(source, key="renewed", expires=datetime.now(UTC) + timedelta(hours=1))
    assert keeper.keep()
    assert KeyFile(published).current() == "renewed"
    assert keeper.seconds_until_renewal() > 1000
    assert not keeper.keep()


def test_a_key_whose_file_is_gone_is_published_anew(tmp_path):
    source, published = tmp_path / "source", tmp_path / "key.json"
    write(source, expires=datetime.now(UTC) + timedelta(hours=1))
    keeper = KeyKeeper(source=source, published=published, management_url="")
    keeper.publish()
    published.unlink()
    assert keeper.keep()
    assert KeyFile(published).current() == "iiiiiiii"


def test_a_process_takes_back_its_own_key_and_no_other(tmp_path):
    published = tmp_path / "key.json"
    keepers = []
    for number in range(2):
        source = tmp_path / f"source-{number}"
        write(source, key=f"key of {number}")
        keepers.append(KeyKeeper(source=source, published=published, management_url=""))
    first, second = keepers
    first.publish()
    second.retract()  # it never came as far as a key
    assert KeyFile(published).current() == "key of 0"
    second.publish()
    first.retract()
    assert KeyFile(published).current() == "key of 1"
    second.retract()
    second.retract()
    assert not published.exists()


def test_a_key_that_cannot_be_written_is_told_and_leaves_nothing_behind(tmp_path):
    write(tmp_path / "source")
    published = tmp_path / "state"
    (published / "in the way").mkdir(parents=True)  # a folder where the file belongs
    keeper = KeyKeeper(source=tmp_path / "source", published=published, management_url="")
    with pytest.raises(ServingError, match="cannot be written"):
        keeper.publish()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "state"]


def test_a_key_does_not_show_in_what_is_printed_of_it(tmp_path):
    write(tmp_path / "source")
    keeper = KeyKeeper(source=tmp_path / "source", published=tmp_path / "p", management_url="")
    assert "iiiiiiii" not in repr(keeper)
