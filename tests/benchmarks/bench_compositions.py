"""How far the logits of a window differ from batch to batch, by backend and precision.

Each window of corpus texts, and some of extreme lengths, is computed alone and then in random
batches; the largest difference of any logit is what a batch's composition can do to an answer.
Prints a table, and as its last line the figures and their conditions as JSON; `--output` also
writes them to a file. `model_store/engine/bounds.py` holds the bounds that they must keep.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from engine_systems import (
    BACKENDS,
    MODELS,
    SEED,
    corpus_texts,
    stored_model,
    systems,
    window_ids,
)
from measured import conditions, result_file
from rich.console import Console
from rich.table import Table

from model_store.engine.outputs import DescribedEngine, EngineLogits

FIELDS = ("category_WC", "reason_WR", "risk_W")
EXTREME_TEXT_TOKENS = (0, 1, 6, 7, 14, 15, 200, 510)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What a backend's logits differ by.

    Attributes:
        model: bundled or base.
        system: backend and precision.
        identity: the engine's own name.
        between_batches: largest difference of a category, reason or risk logit between two
            batches.
        evidence_between_batches: likewise of an evidence logit.
        from_fp32: largest difference of a category, reason or risk logit from torch in fp32.
        from_fp32_p99: 99th percentile of the same over windows and logits.
        bound: what the engine promises of `between_batches`.
        windows: windows compared.
        batches: random batches computed.
    """

    model: str
    system: str
    identity: str
    between_batches: float
    evidence_between_batches: float
    from_fp32: float
    from_fp32_p99: float
    bound: float
    windows: int
    batches: int


def measure(
    engine: DescribedEngine,
    windows: Sequence[Sequence[int]],
    *,
    batches: int,
    reference: Sequence[EngineLogits] | None,
) -> tuple[dict[str, float], list[EngineLogits]]:
    """Computes windows alone and in random batches; returns differences and the logits alone."""
    alone = [engine.logits([ids]) for ids in windows]
    draw = random.Random(SEED)
    largest, evidence = 0.0, 0.0
    for _ in range(batches):
        chosen = draw.sample(range(len(windows)), draw.randint(2, min(32, len(windows))))
        together = engine.logits([windows[i] for i in chosen])
        for position, i in enumerate(chosen):
            for field in FIELDS:
                found = getattr(together, field)[position] - getattr(alone[i], field)[0]
                largest = max(largest, float(np.abs(found).max()))
            found = together.evidence[position] - alone[i].evidence[0]
            evidence = max(evidence, float(np.abs(found).max()))
    apart = np.concatenate(
        [
            np.abs(getattr(one, field) - getattr(right, field)).ravel()
            for one, right in zip(alone, reference or alone, strict=True)
            for field in FIELDS
        ]
    )
    figures = {
        "between_batches": largest,
        "evidence_between_batches": evidence,
        "from_fp32": float(apart.max()),
        "from_fp32_p99": float(np.quantile(apart, 0.99)),
    }
    return figures, alone


def measure_model(name: str, asked: argparse.Namespace, work: Path) -> list[Differences]:
    """Measures every backend on one model; torch in fp32 comes first and is the reference."""
    stored = stored_model(name, work)
    windows = window_ids(stored.tokenizer, corpus_texts()[: asked.texts])
    first, last = stored.tokenizer.first_id, stored.tokenizer.end_id
    draw = random.Random(SEED)
    for num_tokens in EXTREME_TEXT_TOKENS:
        windows.append((first, *(draw.randint(5, 50_000) for _ in range(num_tokens)), last))
    reference: list[EngineLogits] | None = None
    found = []
    for system in systems(stored, asked.systems, work=work, num_threads=asked.threads):
        if system.engine is None:
            continue
        figures, alone = measure(system.engine, windows, batches=asked.batches, reference=reference)
        reference = reference or alone
        found.append(
            Differences(
                model=name,
                system=system.name,
                identity=system.engine.identity,
                bound=system.engine.composition_bound,
                windows=len(windows),
                batches=asked.batches,
                **figures,
            )
        )
    return found


def show(found: Sequence[Differences]) -> None:
    """Prints the table."""
    table = Table(title="Largest difference of a logit")
    for head in ("model", "system", "between batches", "bound", "evidence", "from fp32", "p99"):
        table.add_column(head)
    for row in found:
        figures = (row.between_batches, row.bound, row.evidence_between_batches)
        figures += (row.from_fp32, row.from_fp32_p99)
        table.add_row(row.model, row.system, *(f"{figure:.2g}" for figure in figures))
    Console(width=150).print(table)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=["bundled"], choices=MODELS)
    parser.add_argument("--systems", nargs="+", default=list(BACKENDS))
    parser.add_argument("--texts", type=int, default=60, help="texts of the corpus (60)")
    parser.add_argument("--batches", type=int, default=60, help="random batches (60)")
    parser.add_argument("--threads", type=int, help="CPU threads (one per core)")
    parser.add_argument("--output", type=result_file, help="file for the JSON")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        found = [row for name in asked.models for row in measure_model(name, asked, Path(work))]
    show(found)
    content = json.dumps(
        conditions(", ".join(asked.models)) | {"differences": [asdict(row) for row in found]}
    )
    if asked.output:
        asked.output.write_text(json.dumps(json.loads(content), indent=2) + "\n", encoding="utf-8")
    print(content)


if __name__ == "__main__":
    main()
