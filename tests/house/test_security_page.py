"""The page on security names what is there: tests, files, settings."""

import re

import pytest

from serving.settings import ENV_PREFIX, Settings


@pytest.fixture(scope="module")
def page(root):
    return (root / ".github" / "SECURITY.md").read_text()


def test_every_test_that_it_names_exists(page, root):
    named = re.findall(r"`([a-z0-9_/]+(?:/test_\w+\.py|/run_\w+\.py|/\w+))`", page)
    assert len(named) > 25
    roots = (root / "tests", root)
    paths = [name for name in named if not name.startswith("/")]
    assert [name for name in paths if not any((top / name).exists() for top in roots)] == []


def test_every_setting_that_it_names_is_one(page):
    known = {f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields}
    assert set(re.findall(r"WHEREFORE_\w+", page)) <= known


def test_each_row_says_what_remains(page):
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(rows) > 20
    assert {len(row.split(" | ")) for row in rows} == {5}
    assert [row for row in rows if not row.rpartition(" | ")[2].strip(" |")] == []


def test_it_says_how_to_report_and_names_nobody(page):
    assert "private vulnerability report" in page
    assert not re.search(r"[\w.]+@[\w.]+\.\w+", page)
