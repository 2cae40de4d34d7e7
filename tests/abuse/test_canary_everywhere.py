"""Marked data of an applicant go through every route and failure, and come out where they may.

Each place is searched after everything was sent, and then once more with a mark put there, which
the search must find.
"""

import gzip
import io
import json
import os
import shutil
import sqlite3
import threading
import zipfile
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import structlog
from captured_logs import captured_logs
from marked_requests import (
    BREAKS,
    EVERY_ROUTE,
    MARKED_MONITORING,
    MARKED_RECEIVE,
    broken,
    rightly_sent,
    ways_to_fail,
)
from marks import MARKS, TEXT, marks_in
from prometheus_client import Counter
from pydantic import SecretStr
from request_bodies import bodies
from valkey_server import Valkey
from whole_house import CLERK, COLLEAGUE, PROGRAM, ROWS, open_house

from serving.adapters.fake import FakePredictor
from serving.adapters.otlp import open_tracing
from serving.identity.scopes import Role

pytestmark = pytest.mark.slow

OTHERS = (COLLEAGUE, str(Role.BATCH), str(Role.ADMIN), PROGRAM, CLERK, None)
"""Who sees no case of the underwriter who received the marked one."""

ENDLESS = "GET /api/v1/backlogs/{backlog_id}/events"
START_S = 60
EVERY_WAY = "ABUSE_EVERY_WAY" in os.environ
TURN = 4
"""Of the ways in which a request fails, every so many is tried with each route unless all are."""


def _break(texts):
    if any(BREAKS in text for text in texts):
        raise ValueError(f"cannot read {texts!r}")


@contextmanager
def _logged():
    with captured_logs() as stream, redirect_stdout(stream), redirect_stderr(stream):
        yield stream


@contextmanager
def _collector(received):
    """The address of a collector of traces that keeps what it is sent."""

    class Keeps(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            received.append(gzip.decompress(body) if packed else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keeps) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class Sinks:
    """Where something might come to lie, each as bytes."""

    def __init__(self, house, *, state, backlogs, redis, log, spans, tracing):
        self.house, self.state, self.backlogs = house, state, backlogs
        self.redis, self.log = redis, log
        self.spans, self.tracing = spans, tracing
        self.refusals, self.others, self.exports = [], [], []

    def read(self, name):
        return getattr(self, f"_{name}")()

    def _log_of_the_service(self):
        return self.log.getvalue().encode()

    def _metrics(self):
        headers = self.house.headers(Role.ADMIN)
        paths = ("/metrics", "/api/v1/metrics")
        return b"".join(self.house.client.get(path, headers=headers).content for path in paths)

    def _traces(self):
        self.tracing.force_flush()
        return b"".join(self.spans)

    def _redis_content(self):
        found = [json.dumps(self.redis.slowlog_get(10_000), default=repr).encode()]
        for key in self.redis.scan_iter():
            found += [key, self.redis.dump(key) or b"", _value_of(self.redis, key)]
        return b"\n".join(found)

    def _database_files(self):
        return b"".join(path.read_bytes() for path in sorted(self.state.glob("*.db*")))

    def _other_files(self):
        paths = [path for path in sorted(self.state.rglob("*")) if ".db" not in path.name]
        return _content_of(paths)

    def _what_refused_uploads_leave(self):
        """Whoever may see all backlogs sees those there are: these lie in clear, and no others."""
        asked = self.house.send(Role.COMPLIANCE, "GET /api/v1/backlogs?limit=100").json()
        taken = {backlog["backlog_id"] for backlog in asked["backlogs"]}
        paths = sorted(self.backlogs.rglob("*"))
        return _content_of([path for path in paths if not taken & set(path.parts)])

    def _refusals_to_the_sender(self):
        return b"\n".join(map(_whole, self.refusals))

    def _answers_to_others(self):
        return b"\n".join(map(_whole, self.others))

    def _exports_of_others(self):
        return b"\n".join(map(_whole, self.exports))


OF_THE_DISK = ("database_files", "other_files")
NAMES = tuple(name[1:] for name in vars(Sinks) if name.startswith("_") and name[1] != "_")


def _content_of(paths):
    return b"".join(str(path).encode() + path.read_bytes() for path in paths if path.is_file())


def _value_of(redis, key):
    kind = redis.type(key)
    read = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"list": lambda name: redis.lrange(name, 0, -1),
        b"zset": lambda name: redis.zrange(name, 0, -1),
    }
    found = read[kind](key)
    return found if isinstance(found, bytes) else str(found).encode()


def _whole(answer):
    fields = b"".join(name + b": " + value + b"\n" for name, value in answer.headers.raw)
    found = fields + answer.content
    if not answer.content.startswith(b"PK"):
        return found
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return found + b"".join(name.encode() + archive.read(name) for name in archive.namelist())


def _broken_database(house, state):
    """The database refuses to write, and its driver's error quotes what was to be written."""
    break_it = "BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'broken'); END"
    with closing(sqlite3.connect(state / "cases.db", timeout=START_S)) as connection:
        connection.execute(f"CREATE TRIGGER broken {break_it}")
        connection.commit()
        answer = house.send(Role.UNDERWRITER, "POST /api/v1/applications", json=MARKED_RECEIVE)
        connection.execute("DROP TRIGGER broken")
        connection.commit()
    assert answer.status_code >= 400
    return answer


def _asked_by_others(house, ids):
    """Everybody who may not see it asks every route for it."""
    given = bodies(ids)
    for who in OTHERS:
        for route in EVERY_ROUTE:
            if "{" not in route and not route.startswith("GET"):
                continue  # It asks for nothing that is there.
            kwargs = {"json": given[route]} if route in given else {}
            yield house.send(who, route.format(**ids), **kwargs)


