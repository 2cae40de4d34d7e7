"""Clients that send slowly, send too much or read nothing: no connection is held for them."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager, suppress

import httpx2
import pytest
import uvicorn
from fake_service import app_of_fakes, on_a_socket, until
from pydantic import SecretStr

from serving.api.time_limits import TimeLimits
from serving.http_protocol import MAX_HEAD_BYTES, LimitedProtocol
from serving.server import listen
from serving.settings import Settings

KEY = "a-key-for-tests-of-32-characters"
WAIT_S = 60
MAX_BYTES = 100_000
HEAD = (
    "POST /api/v1/{path} HTTP/1.1\r\nHost: here\r\nX-API-Key: " + KEY + "\r\n"
    "Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
)


@contextmanager
def running(tmp_path):
    """The port of a server that waits two seconds for what is to be read."""
    settings = Settings(
        api_key=SecretStr(KEY),
        port=0,
        state_dir=tmp_path,
        read_timeout_seconds=2,
        max_body_bytes=MAX_BYTES,
        max_upload_bytes=MAX_BYTES,
    )
    app = app_of_fakes(settings)
    with on_a_socket(app, settings) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with running(tmp_path_factory.mktemp("state")) as found:
        yield found


@contextmanager
def connected(port):
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        yield connection


def read_all(connection):
    """Everything until the server closes: status, head, body."""
    content = b""
    # What is still on its way to a connection that was closed resets it.
    with suppress(ConnectionResetError):
        while data := connection.recv(65536):
            content += data
    head, _, body = content.partition(b"\r\n\r\n")
    status = int(head.split()[1]) if head else None
    return status, head.decode("latin-1").lower(), body


def assert_problem(found, status, code):
    assert found[0] == status
    assert json.loads(found[2])["code"] == code
    assert json.loads(found[2])["request_id"] in found[1]
    for field in ("content-type: application/problem+json", "connection: close",
                  "x-content-type-options: nosniff", "cache-control: no-store"):  # fmt: skip
        assert field in found[1]
    assert "\r\nserver:" not in found[1]


def test_who_connects_and_sends_nothing_is_let_go(port):
    with connected(port) as connection:
        assert read_all(connection) == (None, "", b"")


def trickled(port, sent):
    """What a client gets that sends a byte now and then, until the server closes."""
    stop = threading.Event()
    with connected(port) as connection:
        connection.sendall(sent)
        trickle = threading.Thread(target=send_slowly, args=(connection, stop), daemon=True)
        trickle.start()
        found = read_all(connection)
        stop.set()
        trickle.join(WAIT_S)
    return found


def send_slowly(connection, stop):
    while not stop.wait(0.1):
        try:
            connection.sendall(b"a")
        except OSError:
            return


def answered(port, *, route, status):
    """How often a route was answered with a status so far."""
    url = f"http://127.0.0.1:{port}/metrics"
    page = httpx2.get(url, headers={"X-API-Key": KEY}, timeout=WAIT_S).text
    name = f'wherefore_http_requests_total{{method="POST",route="{route}",status="{status}"}} '
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(name))


def test_a_head_that_comes_byte_by_byte_is_given_up(port):
    found = trickled(port, b"GET /health HTTP/1.1\r\nHost: here\r\nX-Slow: ")
    if found[0] is not None:  # the answer may be lost to the bytes that crossed it
        assert_problem(found, 408, "request_timeout")


def test_a_head_that_stops_coming_is_told_so(port):
    with connected(port) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\nX-Slow: ")
        assert_problem(read_all(connection), 408, "request_timeout")


BODIES = [
    ("predict", "application/json"),
    ("batch-predict", "application/json"),
    ("backlogs", "application/x-ndjson"),
]


@pytest.mark.parametrize(("path", "kind"), BODIES)
def test_a_body_that_comes_byte_by_byte_is_given_up(port, path, kind):
    route = f"/api/v1/{path}"
    before = answered(port, route=route, status=408)
    trickled(port, HEAD.format(path=path, kind=kind, length=50_000).encode() + b"{")
    until(lambda: answered(port, route=route, status=408) == before + 1)


@pytest.mark.parametrize(("path", "kind"), BODIES)
def test_a_body_that_stops_coming_is_told_so(port, path, kind):
    with connected(port) as connection:
        head = HEAD.format(path=path, kind=kind, length=50_000)
        connection.sendall(head.encode() + b"{")
        assert_problem(read_all(connection), 408, "request_timeout")


def test_the_rest_of_a_body_that_nobody_reads_is_not_waited_for_without_end(port):
    # It ends, that is all: the answer came at once.
    trickled(port, HEAD.format(path="predict", kind="text/plain", length=50_000).encode() + b"a")
    assert answered(port, route="/api/v1/predict", status=415) >= 1


def test_a_second_request_on_a_connection_has_the_same_limit(port):
    with connected(port) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n")
        first = connection.recv(65536)
        assert first.startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: ")
        found = read_all(connection)
    assert_problem(found, 408, "request_timeout")


def test_a_head_without_end_is_refused(port):
    with connected(port) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n")
        try:
            for number in range(3000):
                connection.sendall(b"X-Field-%d: %s\r\n" % (number, b"a" * 100))
        except OSError:
            pass
        try:
            found = read_all(connection)
        except ConnectionResetError:  # it was closed while more was on its way
            return
    if found[0] is not None:
        assert_problem(found, 431, "head_too_large")


@pytest.mark.parametrize("sent", [b"\x16\x03\x01 this is TLS\r\n\r\n", b"nonsense\r\n\r\n"])
def test_what_is_no_http_is_a_problem_too(port, sent):
    with connected(port) as connection:
        connection.sendall(sent)
        assert_problem(read_all(connection), 400, "malformed_request")


@pytest.mark.parametrize(
    ("path", "kind", "code"),
    [("predict", "application/json", "body_too_large"),
     ("batch-predict", "application/json", "body_too_large"),
     ("backlogs", "application/x-ndjson", "upload_too_large")],
)  # fmt: skip
def test_a_body_larger_than_accepted_is_refused_whether_declared_or_not(port, path, kind, code):
    headers = {"X-API-Key": KEY, "Content-Type": kind}
    whole = b"a" * (MAX_BYTES + 1)
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=WAIT_S) as client:
        for content in (whole, iter([whole[:100], whole[100:]])):
            answer = client.post(f"/api/v1/{path}", content=content, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (413, code)


def test_what_is_not_answered_in_time_is_told_so():
    async def run():
        sent = []

        async def stuck(scope, receive, send):
            await receive()
            await asyncio.Event().wait()

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        limited = TimeLimits(stuck, read_seconds=1, answer_seconds=0.05, spare=0)
        scope = {"type": "http", "state": {"request_id": "r"}}
        await limited(scope, receive, send)
        return sent

    start, body = asyncio.run(run())
    assert start["status"] == 503
    assert json.loads(body["body"])["code"] == "answer_timeout"
    assert (b"retry-after", b"5") in start["headers"]


def test_an_answer_that_began_is_not_cut_off():
    async def run():
        sent = []

        async def slow(scope, receive, send):
            await receive()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await asyncio.sleep(0.3)
            await send({"type": "http.response.body", "body": b"late"})

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        limited = TimeLimits(slow, read_seconds=1, answer_seconds=0.05, spare=0)
        await limited({"type": "http", "state": {"request_id": "r"}}, receive, send)
        return sent

    assert asyncio.run(run())[-1]["body"] == b"late"


class Impatient(LimitedProtocol):
    write_seconds = 0.2


class Patient(LimitedProtocol):
    write_seconds = 2.0


async def endless(scope, receive, send):
    gone = asyncio.ensure_future(left(receive))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while not gone.done():
        await send({"type": "http.response.body", "body": b"a" * 65536, "more_body": True})
        await asyncio.sleep(0)


async def left(receive):
    while (await receive())["type"] != "http.disconnect":
        pass


async def large(scope, receive, send):
    """Answers at once, with as many bytes as the path says."""
    body = b"a" * int(scope["path"].strip("/"))
    length = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def impatient(app, *, http=Impatient):
    """A server that looks after a reader every 0.2 s, or as its protocol says, and its port."""
    with listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(
            app, http=http, log_config=None, lifespan="off", timeout_keep_alive=60
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield server, listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(WAIT_S)


def narrow(port):
    """A connection that takes little at a time."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(WAIT_S)
    connection.connect(("127.0.0.1", port))
    return connection


