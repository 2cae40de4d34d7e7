"""Webhooks over real connections, to receivers that are none."""

import itertools
import socket
import threading
from contextlib import contextmanager

import pytest

from serving.adapters.webhook_sender import HttpSender

HEAD = b"HTTP/1.1 200 OK\r\n"
WAIT_S = 30


@contextmanager
def receiver(answer):
    """Gives the address of a receiver that reads a message, then answers by a function."""
    heard, gone = [], threading.Event()

    def serve(server):
        connection, _ = server.accept()
        with connection:
            heard.append(connection.recv(65536))
            try:
                answer(connection)
            except OSError:
                gone.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=[server], daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", heard, gone
        thread.join(WAIT_S)
    assert not thread.is_alive()


def drip(connection):
    """Sends one more header at a time, for ever."""
    connection.sendall(HEAD)
    pause = threading.Event()
    for number in itertools.count():
        connection.sendall(b"X-%d: y\r\n" % number)
        pause.wait(0.02)


def test_who_answers_byte_by_byte_is_given_up_and_the_connection_closed():
    with receiver(drip) as (url, _, gone):
        assert HttpSender(deadline_seconds=3)(url, b"{}", {}) is None
        assert gone.wait(WAIT_S)


def test_who_never_answers_is_given_up():
    with receiver(lambda connection: connection.recv(1)) as (url, _, _):
        assert HttpSender(deadline_seconds=3)(url, b"{}", {}) is None


@pytest.mark.parametrize("status", [200, 204, 302, 500])
def test_the_status_is_told_and_what_comes_after_the_head_is_not_waited_for(status):
    head = b"HTTP/1.1 %d X\r\nLocation: /b\r\nContent-Length: 1000000\r\n\r\n" % status

    def answer(connection):
        connection.sendall(head)
        connection.recv(1)

    with receiver(answer) as (url, heard, _):
        assert HttpSender()(url, b'{"a": 1}', {"webhook-id": "msg-1"}) == status
    assert heard[0].startswith(b"POST / HTTP/1.1\r\n")
    assert b"webhook-id: msg-1\r\n" in heard[0]


@pytest.mark.parametrize("said", [b"", b"no HTTP\r\n\r\n", b"HTTP/1.1 ABC\r\n\r\n"])
def test_what_is_no_answer_is_none(said):
    with receiver(lambda connection: connection.sendall(said)) as (url, _, _):
        assert HttpSender()(url, b"{}", {}) is None


def test_nobody_there_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert HttpSender()(f"http://127.0.0.1:{port}/", b"{}", {}) is None
    assert HttpSender()("http://no-such-host.invalid/", b"{}", {}) is None
