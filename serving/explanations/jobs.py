"""Slow explanations as jobs: asked for now, computed one after another, fetched later.

How many wait, how long one may take, how long a result is kept and how much memory results take is
bounded. A job belongs to whoever asked for it. A text is forgotten when its job is over; a result
quotes it and is forgotten when its time is.
"""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Any, Protocol

import structlog

from serving.casework.desk import new_id
from serving.explanations.errors import (
    ExplanationExtraError,
    ExplanationsFullError,
    UnknownExplanationError,
)
from serving.explanations.worker import FAILED
from serving.explanations.worker_process import JobWorker

TIMEOUT = "explanation_timeout"
"""Code of a job whose time was over."""

MAX_RESULT_BYTES = 64 * 1024 * 1024
"""Memory for all results together; the oldest make room for new ones."""

REST_AFTER_SECONDS = 300.0
"""A worker that had nothing to do for so long gives its memory back."""

_FIRST_GUESS_SECONDS = 20.0

log = structlog.stdlib.get_logger("wherefore.explanations")


class Method(StrEnum):
    """A slow method of attribution."""

    INTEGRATED_GRADIENTS = "integrated_gradients"
    SHAP = "shap"
    ROLLOUT = "rollout"


PACKAGES: Mapping[Method, str] = {Method.INTEGRATED_GRADIENTS: "captum", Method.SHAP: "shap"}
"""The package that each method needs, of the extra `explain`; rollout needs none."""


