"""Several processes train like one: the real thing, on the CPU."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from model_store.artifact import load_artifact, save_artifact

WHEREFORE = Path(sys.executable).with_name("wherefore")
_PROGRAM = Path(__file__).with_name("train_tiny.py")


def in_processes(command, *, num_processes):
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
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * num_processes
    return outputs


def train(start, output, *, num_processes):
    """Runs the same small training in some processes and returns what each one reports."""
    outputs = in_processes([_PROGRAM, start, output], num_processes=num_processes)
    return [json.loads(output.splitlines()[-1]) for output in outputs]


@pytest.fixture(scope="module")
def reports(new_artifact, tmp_path_factory):
    """The reports of one process and of two, by number of processes."""
    start = tmp_path_factory.mktemp("start") / "model"
    save_artifact(new_artifact(), start, storage="fp32")
    return {n: train(start, tmp_path_factory.mktemp(f"of-{n}"), num_processes=n) for n in (1, 2)}


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
