"""`wherefore serve` as a process of its own, for benches."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

COMMAND = Path(sys.executable).with_name("wherefore")
HOST = "127.0.0.1"
KEY = "a-key-for-benchmarks-of-32-characters"

ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "WHEREFORE_API_KEY": KEY,
    # A bench is one client that asks for as much as there is.
    "WHEREFORE_LIMIT_PREDICT": "off",
    "WHEREFORE_LIMIT_BATCH": "off",
    "WHEREFORE_LIMIT_OTHER": "off",
}
"""What every server of a bench is told."""


@contextmanager
def started_server(
    model: str | Path, environment: Mapping[str, str], *, stop_seconds: float
) -> Iterator[int]:
    """Gives the port of a server as soon as it is printed, and ends the server with the block."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", "--host", HOST, "--model", model],
            cwd=folder,
            env=os.environ | ENVIRONMENT | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            found = re.search(r"http://[\d.]+:(\d+)", process.stdout.readline())
            if found is None:
                raise SystemExit("the server did not start; run `wherefore serve` to see why")
            yield int(found.group(1))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(stop_seconds)
