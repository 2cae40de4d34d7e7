"""Clients of a server under test: as many connections as asked for, each with one text under way.

Standard library only, and the same for every server.
"""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from line_protocol import fastest

NUM_CLIENTS = 8
TIMEOUT_S = 300.0
START_TIMEOUT_S = 900.0
MAX_IDLE_S = 2.0
"""Servers close connections that nothing comes over; a longer pause opens new ones."""

HOST = "127.0.0.1"

Headers = Mapping[str, str]


class Clients:
    """Sends texts to one path of a server."""

    def __init__(
        self,
        port: int,
        path: str,
        *,
        body: Callable[[str], bytes],
        logits: Callable[[bytes], list[float]],
        headers: Callable[[], Headers],
    ) -> None:
        """Connects when first used.

        Args:
            port: port of the server on this machine.
            path: where texts go.
            body: makes the body of a request.
            logits: reads the body of an answer.
            headers: headers of the next request.
        """
        self._path, self._body, self._logits, self._headers = path, body, logits, headers
        self._connections = [
            http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_S) for _ in range(NUM_CLIENTS)
        ]
        self._used_at = dict.fromkeys(self._connections, time.monotonic())

    def score(self, texts: Sequence[str]) -> list[list[float]]:
        """Returns the answers for texts, which all connections share."""
        found: list[list[float]] = [[]] * len(texts)
        waiting, lock, errors = iter(enumerate(texts)), threading.Lock(), []

        def work(connection: http.client.HTTPConnection) -> None:
            while not errors:
                with lock:
                    position, text = next(waiting, (-1, ""))
                if position < 0:
                    return
                try:
                    found[position] = self._post(connection, text)
                except (OSError, http.client.HTTPException, ValueError) as error:
                    errors.append(error)

        threads = [
            threading.Thread(target=work, args=[connection])
            for connection in self._connections[: len(texts)]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return found

    def tune(self, texts: Sequence[str]) -> dict[str, object]:
        """Chooses nothing: the server was started with its options."""
        del texts
        return {"clients": NUM_CLIENTS}

    def wait_for_answer(self, is_alive: Callable[[], bool]) -> None:
        """Returns as soon as a text is answered.

        Raises:
            TimeoutError: it took too long, or the server ended.
        """
        give_up = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up and is_alive():
            try:
                self._post(self._connections[0], "Asks for a loan.")
            except (OSError, http.client.HTTPException, ValueError):
                self._connections[0].close()
                time.sleep(0.5)
            else:
                return
        raise TimeoutError("the server ended, or did not answer in time: its log is above")

    def _post(self, connection: http.client.HTTPConnection, text: str) -> list[float]:
        if time.monotonic() - self._used_at[connection] > MAX_IDLE_S:
            connection.close()  # opens again by itself
        connection.request("POST", self._path, self._body(text), dict(self._headers()))
        response = connection.getresponse()
        content = response.read()
        self._used_at[connection] = time.monotonic()
        if response.status != http.HTTPStatus.OK:
            raise ValueError(f"status {response.status}: {content[:200]!r}")
        return self._logits(content)


def fastest_path(paths: Mapping[int, Clients], texts: Sequence[str]) -> int:
    """Returns the batch size whose path answers the texts soonest."""
    return fastest(list(paths), lambda batch_size: paths[batch_size].score(texts))


def free_ports(count: int) -> list[int]:
    """Returns ports that are free at the moment."""
    listeners = [socket.create_server((HOST, 0)) for _ in range(count)]
    try:
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
