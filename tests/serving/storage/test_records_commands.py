"""`wherefore audit` and `wherefore database`, as installed."""

import re

import pytest

from serving.adapters.sql.storage import open_storage
from serving.settings import Settings


@pytest.fixture
def told(tmp_path, made):
    """A case in the state folder where the command runs."""
    with open_storage(Settings(state_dir=tmp_path / "var")) as storage:
        return made.desk(storage.cases).deny_and_tell()


def test_a_case_is_exported_and_verified_by_command(told, wherefore, tmp_path):
    assert wherefore("database", "check").returncode == 0
    anchored = wherefore("audit", "anchor")
    assert "entry 8 is anchored" in anchored.stdout, anchored.stderr
    assert "8 entries are as they were written, entry 8" in wherefore("audit", "verify").stdout
    exported = wherefore("audit", "export", told.case_id, "package.zip", "--by", "u-examiner")
    assert exported.returncode == 0, exported.stderr
    moved = tmp_path / "elsewhere.zip"
    (tmp_path / "package.zip").rename(moved)
    (tmp_path / "var" / "cases.db").unlink()
    verified = wherefore(
        "audit", "verify-package", moved, "--anchor", tmp_path / "var" / "audit_anchor.jsonl"
    )
    assert "as exported: 8 events and 1 notices" in verified.stdout, verified.stderr
    moved.write_bytes(moved.read_bytes()[:-10])
    refused = wherefore("audit", "verify-package", moved)
    assert refused.returncode == 2
    assert "exam package" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_keys_are_rotated_by_command(told, wherefore):
    rotated = wherefore("database", "rotate-keys")
    assert "1 data keys wrapped" in rotated.stdout, rotated.stderr
    retired = wherefore("database", "retire-keys")
    assert re.search(r"cases: [0-9a-f]{16} retired", retired.stdout)
    assert wherefore("database", "check").returncode == 0


def test_an_empty_database_is_upgraded_by_command(wherefore):
    missing = wherefore("database", "check")
    assert missing.returncode == 2
    assert "wherefore database upgrade" in missing.stderr
    assert "was empty" in wherefore("database", "upgrade").stdout
    again = wherefore("database", "upgrade").stdout
    assert re.search(r"cases: version (\d+), was \1", again)
