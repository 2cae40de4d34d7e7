"""Several processes train like one: the real thing, on the CPU."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
import yaml

from model_store.artifact import load_artifact, save_artifact

WHEREFORE = Path(sys.executable).with_name("wherefore")
_PROGRAM = Path(__file__).with_name("train_tiny.py")


def in_processes(command, *, num_processes, timeout=500):
    """Runs a command in some processes that know of each other; gives what each one printed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, *map(str, command)],
            env=environment
            | ({"RANK": str(rank), "LOCAL_RANK": str(rank)} if num_processes > 1 else {})
            | ({"WORLD_SIZE": str(num_processes)} if num_processes > 1 else {}),
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(num_processes)
    ]
    try:
        outputs = [process.communicate(timeout=timeout)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert [process.returncode for process in processes] == [0] * num_processes
    return outputs


def train(start, output, *ways, num_processes, timeout=500):
    """Runs the same small training in some processes and returns what each one reports."""
    command = [_PROGRAM, start, output, *ways]
    outputs = in_processes(command, num_processes=num_processes, timeout=timeout)
    return [json.loads(output.splitlines()[-1]) for output in outputs]


@pytest.fixture(scope="module")
def reports(new_artifact, tmp_path_factory):
    """The reports of one process and of two, by number of processes."""
    start = tmp_path_factory.mktemp("start") / "model"
    save_artifact(new_artifact(), start, storage="fp32")
    return {n: train(start, tmp_path_factory.mktemp(f"of-{n}"), num_processes=n) for n in (1, 2)}


@pytest.fixture
def recipe(tiny_encoder, tmp_path):
    """A run with everything that is drawn at random, and a checkpoint at every step."""
    content = {
        "name": "tiny",
        "encoder": tiny_encoder,
        "precision": "bf16",
        "checkpoint_every_steps": 1,
        "data": {"simulator": {"num_applications": 30, "num_test_applications": 12}},
        "optimisation": {"num_epochs": 8},
        "lexical": {"enabled": True},
    }
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_a_run_killed_at_random_steps_ends_with_the_model_of_one_that_was_not(recipe, tmp_path):
    def command(output):
        train = [WHEREFORE, "train", "--no-track", "--config", recipe, "--output", output]
        return [sys.executable, *map(str, train)]

    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run(command(tmp_path / "whole"), env=environment, check=True, capture_output=True)
    state = tmp_path / "killed" / "checkpoint" / "state.pt"
    drawn = Random()
    for kill in range(2):
        saves, seen = drawn.randint(1, 6), state.stat().st_mtime_ns if state.exists() else 0
        with subprocess.Popen(
            command(tmp_path / "killed"),
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            while saves and process.poll() is None:
                time.sleep(0.002)
                if state.exists() and (now := state.stat().st_mtime_ns) != seen:
                    saves, seen = saves - 1, now
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL, f"it ended before kill {kill}"
    subprocess.run(command(tmp_path / "killed"), env=environment, check=True, capture_output=True)
    whole, killed = (load_artifact(tmp_path / name / "model") for name in ("whole", "killed"))
    assert killed.manifest.metrics == whole.manifest.metrics
    # The card tells day and revision: between the runs a day may end and somebody may commit.
    files = [dict(model.manifest.files) for model in (killed, whole)]
    for found in files:
        del found["MODEL_CARD.md"]
    assert files[0] == files[1]
    cards = [
        [line for line in card.read_text().splitlines() if not line.startswith("| made |")]
        for card in (tmp_path / name / "model" / "MODEL_CARD.md" for name in ("whole", "killed"))
    ]
    assert cards[0] == cards[1]


def test_two_processes_end_with_the_weights_of_one(reports):
    (alone,) = reports[1]
    for report in reports[2]:
        assert report["weights"] == pytest.approx(alone["weights"], rel=1e-4, abs=1e-4)
        assert report["average"] == pytest.approx(alone["average"], rel=1e-4, abs=1e-4)


def test_the_losses_of_two_processes_add_up_to_those_of_one(reports):
    (alone,) = reports[1]
    summed = [sum(losses) for losses in zip(*(r["losses"] for r in reports[2]), strict=True)]
    assert summed == pytest.approx(alone["losses"], rel=1e-3)


def test_only_the_first_process_writes(reports):
    assert [report["writes"] for report in reports[2]] == [True, False]
    assert [report["writes"] for report in reports[1]] == [True]


@pytest.mark.minutes
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch compiles with g++")
@pytest.mark.parametrize("ways", [["compiled"], ["packed", "compiled"]], ids="-".join)
def test_a_compiled_run_ends_with_the_weights_of_a_plain_one(new_artifact, tmp_path, ways):
    save_artifact(new_artifact(), tmp_path / "model", storage="fp32")
    model = tmp_path / "model"
    (plain,) = train(model, tmp_path / "plain", num_processes=1)
    (report,) = train(model, tmp_path / "compiled", *ways, num_processes=1, timeout=900)
    assert report["weights"] == pytest.approx(plain["weights"], rel=1e-4, abs=1e-4)
    assert report["average"] == pytest.approx(plain["average"], rel=1e-4, abs=1e-4)


def test_the_command_in_two_processes_stores_one_model(tiny_encoder, tmp_path):
    config = tmp_path / "tiny.yaml"
    content = {
        "name": "tiny",
        "encoder": tiny_encoder,
        "precision": "fp32",
        "data": {"simulator": {"num_applications": 30, "num_test_applications": 12}},
        "optimisation": {"num_epochs": 1},
    }
    config.write_text(yaml.safe_dump(content))
    run = [WHEREFORE, "train", "--no-track", "--config", config, "--output", tmp_path / "run"]
    told = in_processes(run, num_processes=2)
    assert [output.strip() != "" for output in told] == [True, False]
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"checkpoint", "model"}
    assert load_artifact(tmp_path / "run" / "model").manifest.name == "tiny"
