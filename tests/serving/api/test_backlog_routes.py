"""Backlogs over HTTP, with a model that has no network."""

import base64
import gzip
import hashlib
import hmac
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_service import app_of_fakes, until
from fastapi.testclient import TestClient

from serving.adapters.fake import FakePredictor
from serving.backlog.server.backlogs import Backlogs
from serving.batching.window_queue import Priority
from serving.identity.scopes import Scope
from serving.keys import Person, add_key
from serving.settings import Settings

ADDRESS = "/api/v1/backlogs"
NDJSON = {"Content-Type": "application/x-ndjson"}
PATIENCE_S = 240
SECRET = "a-secret-that-signs-webhooks-in-tests"


def rows(*texts):
    return "".join(f"{json.dumps({'id': f'A{i}', 'text': t})}\n" for i, t in enumerate(texts))


def posted(client, content, *, status=202, headers=NDJSON, **query):
    answer = client.post(ADDRESS, content=content, headers=headers, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def wait_for(client, backlog_id, *statuses):
    deadline = time.monotonic() + PATIENCE_S
    while (found := client.get(f"{ADDRESS}/{backlog_id}").json())["status"] not in statuses:
        assert found["status"] not in {"completed", "failed", "cancelled"}, found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def fetched(client, backlog_id, what):
    answer = client.get(f"{ADDRESS}/{backlog_id}/{what}")
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
def backlogs(make_client, tmp_path):
    """Opens clients whose backlogs lie in a folder of the test's own."""

    def make(**options):
        return make_client(state_dir=tmp_path / "state", **options)

    return make


class Gate:
    """Holds the engine at a word until it is opened."""

    def __init__(self, word):
        self.word, self.is_open, self.reached = word, threading.Event(), threading.Event()
        self.computed = []

    def predictor(self):
        return FakePredictor(before=self._before)

    def _before(self, texts):
        self.computed.extend(texts)
        if any(self.word in text for text in texts):
            self.reached.set()
            assert self.is_open.wait(PATIENCE_S)


@pytest.fixture
def gate():
    found = Gate("heavy")
    yield found
    found.is_open.set()


def test_an_upload_is_taken_scored_and_fetched(backlogs):
    client = backlogs()
    content = rows("Her debts are heavy.", "a\0b", "Fine.")
    answer = client.post(ADDRESS, content=content, headers=NDJSON)
    assert answer.status_code == 202
    backlog_id = answer.json()["backlog_id"]
    assert answer.headers["location"] == f"{ADDRESS}/{backlog_id}"
    done = wait_for(client, backlog_id, "completed")
    assert (done["rows"], done["rows_total"], done["errors"]) == (3, 3, 1)
    assert done["webhook"] is None
    result = fetched(client, backlog_id, "result")
    assert [row["id"] for row in result] == ["A0", "A1", "A2"]
    assert [row["error"] is None for row in result] == [True, False, True]
    alone = client.post("/api/v1/predict", json={"text": "Her debts are heavy."}).json()
    assert result[0]["risk_score"] == alone["risk_score"]
    [error] = fetched(client, backlog_id, "errors")
    assert (error["row"], error["id"], error["error"]["code"]) == (2, "A1", "nul_byte")


@pytest.mark.parametrize("limit", [0, 10**13, 10**30])
def test_a_limit_that_no_file_has_is_refused(backlogs, limit):
    refused = posted(backlogs(), rows("Debts."), limit=limit, status=422)
    assert refused["code"] == "invalid_request"


@pytest.mark.parametrize("output", ["csv.gz", "parquet"])
def test_the_result_is_of_the_kind_asked_for_and_so_is_its_list_of_errors(backlogs, output):
    client = backlogs()
    content = gzip.compress(rows("Debts.", "a\0b").encode())
    kind = {"Content-Type": "application/gzip"}
    backlog_id = posted(client, content, headers=kind, output=output)["backlog_id"]
    wait_for(client, backlog_id, "completed")
    answer = client.get(f"{ADDRESS}/{backlog_id}/result")
    magic = {"csv.gz": b"\x1f\x8b", "parquet": b"PAR1"}[output]
    assert answer.content.startswith(magic)
    assert f"{backlog_id}-result.{output}" in answer.headers["content-disposition"]
    beyond = {"Range": f"bytes={len(answer.content)}-"}
    refused = client.get(f"{ADDRESS}/{backlog_id}/result", headers=beyond)
    assert (refused.status_code, refused.json()["code"]) == (416, "range_not_satisfiable")
    assert [row["id"] for row in fetched(client, backlog_id, "errors")] == ["A1"]


@pytest.mark.parametrize("order", ["input", "due-date"])
def test_errors_name_rows_as_the_input_does(backlogs, order):
    content = (
        '{"id": "=1+1", "text": "Debts.", "received_at": "2026-11-02"}\n\n\n'
        '{"id": "=1+1", "text": "Fine.", "received_at": "2026-11-01"}\n'
    )
    client = backlogs()
    backlog_id = posted(client, content, order=order, output="csv")["backlog_id"]
    wait_for(client, backlog_id, "completed")
    [error] = fetched(client, backlog_id, "errors")
    assert (error["row"], error["id"], error["error"]["code"]) == (4, "=1+1", "duplicate_id")


@pytest.mark.parametrize("explain", ["fast", "exact"])
def test_reasons_are_quoted_as_a_prediction_quotes_them_where_that_is_asked_for(backlogs, explain):
    client, text = backlogs(), "Asks for a loan. Her debts are heavy. She was laid off in May."
    backlog_id = posted(client, rows(text), explain=explain)["backlog_id"]
    wait_for(client, backlog_id, "completed")
    [row] = fetched(client, backlog_id, "result")
    alone = client.post("/api/v1/predict", json={"text": text}, params={"explain": explain})
    assert row["principal_reasons"] == alone.json()["principal_reasons"]
    plain = client.post("/api/v1/predict", json={"text": text}).json()["principal_reasons"]
    assert row["principal_reasons"] != plain
    posted(client, rows(text), explain="slow", status=422)


def test_what_is_due_first_stands_first_where_that_is_asked_for(backlogs):
    days = [None, "2026-11-02", "2026-11-01"]
    given = [{"text": text} for text in ("Fine.", "a\0b", "Debts.")]
    dated = [
        row | ({"completed_at": day} if day else {}) for row, day in zip(given, days, strict=True)
    ]
    client, content = backlogs(), "".join(f"{json.dumps(row)}\n" for row in dated)
    backlog_id = posted(client, content, order="due-date")["backlog_id"]
    wait_for(client, backlog_id, "completed")
    found = [(row["row"], row["due_on"]) for row in fetched(client, backlog_id, "result")]
    assert found == [(3, "2026-12-01"), (2, "2026-12-02"), (1, None)]
    [error] = fetched(client, backlog_id, "errors")
    assert (error["row"], error["error"]["code"]) == (2, "nul_byte")
    posted(client, content, order="random", status=422)
    csv = {"Content-Type": "text/csv"}
    answer = client.post(
        ADDRESS, content="text\nDebts.\n", headers=csv, params={"order": "due-date"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "backlog_input")
    undated = posted(client, rows("Debts."), order="due-date")["backlog_id"]
    assert wait_for(client, undated, "failed")["failure"]["code"] == "due_dates_missing"


def test_a_file_in_the_servers_folder_is_referred_to_and_no_other(backlogs, tmp_path):
    folder = tmp_path / "mounted"
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "in.jsonl").write_text(rows("Debts.", "Fine."))
    (tmp_path / "secret.jsonl").write_text(rows("Not yours."))
    (folder / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    client = backlogs(backlog_input_dir=folder)
    answer = client.post(ADDRESS, json={"file": "inside/in.jsonl"}, params={"limit": 1})
    assert answer.status_code == 202
    backlog_id = answer.json()["backlog_id"]
    assert wait_for(client, backlog_id, "completed")["file"] == "inside/in.jsonl"
    assert len(fetched(client, backlog_id, "result")) == 1
    assert (folder / "inside" / "in.jsonl").exists()
    outside = ["../secret.jsonl", str(tmp_path / "secret.jsonl"), "link.jsonl", "none", "inside"]
    for name in [*outside, "a\0b", "x" * 999]:
        refused = client.post(ADDRESS, json={"file": name})
        assert (refused.status_code, refused.json()["code"]) == (422, "backlog_input"), name
        assert str(tmp_path) not in refused.text


def test_the_same_key_for_a_file_that_changed_since_is_refused(backlogs, tmp_path):
    source = tmp_path / "in.jsonl"
    client, key = backlogs(backlog_input_dir=tmp_path), {"Idempotency-Key": "nightly"}
    source.write_text(rows("Debts."))
    first, again = (
        client.post(ADDRESS, json={"file": "in.jsonl"}, headers=key).json() for _ in range(2)
    )
    assert first["backlog_id"] == again["backlog_id"]
    source.write_text(rows("Debts.", "Fine."))
    answer = client.post(ADDRESS, json={"file": "in.jsonl"}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_without_a_folder_only_uploads_are_taken(backlogs):
    answer = backlogs().post(ADDRESS, json={"file": "in.jsonl"})
    assert (answer.status_code, answer.json()["code"]) == (422, "backlog_input")


def test_the_same_key_gives_the_same_backlog_and_another_file_is_refused(backlogs):
    client = backlogs()
    key = NDJSON | {"Idempotency-Key": "night of the 20th"}
    first = posted(client, rows("Debts."), headers=key)
    assert posted(client, rows("Debts."), headers=key)["backlog_id"] == first["backlog_id"]
    assert posted(client, rows("Debts."))["backlog_id"] != first["backlog_id"]
    for content, query in [(rows("Other."), {}), (rows("Debts."), {"limit": 1})]:
        answer = client.post(ADDRESS, content=content, headers=key, params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(client.get(ADDRESS).json()["backlogs"]) == 2
    wait_for(client, first["backlog_id"], "completed")
    assert posted(client, rows("Debts."), headers=key)["status"] == "completed"


@pytest.mark.parametrize(
    "case",
    [
        (b"x", {"Content-Type": "image/png"}, {}, 415, "upload_type"),
        (b"x", {}, {}, 415, "upload_type"),
        (b"a,b\n1,2\n", {"Content-Type": "text/csv"}, {}, 422, "backlog_input"),
        (b"PAR1 this is none", NDJSON, {}, 422, "backlog_input"),
        (b"\x1f\x8bnone", NDJSON, {}, 422, "backlog_input"),
        (b"x" * 2000, NDJSON, {}, 413, "upload_too_large"),
        (b"{}", {"Content-Type": "application/json"}, {}, 422, "invalid_request"),
        (b'{"file"', {"Content-Type": "application/json"}, {}, 400, "invalid_json"),
        (b"", NDJSON, {"output": "xlsx"}, 422, "invalid_request"),
        (b"", NDJSON, {"unknown": "1"}, 422, "invalid_request"),
        (b"", NDJSON, {"limit": "0"}, 422, "invalid_request"),
        (b"", NDJSON, {"webhook_url": "https://a.test/"}, 422, "webhook_refused"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_leaves_nothing(backlogs, tmp_path, case):
    content, headers, query, status, code = case
    client = backlogs(max_upload_bytes=1024)
    answer = client.post(ADDRESS, content=content, headers=headers, params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert str(tmp_path) not in answer.text
    assert client.get(ADDRESS).json() == {"backlogs": []}
    assert [path for path in (tmp_path / "state").rglob("*") if path.is_file()] == []


def test_an_upload_of_unknown_size_is_counted_as_it_comes(backlogs):
    client = backlogs(max_upload_bytes=1024)
    answer = client.post(ADDRESS, content=(b"x" * 100 for _ in range(50)), headers=NDJSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


def zstandard(content):
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, "zstd") as packed:
        packed.write(content)
    return stream.getvalue().to_pybytes()


def parquet(texts):
    stream = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": texts}), stream, compression="zstd")
    return stream.getvalue().to_pybytes()


BOMBS = {
    "gzip": (lambda: gzip.compress(b"text\n" + bytes(9_000_000)), "application/gzip", "bytes"),
    "zstd": (lambda: zstandard(b"text\n" + bytes(9_000_000)), "application/zstd", "bytes"),
    "rows in gzip": (lambda: gzip.compress(b"x\n" * 90_000), "text/csv", "lines"),
    "rows": (lambda: b"x\n" * 90_000, "text/csv", "lines"),
    "rows of Parquet": (
        lambda: parquet(["Debts."] * 90_000),
        "application/vnd.apache.parquet",
        "rows",
    ),
    "one page of Parquet": (
        lambda: parquet(["a" * 9_000_000]),
        "application/vnd.apache.parquet",
        "bytes",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_upload_out_of_which_too_much_would_come_is_refused_and_leaves_nothing(
    backlogs, tmp_path, name
):
    make, kind, of_what = BOMBS[name]
    client = backlogs(max_unpacked_bytes=1_000_000, max_upload_rows=50_000)
    content = make()
    assert len(content) < 200_000
    answer = client.post(ADDRESS, content=content, headers={"Content-Type": kind})
    found = answer.json()
    assert (answer.status_code, found["code"]) == (413, "upload_unpacks_too_large"), found
    assert of_what in found["detail"]
    assert "WHEREFORE_MAX_UNPACKED_BYTES" in found["detail"]
    assert client.get(ADDRESS).json() == {"backlogs": []}
    assert [path for path in (tmp_path / "state").rglob("*") if path.is_file()] == []


def test_files_in_the_servers_folder_may_unpack_to_whatever_they_hold(backlogs, tmp_path):
    content = gzip.compress(rows(*("Debts. " * 300 for _ in range(9))).encode())
    (tmp_path / "in.jsonl.gz").write_bytes(content)
    client = backlogs(
        backlog_input_dir=tmp_path, max_unpacked_bytes=len(content) + 1024, max_upload_rows=1
    )
    refused = client.post(ADDRESS, content=content, headers={"Content-Type": "application/gzip"})
    assert (refused.status_code, refused.json()["code"]) == (413, "upload_unpacks_too_large")
    taken = client.post(ADDRESS, json={"file": "in.jsonl.gz"})
    assert taken.status_code == 202
    wait_for(client, taken.json()["backlog_id"], "completed")


def test_a_disk_that_does_not_take_a_backlog_is_told_and_to_be_tried_again(make_client):
    client = make_client(state_dir=Path("/proc/none"))
    answer = client.post(ADDRESS, content=rows("Debts."), headers=NDJSON)
    assert (answer.status_code, answer.json()["code"]) == (503, "backlog_storage")
    assert answer.headers["retry-after"] == "60"
    assert "/proc" not in answer.text


def test_without_a_key_nothing_of_an_upload_is_read(make_client, tmp_path):
    client = make_client(with_key=False, state_dir=tmp_path)
    for method, path in [("POST", ""), ("GET", ""), ("GET", "/x"), ("GET", "/x/events")]:
        answer = client.request(method, f"{ADDRESS}{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no json\n" * 9])
def test_an_empty_file_and_one_of_bad_rows_alone_are_complete(backlogs, content):
    client = backlogs()
    backlog_id = posted(client, content)["backlog_id"]
    done = wait_for(client, backlog_id, "completed")
    assert done["rows"] == done["errors"] == content.count(b"\n")
    assert len(fetched(client, backlog_id, "errors")) == content.count(b"\n")


def test_a_backlog_is_paused_resumed_and_loses_nothing(backlogs, gate):
    client = backlogs(predictor=gate.predictor())
    texts = [f"Fine {i}." for i in range(300)] + ["Her debts are heavy."]
    backlog_id = posted(client, rows(*texts))["backlog_id"]
    assert gate.reached.wait(PATIENCE_S)
    paused = client.post(f"{ADDRESS}/{backlog_id}/pause").json()
    assert paused["status"] == "paused"
    assert client.post(f"{ADDRESS}/{backlog_id}/pause").json()["status"] == "paused"
    refused = client.get(f"{ADDRESS}/{backlog_id}/result")
    assert (refused.status_code, refused.json()["code"]) == (409, "backlog_state")
    gate.is_open.set()
    assert client.post(f"{ADDRESS}/{backlog_id}/resume").status_code == 200
    assert wait_for(client, backlog_id, "completed")["rows"] == 301
    assert [row["id"] for row in fetched(client, backlog_id, "result")] == [
        f"A{i}" for i in range(301)
    ]
    # The first shard was kept, and not computed again.
    assert sum("Fine 7." in text for text in gate.computed) == 1
    for what in ("pause", "resume", "cancel"):
        refused = client.post(f"{ADDRESS}/{backlog_id}/{what}")
        assert (refused.status_code, refused.json()["code"]) == (409, "backlog_state")


def test_a_cancelled_backlog_leaves_no_row_behind(backlogs, gate, tmp_path):
    client = backlogs(predictor=gate.predictor())
    first = posted(client, rows("Her debts are heavy."))["backlog_id"]
    second = posted(client, rows("Waits."))["backlog_id"]
    assert gate.reached.wait(PATIENCE_S)
    for backlog_id in (second, first):
        answer = client.post(f"{ADDRESS}/{backlog_id}/cancel")
        assert answer.json()["status"] == "cancelled"
    gate.is_open.set()
    third = posted(client, rows("Fine."))["backlog_id"]
    wait_for(client, third, "completed")
    for backlog_id in (first, second):
        assert client.get(f"{ADDRESS}/{backlog_id}").json()["status"] == "cancelled"
        left = {path.name for path in (tmp_path / "state" / "backlogs" / backlog_id).iterdir()}
        assert left == {"request.json", "state.json"}


def test_who_waits_for_an_answer_goes_before_a_backlog(backlogs, gate):
    client = backlogs(predictor=gate.predictor())
    texts = [f"Heavy? {'heavy. ' * 99}", *(f"Backlog {i}. {'More. ' * 99}" for i in range(40))]
    backlog_id = posted(client, rows(*texts))["backlog_id"]
    assert gate.reached.wait(PATIENCE_S)
    before = len(gate.computed)
    answers = []
    online = threading.Thread(
        target=lambda: answers.append(client.post("/api/v1/predict", json={"text": "Online."}))
    )
    online.start()
    waiting = client.app.state.batcher._queue._waiting[Priority.ONLINE]
    until(lambda: len(waiting) == 1)
    assert client.get("/api/v1/metrics").json()["serving"]["applications_queued"] == 1
    gate.is_open.set()
    online.join(PATIENCE_S)
    assert answers[0].status_code == 200
    wait_for(client, backlog_id, "completed")
    after = gate.computed[before:]
    assert any("Backlog" in text for text in after)
    # Once in a while a batch of the backlog goes first, though others wait.
    assert after.index("Online.") < len(after) // 2


def test_events_tell_of_every_step_until_the_end(backlogs, gate, monkeypatch):
    client, view = backlogs(predictor=gate.predictor()), Backlogs.view

    def view_once(self, backlog_id):
        found = view(self, backlog_id)
        gate.is_open.set()  # the first look has been taken
        return found

    backlog_id = posted(client, rows("Her debts are heavy."))["backlog_id"]
    assert gate.reached.wait(PATIENCE_S)
    monkeypatch.setattr(Backlogs, "view", view_once)
    answer = client.get(f"{ADDRESS}/{backlog_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [block.splitlines() for block in answer.text.strip().split("\n\n")]
    events = [dict(line.split(": ", 1) for line in block if line[0] != ":") for block in blocks]
    told = [(event["event"], json.loads(event["data"])) for event in events if event]
    assert told[0][0] == "running"
    assert told[-1][0] == "completed"
    assert told[-1][1]["rows"] == 1
    assert all(name == data["status"] for name, data in told)


def test_an_unknown_id_is_a_problem_on_every_route(backlogs):
    client = backlogs()
    for name in ("0" * 32, "..", "nothing", "%2e%2e%2fstate"):
        for path in ("", "/events", "/result", "/errors"):
            answer = client.get(f"{ADDRESS}/{name}{path}")
            assert answer.status_code == 404
        for path in ("/pause", "/resume", "/cancel"):
            assert client.post(f"{ADDRESS}/{name}{path}").status_code == 404


def test_a_file_that_breaks_off_fails_the_backlog_and_can_be_mended(backlogs, tmp_path):
    folder = tmp_path / "mounted"
    folder.mkdir()
    content = gzip.compress(rows(*(f"Text {i}." for i in range(5000))).encode())
    (folder / "in.jsonl.gz").write_bytes(content[: len(content) // 2])
    client = backlogs(backlog_input_dir=folder)
    backlog_id = client.post(ADDRESS, json={"file": "in.jsonl.gz"}).json()["backlog_id"]
    failed = wait_for(client, backlog_id, "failed")
    assert failed["failure"]["code"] == "input_unreadable"
    assert str(tmp_path) not in json.dumps(failed)
    (folder / "in.jsonl.gz").write_bytes(gzip.compress(rows("Debts.").encode()))
    assert client.post(f"{ADDRESS}/{backlog_id}/resume").json()["failure"] is None
    done = wait_for(client, backlog_id, "completed", "failed")
    assert (done["status"], done["failure"]) == ("completed", None)


def test_a_file_that_changes_while_it_is_scored_fails_the_backlog(backlogs, gate, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text(rows("Her debts are heavy.", *(f"Text {i}." for i in range(900))))
    client = backlogs(backlog_input_dir=tmp_path, predictor=gate.predictor())
    backlog_id = client.post(ADDRESS, json={"file": "in.jsonl"}).json()["backlog_id"]
    assert gate.reached.wait(PATIENCE_S)
    source.write_text(source.read_text().replace("Text 899", "Text 998"))
    gate.is_open.set()
    assert wait_for(client, backlog_id, "failed")["failure"]["code"] == "input_changed"
    assert client.get(f"{ADDRESS}/{backlog_id}/result").status_code == 409


def test_a_disk_that_refuses_a_shard_fails_the_backlog_which_goes_on_when_resumed(
    backlogs, gate, tmp_path
):
    client = backlogs(predictor=gate.predictor())
    content = rows(*(f"Text {i}." for i in range(256)), "Her debts are heavy.")
    backlog_id = posted(client, content)["backlog_id"]
    assert gate.reached.wait(PATIENCE_S)
    shards = tmp_path / "state" / "backlogs" / backlog_id / "result.jsonl.shards"
    (shards / "00000001.jsonl").mkdir()  # a file of this name cannot be written
    gate.is_open.set()
    assert wait_for(client, backlog_id, "failed")["failure"]["code"] == "storage_full"
    assert client.get(f"{ADDRESS}/{backlog_id}/result").status_code == 409
    (shards / "00000001.jsonl").rmdir()
    client.post(f"{ADDRESS}/{backlog_id}/resume")
    assert wait_for(client, backlog_id, "completed")["rows"] == 257
    assert sum("Text 0." in text for text in gate.computed) == 1


def test_an_ended_backlog_is_removed_when_its_time_is_over(backlogs):
    client = backlogs()
    backlog_id = posted(client, rows("Debts."))["backlog_id"]
    wait_for(client, backlog_id, "completed")
    later = backlogs(backlog_keep_days=1e-9)
    deadline = time.monotonic() + PATIENCE_S
    while later.get(f"{ADDRESS}/{backlog_id}").status_code != 404:
        assert time.monotonic() < deadline


def test_neither_logs_nor_metrics_nor_states_hold_anything_of_an_applicant(
    backlogs, logged, tmp_path
):
    client = backlogs()
    canary = "Zanzibar-Quetzal"
    content = rows(f"{canary} owes debts.", f"{canary}\0")
    backlog_id = posted(client, content)["backlog_id"]
    wait_for(client, backlog_id, "completed")
    fetched(client, backlog_id, "result")
    ended = 'wherefore_backlogs_ended_total{status="completed"} 1.0'
    until(lambda: ended in client.get("/metrics").text)  # counted after it is written down
    metrics = client.get("/metrics").text
    assert "wherefore_backlog_rows_total 2.0" in metrics
    told = logged()
    assert '"event": "backlog_ended"' in told
    assert canary not in told + metrics
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert "result.jsonl" in {path.name for path in files}
    assert [path.name for path in files if canary in path.read_text()] == []


@contextmanager
def receiver(*statuses):
    """A server that answers with statuses one after the other, and what it was sent."""
    answers, sent = iter(statuses), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent.append((dict(self.headers), body))
            self.send_response(next(answers))
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}", sent
        server.shutdown()
        thread.join()


def test_who_asked_for_it_is_told_of_the_end_again_until_they_heard(backlogs):
    with receiver(500, 204) as (host, sent):
        client = backlogs(webhook_hosts=host, webhook_secret=SECRET)
        backlog_id = posted(client, rows("Debts."), webhook_url=f"http://{host}/done")["backlog_id"]
        wait_for(client, backlog_id, "completed")
        deadline = time.monotonic() + PATIENCE_S
        while client.get(f"{ADDRESS}/{backlog_id}").json()["webhook"] != "delivered":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    [(first, body), (second, again)] = sent
    assert first["webhook-id"] == second["webhook-id"]
    assert body == again
    assert json.loads(body)["data"]["backlog_id"] == backlog_id
    for headers, content in sent:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
        code = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == f"v1,{base64.b64encode(code).decode()}"
    delivered = 'wherefore_webhook_attempts_total{step="delivered"} 1.0'
    until(lambda: delivered in client.get("/metrics").text)


def test_the_next_server_goes_on_with_a_backlog_but_not_with_another_model(make_client, tmp_path):
    gate = Gate("heavy")
    options = {"state_dir": tmp_path / "state"}
    first = make_client(predictor=gate.predictor(), **options)
    names = [posted(first, rows(*["Fine."] * 300, f"Her debts are heavy. {i}")) for i in range(2)]
    assert gate.reached.wait(PATIENCE_S)
    for found in names:
        assert first.post(f"{ADDRESS}/{found['backlog_id']}/pause").status_code == 200
    gate.is_open.set()
    first.__exit__(None, None, None)
    begun, waiting = (found["backlog_id"] for found in names)
    other = FakePredictor()
    other.digest = "1" * 64
    second = make_client(predictor=other, **options)
    for backlog_id in (begun, waiting):
        second.post(f"{ADDRESS}/{backlog_id}/resume")
    assert wait_for(second, begun, "failed")["failure"]["code"] == "begun_with_another"
    assert wait_for(second, waiting, "completed")["rows"] == 301


def test_servers_that_share_a_folder_share_the_work_and_each_other_s_orders(
    make_client, gate, tmp_path
):
    options = {"backlog_dir": tmp_path / "shared"}
    first = make_client(predictor=gate.predictor(), state_dir=tmp_path / "1", **options)
    texts = [f"Fine {i}." for i in range(300)] + ["Her debts are heavy."]
    held = posted(first, rows(*texts))["backlog_id"]
    assert gate.reached.wait(PATIENCE_S)
    second = make_client(state_dir=tmp_path / "2", **options)
    other = posted(second, rows("Fine."))["backlog_id"]
    assert wait_for(second, other, "completed")["rows"] == 1
    assert fetched(first, other, "result") == fetched(second, other, "result")
    assert second.get(f"{ADDRESS}/{held}").json()["status"] == "running"
    assert second.post(f"{ADDRESS}/{held}/cancel").json()["status"] == "cancelled"
    gate.is_open.set()
    last = posted(first, rows("Fine."))["backlog_id"]
    wait_for(first, last, "completed")
    folder = tmp_path / "shared" / held
    deadline = time.monotonic() + PATIENCE_S
    while {path.name for path in folder.iterdir()} != {"request.json", "state.json"}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert first.get(f"{ADDRESS}/{held}").json()["status"] == "cancelled"


def test_a_backlog_is_there_for_who_asked_for_it_and_for_who_may_export_every_case(tmp_path):
    exports = frozenset({Scope.EXPORT_CASES})  # of the own queue, without see_all_cases
    people = [
        Person(person_id="one", role="underwriter"),
        Person(person_id="two", role="underwriter", permissions=exports),
        Person(person_id="three", role="compliance"),
    ]
    one, two, three = (
        {"X-API-Key": add_key(tmp_path, person).get_secret_value()} for person in people
    )
    app = app_of_fakes(Settings(state_dir=tmp_path))
    with TestClient(app, headers=one) as client:
        backlog_id = posted(client, rows("Debts."))["backlog_id"]
        wait_for(client, backlog_id, "completed")
        for path in ("", "/result", "/errors", "/events", "/cancel", "/pause"):
            method = "POST" if path in {"/cancel", "/pause"} else "GET"
            answer = client.request(method, f"{ADDRESS}/{backlog_id}{path}", headers=two)
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_backlog")
        assert client.get(ADDRESS, headers=two).json() == {"backlogs": []}
        assert len(client.get(ADDRESS, headers=three).json()["backlogs"]) == 1
        answer = client.get(f"{ADDRESS}/{backlog_id}/result", headers=three)
        assert json.loads(answer.text)["id"] == "A0"
