"""Runs a job by due date with drafts, killed for good again and again, and one that nothing stops.

    python run_with_drafts.py SHARD_ROWS KILLS

In the current folder lie `in.jsonl` and `policy.yaml`. Every run is a process of its own, made of
this one, which does nothing else.
"""

import os
import random
import signal
import sys
import time
from datetime import date
from pathlib import Path

from rich.console import Console

from serving.adapters.fake import FakePredictor
from serving.backlog.formats import output_format
from serving.backlog.job import folder_of, open_job
from serving.backlog.loading import scorer_identity
from serving.backlog.local_job import ScoreOptions, score_job
from serving.backlog.scorers import LocalScorer
from serving.backlog.source import InputFile
from serving.policy import load_policy
from serving.scoring import ScoringService
from serving.settings import Settings


def slowly(_texts):
    """Leaves time for a kill in the middle of a shard."""
    time.sleep(0.01)


def score(name, shard_rows):
    """Scores the input into NAME.jsonl and NAME."""
    policy, path = load_policy(Path("policy.yaml")), Path(f"{name}.jsonl")
    service = ScoringService(predictor=FakePredictor(before=slowly), policy=policy)
    scorer = LocalScorer(service=service, identity=scorer_identity(service, Settings()))
    options = ScoreOptions(
        shard_rows=shard_rows,
        order="due-date",
        draft_notices=Path(name),
        notices_dated=date(2026, 11, 20),
    )
    with open_job(folder_of(path), output=output_format(path, order="due-date")) as job:
        given = InputFile.open(
            Path("in.jsonl"),
            name="in.jsonl",
            input_format="auto",
            limit=None,
            beside=options.beside(policy),
        )
        score_job(
            job,
            path,
            source=given,
            scorer=scorer,
            options=options,
            policy=policy,
            summary=Console(stderr=True),
        )


def started(name, shard_rows):
    """Starts a run and returns its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        score(name, shard_rows)
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def num_done():
    """Counts the shards that the killed job has kept."""
    return len(list(Path("out.jsonl.shards").glob("*.record.json")))


def killed(shard_rows, *, shards, wait_s):
    """Starts a run, kills it when it has made so many shards more, and returns how it ended."""
    pid, target = started("out", shard_rows), num_done() + shards
    while num_done() < target:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.002)
    time.sleep(wait_s)
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


if __name__ == "__main__":
    shard_rows, kills = map(int, sys.argv[1:])
    numbers = random.Random(7)
    for _ in range(kills):
        status = killed(shard_rows, shards=numbers.randint(0, 5), wait_s=numbers.uniform(0, 0.02))
        assert os.WIFSIGNALED(status), status
        assert not Path("out.jsonl").exists()
        assert not Path("out").exists()
    for name in ("out", "whole"):
        assert os.waitpid(started(name, shard_rows), 0)[1] == 0
