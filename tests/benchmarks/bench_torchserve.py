"""TorchServe against the engine in this process, and against TorchServe with its plain handler.

Four systems answer the same texts, text in and answer out: the engine in this process; TorchServe
with our archive over REST and over gRPC; and TorchServe with a handler as its Hugging Face example
has it (transformers' classifier of the same encoder in fp32, padded batches, batch 16 within 2 ms,
JSON out). Both TorchServes have one worker and run all the while; the systems take turns in short
rounds, so that all see the same machine. Clients send the next text as soon as the last is
answered. Prints a table and, as its last line, the same figures and their conditions as JSON.
"""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import urllib3
import yaml
from measured import conditions, mixed_texts, percentile
from rich.console import Console
from rich.table import Table
from transformers import PreTrainedTokenizerFast, RobertaForSequenceClassification

sys.path.append(str(Path(__file__).parents[1] / "parts"))

from free_ports import torchserve_ports

from model_store.artifact import load_artifact, starter_directory
from model_store.predictor import Predictor
from serving.adapters.in_process import engine_choice, load_predictor
from serving.errors import EngineError
from serving.settings import Settings, load_settings
from serving.torchserve.archive import BATCH_SIZE, MAX_BATCH_DELAY_MS, build_archive
from serving.torchserve.keys import KeyFile
from serving.torchserve.process import TorchServeOptions, run_torchserve

START_SECONDS = 900
TIMEOUT_SECONDS = 120
ROUND_SECONDS = 10.0

PLAIN_HANDLER = """
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from ts.torch_handler.base_handler import BaseHandler


class PlainHandler(BaseHandler):
    def initialize(self, context):
        folder = context.system_properties["model_dir"]
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model.to(self.device)
        self.initialized = True

    def preprocess(self, requests):
        texts = [bytes(r.get("data") or r.get("body")).decode() for r in requests]
        encoded = self.tokenizer(
            texts, padding=True, truncation=True, max_length=512, return_tensors="pt"
        )
        return encoded.to(self.device)

    def inference(self, encoded):
        with torch.inference_mode():
            return torch.sigmoid(self.model(**encoded).logits)

    def postprocess(self, probabilities):
        return probabilities.tolist()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A way from a text to an answer.

    Attributes:
        name: the row of the table.
        answer: takes one text; may be called from several threads.
    """

    name: str
    answer: Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a system.

    Attributes:
        system: its name.
        clients: threads that sent texts.
        texts: texts answered in all rounds.
        errors: texts that were not.
        rate: texts answered per second.
        p50_ms: median time of a text, milliseconds.
        p95_ms: 95th percentile.
        p99_ms: 99th percentile.
    """

    system: str
    clients: int
    texts: int
    errors: int
    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


@contextmanager
def running(archive: Path, folder: Path) -> Iterator[TorchServeOptions]:
    """Runs TorchServe with an archive; a thread renews its key."""
    options = TorchServeOptions(
        archive=archive, key_file=folder / "key.json", ports=torchserve_ports()
    )
    with run_torchserve(options) as process:
        process.publish_key(within_seconds=START_SECONDS)
        ended = threading.Event()

        def tend() -> None:
            while not ended.wait(1.0):
                process.tend()

        threading.Thread(target=tend, daemon=True).start()
        try:
            yield options
        finally:
            ended.set()


def our_systems(model: Path, folder: Path, opened: ExitStack) -> Iterator[System]:
    """Yields the engine here, and the same over TorchServe."""
    settings = load_settings(model=str(model))
    yield System(name="in process", answer=_predicting(load_predictor(settings)))
    archive = build_archive(model, folder, choice=engine_choice(settings))
    options = opened.enter_context(running(archive, folder))
    ports = options.ports
    for name, url in (
        ("TorchServe, REST", f"http://127.0.0.1:{ports.inference}"),
        ("TorchServe, gRPC", f"grpc://127.0.0.1:{ports.grpc}"),
    ):
        there = Settings(
            model=str(model),
            torchserve_url=url,
            torchserve_key_file=options.key_file,
            torchserve_timeout_seconds=TIMEOUT_SECONDS,
        )
        _until_it_answers(lambda there=there: load_predictor(there))
        yield System(name=name, answer=_predicting(load_predictor(there)))


def plain_system(model: Path, folder: Path, opened: ExitStack) -> System:
    """Returns TorchServe with a plain handler and transformers' classifier of the same size."""
    options = opened.enter_context(running(_plain_archive(model, folder), folder))
    keys, pool = KeyFile(options.key_file), urllib3.PoolManager(maxsize=64)
    url = f"http://127.0.0.1:{options.ports.inference}/predictions/wherefore"

    def answer(text: str) -> object:
        response = pool.request(
            "POST",
            url,
            body=text.encode(),
            headers={
                "Authorization": f"Bearer {keys.current()}",
                "Content-Type": "application/octet-stream",
            },
            timeout=TIMEOUT_SECONDS,
            retries=False,
        )
        if response.status != 200:
            raise OSError(response.status)
        return json.loads(response.data)

    _until_it_answers(lambda: answer("a"))
    return System(name="TorchServe, plain handler", answer=answer)


