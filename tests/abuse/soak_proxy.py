"""The slow proxy in a process of its own.

In the process of the clients it would wait for them, longer than the service waits for its cache.
"""

import subprocess
import sys
from pathlib import Path

STOP_S = 10.0


class ProxyProcess:
    """Passes bytes on to a server, each answer held back for as long as it is told.

    Attributes:
        url: of the first database, where the server is a Redis.
    """

    def __init__(self, port: int) -> None:
        """Starts it; `port` is that of the server."""
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def hold_back(self, seconds: float) -> None:
        """Holds each answer back for so long from now on."""
        assert self._process.stdin is not None
        print(seconds, file=self._process.stdin, flush=True)

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait(STOP_S)


def main() -> None:
    """Listens until standard input ends."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "parts"))
    from slow_proxy import SlowProxy  # noqa: PLC0415

    proxy = SlowProxy(int(sys.argv[1]))
    print(proxy.url, flush=True)
    for line in sys.stdin:
        proxy.seconds = float(line)


if __name__ == "__main__":
    main()
