"""The service as a process that can be stopped and started where it was."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil
from prometheus_client.parser import text_string_to_metric_families
from soak_events import EventLog, Memory, ServerChanged
from started import COMMAND, HOST
from torchserve_server import wait_until

from serving.settings import ENV_PREFIX

STOP_S = 600.0
"""Longest wait for the server to end: it answers what is open and reads its audit log."""
_MIB = 1 << 20


class Service:
    """`wherefore serve` on a port that stays the same, its log in a file."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str], *, port: int, key: str, log_path: Path
    ) -> None:
        """Starts nothing yet; the key is of somebody who may read counts."""
        outside = {k: v for k, v in os.environ.items() if not k.startswith(ENV_PREFIX)}
        self.environment = outside | {"PYTHONUNBUFFERED": "1", "HF_HUB_OFFLINE": "1"} | settings
        self.port, self.log_path, self._key = port, log_path, key
        self.url = f"http://{HOST}:{port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process now, or the last one."""
        assert self._process is not None
        return self._process.pid

    def start(self, log: EventLog) -> None:
        """Starts it and waits until it is ready."""
        command = [COMMAND, "serve", "--port", str(self.port), "--host", HOST]
        # Through a pipe: the process may be kept from writing files.
        with self.log_path.open("ab") as file:
            self._writer = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file)
        assert self._writer.stdin is not None
        with self._writer.stdin as told:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=told,
            )
        log.write(ServerChanged(state="starting", pid=self.pid))
        wait_until(self._is_ready)
        log.write(ServerChanged(state="ready", pid=self.pid))

    def stop(self, log: EventLog) -> None:
        """Asks it to stop (SIGTERM), waits for its end, and notes what it counted."""
        if self._process is None or self._process.poll() is not None:
            return
        gone = self._num_gone()
        log.write(ServerChanged(state="stopping", pid=self.pid))
        begun = self.log_path.stat().st_size
        self._process.send_signal(signal.SIGTERM)
        exit_status = self._process.wait(STOP_S)
        self._writer.wait(STOP_S)
        counts = self._counts(begun) | {"gone": gone}
        log.write(ServerChanged(state="ended", pid=self.pid, exit_status=exit_status, **counts))

    def kill(self) -> None:
        """Ends it at once, where it still runs: something else went wrong."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def memory(self) -> Memory | None:
        """Returns the memory of the process, None where there is none just now."""
        try:
            process = psutil.Process(self.pid)
            pss = getattr(process.memory_full_info(), "pss", None)
            rss = process.memory_info().rss
        except psutil.Error:
            return None
        told = None if pss is None else round(pss / _MIB, 1)
        return Memory(pid=self.pid, rss_mib=round(rss / _MIB, 1), pss_mib=told)

    def run(self, *command: str) -> tuple[int, str]:
        """Runs `wherefore` with the settings of the service; returns its exit status and words."""
        done = subprocess.run(
            [COMMAND, *command],
            cwd=self._folder,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        return done.returncode, (done.stdout or done.stderr).strip()

    def _is_ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            sys.exit(f"run_soak: the server did not start; {self.log_path} says why")
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/ready", timeout=60) as answer:
            return bool(answer.status == 200)
        return False

    def _num_gone(self) -> int:
        """Returns how many accepted requests had no client any more when their turn came."""
        asked = urllib.request.Request(f"{self.url}/metrics", headers={"X-API-Key": self._key})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            families = text_string_to_metric_families(answer.read().decode())
            return sum(
                int(sample.value)
                for family in families
                for sample in family.samples
                if sample.name == "wherefore_requests_abandoned_total"
                and sample.labels["reason"] == "disconnected"
            )

    def _counts(self, begun: int) -> dict[str, int]:
        """Returns what the process told when it had answered everything."""
        with self.log_path.open("rb") as file:
            file.seek(begun)
            for line in file:
                if b'"drained"' in line:
                    told = json.loads(line)
                    return {
                        "accepted": told["requests_accepted"],
                        "answered": told["requests_answered"],
                    }
        return {}
