"""Traces as a collector gets them: whole, in our words, and without a word of anybody's text."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from fake_service import app_of_fakes
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import SecretStr, ValidationError

from serving.adapters.fake import FakePredictor
from serving.adapters.otlp import EXPORTED, open_tracing
from serving.settings import Settings

KEY = "a-key-for-tests-of-32-characters"
CANARY = "xkcanaryqz"


class Collector:
    """Takes traces in over HTTP, as a collector does."""

    def __init__(self):
        bodies = self.bodies = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_packed = self.headers.get("Content-Encoding") == "gzip"
                bodies.append((self.path, gzip.decompress(body) if is_packed else body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def spans(self):
        found = []
        for path, body in self.bodies:
            assert path == "/v1/traces"
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    found += scope.spans
        return found

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def traced_client(collector, tmp_path):
    """A client of a service that sends its traces; leaving the block sends what waits."""
    provider = open_tracing(collector.address)

    def fail(texts):
        if any("fails" in text for text in texts):
            raise ValueError(f"cannot read {texts!r}")

    settings = Settings(api_key=SecretStr(KEY), state_dir=tmp_path)
    app = app_of_fakes(settings, predictor=FakePredictor(before=fail), tracing=provider)
    with TestClient(app, raise_server_exceptions=False, headers={"X-API-Key": KEY}) as client:
        client.flush = provider.force_flush
        yield client
    provider.shutdown()


def attributes(span):
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes}


def test_a_request_is_a_span_and_its_scoring_one_within(traced_client, collector):
    answer = traced_client.post(
        "/api/v1/predict", json={"text": "Debts."}, headers={"X-Request-ID": "request-1"}
    )
    assert answer.status_code == 200
    assert traced_client.flush()
    spans = {span.name: span for span in collector.spans()}
    request, score = spans["POST /api/v1/predict"], spans["score"]
    assert (score.trace_id, score.parent_span_id) == (request.trace_id, request.span_id)
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/api/v1/predict",
        "url.scheme": "http",
        "wherefore.request_id": "request-1",
    }
    assert attributes(score) == {"wherefore.applications": 1, "wherefore.model_version": "fake"}


def test_the_log_names_the_trace(traced_client, collector, capsys):
    traced_client.get("/health")
    assert traced_client.flush()
    [span] = collector.spans()
    told = capsys.readouterr()
    assert span.trace_id.hex() in told.out + told.err


def test_a_trace_goes_on_that_a_caller_began(traced_client, collector):
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    traced_client.get("/health", headers={"traceparent": caller})
    assert traced_client.flush()
    [span] = collector.spans()
    assert span.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert span.parent_span_id.hex() == "b7ad6b7169203331"


def test_nothing_of_what_was_sent_is_in_a_trace(traced_client, collector):
    text = f"I am {CANARY}."
    crossing = {
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "tracestate": f"vendor={CANARY}",
        "baggage": f"name={CANARY}",
        "User-Agent": CANARY,
        "Host": f"{CANARY}.example.org",
        "X-Request-ID": f"{CANARY} {CANARY}",
    }
    answers = [
        traced_client.post("/api/v1/predict", json={"text": text}, headers=crossing),
        traced_client.post("/api/v1/predict", json={"text": f"{text} It fails."}),
        traced_client.post("/api/v1/predict", json={"text": [text]}),
        traced_client.post("/api/v1/batch-predict", json={"applications": [{"text": text}]}),
        traced_client.get(f"/api/v1/predict?text={CANARY}"),
        traced_client.get(f"/{CANARY}"),
        traced_client.get(f"/api/v1/decisions/{CANARY}"),
        traced_client.request(CANARY.upper(), "/health"),
    ]
    assert {answer.status_code for answer in answers} >= {200, 404, 405, 422, 500}
    assert traced_client.flush()
    assert len(collector.spans()) >= len(answers)
    assert CANARY not in b"".join(body for _, body in collector.bodies).decode("latin-1").lower()
    for span in collector.spans():
        assert set(attributes(span)) <= EXPORTED
        assert not span.events
        assert not span.trace_state


def test_a_collector_that_is_gone_is_no_error_to_anybody(tmp_path):
    provider = open_tracing("http://127.0.0.1:9")
    app = app_of_fakes(Settings(api_key=SecretStr(KEY), state_dir=tmp_path), tracing=provider)
    with TestClient(app) as client:
        assert client.get("/health").status_code == 200
    provider.shutdown()


def test_without_a_collector_nothing_is_traced(client, capsys):
    assert client.get("/health").status_code == 200
    told = capsys.readouterr()
    assert "trace_id" not in told.out + told.err
    assert client.app.state.tracing is None


@pytest.mark.parametrize("given", ["collector:4318", "http://user@host:1", "http://host/v1/traces"])
def test_what_is_no_address_of_a_collector_is_refused(given):
    with pytest.raises(ValidationError):
        Settings(otlp_endpoint=given)
