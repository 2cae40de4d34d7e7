import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fake_service import app_of_fakes
from fastapi.testclient import TestClient
from pydantic import SecretStr
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import RobertaConfig

from model_store.artifact import Artifact, save_artifact
from model_store.calibration import Calibration
from model_store.manifest import Manifest
from model_store.network import Network
from model_store.windows import TextTokenizer
from serving.casework.desk import now_utc
from serving.settings import ENV_PREFIX, Settings

COMMAND = Path(sys.executable).with_name("wherefore")
KEY = "a-key-for-tests-of-32-characters"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def make_client():
    """Opens clients of an application with a fake model; options are settings."""
    opened = []

    def make(*, predictor=None, with_key=True, storage=None, now=now_utc, **options):
        settings = Settings(api_key=SecretStr(KEY), **options)
        parts = {"storage": storage} if storage else {}
        app = app_of_fakes(settings, predictor=predictor, now=now, **parts)
        client = TestClient(
            app, raise_server_exceptions=False, headers={"X-API-Key": KEY} if with_key else {}
        )
        opened.append(client)
        return client.__enter__()

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """The directory of a model of a few hundred random weights, where weights do not matter."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        ["Asks for a loan. Her debts take most of her income."],
        trainers.BpeTrainer(
            vocab_size=300,
            special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=514,
        type_vocab_size=1,
    )
    artifact = Artifact(
        network=Network(config).eval(),
        tokenizer=TextTokenizer(tokenizer),
        calibration=Calibration(),
        manifest=Manifest(name="tiny", version="1", created="2026-11-20"),
        card="# Random weights, for tests\n",
    )
    directory = tmp_path_factory.mktemp("models") / "tiny"
    save_artifact(artifact, directory, storage="fp32")
    return directory


@pytest.fixture(scope="session")
def starter_home(tmp_path_factory):
    """The working directory of the server with the bundled model; its state is in `var`."""
    return tmp_path_factory.mktemp("working-directory")


@pytest.fixture(scope="session")
def starter_server(tmp_path_factory, starter_home):
    """The address and key of a server with the bundled model, which must end cleanly."""
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0"],
        cwd=starter_home,
        env=os.environ
        | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
        | {"WHEREFORE_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        address = re.search(r"http://[\d.:]+", process.stdout.readline()).group()
        yield address, process.stdout.readline().split()[-1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def close_to():
    """Compares answers: equal within 1 risk point and 0.01 of probability, offsets exactly."""
    return _close_to


def _close_to(expected, found, *, name=""):
    if isinstance(expected, dict):
        return list(found) == list(expected) and all(
            _close_to(value, found[key], name=key) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return len(found) == len(expected) and all(
            _close_to(e, f, name=name) for e, f in zip(expected, found, strict=True)
        )
    if name == "milliseconds":
        return found > 0
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return abs(expected - found) <= (1 if name == "risk_score" else 0.01)
    return expected == found


@pytest.fixture
def wherefore(tmp_path):
    """Runs the installed command in an empty directory and gives what it ended with."""

    def run(*arguments):
        return subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=tmp_path,
            env=os.environ | {"HF_HUB_OFFLINE": "1", "COLUMNS": "100", "WHEREFORE_ENGINE": "torch"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run