def test_a_reader_that_takes_nothing_is_let_go():
    with impatient(endless) as (server, port), connected(port) as connection:
        until(lambda: len(server.server_state.connections) == 1)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        until(lambda: not server.server_state.connections)


def test_a_reader_that_takes_nothing_of_a_small_rest_is_let_go_too():
    with impatient(large, http=Patient) as (server, port), narrow(port) as connection:
        until(lambda: server.server_state.connections)
        [held] = server.server_state.connections
        while not held.transport.get_write_buffer_size():  # until the system takes no more
            connection.sendall(b"GET /30000 HTTP/1.1\r\nHost: here\r\n\r\n")
            time.sleep(0.02)
        assert not held.flow.write_paused
        until(lambda: not server.server_state.connections)


def test_a_reader_that_takes_a_little_at_a_time_gets_all_of_it():
    size = 600_000
    with impatient(large, http=Patient) as (_, port), narrow(port) as connection:
        connection.sendall(b"GET /%d HTTP/1.1\r\nHost: here\r\n\r\n" % size)
        content = b""
        while b"\r\n\r\n" not in content or len(content.partition(b"\r\n\r\n")[2]) < size:
            data = connection.recv(16384)
            assert data, f"cut off after {len(content):,} bytes"
            content += data
            time.sleep(0.1)  # all of it takes longer than a reader has that takes nothing


def test_line_breaks_between_requests_hold_no_connection(port):
    with connected(port) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"\r\n")
        assert read_all(connection)[0] is None


class Unhurried(LimitedProtocol):
    head_seconds = 600.0


@pytest.mark.parametrize("part", [b"a:b\r\n" * 1000, b"a" * 5000], ids=["fields", "one field"])
def test_the_trailer_of_a_body_has_a_limit(part):
    with impatient(large, http=Unhurried) as (server, port), connected(port) as connection:
        head = b"GET /9 HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"3\r\nabc\r\n0\r\nX-Sum: ")
        until(lambda: len(server.server_state.connections) == 1)
        with suppress(OSError):  # it is closed while more is on its way
            for _ in range(1 + 4 * MAX_HEAD_BYTES // len(part)):
                connection.sendall(part)
                time.sleep(0.01)
        until(lambda: not server.server_state.connections)


def test_a_small_trailer_is_let_pass(port):
    with connected(port) as connection:
        connection.sendall(
            b"GET /health HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\nX-Sum: 1\r\n\r\n"
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
