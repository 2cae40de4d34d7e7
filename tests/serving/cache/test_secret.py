import stat

import pytest
from pydantic import SecretStr

from serving.cache.secret import SECRET_FILE_NAME, open_cache_secret
from serving.errors import CacheSecretError


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    secret = open_cache_secret(tmp_path / "state")
    assert len(secret) == 64
    assert open_cache_secret(tmp_path / "state") == secret
    mode = (tmp_path / "state" / SECRET_FILE_NAME).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert [path.name for path in (tmp_path / "state").iterdir()] == [SECRET_FILE_NAME]


def test_two_deployments_have_different_secrets(tmp_path):
    assert open_cache_secret(tmp_path / "a") != open_cache_secret(tmp_path / "b")


def test_a_configured_secret_goes_before_the_file_and_makes_none(tmp_path):
    configured = SecretStr("a configured secret of 32 bytes!")
    assert open_cache_secret(tmp_path, configured=configured) == b"a configured secret of 32 bytes!"
    assert not list(tmp_path.iterdir())


def test_a_file_that_holds_no_secret_is_refused_in_one_sentence(tmp_path):
    (tmp_path / SECRET_FILE_NAME).write_text("short\n")
    with pytest.raises(CacheSecretError, match="fewer than 32 bytes") as caught:
        open_cache_secret(tmp_path)
    assert "short" not in str(caught.value)


def test_a_state_directory_that_is_none_is_told_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheSecretError, match="WHEREFORE_STATE_DIR"):
        open_cache_secret(tmp_path / "file")
