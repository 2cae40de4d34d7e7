"""How fast a backlog job takes a file, beside the engine's own rate, and in how much memory.

Scores simulated applications from Parquet to Parquet in a process of its own, times the engine
alone on windows of the same texts, and takes the peak memory of runs over 10,000 to 1,000,000
short rows. Prints a table, and as its last line the figures and their conditions as JSON.

    python tests/benchmarks/bench_backlog.py
    python tests/benchmarks/bench_backlog.py --rows 2000 --short-rows 1000 5000
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from measured import SEED, conditions
from rich.console import Console
from rich.table import Table

from data_pipeline.generator.simulation import simulate
from serving.backlog.local_job import ScoreOptions, load_backlog_predictor, score_file
from serving.backlog.plan import plan_batches
from serving.settings import Settings, load_settings

SHORT_TEXT = "Asks for {} dollars; debts take most of the income."
ROWS_PER_GROUP = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRun:
    """What scoring a file took.

    Attributes:
        name: what is in the file.
        rows: its rows.
        seconds: from the start of the process to its end.
        rows_per_s: rows over seconds.
        peak_mib: largest resident memory of the process, MiB.
    """

    name: str
    rows: int
    seconds: float
    rows_per_s: float
    peak_mib: float


def write_parquet(path: Path, texts: Iterable[str]) -> None:
    """Writes texts to a file, a group of rows at a time."""
    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    numbered = ({"id": f"A{i}", "text": text} for i, text in enumerate(texts))
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(numbered, ROWS_PER_GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def score(name: str, path: Path, *, rows: int) -> FileRun:
    """Runs the job of a file in a process of its own."""
    output = path.with_suffix(".out.parquet")
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, __file__, "--job", path, output], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench_backlog: the job ended with {process.returncode}")
    output.unlink()
    return FileRun(
        name=name,
        rows=rows,
        seconds=round(seconds, 1),
        rows_per_s=round(rows / seconds, 1),
        peak_mib=round(usage.ru_maxrss / 1024, 1),
    )


def engine_rate(settings: Settings, texts: list[str]) -> dict[str, float]:
    """Returns texts per second of the engine alone, on batches planned as for a file."""
    predictor = load_backlog_predictor(settings)
    read = predictor.read(texts)
    lengths = [sum(len(window.ids) for window in text.windows) for text in read]
    batches = [
        [window.ids for i in batch for window in read[i].windows] for batch in plan_batches(lengths)
    ]
    for batch in batches:  # shapes are compiled once
        predictor.engine.logits(batch)
    start = time.perf_counter()
    for batch in batches:
        predictor.engine.logits(batch)
    seconds = time.perf_counter() - start
    return {
        "texts": len(texts),
        "mean_tokens": round(sum(lengths) / len(lengths), 1),
        "texts_per_s": round(len(texts) / seconds, 1),
    }


def show(runs: list[FileRun], engine: dict[str, float], *, title: str) -> None:
    """Prints the table."""
    table = Table(title=title)
    for head in ("file", "rows", "seconds", "rows/s", "peak MiB"):
        table.add_column(head, justify="left" if head == "file" else "right")
    for run in runs:
        figures = (f"{run.rows:,}", f"{run.seconds:,.1f}", f"{run.rows_per_s:,.1f}")
        table.add_row(run.name, *figures, f"{run.peak_mib:,.0f}")
    table.add_row("engine alone", f"{engine['texts']:,}", "", f"{engine['texts_per_s']:,.1f}", "")
    Console().print(table)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=50_000, help="simulated applications (50,000)")
    parser.add_argument("--engine-rows", type=int, default=2048, help="texts for the engine (2048)")
    parser.add_argument(
        "--short-rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="rows"
    )
    parser.add_argument("--job", type=Path, nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measures and prints the figures."""
    asked = arguments()
    settings = load_settings()
    if asked.job:
        score_file(*asked.job, settings=settings, options=ScoreOptions())
        return
    sample = [file.text for file in simulate(min(asked.engine_rows, asked.rows), seed=SEED)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.parquet"
        write_parquet(path, (file.text for file in simulate(asked.rows, seed=SEED)))
        runs = [score("simulated applications", path, rows=asked.rows)]
        for rows in asked.short_rows:
            write_parquet(path, (SHORT_TEXT.format(1000 + i) for i in range(rows)))
            runs.append(score("short texts", path, rows=rows))
    # After the runs: what this process takes must not be taken from them.
    engine = engine_rate(settings, sample)
    version = load_backlog_predictor(settings).model_version
    show(runs, engine, title=version)
    share = round(runs[0].rows_per_s / engine["texts_per_s"], 3)
    figures = {"runs": [asdict(run) for run in runs], "engine": engine, "share_of_engine": share}
    print(json.dumps(conditions(version) | figures))


if __name__ == "__main__":
    main()
