import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from reference_populations import references_file

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.rendering import render_text
from data_pipeline.sources import Row
from model_store.explain.references import ReferencesError
from serving.adapters.fake import FakePredictor
from serving.adapters.prometheus import BatchMetrics
from serving.batching.admission import Admission, BatchLimits
from serving.batching.batcher import Batcher
from serving.batching.window_queue import (
    EXPLANATION_TURN_SECONDS,
    Priority,
    WindowJob,
    WindowQueue,
)
from serving.errors import NotReadyError, OverloadedError
from serving.explanations.online import OnlineExplainer
from serving.scoring import ScoringService
from serving.scoring_setup import running_scoring, scorer_for_threads
from serving.settings import Settings

ADDRESS = "/api/v1/predict"
TEXT = "Back-end DTI of 51.2% is over the limit; two cards are 30 days past due."
PIECES = st.sampled_from(
    ["DTI 51.2% ", "SSN 123-45-6789", "Dear Mr. Smith,\r\n", "jane.doe@example.com ", "income ",
     "her husband ", "71 years old ", "$1,250.50", "🙂", "👩‍👧", "e\u0301", "日本。", "\r\n",
     "\u00a0", "  ", "<pad>", "</s>", ". ", "(212) 555-0147", "don't ", "\nCredit score: 540",
     "; and "]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=20).map("".join).filter(str.strip)