def _exported(house, plain):
    for who, route in (
        (Role.COMPLIANCE, f"GET /api/v1/applications/{plain['case_id']}/exam-package"),
        (COLLEAGUE, f"GET /api/v1/backlogs/{plain['backlog_id']}/result"),
        (COLLEAGUE, f"GET /api/v1/backlogs/{plain['backlog_id']}/errors"),
        (COLLEAGUE, "GET /api/v1/worklist?limit=500"),
        (Role.COMPLIANCE, "GET /api/v1/worklist?limit=500"),
        (COLLEAGUE, "GET /api/v1/backlogs?limit=100"),
    ):
        answer = house.send(who, route)
        assert answer.status_code == 200, answer.text
        yield answer


def _walk(sinks):
    """Sends everything, and returns the ids of the marked case."""
    house = sinks.house
    ids, plain = house.denied(**MARKED_RECEIVE), house.denied(COLLEAGUE)
    house.post(CLERK, f"monitoring/{ids['case_id']}", MARKED_MONITORING)
    house.release(ids)
    ids["explanation_id"] = "none"
    ids["backlog_id"] = house.backlog(Role.UNDERWRITER, json.dumps({"text": TEXT}).encode())
    plain["backlog_id"] = house.backlog(COLLEAGUE, ROWS)
    sinks.others += _asked_by_others(house, ids)
    answers = []
    for number, route in enumerate(EVERY_ROUTE):
        ways = list(ways_to_fail(ids, route))
        chosen = ways if EVERY_WAY else ways[number % TURN :: TURN]
        answers += [send(house) for send in chosen]
    answers += [*broken(house), _broken_database(house, sinks.state)]
    answers += dict(rightly_sent(house, ids)).values()
    sinks.refusals += [answer for answer in answers if answer.status_code >= 400]
    sinks.exports += _exported(house, plain)
    return ids


def _planted(sinks, ids, copy):
    """Puts a mark into each place, the disk's into a copy, and returns what the search finds."""
    house, marked = sinks.house, TEXT
    structlog.stdlib.get_logger("wherefore").info("planted", text=marked)
    made = Counter("planted", "A mark.", ["text"], registry=house.app.state.metrics.registry)
    made.labels(marked).inc()
    with sinks.tracing.get_tracer("planted").start_as_current_span("planted") as span:
        span.set_attribute("wherefore.model_version", marked)
    sinks.redis.hset("planted", "text", marked)
    own = house.send(Role.UNDERWRITER, f"GET /api/v1/applications/{ids['case_id']}")
    sinks.refusals.append(own)
    sinks.others.append(own)
    package = f"GET /api/v1/applications/{ids['case_id']}/exam-package"
    sinks.exports.append(house.send(Role.COMPLIANCE, package))
    (sinks.backlogs / "planted.part").write_text(marked)
    shutil.copytree(sinks.state, copy)
    sinks.state = copy
    (copy / "planted.json").write_text(json.dumps({"text": marked}))
    with closing(sqlite3.connect(copy / "cases.db")) as connection:
        connection.execute("CREATE TABLE planted (text TEXT)")
        connection.execute("INSERT INTO planted VALUES (?)", [marked])
        connection.commit()
        return {name: marks_in(sinks.read(name)) for name in NAMES}


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """What was found in each place: after all was sent, with a mark put there, at the end."""
    home, spans = tmp_path_factory.mktemp("canary"), []
    state, backlogs = home / "state", home / "backlogs"
    commands = ("--slowlog-log-slower-than", "0")  # all of them are kept, as a place to search
    with ExitStack() as opened:
        valkey = opened.enter_context(Valkey(home, options=commands))
        redis = opened.enter_context(valkey.client())
        collector = opened.enter_context(_collector(spans))
        log = opened.enter_context(_logged())
        tracing = open_tracing(collector)
        address = SecretStr(valkey.url)
        predictor = FakePredictor(before=_break)
        with open_house(
            state, predictor=predictor, tracing=tracing, redis_url=address, backlog_dir=backlogs
        ) as house:
            sinks = Sinks(
                house,
                state=state,
                backlogs=backlogs,
                redis=redis,
                log=log,
                spans=spans,
                tracing=tracing,
            )
            ids = _walk(sinks)
            found = {name: marks_in(sinks.read(name)) for name in NAMES}
            sizes = {name: len(sinks.read(name)) for name in NAMES}
            statuses = [answer.status_code for answer in sinks.refusals]
            allowed = [answer.status_code for answer in sinks.others]
            planted = _planted(sinks, ids, home / "copy")
        tracing.shutdown()
        sinks.state = state
        left = {name: marks_in(sinks.read(name)) for name in OF_THE_DISK}
    return SimpleNamespace(
        found=found, planted=planted, left=left, sizes=sizes, refused=statuses, others=allowed
    )


@pytest.mark.parametrize("place", NAMES)
def test_no_mark_comes_to_lie_in(walked, place):
    assert walked.found[place] == set()


@pytest.mark.parametrize("place", NAMES)
def test_a_mark_would_be_found_in(walked, place):
    assert walked.planted[place] >= set(MARKS) - {"account", "e-mail"}


@pytest.mark.parametrize("place", OF_THE_DISK)
def test_no_mark_is_left_when_the_service_has_ended_in(walked, place):
    assert walked.left[place] == set()


def test_everything_was_tried(walked):
    assert len(walked.refused) > 200
    assert {400, 401, 404, 405, 409, 415, 422, 500} <= set(walked.refused)
    assert len(walked.others) > 250
    assert {200, 401, 403, 404} <= set(walked.others)
    empty = {name for name, size in walked.sizes.items() if not size}
    assert empty <= {"what_refused_uploads_leave"}
