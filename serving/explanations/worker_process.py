"""The other end of the process that computes slow explanations: started when first needed.

A job that takes too long, or that nobody wants any more, costs the process; the next one starts
another. A process that has had nothing to do for a while is ended, so that its copy of the model
takes no memory.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import structlog

from serving.settings import ENV_PREFIX

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""Longest answer that is read."""

_ENDING_SECONDS = 10.0

log = structlog.stdlib.get_logger("wherefore.explanations")


class WorkerDiedError(Exception):
    """The process ended, or said something else than an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerModel:
    """The model that a worker is to load.

    Attributes:
        model: directory or reference; None for the bundled one.
        cache_dir: where models of a registry are kept; None for the usual folder.
        digest: digest of the model that serves.
    """

    model: str | None
    cache_dir: str | None
    digest: str


class JobWorker(Protocol):
    """Computes one job at a time."""

    async def run(self, job: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns the worker's answer; cancelling it ends the computation."""
        ...

    async def rest(self) -> None:
        """Gives back what it holds until the next job."""
        ...


class WorkerProcess:
    """A process of `serving.explanations.worker`, started, ended and started again."""

    def __init__(self, model: WorkerModel) -> None:
        """Takes the model; no process is started yet."""
        self._model = model
        self._process: Process | None = None
        self._has_answered = False

    @property
    def process_id(self) -> int | None:
        """Id of the process; None while there is none."""
        return self._process.pid if self._process is not None else None

    async def run(self, job: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns the worker's answer to a job.

        A process that has answered before and ends may have been killed while it was idle: the job
        is then tried once more on another.

        Raises:
            WorkerDiedError: the process ended without one.
        """
        if self._process is not None and self._process.returncode is not None:
            await self.rest()
        try:
            return await self._run(job)
        except WorkerDiedError:
            if not self._has_answered:
                raise
            return await self._run(job)

    async def _run(self, job: Mapping[str, Any]) -> Mapping[str, Any]:
        process = self._process or await self._start()
        try:
            answer = await _asked(process, job)
        except BaseException:
            await self.rest()
            raise
        self._has_answered = True
        return answer

    async def rest(self) -> None:
        """Ends the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        try:
            async with asyncio.timeout(_ENDING_SECONDS):
                await process.wait()
        except TimeoutError:  # killed, and held up by the system: the next one need not wait for it
            log.warning("explanation_worker_lingers", process_id=process.pid)

    async def _start(self) -> Process:
        self._has_answered = False
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "serving.explanations.worker",
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            limit=MAX_ANSWER_BYTES,
            env=_environment(),
        )
        assert process.stdin is not None  # noqa: S101  it is a pipe
        process.stdin.write(json.dumps(asdict(self._model)).encode() + b"\n")
        return process


async def _asked(process: Process, job: Mapping[str, Any]) -> Mapping[str, Any]:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  pipes
    try:
        process.stdin.write(json.dumps(job).encode() + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        answer: Mapping[str, Any] = json.loads(line)
    except (ConnectionError, ValueError) as error:  # a line that is none, or too long
        raise WorkerDiedError(type(error).__name__) from None
    return answer


def _environment() -> dict[str, str]:
    """Our own environment without our settings, some of which are secrets."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    return kept | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