class Status(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLimits:
    """How much and how long.

    Attributes:
        max_waiting: jobs that may wait.
        timeout_seconds: longest time for one job.
        keep_seconds: how long a result is kept.
    """

    max_waiting: int
    timeout_seconds: float
    keep_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What is to be explained.

    Attributes:
        text: the rendered application.
        method: how.
        targets: names of categories, reasons or `risk`; none for what the answer states.
        unit: `word` or `clause`.
        num_steps: points on the path of integrated gradients at first.
        max_evaluations: coalitions that SHAP tries.
    """

    text: str
    method: Method
    targets: tuple[str, ...] = ()
    unit: str = "word"
    num_steps: int = 20
    max_evaluations: int = 500


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A job and what became of it.

    Attributes:
        job_id: its id; nobody can guess it.
        owner: id of the person who asked.
        method: how it is explained.
        request: what was asked; None once it is over.
        status: how far it is.
        result: what the worker said, JSON; None until done.
        failure: why it failed, a stable code; None unless it did.
        expires_at: when it is forgotten, seconds of the clock; None until it is over.
    """

    job_id: str
    owner: str
    method: Method
    request: JobRequest | None
    status: Status = Status.WAITING
    result: bytes | None = None
    failure: str | None = None
    expires_at: float | None = None


class JobObserver(Protocol):
    """Hears what becomes of jobs."""

    def explained(self, method: str, outcome: str) -> None:
        """A job is over: `computed`, `dropped`, or the code of its failure."""


class ExplanationJobs:
    """Runs jobs one after another. Made, used and closed on one event loop."""

    def __init__(
        self,
        worker: JobWorker,
        *,
        limits: JobLimits,
        observer: JobObserver,
        clock: Callable[[], float] = time.monotonic,
        is_installed: Callable[[str], bool] = lambda package: find_spec(package) is not None,
        max_result_bytes: int = MAX_RESULT_BYTES,
    ) -> None:
        """Starts to wait for jobs.

        Args:
            worker: what computes them.
            limits: how much and how long.
            observer: hears what happens.
            clock: gives the time, seconds.
            is_installed: tells whether a package is there.
            max_result_bytes: memory for results.
        """
        self._worker, self._limits, self._observer = worker, limits, observer
        self._clock, self._is_installed = clock, is_installed
        self._max_result_bytes = max_result_bytes
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._seconds_per_job = _FIRST_GUESS_SECONDS
        self._came = asyncio.Event()
        self._running: tuple[Job, asyncio.Task[Any]] | None = None
        self._runner = asyncio.ensure_future(self._run())

    @property
    def num_waiting(self) -> int:
        """Jobs that wait."""
        return sum(job.status is Status.WAITING for job in self._jobs.values())

    @property
    def num_result_bytes(self) -> int:
        """Bytes of results kept."""
        return sum(len(job.result or b"") for job in self._jobs.values())

    def submit(self, request: JobRequest, *, owner: str) -> Job:
        """Takes a job in.

        Raises:
            ExplanationExtraError: the package of its method is not installed.
            ExplanationsFullError: as many wait as may.
        """
        package = PACKAGES.get(request.method)
        if package is not None and not self._is_installed(package):
            raise ExplanationExtraError(method=request.method, package=package)
        self._forget_expired()
        if self.num_waiting >= self._limits.max_waiting:
            seconds = max(1, round(self._seconds_per_job))
            raise ExplanationsFullError(limit=self._limits.max_waiting, retry_after_seconds=seconds)
        job = Job(job_id=new_id("x"), owner=owner, method=request.method, request=request)
        self._jobs[job.job_id] = job
        self._came.set()
        return job

    def get(self, job_id: str, *, owner: str) -> Job:
        """Returns a job of a person.

        Raises:
            UnknownExplanationError: this person has none with the id.
        """
        self._forget_expired()
        job = self._jobs.get(job_id)
        if job is None or job.owner != owner:
            raise UnknownExplanationError
        return job

    def drop(self, job_id: str, *, owner: str) -> None:
        """Forgets a job, and stops it where it runs. Raises UnknownExplanationError."""
        job = self.get(job_id, owner=owner)
        del self._jobs[job.job_id]
        if self._running is not None and self._running[0] is job:
            self._running[1].cancel()

    async def close(self) -> None:
        """Forgets all jobs and ends the worker."""
        self._jobs.clear()
        self._runner.cancel()
        with suppress(asyncio.CancelledError):
            await self._runner
        await self._worker.rest()

    async def _run(self) -> None:
        while True:
            self._forget_expired()
            job = next((j for j in self._jobs.values() if j.status is Status.WAITING), None)
            if job is not None:
                await self._finish(job)
            else:
                await self._wait()

    async def _wait(self) -> None:
        """Waits for a job, and lets the worker rest where none comes; results expire meanwhile."""
        self._came.clear()
        expire = self._limits.keep_seconds
        try:
            async with asyncio.timeout(min(REST_AFTER_SECONDS, expire)):
                await self._came.wait()
        except TimeoutError:
            self._forget_expired()
            await self._worker.rest()

    async def _finish(self, job: Job) -> None:
        started = self._clock()
        job.status = Status.RUNNING
        work = asyncio.ensure_future(self._answer(job))
        self._running = (job, work)
        try:
            await asyncio.wait({work})
        finally:
            self._running = None
            if work.cancel():
                await asyncio.wait({work})
        self._seconds_per_job = (self._seconds_per_job + self._clock() - started) / 2
        outcome = "dropped" if work.cancelled() else job.failure or "computed"
        self._observer.explained(job.method, outcome)
        log.info(
            "explanation_job",
            job_id=job.job_id,
            method=job.method.value,
            outcome=outcome,
            milliseconds=round((self._clock() - started) * 1000, 1),
        )

    async def _answer(self, job: Job) -> None:
        assert job.request is not None  # noqa: S101  it is not over
        try:
            async with asyncio.timeout(self._limits.timeout_seconds):
                answer = await self._worker.run(_sent(job.request))
        except TimeoutError:
            answer = {"failure": TIMEOUT}
        except Exception:
            log.exception("explanation_worker_failed", job_id=job.job_id)
            answer = {"failure": FAILED}
        job.request = None
        job.expires_at = self._clock() + self._limits.keep_seconds
        if "result" in answer:
            job.result, job.status = json.dumps(answer["result"]).encode(), Status.DONE
            self._make_room(job)
        else:
            job.failure, job.status = str(answer["failure"]), Status.FAILED
            log.warning("explanation_job_failed", job_id=job.job_id, **answer.get("kind", {}))

    def _make_room(self, latest: Job) -> None:
        """Forgets the oldest results until all fit; one that alone is too large fails."""
        for job in [job for job in self._jobs.values() if job.result is not None]:
            if self.num_result_bytes <= self._max_result_bytes:
                return
            if job is latest:
                job.result, job.failure, job.status = None, FAILED, Status.FAILED
            else:
                del self._jobs[job.job_id]

    def _forget_expired(self) -> None:
        now = self._clock()
        for job in list(self._jobs.values()):
            if job.expires_at is not None and job.expires_at <= now:
                del self._jobs[job.job_id]


def _sent(request: JobRequest) -> dict[str, Any]:
    return {
        "text": request.text,
        "method": request.method.value,
        "targets": list(request.targets),
        "unit": request.unit,
        "num_steps": request.num_steps,
        "max_evaluations": request.max_evaluations,
    }
