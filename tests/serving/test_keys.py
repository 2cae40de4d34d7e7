import json
import stat

import pytest
from pydantic import SecretStr

from serving.errors import KeyFileError
from serving.keys import KEY_FILE_NAME, open_api_keys


def test_the_first_start_makes_a_key_and_later_starts_do_not(tmp_path):
    first = open_api_keys(tmp_path / "state")
    second = open_api_keys(tmp_path / "state")
    key = first.new_key.get_secret_value()
    assert second.new_key is None
    assert first.accept(key)
    assert second.accept(key)


def test_the_key_file_is_its_owners_alone_and_does_not_hold_the_key(tmp_path):
    keys = open_api_keys(tmp_path / "state")
    path = tmp_path / "state" / KEY_FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert keys.new_key.get_secret_value() not in path.read_text()


@pytest.mark.parametrize("wrong", ["", "wf_", "wf_" + "A" * 43, "ключ", "\ud800"])
def test_another_key_is_not_accepted(tmp_path, wrong):
    assert not open_api_keys(tmp_path).accept(wrong)


def test_the_stored_hash_itself_is_not_accepted(tmp_path):
    keys = open_api_keys(tmp_path)
    stored = json.loads((tmp_path / KEY_FILE_NAME).read_text())["keys"][0]["sha256"]
    assert not keys.accept(stored)


def test_a_configured_key_is_the_only_one_and_leaves_no_file(tmp_path):
    keys = open_api_keys(tmp_path / "state", configured=SecretStr("k" * 32))
    assert keys.accept("k" * 32)
    assert keys.new_key is None
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"keys": [{}]}', '{"keys": 4}', "\x00"])
def test_a_broken_key_file_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / KEY_FILE_NAME).write_text(content)
    with pytest.raises(KeyFileError, match="is not an API key file") as caught:
        open_api_keys(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_state_directory_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(KeyFileError, match="WHEREFORE_STATE_DIR"):
        open_api_keys(tmp_path / "state")
