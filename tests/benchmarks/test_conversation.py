"""The line protocol, with a system of a few lines in a process of its own."""

import sys
from pathlib import Path

import numpy as np
import pytest
from peers import conversation
from peers.conversation import Conversation, SystemFailedError

PEERS = Path(conversation.__file__).parent
SYSTEM = """
import subprocess, sys
sys.path.insert(0, {peers!r})
from line_protocol import answer_lines

class System:
    def __init__(self):
        print("a library that prints where the lines go")
        self.child = subprocess.Popen(["sleep", "600"])
        self.batch_size = 1

    def score(self, texts):
        if "break" in texts:
            raise ValueError("it cannot")
        return [[float(len(text)), float(self.batch_size)] for text in texts]

    def tune(self, texts):
        self.batch_size = len(texts)
        return {{"batch_size": self.batch_size}}

    def close(self):
        self.child.kill()

answer_lines(System, packages=["pip"])
"""


@pytest.fixture
def start(tmp_path):
    opened = []

    def open_system(program=SYSTEM):
        path = tmp_path / "system.py"
        path.write_text(program.format(peers=str(PEERS)))
        command = [sys.executable, str(path)]
        opened.append(Conversation(command, log=tmp_path / "log", num_threads=1))
        return opened[-1]

    yield open_system
    for each in opened:
        each.close()


def test_a_system_tells_what_it_is_chooses_and_scores(start):
    system = start()
    assert set(system.facts) == {"versions", "open_seconds"}
    assert system.tune(["a", "bb", "ccc"]) == {"batch_size": 3}
    seconds, logits = system.score(["four", "a"])
    assert seconds > 0
    np.testing.assert_array_equal(logits, [[4.0, 3.0], [1.0, 3.0]])
    assert len(system.singles(["a", "b"])) == 2
    assert system.resident_mib() > 0


def test_a_system_that_breaks_is_named_with_its_last_words(start):
    system = start()
    with pytest.raises(SystemFailedError, match="ValueError: it cannot"):
        system.score(["break"])


def test_a_system_that_does_not_start_says_why(start):
    with pytest.raises(SystemFailedError, match="no such thing"):
        start("raise SystemExit('no such thing')")


def test_an_environment_that_is_not_there_is_told_with_what_to_do(tmp_path):
    missing = str(tmp_path / "venv" / "bin" / "python")
    with pytest.raises(SystemFailedError, match="make bench-peers-install"):
        Conversation([missing, "x.py"], log=tmp_path / "log", num_threads=1)