def _plain_archive(model: Path, folder: Path) -> Path:
    artifact = load_artifact(model)
    config = artifact.network.config
    config.num_labels, config.problem_type = 12, "multi_label_classification"
    peer = RobertaForSequenceClassification(config)
    peer.roberta.load_state_dict(artifact.network.encoder.state_dict(), strict=False)
    contents = folder / "peer"
    peer.save_pretrained(contents)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(model / "tokenizer.json"), pad_token="<pad>", model_max_length=512
    )
    tokenizer.save_pretrained(contents)
    (folder / "plain_handler.py").write_text(PLAIN_HANDLER)
    limits = {"minWorkers": 1, "maxWorkers": 1, "batchSize": BATCH_SIZE}
    limits |= {"maxBatchDelay": MAX_BATCH_DELAY_MS, "startupTimeout": START_SECONDS}
    (folder / "config.yaml").write_text(yaml.safe_dump(limits))
    command = [sys.executable, "-m", "model_archiver.model_packaging", "--model-name", "wherefore"]
    command += ["--version", "1.0", "--handler", str(folder / "plain_handler.py")]
    command += ["--extra-files", str(contents), "--config-file", str(folder / "config.yaml")]
    command += ["--export-path", str(folder), "--archive-format", "zip-store"]
    scratch = folder / "tmp"
    scratch.mkdir()
    subprocess.run(command, check=True, env=os.environ | {"TMPDIR": str(scratch)})
    return folder / "wherefore.mar"


def _predicting(predictor: Predictor) -> Callable[[str], object]:
    return lambda text: predictor.predict([text])


def _until_it_answers(ask: Callable[[], object]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            ask()
        except (EngineError, OSError, urllib3.exceptions.HTTPError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)
        else:
            return


def run_round(
    system: System, texts: Iterator[str], *, clients: int, seconds: float
) -> tuple[list[float], int]:
    """Returns the seconds of each answer of one round, and how many did not come."""
    took: list[float] = []
    errors: list[str] = []
    lock, ends = threading.Lock(), time.perf_counter() + seconds

    def client() -> None:
        while (start := time.perf_counter()) < ends:
            with lock:
                text = next(texts)
            try:
                system.answer(text)
            except (EngineError, OSError, urllib3.exceptions.HTTPError) as error:
                errors.append(type(error).__name__)
            else:
                took.append(time.perf_counter() - start)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took, len(errors)


def measure(
    systems: Sequence[System], texts: Sequence[str], *, clients: int, rounds: int, seconds: float
) -> list[Result]:
    """Lets the systems take turns; the first round, in which caches fill, is not counted."""
    sources = {system.name: itertools.cycle(texts) for system in systems}
    took: dict[str, list[float]] = {system.name: [] for system in systems}
    errors = dict.fromkeys(took, 0)
    measured_s = dict.fromkeys(took, 0.0)
    for number in range(rounds + 1):
        for system in systems:
            start = time.perf_counter()
            found, failed = run_round(
                system, sources[system.name], clients=clients, seconds=seconds
            )
            if number:
                measured_s[system.name] += time.perf_counter() - start
                took[system.name] += found
                errors[system.name] += failed
    return [
        Result(
            system=name,
            clients=clients,
            texts=len(values),
            errors=errors[name],
            rate=round(len(values) / measured_s[name], 2),
            p50_ms=round(percentile(values, 50) * 1000, 2),
            p95_ms=round(percentile(values, 95) * 1000, 2),
            p99_ms=round(percentile(values, 99) * 1000, 2),
        )
        for name, values in took.items()
        if values
    ]


def show(results: Sequence[Result], *, title: str) -> None:
    """Prints the table."""
    table = Table(title=title)
    heads = ["system", "clients", "texts", "errors", "texts/s", "p50 ms", "p95 ms", "p99 ms"]
    for head in heads:
        table.add_column(head, justify="left" if head == "system" else "right")
    for r in results:
        figures = (f"{value:,.1f}" for value in (r.rate, r.p50_ms, r.p95_ms, r.p99_ms))
        table.add_row(r.system, str(r.clients), f"{r.texts:,}", str(r.errors), *figures)
    Console(width=150).print(table)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=starter_directory(), help="model directory")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8], help="clients (1 8)")
    parser.add_argument("--rounds", type=int, default=6, help="rounds of each system (6)")
    parser.add_argument("--seconds", type=float, default=ROUND_SECONDS, help="of a round (10)")
    parser.add_argument("--texts", type=int, default=5000, help="distinct texts (5000)")
    parser.add_argument("--no-plain", action="store_true", help="leave the plain handler out")
    return parser.parse_args()


def main() -> None:
    """Measures every system and prints the figures."""
    asked = arguments()
    stored = load_artifact(asked.model)
    texts = mixed_texts(stored.tokenizer, asked.texts)
    folder = Path(tempfile.mkdtemp(prefix="bench-torchserve-"))
    results: list[Result] = []
    try:
        with ExitStack() as opened:
            for name in ("ours", "plain"):
                (folder / name).mkdir()
            systems = list(our_systems(asked.model, folder / "ours", opened))
            if not asked.no_plain:
                systems.append(plain_system(asked.model, folder / "plain", opened))
            for clients in asked.clients:
                results += measure(
                    systems, texts, clients=clients, rounds=asked.rounds, seconds=asked.seconds
                )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    model_version = stored.manifest.model_version
    show(results, title=model_version)
    versions = {name: version(name) for name in ("torchserve", "transformers", "grpcio")}
    rows = [asdict(result) for result in results]
    print(json.dumps(conditions(model_version) | versions | {"results": rows}))


if __name__ == "__main__":
    main()
