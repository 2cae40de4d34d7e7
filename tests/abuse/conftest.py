"""A house to attack, and no settings from outside."""

import os

import pytest
from whole_house import open_house

from serving.settings import ENV_PREFIX


@pytest.fixture(autouse=True)
def _no_settings_from_outside_at_all(monkeypatch):
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def shared_house(tmp_path_factory):
    """The API over SQLite with somebody of every role; tests leave it as usable as it was."""
    with open_house(tmp_path_factory.mktemp("abuse") / "state") as house:
        yield house
