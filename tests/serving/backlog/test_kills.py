"""A job in a process of its own, killed for good again and again."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("run_job.py")
SHARD_ROWS = 4
PATIENCE_S = 240


def command(output, model):
    return [sys.executable, *map(str, [RUNNER, "in.jsonl", output, model, SHARD_ROWS])]


def started(output, model, folder):
    return subprocess.Popen(
        command(output, model),
        cwd=folder,
        env=os.environ | {"WHEREFORE_ENGINE": "torch", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def num_done(folder):
    return len(list((folder / "out.jsonl.shards").glob("*.record.json")))


def killed_after(process, folder, *, shards, wait_s):
    """Kills a run that has made so many shards more and is still going on."""
    target, deadline = num_done(folder) + shards, time.monotonic() + PATIENCE_S
    while num_done(folder) < target and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    time.sleep(wait_s)
    process.send_signal(signal.SIGKILL)
    _, told = process.communicate()
    assert process.returncode == -signal.SIGKILL, told


def run_with_kills(backlog, folder, model, *, kills, num_shards, seed):
    rows = [{"id": f"A{i}", "text": f"Debts. {i}"} for i in range(num_shards * SHARD_ROWS)]
    backlog.write(folder / "in.jsonl", rows)
    numbers = random.Random(seed)
    for _ in range(kills):
        before = num_done(folder)
        process = started("out.jsonl", model, folder)
        wait_s = numbers.uniform(0, 0.03)
        killed_after(process, folder, shards=numbers.randint(0, 2), wait_s=wait_s)
        assert not (folder / "out.jsonl").exists()
        assert num_done(folder) >= before
    for output in ("out.jsonl", "whole.jsonl"):
        process = started(output, model, folder)
        _, told = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, told
    assert (folder / "out.jsonl").read_bytes() == (folder / "whole.jsonl").read_bytes()
    assert [row["id"] for row in backlog.lines(folder / "out.jsonl")] == [r["id"] for r in rows]


def test_a_run_killed_twice_gives_the_output_of_a_run_nothing_stopped(
    backlog, tiny_model, tmp_path
):
    run_with_kills(backlog, tmp_path, tiny_model, kills=2, num_shards=120, seed=1)


@pytest.mark.minutes
@pytest.mark.timeout(3600)
def test_a_run_killed_fifty_times_gives_the_output_of_a_run_nothing_stopped(
    backlog, tiny_model, tmp_path
):
    run_with_kills(backlog, tmp_path, tiny_model, kills=50, num_shards=600, seed=2)
