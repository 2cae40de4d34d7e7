import asyncio
import json
import os
import signal
import time

import pytest

from model_store.predictor import Predictor
from serving.adapters.fake import FakePredictor
from serving.explanations import worker_process
from serving.explanations.errors import (
    ExplanationExtraError,
    ExplanationsFullError,
    UnknownExplanationError,
)
from serving.explanations.jobs import ExplanationJobs, JobLimits, JobRequest, Method, Status
from serving.explanations.worker_process import WorkerModel, WorkerProcess
from serving.scoring_setup import worker_model
from serving.settings import Settings

TEXT = "Her debts take 61% of her income. SSN 123-45-6789 🙂\r\nNothing else is known of e\u0301."
ADDRESS = "/api/v1/explanations"


class Counts:
    def __init__(self):
        self.outcomes = []

    def explained(self, method, outcome):
        self.outcomes.append((method, outcome))


class Worker:
    """Answers when it is let, and remembers what it was told."""

    def __init__(self):
        self.asked, self.num_rests, self.gate = [], 0, asyncio.Event()

    async def run(self, job):
        self.asked.append(job["text"])
        await self.gate.wait()
        if job["text"] == "broken":
            raise ValueError(job["text"])
        return {"result": {"is_evidence": True, "targets": [], "units": []}}

    async def rest(self):
        self.num_rests += 1


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def opened(worker, *, clock=time.monotonic, observer=None, **changes):
    limits = {"max_waiting": 2, "timeout_seconds": 30, "keep_seconds": 60}
    options = {"is_installed": lambda _: True} | {
        name: changes.pop(name) for name in ("is_installed", "max_result_bytes") if name in changes
    }
    return ExplanationJobs(
        worker,
        limits=JobLimits(**limits | changes),
        observer=observer or Counts(),
        clock=clock,
        **options,
    )


def shap(text):
    return JobRequest(text=text, method=Method.SHAP)


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the state of an object, not an event
            await asyncio.sleep(0.001)


def test_jobs_are_answered_in_the_order_they_came():
    async def run():
        worker, counts = Worker(), Counts()
        jobs = opened(worker, observer=counts)
        first, second = (jobs.submit(shap(text), owner="a") for text in ("one", "two"))
        worker.gate.set()
        await until(lambda: len(counts.outcomes) == 2)
        assert second.status is Status.DONE
        assert worker.asked == ["one", "two"]
        assert json.loads(first.result)["units"] == []
        assert first.request is second.request is None
        assert counts.outcomes == [("shap", "computed")] * 2
        await jobs.close()
        assert worker.num_rests == 1

    asyncio.run(run())


def test_more_than_may_wait_are_told_when_to_come_back():
    async def run():
        worker = Worker()
        jobs = opened(worker)
        running = jobs.submit(shap("one"), owner="a")
        await until(lambda: running.status is Status.RUNNING)
        for _ in range(2):
            jobs.submit(shap("more"), owner="a")
        with pytest.raises(ExplanationsFullError) as refused:
            jobs.submit(shap("too many"), owner="a")
        assert refused.value.retry_after_seconds >= 1
        await jobs.close()

    asyncio.run(run())


def test_a_job_is_its_owners_alone():
    async def run():
        jobs = opened(Worker())
        job = jobs.submit(shap("one"), owner="a")
        assert jobs.get(job.job_id, owner="a") is job
        for work in (jobs.get, jobs.drop):
            with pytest.raises(UnknownExplanationError):
                work(job.job_id, owner="b")
        await jobs.close()

    asyncio.run(run())


def test_a_result_is_forgotten_when_its_time_is_over():
    async def run():
        worker, clock = Worker(), Clock()
        worker.gate.set()
        jobs = opened(worker, clock=clock)
        job = jobs.submit(shap("one"), owner="a")
        await until(lambda: job.status is Status.DONE)
        clock.now = 59.9
        assert jobs.get(job.job_id, owner="a") is job
        clock.now = 60.0
        with pytest.raises(UnknownExplanationError):
            jobs.get(job.job_id, owner="a")
        assert jobs.num_result_bytes == 0
        await jobs.close()

    asyncio.run(run())


def test_results_together_never_take_more_memory_than_allowed():
    async def run():
        worker = Worker()
        worker.gate.set()
        jobs = opened(worker, max_result_bytes=100, max_waiting=9)
        done = [jobs.submit(shap(str(number)), owner="a") for number in range(5)]
        await until(lambda: done[-1].status is Status.DONE)
        assert 0 < jobs.num_result_bytes <= 100
        with pytest.raises(UnknownExplanationError):
            jobs.get(done[0].job_id, owner="a")
        jobs.get(done[-1].job_id, owner="a")
        await jobs.close()

    asyncio.run(run())


def test_a_job_that_fails_or_takes_too_long_does_not_stop_the_next():
    async def run():
        worker = Worker()
        jobs = opened(worker, timeout_seconds=0.05, max_waiting=9)
        slow = jobs.submit(shap("slow"), owner="a")
        await until(lambda: slow.status is Status.FAILED)
        worker.gate.set()
        broken, fine = (jobs.submit(shap(text), owner="a") for text in ("broken", "fine"))
        await until(lambda: fine.status is Status.DONE)
        assert (slow.failure, broken.failure) == ("explanation_timeout", "explanation_failed")
        await jobs.close()

    asyncio.run(run())


