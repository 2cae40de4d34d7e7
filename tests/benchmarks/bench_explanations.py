"""How long an explanation takes beside its prediction: fast, exact, SHAP and Captum in one run.

Each text of 250 tokens, of those that the model states a reason of, is predicted, then explained by
`fast` and `exact` on the serving engine (the time is what is added to the prediction, whose logits
they get), by SHAP with 500 evaluations on the same engine, and by Captum's integrated gradients
with 20 steps for each stated category on plain torch. Methods take turns on each text, so that all
see the same load. Prints a table, and as its last line the figures and their conditions as JSON;
`--output` writes that too.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import torch
from measured import conditions, percentile, result_file, texts_of_length
from rich.console import Console
from rich.progress import track
from rich.table import Table

from model_store.artifact import load_artifact, starter_directory
from model_store.engine.choice import EngineChoice, open_engine
from model_store.explain.explainer import explain_read
from model_store.explain.gradients import integrated_gradients
from model_store.explain.shapley import partition_shap
from model_store.predictor import Predictor, ReadText
from model_store.stored import open_stored

METHODS = ("predict", "fast", "exact", "shap", "captum")
NUM_WARM_UP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What one method took.

    Attributes:
        method: its name; `predict` is the prediction itself, the others come on top.
        texts: texts timed.
        p50_ms: median, milliseconds.
        p95_ms: 95th percentile, milliseconds.
        max_ms: longest, milliseconds.
    """

    method: str
    texts: int
    p50_ms: float
    p95_ms: float
    max_ms: float


class Methods:
    """Every method on one model."""

    def __init__(self, asked: argparse.Namespace) -> None:
        """Loads the model for the engine that serves, and for Captum in torch."""
        choice = EngineChoice(engine=asked.engine, num_threads=asked.threads)
        stored = open_stored(asked.model)
        self.engine = open_engine(stored, choice)
        self.predictor = Predictor.from_stored(stored, engine=self.engine)
        self._artifact = load_artifact(asked.model)
        self._evaluations, self._steps = asked.evaluations, asked.steps

    def timed(self, text: str, *, names: list[str]) -> dict[str, float]:
        """Returns what each method took for a text, seconds."""
        seconds: dict[str, float] = {}
        started = time.perf_counter()
        [read] = self.predictor.read([text])
        logits = self.predictor.engine.logits([window.ids for window in read.windows])
        [prediction] = self.predictor.decode([read], logits)
        seconds["predict"] = time.perf_counter() - started
        stated = list(dict.fromkeys(str(r.category) for r in prediction.principal_reasons))
        works: dict[str, Callable[[], object]] = {
            "fast": lambda: explain_read(self.predictor, read, logits, method="fast"),
            "exact": lambda: explain_read(self.predictor, read, logits, method="exact"),
            "shap": lambda: partition_shap(
                self.predictor.engine, read, max_evaluations=self._evaluations
            ),
            "captum": lambda: self._captum(read, stated or ["risk"]),
        }
        for name in names:
            started = time.perf_counter()
            works[name]()
            seconds[name] = time.perf_counter() - started
        return seconds

    def _captum(self, read: ReadText, targets: list[str]) -> object:
        return integrated_gradients(
            self._artifact.network,
            read,
            mask_id=self._artifact.tokenizer.mask_id,
            targets=targets,
            num_steps=self._steps,
            max_steps=self._steps,
        )


def stating_texts(predictor: Predictor, asked: argparse.Namespace) -> list[str]:
    """Returns texts of which the model states a reason: the others have nothing to explain."""
    wanted = asked.texts + NUM_WARM_UP
    texts = texts_of_length(predictor.tokenizer, asked.tokens, 8 * wanted)
    stating = (text for text in texts if predictor.predict([text])[0].principal_reasons)
    return list(islice(stating, wanted))


def measure(methods: Methods, asked: argparse.Namespace) -> list[Timing]:
    """Times every method on every text, after a warm-up."""
    names = [name for name in METHODS if name in asked.methods and name != "predict"]
    texts = stating_texts(methods.predictor, asked)
    for text in texts[:NUM_WARM_UP]:
        methods.timed(text, names=names)
    found = [methods.timed(text, names=names) for text in track(texts[NUM_WARM_UP:])]
    return [
        Timing(
            method=name,
            texts=len(found),
            p50_ms=round(1000 * percentile([row[name] for row in found], 50), 1),
            p95_ms=round(1000 * percentile([row[name] for row in found], 95), 1),
            max_ms=round(1000 * max(row[name] for row in found), 1),
        )
        for name in ["predict", *names]
    ]


def show(timings: list[Timing], *, title: str) -> None:
    """Prints the table."""
    grid = Table(title=title)
    for head in ("method", "texts", "p50 ms", "p95 ms", "max ms"):
        grid.add_column(head, justify="left" if head == "method" else "right")
    for timing in timings:
        grid.add_row(
            *(
                f"{value:,}" if not isinstance(value, str) else value
                for value in asdict(timing).values()
            )
        )
    Console().print(grid)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=starter_directory(), help="model directory")
    parser.add_argument("--texts", type=int, default=100, help="texts timed (100)")
    parser.add_argument("--tokens", type=int, default=250, help="tokens of each (250)")
    parser.add_argument("--engine", default="auto", choices=["auto", "openvino", "torch"])
    parser.add_argument("--threads", type=int, help="threads of the engine and of torch (all)")
    parser.add_argument("--evaluations", type=int, default=500, help="of SHAP (500)")
    parser.add_argument("--steps", type=int, default=20, help="of integrated gradients (20)")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--output", type=result_file, help="file for the JSON as well")
    return parser.parse_args()


def main() -> None:
    """Measures and prints."""
    asked = arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    methods = Methods(asked)
    timings = measure(methods, asked)
    record = conditions(methods.predictor.model_version) | {
        "engine": methods.engine.identity,
        "threads": asked.threads or "all",
        "shap_evaluations": asked.evaluations,
        "captum_steps": asked.steps,
        "tokens": asked.tokens,
        "timings": [asdict(timing) for timing in timings],
    }
    show(timings, title=f"{methods.predictor.model_version}, {asked.tokens} tokens")
    if asked.output is not None:
        asked.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(record))


if __name__ == "__main__":
    main()
