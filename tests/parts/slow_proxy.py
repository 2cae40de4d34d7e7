"""A proxy that holds back what a server answers."""

import socket
import threading
from contextlib import suppress

HOST = "127.0.0.1"


class SlowProxy:
    """Passes bytes on to a server, each answer held back for as long as it is told.

    Attributes:
        seconds: how long each answer is held back; may be changed at any time.
        port: where it listens.
        url: of the first database, where the server is a Redis.
    """

    def __init__(self, port: int, *, seconds: float = 0.0) -> None:
        """Listens; `port` is that of the server, which need not run yet."""
        self.seconds = seconds
        self._server_port = port
        self._ended = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"redis://{HOST}:{self.port}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listens no more, and holds nothing back any more."""
        self._ended.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection((HOST, self._server_port))
            except OSError:
                client.close()
                continue
            for source, target, holds in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._pass_on, args=(source, target, holds), daemon=True
                ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, holds: bool) -> None:
        with suppress(OSError), source, target:
            while data := source.recv(65536):
                if holds:
                    self._ended.wait(self.seconds)
                target.sendall(data)
