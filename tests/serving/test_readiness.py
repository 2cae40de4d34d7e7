import asyncio
import threading
import time

import pytest

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.known_answer import difference
from model_store.manifest import KnownAnswer
from model_store.predictor import Predictor
from serving.adapters.fake import FakePredictor

TEXT = "Debts."


def known(*, probability=0.5, risk_score=50.0):
    return KnownAnswer(
        text=TEXT,
        category_probabilities=(probability,) * len(CATEGORIES),
        risk_score=risk_score,
    )


def replace_score(answer, *, by):
    return answer.model_copy(update={"risk_score": answer.risk_score + by})


def told(probability=0.5):
    return dict.fromkeys(CATEGORIES, probability)


class Knowing(FakePredictor):
    """A fake that has a known answer: its own, moved by some points of risk."""

    def __init__(self, *, wrong_by=0.0, **options):
        super().__init__(**options)
        [prediction] = [self.decode(self.read([TEXT]), None)[0]]
        self.known_answer = KnownAnswer(
            text=TEXT,
            category_probabilities=tuple(prediction.categories.values()),
            risk_score=prediction.risk_score + wrong_by,
        )


def test_the_known_answer_within_its_tolerance_is_right():
    assert difference(known(), categories=told(0.58), risk_score=54.0) is None


@pytest.mark.parametrize(
    ("probability", "risk_score", "named"),
    [
        (0.65, 50.0, "insufficient_income"),
        (0.5, 56.0, "risk score"),
        (float("nan"), 50.0, "insufficient_income"),
        (0.5, float("nan"), "risk score"),
    ],
)
def test_another_answer_is_told_by_the_first_figure_that_differs(probability, risk_score, named):
    found = difference(known(), categories=told(probability), risk_score=risk_score)
    assert found.startswith(named)


def test_a_stored_model_carries_the_answer_that_it_gives(tiny_model):
    predictor = Predictor.load(tiny_model)
    answer = predictor.known_answer
    [found] = predictor.predict([answer.text])
    assert found.risk_score == pytest.approx(answer.risk_score, abs=1e-3)
    assert difference(answer, categories=found.categories, risk_score=found.risk_score) is None


def test_a_server_whose_engine_is_right_is_ready_and_scores(make_client):
    client = make_client(predictor=Knowing())
    assert client.get("/ready").json() == {"status": "ready", "model_version": "fake"}
    assert client.post("/api/v1/predict", json={"text": "a"}).status_code == 200
    assert "wherefore_ready 1.0" in client.get("/metrics").text


def test_a_server_whose_engine_is_wrong_is_not_ready_and_scores_nothing(make_client):
    client = make_client(predictor=Knowing(wrong_by=20.0))
    for response in (client.get("/ready"), client.post("/api/v1/predict", json={"text": "a"})):
        assert (response.status_code, response.json()["code"]) == (503, "not_ready")
        assert int(response.headers["retry-after"]) >= 1
    assert "wherefore_ready 0.0" in client.get("/metrics").text
    assert client.get("/health").status_code == 200


def test_a_server_whose_engine_fails_is_not_ready_until_it_works_again(make_client):
    broken = [True]

    def fail(_texts):
        if broken:
            raise RuntimeError("no device")

    client = make_client(predictor=Knowing(before=fail))
    assert client.get("/ready").status_code == 503
    broken.clear()
    assert client.get("/ready").status_code == 200


def test_a_server_that_nobody_probes_finds_out_that_its_engine_went_wrong_and_is_right_again(
    make_client, monkeypatch
):
    monkeypatch.setattr("serving.readiness.UNASKED_SECONDS", 0.02)
    monkeypatch.setattr("serving.readiness.GOOD_FOR_SECONDS", 0.0)
    predictor = Knowing()
    client = make_client(predictor=predictor)
    right = predictor.known_answer

    def status():
        return client.post("/api/v1/predict", json={"text": "a"}).status_code

    def becomes(expected):
        until = time.monotonic() + 20
        while status() != expected and time.monotonic() < until:
            time.sleep(0.02)
        return status()

    assert status() == 200
    client.app.state.readiness._known = replace_score(right, by=20.0)
    assert becomes(503) == 503
    client.app.state.readiness._known = right
    assert becomes(200) == 200


def test_an_engine_that_was_wrong_and_then_says_nothing_is_not_trusted_again(make_client):
    is_silent = []

    def fail(_texts):
        if is_silent:
            raise RuntimeError("no device")

    client = make_client(predictor=Knowing(wrong_by=20.0, before=fail))
    assert client.get("/ready").status_code == 503
    is_silent.append(True)
    assert client.get("/ready").status_code == 503
    is_silent.clear()
    assert client.post("/api/v1/predict", json={"text": "a"}).json()["code"] == "not_ready"


def test_the_known_text_is_asked_past_the_cache(make_client):
    asked = []
    client = make_client(predictor=Knowing(before=asked.extend))
    for _ in range(3):
        client.post("/api/v1/predict", json={"text": TEXT})
    client.get("/ready")
    assert asked.count(TEXT) == 2  # once for the known answer, once for all the requests


class Watched(Knowing):
    """A fake that notes which thread reads and decodes."""

    def __init__(self, **options):
        self.reads, self.decodes = [], []
        super().__init__(**options)
        self.reads.clear()
        self.decodes.clear()

    def read(self, texts):
        self.reads.append(threading.current_thread().name)
        return super().read(texts)

    def decode(self, read, logits):
        self.decodes.append(threading.current_thread().name)
        return super().decode(read, logits)


def test_the_known_text_is_read_once_and_never_on_the_threads_of_requests(make_client):
    predictor = Watched(wrong_by=20.0)
    client = make_client(predictor=predictor)
    for _ in range(3):
        assert client.get("/ready").status_code == 503
    assert len(predictor.reads) == 1
    assert len(predictor.decodes) >= 3
    assert not [name for name in predictor.reads + predictor.decodes if name.startswith("texts")]


def test_a_server_that_is_stopping_is_not_ready(make_client):
    client = make_client()
    assert client.get("/ready").status_code == 200

    async def drain():
        client.app.state.batcher.drain(seconds=1)

    client.portal.call(drain)
    for response in (client.get("/ready"), client.post("/api/v1/predict", json={"text": "a"})):
        assert (response.status_code, response.json()["code"]) == (503, "not_ready")


def test_checks_at_the_same_time_ask_once(make_client):
    asked = []
    client = make_client(predictor=Knowing(before=asked.extend))

    async def check_often():
        await asyncio.gather(*(client.app.state.readiness.check() for _ in range(20)))

    client.portal.call(check_often)
    assert asked == [TEXT]
