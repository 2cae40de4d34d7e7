"""A real Valkey (Redis protocol) server that tests kill and start again, and who hears of it."""

import pytest
from valkey_server import Valkey


class Heard:
    """What limits told."""

    def __init__(self):
        self.refused, self.failures = [], []

    def limited(self, limit):
        self.refused.append(limit)

    def limits_failed(self, kind):
        self.failures.append(kind)


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def counter(tmp_path):
    with Valkey(tmp_path) as server:
        yield server
