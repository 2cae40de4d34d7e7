"""`wherefore serve` as a user runs it, with a model of random weights."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from serving.server import listen

COMMAND = Path(sys.executable).with_name("wherefore")


@pytest.fixture
def start_server(tmp_path, tiny_model):
    """Starts servers on free ports and gives each with the lines it printed first."""
    started = []

    def start(*, num_lines, model=tiny_model, port=0, **environment):
        command = [COMMAND, "serve", "--port", str(port)]
        if model is not None:
            command += ["--model", model]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=os.environ
            | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1", "WHEREFORE_ENGINE": "torch"}
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, [process.stdout.readline() for _ in range(num_lines)]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_first_start_prints_a_key_that_works_and_a_signal_ends_it_cleanly(start_server, number):
    process, printed = start_server(num_lines=4)
    address = re.search(r"http://[\d.:]+", printed[0]).group()
    key = printed[1].split()[-1]
    response = httpx2.post(
        f"{address}/api/v1/predict",
        json={"text": "Debts."},
        headers={"X-API-Key": key},
        timeout=60,
    )
    assert response.status_code == 200
    assert "server" not in response.headers
    assert response.json()["model_version"].startswith("tiny-1")
    returncode, _, log = stop(process, number)
    assert returncode == 0
    assert "Traceback" not in log
    assert key not in log


def test_a_server_whose_gpu_fails_ends_with_what_to_do(tmp_path, tiny_model):
    broken = (
        "import sys, torch\n"
        "from model_store.network import Network\n"
        "from data_pipeline.cli import main\n"
        "def fail(*_): raise torch.AcceleratorError('CUDA error: unspecified launch failure')\n"
        "Network.forward = fail\n"
        "sys.argv[0] = 'wherefore'\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", broken, "serve", "--port", "0", "--model", tiny_model],
        cwd=tmp_path,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "WHEREFORE_ENGINE": "torch"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2
    assert "the GPU failed" in ended.stderr.splitlines()[-1]
    assert "device_lost" in ended.stderr


def test_a_signal_while_the_model_loads_ends_the_process_cleanly(start_server):
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    # A TorchServe that is not there is waited for.
    process, _ = start_server(num_lines=0, port=port, WHEREFORE_TORCHSERVE_URL="http://127.0.0.1:1")
    give_up = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < give_up
            time.sleep(0.1)
    returncode, out, log = stop(process)
    assert (returncode, out) == (0, "")
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"WHEREFORE_REFERENCES_FILE": "absent.json"}, "absent.json"),
        ({"WHEREFORE_REDIS_URL": "nonsense"}, "WHEREFORE_REDIS_URL"),
        ({"WHEREFORE_REDIS_URL": "redis://127.0.0.1:1/0"}, "cache_secret"),
    ],
)
def test_what_could_not_be_opened_later_stops_the_start_in_one_sentence(
    start_server, tmp_path, changed, named
):
    (tmp_path / "cache_secret").write_text("short")
    process, _ = start_server(num_lines=0, WHEREFORE_STATE_DIR=str(tmp_path), **changed)
    out, log = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "listens" not in out
    assert named in log
    assert "Traceback" not in log


def test_the_command_printed_at_first_start_runs(start_server):
    _, printed = start_server(num_lines=4)
    command = shlex.split(printed[3])
    assert command[:2] == ["curl", "-s"]
    answered = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert '"risk_score"' in answered.stdout


def test_a_second_start_prints_no_key_and_takes_the_first(start_server):
    first, printed = start_server(num_lines=4)
    key = printed[1].split()[-1]
    stop(first)
    second, printed = start_server(num_lines=1)
    address = re.search(r"http://[\d.:]+", printed[0]).group()
    metrics = httpx2.get(f"{address}/api/v1/metrics", headers={"X-API-Key": key}, timeout=60)
    assert metrics.status_code == 200
    returncode, rest, _ = stop(second)
    assert (returncode, rest) == (0, "")


def test_a_port_in_use_is_told_in_one_sentence(wherefore):
    with listen("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        result = wherefore("serve", "--port", port)
    assert result.returncode == 2
    assert result.stderr.startswith(f"wherefore: port {port} of 127.0.0.1 is in use")
    assert result.stderr.count("\n") == 1


def test_a_misspelled_setting_is_told_in_one_sentence(wherefore, monkeypatch):
    monkeypatch.setenv("WHEREFORE_PROT", "8000")
    result = wherefore("serve")
    assert result.returncode == 2
    assert "WHEREFORE_PROT is no setting" in result.stderr
    assert result.stderr.count("\n") == 1


def test_bytes_that_are_no_http_get_an_answer_and_harm_nobody(start_server):
    process, printed = start_server(num_lines=4)
    host, port = re.search(r"http://([\d.]+):(\d+)", printed[0]).groups()
    for sent in [b"\x16\x03\x01\x02", b"GET canary\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n"]:
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(sent)
            connection.recv(4096)
    assert httpx2.get(f"http://{host}:{port}/health", timeout=60).status_code == 200
    returncode, _, log = stop(process)
    assert returncode == 0
    assert "canary" not in log
