"""The REST transport in front of a server that answers whatever it is told to."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from serving.adapters.torchserve import open_transport
from serving.errors import (
    EngineAnswerError,
    EngineBusyError,
    EngineKeyError,
    EngineUnreachableError,
)


def torchserves_own(status, kind):
    return status, json.dumps({"code": status, "type": kind, "message": "canary"}).encode()


def handlers(status):
    return status, json.dumps({"code": status, "message": "canary"}).encode()


@pytest.fixture
def answering():
    """Opens transports to a server that gives one answer."""
    servers = []

    def open_to(status, body, *, delay=None):
        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                if delay is not None:
                    delay.wait(30)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return open_transport(f"http://127.0.0.1:{server.server_port}")

    yield open_to
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (torchserves_own(400, "InvalidKeyException"), EngineKeyError),
        (torchserves_own(500, "InternalServerException"), EngineUnreachableError),
        (torchserves_own(503, "ServiceUnavailableException"), EngineBusyError),
        (torchserves_own(507, "InternalServerException"), EngineUnreachableError),
        (torchserves_own(404, "ModelNotFoundException"), EngineAnswerError),
        ((413, b""), EngineAnswerError),
        # What a proxy in front of TorchServe says.
        ((502, b"<html>"), EngineUnreachableError),
        ((503, b""), EngineBusyError),
        ((504, b"<html>"), EngineUnreachableError),
        ((302, b""), EngineAnswerError),
        ((200, b"x"), None),
        # What a handler refuses is refused to this request alone: its neighbours may go on.
        (handlers(400), EngineAnswerError),
        (handlers(500), EngineAnswerError),
        (handlers(507), EngineAnswerError),
    ],
)
def test_each_refusal_has_its_error_and_repeats_nothing(answering, answer, expected):
    transport = answering(*answer)
    if expected is None:
        assert transport.predict(b"{}", key="k", timeout_seconds=30) == answer[1]
        return
    with pytest.raises(expected) as caught:
        transport.predict(b"{}", key="k", timeout_seconds=30)
    assert "canary" not in str(caught.value) + str(caught.value.__notes__)
    transport.close()


def test_an_answer_that_does_not_come_in_time_is_a_busy_engine(answering):
    ended = threading.Event()
    transport = answering(200, b"x", delay=ended)
    with pytest.raises(EngineBusyError):
        transport.predict(b"{}", key="k", timeout_seconds=0.2)
    ended.set()