def test_a_dropped_job_is_stopped_and_the_next_one_starts():
    async def run():
        worker, counts = Worker(), Counts()
        jobs = opened(worker, observer=counts)
        first, second = (jobs.submit(shap(text), owner="a") for text in ("one", "two"))
        await until(lambda: first.status is Status.RUNNING)
        jobs.drop(first.job_id, owner="a")
        await until(lambda: second.status is Status.RUNNING)
        assert counts.outcomes == [("shap", "dropped")]
        await jobs.close()

    asyncio.run(run())


@pytest.mark.parametrize("method", list(Method))
def test_only_a_method_whose_package_is_missing_is_refused_and_says_what_to_install(method):
    async def run():
        jobs = opened(Worker(), is_installed=lambda package: package == "shap")
        request = JobRequest(text="one", method=method)
        if method is Method.INTEGRATED_GRADIENTS:
            with pytest.raises(ExplanationExtraError, match="make install EXTRAS=explain"):
                jobs.submit(request, owner="a")
        else:
            jobs.submit(request, owner="a")
        await jobs.close()

    asyncio.run(run())


def fetched(client, location):
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        answer = client.get(location).json()
        if answer["status"] in {"done", "failed"}:
            return answer
        time.sleep(0.1)
    raise TimeoutError


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "targets"),
    [("rollout", []), ("integrated_gradients", ["collateral", "risk"]), ("shap", ["bankruptcy"])],
)
def test_a_job_gives_the_result_of_its_method_over_http(stating_client, method, targets):
    body = {"application": {"text": TEXT}, "method": method, "targets": targets, "steps": 5}
    asked = stating_client.post(ADDRESS, json=body | {"evaluations": 40})
    assert asked.status_code == 202, asked.text
    answer = fetched(stating_client, asked.headers["Location"])
    assert answer["failure"] is None
    result = answer["result"]
    assert result["is_evidence"] == answer["is_evidence"] == (method != "rollout")
    for unit in result["units"]:
        assert TEXT[unit["start"] : unit["end"]] == unit["quote"]
        assert len(unit["values"]) == len(result["targets"])
    for column, target in enumerate(result["targets"]):
        total = sum(unit["values"][column] for unit in result["units"])
        if method == "rollout":
            assert target["gap"] is target["baseline"] is None
            assert 0 < total <= 1.01
        else:
            expected = target["full"] - target["baseline"] + target["gap"]
            assert total == pytest.approx(expected, abs=0.01)
            assert target["target"] in targets
    assert stating_client.delete(asked.headers["Location"]).status_code == 204
    gone = stating_client.get(asked.headers["Location"])
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_explanation")


def test_a_worker_loads_the_directory_that_serves_and_resolves_no_reference_anew(tmp_path):
    settings, predictor = Settings(model="models:/starter@champion"), FakePredictor()
    assert worker_model(predictor, settings).model == settings.model
    predictor.directory = tmp_path
    assert worker_model(predictor, settings).model == str(tmp_path)


def test_a_loaded_model_names_its_directory(tiny_model):
    assert Predictor.load(tiny_model).directory == tiny_model


@pytest.mark.slow
def test_a_worker_refuses_another_model_and_ends_when_told(stating_model):
    async def run():
        model = WorkerModel(model=str(stating_model), cache_dir=None, digest="0" * 64)
        worker = WorkerProcess(model)
        job = {"text": TEXT, "method": "rollout", "targets": [], "unit": "clause"}
        answer = await worker.run(job)
        assert answer["failure"] == "explanation_model_differs"
        niceness = os.getpriority(os.PRIO_PROCESS, worker.process_id)
        assert niceness == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 19)
        await worker.rest()
        assert worker.process_id is None

    asyncio.run(run())


@pytest.mark.slow
@pytest.mark.parametrize("wait_seconds", [0.0, 1.0])
def test_a_job_is_done_though_the_idle_worker_was_killed(stating_model, wait_seconds):
    async def run():
        worker = WorkerProcess(
            WorkerModel(model=str(stating_model), cache_dir=None, digest="0" * 64)
        )
        job = {"text": TEXT, "method": "rollout", "targets": [], "unit": "clause"}
        first = await worker.run(job)
        killed = worker.process_id
        os.kill(killed, signal.SIGKILL)
        await asyncio.sleep(wait_seconds)
        assert await worker.run(job) == first
        assert worker.process_id != killed
        await worker.rest()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"method": "magic"}, "invalid_request"),
        ({"targets": ["luck"]}, "invalid_request"),
        ({"steps": 0}, "invalid_request"),
        ({"application": {}}, "empty_application"),
        ({"colour": "red"}, "invalid_request"),
    ],
)
def test_a_request_that_cannot_be_is_refused(stating_client, change, code):
    body = {"application": {"text": TEXT}, "method": "rollout"} | change
    answer = stating_client.post(ADDRESS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


class LingeringProcess:
    """A process that was killed and does not end, as one that waits for a disk."""

    pid = 0

    def __init__(self):
        self.num_kills = 0

    def kill(self):
        self.num_kills += 1

    async def wait(self):
        await asyncio.sleep(3600)


def test_a_worker_that_lingers_after_its_end_holds_up_no_other(monkeypatch):
    monkeypatch.setattr(worker_process, "_ENDING_SECONDS", 0.01)

    async def run():
        worker = WorkerProcess(WorkerModel(model=None, cache_dir=None, digest="0" * 64))
        worker._process = lingering = LingeringProcess()
        await worker.rest()
        return worker.process_id, lingering.num_kills

    assert asyncio.run(run()) == (None, 1)
