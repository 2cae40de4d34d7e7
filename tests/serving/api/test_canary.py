import json

from serving.adapters.fake import FakePredictor

CANARY = "xkcanaryqz"
JSON = {"Content-Type": "application/json"}
ADDRESSES = ["/api/v1/predict", "/api/v1/batch-predict"]


def fail(texts):
    raise ValueError(f"cannot read {texts!r}")


def refused(client):
    """Sends the canary through every failure path and gives the answers."""
    text = f"I am {CANARY}."
    bodies = [
        {"text": text + "\0"},
        {"text": text * 9000},
        {"text": [text]},
        {"text": {"a": text}},
        {"product": text},
        {"loan_amount_usd": text},
        {"id": [text], "text": "a"},
        {"applications": text},
        {"applications": {text: text}},
        [text],
        text,
        {text: text},
    ]
    for address in ADDRESSES:
        for body in bodies:
            yield client.post(address, json=body)
        yield client.post(address, content=f'{{"text": "{text}'.encode(), headers=JSON)
        yield client.post(address, content=f"{text}\xff".encode("latin-1"), headers=JSON)
        yield client.post(address, content=f'{{"text": {CANARY}}}'.encode(), headers=JSON)
        yield client.post(address, content=text.encode(), headers={"Content-Type": CANARY})
        yield client.post(address, json={"text": text}, headers={"X-API-Key": CANARY})
        yield client.get(f"{address}?text={CANARY}")
        yield client.put(f"{address}/{CANARY}", json={"text": text})
    yield client.get(f"/{CANARY}")
    yield client.get(f"/docs/assets/{CANARY}")
    yield client.request(CANARY.upper(), "/health", headers={"X-Request-ID": f"{CANARY} {CANARY}"})


def test_no_refusal_repeats_what_was_sent(client, logged):
    answers = list(refused(client))
    leaks = [a.text for a in answers if a.status_code >= 400 and CANARY in a.text.lower()]
    assert leaks == []
    assert sum(a.status_code >= 400 for a in answers) >= 30
    batch_errors = [
        row["error"] for a in answers if a.status_code == 200 for row in a.json()["rows"]
    ]
    assert CANARY not in json.dumps(batch_errors)
    headers = " ".join(str(dict(answer.headers)) for answer in answers)
    assert CANARY not in headers.lower()
    log = logged()
    assert '"event": "request"' in log
    assert CANARY not in log.lower()


def test_no_answer_leaves_a_trace_of_the_text_in_the_log(client, logged):
    application = {"id": CANARY, "text": f"Debts of {CANARY}.", "purpose": CANARY}
    assert client.post(ADDRESSES[0], json=application).status_code == 200
    assert client.post(ADDRESSES[1], json={"applications": [application]}).status_code == 200
    log = logged()
    assert '"route": "/api/v1/predict"' in log
    assert '"model_version": "fake"' in log
    assert CANARY not in log
    assert CANARY not in client.get("/metrics").text
    assert CANARY not in client.get("/api/v1/metrics").text


def test_a_crash_over_a_text_is_logged_without_it(make_client, logged):
    client = make_client(predictor=FakePredictor(before=fail))
    alone = client.post(ADDRESSES[0], json={"text": CANARY})
    assert (alone.status_code, alone.json()["code"]) == (500, "internal_error")
    batch = client.post(ADDRESSES[1], json={"applications": [{"text": CANARY}]})
    assert batch.json()["rows"][0]["error"]["code"] == "internal_error"
    assert CANARY not in alone.text + batch.text
    log = logged()
    assert '"exception": "ValueError"' in log
    assert "test_canary:fail" in log
    assert CANARY not in log


def test_every_line_of_the_log_is_one_json_object(logged, client):
    client.get("/health")
    events = [json.loads(line) for line in logged().splitlines()]
    request = next(event for event in events if event["event"] == "request")
    assert request["route"] == "/health"
    assert request["milliseconds"] >= 0
    assert len(request["request_id"]) == 32