def ask(client, body, explain, *, status=200):
    answer = client.post(f"{ADDRESS}?explain={explain}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def row_of(text):
    return Row(number=1, id="1", application=LoanApplication(text=text))


def spans_of(answer):
    found = answer["explanation"]
    yield from found["clauses"]
    for reason, stated in zip(found["reasons"], answer["principal_reasons"], strict=True):
        yield from reason["evidence"]
        yield from stated["evidence"]


def test_without_being_asked_an_answer_has_no_explanation(stating_client):
    answer = stating_client.post(ADDRESS, json={"text": TEXT}).json()
    assert answer["explanation"] is None
    assert answer["degraded"] == []


@examples(max_examples=25)
@given(TEXTS, st.sampled_from(["fast", "exact"]), st.sampled_from([None, 540]))
@example("\r\n🙂 e\u0301 SSN 123-45-6789; her husband", "exact", 540)
def test_every_quote_is_what_stands_there_in_the_text_as_submitted(
    stating_client, text, explain, credit_score
):
    body = {"text": text, "credit_score": credit_score}
    answer = ask(stating_client, body, explain)
    assert answer["degraded"] == []
    rendered = render_text(LoanApplication(text=text, credit_score=credit_score))
    for span in spans_of(answer):
        assert rendered[span["start"] : span["end"]] == span["quote"] != ""
        if span["end"] <= len(text):
            assert text[span["start"] : span["end"]] == span["quote"]
        assert span["start"] >= len(text) or span["end"] <= len(text)
    for reason in answer["explanation"]["reasons"]:
        assert 1 <= len(reason["evidence"]) <= 3


@pytest.mark.parametrize("explain", ["fast", "exact"])
def test_an_explained_answer_is_the_same_answer_with_other_quotes(stating_client, explain):
    plain = stating_client.post(ADDRESS, json={"text": TEXT}).json()
    explained = ask(stating_client, {"text": TEXT}, explain)
    for name in ("risk_score", "risk_band", "categories", "review_reasons", "tokens"):
        assert plain[name] == explained[name]
    assert [r["reason"] for r in explained["principal_reasons"]] == [
        r["reason"] for r in explained["explanation"]["reasons"]
    ]
    for stated, found in zip(
        explained["principal_reasons"], explained["explanation"]["reasons"], strict=True
    ):
        places = [(span["start"], span["end"]) for span in stated["evidence"]]
        assert places == [(span["start"], span["end"]) for span in found["evidence"]]
        assert isinstance(found["is_below_threshold_without"], bool)


def test_the_same_explanation_comes_from_memory_the_second_time(stating_client):
    body = {"text": TEXT + " Said once more."}
    first, second = (ask(stating_client, body, "exact") for _ in range(2))
    assert first | {"milliseconds": 0} == second | {"milliseconds": 0}
    metrics = stating_client.get("/metrics").text
    assert 'wherefore_explanations_total{method="exact",outcome="kept"}' in metrics


def test_what_is_left_out_of_the_text_goes_through_the_queue_behind_predictions(stating_client):
    ask(stating_client, {"text": TEXT + " Through the queue."}, "exact")
    metrics = stating_client.get("/metrics").text
    assert 'wherefore_engine_windows_total{priority="explanation"}' in metrics


def test_a_word_that_is_no_method_is_refused(stating_client):
    problem = ask(stating_client, {"text": TEXT}, "deep", status=422)
    assert problem["code"] == "invalid_request"


DEBTS = "Her debts are heavy; nothing else is known of her."


def on_omission(act, *, whole=DEBTS):
    """A model that does something whenever it is asked about less than the whole text."""

    def before(texts):
        if any(text != whole for text in texts):
            act()

    return FakePredictor(before=before)


def test_an_explanation_that_fails_leaves_the_prediction_whole(make_client):
    def fail():
        raise ValueError("broken")

    answer = ask(make_client(predictor=on_omission(fail)), {"text": DEBTS}, "exact")
    assert answer["explanation"] is None
    assert answer["degraded"] == ["explanation_failed"]
    assert answer["principal_reasons"][0]["reason"] == "excessive_obligations_to_income"


def test_an_explanation_that_takes_too_long_is_left_out(make_client):
    released = threading.Event()
    client = make_client(
        predictor=on_omission(lambda: released.wait(60)), request_timeout_seconds=8.0
    )
    try:
        answer = ask(client, {"text": DEBTS}, "exact")
    finally:
        released.set()
    assert answer["explanation"] is None
    assert answer["degraded"] == ["explanation_timeout"]


def test_a_text_that_would_keep_the_engine_busy_is_not_explained(make_client):
    client = make_client(max_queued_tokens=400)
    answer = ask(client, {"text": "Her debts are heavy, we say; " * 10}, "exact")
    assert answer["degraded"] == ["explanation_too_large"]
    assert answer["explanation"] is None


def test_an_application_that_cannot_be_scored_is_refused_as_without_explanation(client):
    problem = ask(client, {"text": "a" * 65_537}, "fast", status=413)
    assert problem["code"] == "text_too_long"


def test_a_prediction_that_is_asked_for_goes_before_explanations_that_wait():
    clock = [0.0]
    queue = WindowQueue(clock=lambda: clock[0])

    def put(priority):
        queue.put([WindowJob(ids=(1,) * 50, deadline=9.0, arrived=clock[0], priority=priority)])

    for priority in (Priority.BACKLOG, Priority.EXPLANATION, Priority.ONLINE, Priority.ONLINE):
        put(priority)
    taken = []
    for seconds in (0.0, EXPLANATION_TURN_SECONDS, 0.1, 0.1):
        clock[0] += seconds
        taken.append(queue.take(max_tokens=50, max_backlog_tokens=50).priority)
    assert taken == [Priority.ONLINE, Priority.EXPLANATION, Priority.ONLINE, Priority.BACKLOG]


def test_explanations_fill_their_own_share_of_the_queue_and_crowd_out_nobody():
    admission = Admission(BatchLimits(max_queued_tokens=100), tokens_per_second=lambda: 10.0)
    with admission.accepted((), Priority.EXPLANATION, num_tokens=45):
        with (
            pytest.raises(OverloadedError),
            admission.accepted((), Priority.EXPLANATION, num_tokens=10),
        ):
            pass
        with (
            admission.accepted((), Priority.ONLINE, num_tokens=60),
            admission.accepted((), Priority.ONLINE, num_tokens=40),
        ):
            assert admission.num_tokens == 145
    assert admission.num_tokens == 0


def test_an_engine_found_wrong_meanwhile_explains_and_answers_nothing():
    metrics = BatchMetrics(CollectorRegistry())

    class Interrupted(OnlineExplainer):
        async def _in_time(self, *given):
            found = await super()._in_time(*given)
            batcher.distrust()
            batcher.trust(num_kept=0)  # it recovers while somebody waits
            return found

    async def scenario():
        nonlocal batcher
        service = ScoringService(predictor=FakePredictor())
        batcher = Batcher(service, limits=BatchLimits(), observer=metrics)
        explainer = Interrupted(
            *(service, batcher),
            observer=metrics,
            max_tokens=10**6,
            timeout_seconds=30,
            kept_bytes=10**6,
        )
        with pytest.raises(NotReadyError):
            await explainer.explain(row_of(DEBTS), method="fast")
        assert explainer.num_kept_bytes == 0
        await batcher.close()
        explainer.close()

    batcher = None
    asyncio.run(scenario())


async def unfinished(text):
    """Cancels an explanation while the engine is at it; gives what the engine still did."""
    asked, released = threading.Event(), threading.Event()

    def wait():
        asked.set()
        released.wait(30)

    service = ScoringService(predictor=on_omission(wait, whole=text))
    metrics = BatchMetrics(CollectorRegistry())
    batcher = Batcher(service, limits=BatchLimits(max_batch_tokens=64), observer=metrics)
    explainer = OnlineExplainer(
        service, batcher, observer=metrics, max_tokens=10**6, timeout_seconds=30, kept_bytes=0
    )
    row = row_of(text)
    task = asyncio.ensure_future(explainer.explain(row, method="exact"))
    await asyncio.to_thread(asked.wait, 30)
    queued_before = batcher.num_queued_windows
    task.cancel()
    await asyncio.wait({task})
    queued_after, queued_tokens = batcher.num_queued_windows, batcher.num_queued_tokens
    released.set()
    await batcher.close()
    explainer.close()
    return queued_before, queued_after, queued_tokens


def test_what_the_engine_has_not_taken_is_dropped_with_the_client():
    before, after, num_tokens = asyncio.run(unfinished(DEBTS + " So it is; and so it stays. " * 8))
    assert before > 0
    assert (after, num_tokens) == (0, 0)


def test_an_explained_answer_is_set_beside_the_reference_populations(make_client, tmp_path):
    path = references_file(tmp_path, model_digest=FakePredictor.digest)
    answer = ask(make_client(references_file=path), {"text": DEBTS}, "fast")
    near, everybody = answer["explanation"]["references"]
    assert near["version"] == everybody["version"] == "2026-q4"
    assert set(near["shortfall_logit"].values()) == {1.0}  # the fake gives even odds
    assert set(everybody["shortfall_logit"].values()) == {-1.0}
    assert (len(near["furthest"]), everybody["furthest"]) == (4, [])


def test_more_cases_are_compared_at_once_than_the_loop_has_threads(tmp_path):
    path = references_file(tmp_path, model_digest=FakePredictor.digest)
    service = ScoringService(predictor=FakePredictor())
    rows = [row_of(f"{DEBTS} {n}") for n in range(6)]

    async def compared():
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
        registry = CollectorRegistry()
        async with running_scoring(
            service, Settings(references_file=path), registry=registry
        ) as running:
            score = scorer_for_threads(service, running.explainer)
            work = [asyncio.to_thread(score, row) for row in rows]
            return await asyncio.wait_for(asyncio.gather(*work), 30)

    found = asyncio.run(compared())
    assert [scored.row for scored in found] == service.score(rows)
    for near, everybody in (scored.comparisons for scored in found):
        assert (near.version, everybody.version) == ("2026-q4", "2026-q4")


def fail(_texts):
    raise ValueError("logits that are no numbers")


@pytest.mark.parametrize("ask_for", ["score", "explain"])
def test_an_application_that_the_engine_fails_at_is_a_failed_row_as_without_explanation(
    tmp_path, ask_for
):
    path = references_file(tmp_path, model_digest=FakePredictor.digest)
    service = ScoringService(predictor=FakePredictor(before=fail))

    async def asked():
        async with running_scoring(
            service, Settings(references_file=path), registry=CollectorRegistry()
        ) as running:
            explainer, row = running.explainer, row_of(DEBTS)
            found = (
                explainer.score(row)
                if ask_for == "score"
                else explainer.explain(row, method="fast")
            )
            return (await found).row, service.fail(row)

    found, expected = asyncio.run(asked())
    assert found == expected


def test_what_is_searched_for_counts_among_what_waits():
    async def scenario():
        service = ScoringService(predictor=FakePredictor())
        metrics = BatchMetrics(CollectorRegistry())
        batcher = Batcher(service, limits=BatchLimits(), observer=metrics)
        explainer = OnlineExplainer(
            service, batcher, observer=metrics, max_tokens=100, timeout_seconds=30, kept_bytes=0
        )
        found = [explainer.num_applications]
        found.append(await explainer.search(lambda: explainer.num_applications))
        found.append(explainer.num_applications)
        await batcher.close()
        explainer.close()
        return found

    assert asyncio.run(scenario()) == [0, 1, 0]


def test_references_of_another_model_stop_the_start(tmp_path):
    path = references_file(tmp_path, model_digest="1" * 64)
    service = ScoringService(predictor=FakePredictor())

    async def start():
        registry = CollectorRegistry()
        async with running_scoring(service, Settings(references_file=path), registry=registry):
            pass

    with pytest.raises(ReferencesError, match="another model"):
        asyncio.run(start())
