"""The driver's end of the line protocol: a system in a process and environment of its own."""

import json
import os
import select
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

ANSWER_TIMEOUT_S = 1200.0
END_TIMEOUT_S = 90.0
_HIDDEN_PREFIXES = ("WHEREFORE_", "TS_", "PYTHON", "MLFLOW_")


class SystemFailedError(Exception):
    """A system ended, hung, or cannot be had here."""


class Conversation:
    """A running system."""

    def __init__(self, command: Sequence[str], *, log: Path, num_threads: int) -> None:
        """Starts it and waits until it can score.

        Args:
            command: what runs it.
            log: file for what it prints.
            num_threads: CPU threads it is told to use.

        Raises:
            SystemFailedError: its environment is not installed, or it ended.
        """
        if not Path(command[0]).exists():
            raise SystemFailedError("its environment is not installed: make bench-peers-install")
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env=_environment(num_threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
            )
        try:
            self.facts: Mapping[str, object] = self._answer()
        except SystemFailedError:
            self.close()
            raise

    def tune(self, texts: Sequence[str]) -> Mapping[str, object]:
        """Lets it choose its options on texts, and returns them."""
        options: Mapping[str, object] = self._ask({"tune": texts})["options"]
        return options

    def score(self, texts: Sequence[str]) -> tuple[float, NDArray[np.float64]]:
        """Returns the seconds that the texts took together, and their logits."""
        answer = self._ask({"score": texts})
        return float(answer["seconds"]), np.array(answer["logits"])

    def singles(self, texts: Sequence[str]) -> list[float]:
        """Returns the seconds that each text took alone."""
        return [float(seconds) for seconds in self._ask({"single": texts})["seconds"]]

    def resident_mib(self) -> int:
        """Returns the memory of all its processes, shared pages counted once, MiB."""
        num_bytes = 0
        main = psutil.Process(self._process.pid)
        for process in [main, *main.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                num_bytes += _proportional_bytes(process)
        return num_bytes >> 20

    def close(self) -> None:
        """Ends it with all that it started."""
        family = []
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(self._process.pid).children(recursive=True)
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.stdout.close()

    def _ask(self, asked: Mapping[str, object]) -> dict:
        try:
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise SystemFailedError(self._last_words()) from error
        return self._answer()

    def _answer(self) -> dict:
        readable, _, _ = select.select([self._process.stdout], [], [], ANSWER_TIMEOUT_S)
        line = self._process.stdout.readline() if readable else b""
        if not line:
            raise SystemFailedError(self._last_words())
        return json.loads(line)

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return f"{lines[-1][:200] if lines else 'it said nothing'} ({self._log})"


def _proportional_bytes(process: psutil.Process) -> int:
    """Resident memory, pages shared with others in equal parts; all of it where that is unknown."""
    found = process.memory_full_info()
    return int(getattr(found, "pss", found.rss))


def _environment(num_threads: int) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_HIDDEN_PREFIXES)}
    return kept | {
        "OMP_NUM_THREADS": str(num_threads),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "true",
        "PYTHONWARNINGS": "ignore",
    }
