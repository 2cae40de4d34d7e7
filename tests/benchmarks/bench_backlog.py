"""How fast a backlog job takes a file, beside the engine's own rate, and in how much memory.

Scores simulated applications from Parquet to Parquet in a process of its own, times the engine
alone on windows of the same texts, reading and planning alone on one core, and takes the peak
memory of runs over 10,000 to 1,000,000 short rows. Prints a table, and as its last line the figures
and their conditions as JSON. What a cluster needs follows from them (serving/backlog/README.md).

    python tests/benchmarks/bench_backlog.py
    python tests/benchmarks/bench_backlog.py --rows 2000 --short-rows 1000 5000
    python tests/benchmarks/bench_backlog.py --engine ray --short-rows
    python tests/benchmarks/bench_backlog.py --rows 0 --short-rows --file lar.parquet --format hmda
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
from serving.backlog.loading import load_backlog_predictor
from serving.backlog.local_job import ScoreOptions, score_file
from serving.backlog.plan import DEFAULT_SHARD_ROWS, plan_batches
from serving.backlog.planning import plan_input
from serving.backlog.source import InputFile
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


def score(name: str, path: Path, output: Path, *, engine: str, form: str = "auto") -> FileRun:
    """Runs the job of a file in a process of its own; of Ray's processes no memory is counted.

    Exits the program where the job fails, or has not given exactly one verdict to each row.
    """
    options = ["--engine", engine, "--format", form]
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, __file__, *options, "--job", path, output], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench_backlog: the job ended with {process.returncode}")
    rows, num_verdicts = (pq.ParquetFile(file).metadata.num_rows for file in (path, output))
    if num_verdicts != rows:
        sys.exit(f"bench_backlog: found {num_verdicts} verdicts, expected {rows}, one for each row")
    output.unlink()
    run = FileRun(
        name=name,
        rows=rows,
        seconds=round(seconds, 1),
        rows_per_s=round(rows / seconds, 1),
        peak_mib=round(usage.ru_maxrss / 1024, 1),
    )
    print(run, file=sys.stderr)  # a run takes long: what it gave is not lost with the next
    return run


def measure_files(asked: argparse.Namespace, folder: Path) -> list[FileRun]:
    """Scores files of short rows, and the file given."""
    path, output = folder / "in.parquet", folder / "out.parquet"
    runs = []
    for rows in asked.short_rows:
        write_parquet(path, (SHORT_TEXT.format(1000 + i) for i in range(rows)))
        runs.append(score("short texts", path, output, engine=asked.engine))
    if asked.file:
        form = asked.format
        runs.append(score(asked.file.name, asked.file, output, engine=asked.engine, form=form))
    return runs


def measure_simulated(asked: argparse.Namespace, folder: Path) -> tuple[FileRun, float]:
    """Scores simulated applications; returns the run, and rows planned a second."""
    path = folder / "in.parquet"
    write_parquet(path, (file.text for file in simulate(asked.rows, seed=SEED)))
    planned_per_s = plan_rate(path, rows=asked.rows)
    run = score("simulated applications", path, folder / "out.parquet", engine=asked.engine)
    return run, planned_per_s


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
    start = time.perf_counter()
    for text in texts:
        predictor.read([text])
    read_seconds = time.perf_counter() - start
    return {
        "texts": len(texts),
        "mean_tokens": round(sum(lengths) / len(lengths), 1),
        "texts_per_s": round(len(texts) / seconds, 1),
        "read_texts_per_s": round(len(texts) / read_seconds, 1),
    }


def plan_rate(path: Path, *, rows: int) -> float:
    """Returns the rows a second at which a file is planned: read once, by one core."""
    start = time.perf_counter()
    source = InputFile.open(path, name=path.name, input_format="auto", limit=None)
    shards = plan_input(source, shard_rows=DEFAULT_SHARD_ROWS, folder=path.parent)
    num_planned = sum(shard.num_rows for shard in shards)
    if num_planned != rows:
        sys.exit(f"bench_backlog: found {num_planned} rows in the plan, expected {rows}")
    return round(rows / (time.perf_counter() - start), 1)


def show(runs: list[FileRun], engine: dict[str, float] | None, *, title: str) -> None:
    """Prints the table."""
    table = Table(title=title)
    for head in ("file", "rows", "seconds", "rows/s", "peak MiB"):
        table.add_column(head, justify="left" if head == "file" else "right")
    for run in runs:
        figures = (f"{run.rows:,}", f"{run.seconds:,.1f}", f"{run.rows_per_s:,.1f}")
        table.add_row(run.name, *figures, f"{run.peak_mib:,.0f}")
    if engine:
        rate = f"{engine['texts_per_s']:,.1f}"
        table.add_row("engine alone", f"{engine['texts']:,}", "", rate, "")
    Console().print(table)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rows", type=int, default=50_000, help="simulated applications (50,000); 0: none"
    )
    parser.add_argument("--engine-rows", type=int, default=2048, help="texts for the engine (2048)")
    parser.add_argument(
        "--short-rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="rows"
    )
    parser.add_argument("--file", type=Path, help="a Parquet file of your own to score as well")
    parser.add_argument("--format", default="auto", help="of the file's rows (auto, hmda, ...)")
    parser.add_argument("--engine", choices=["local", "ray"], default="local", help="of the jobs")
    parser.add_argument("--job", type=Path, nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measures and prints the figures."""
    asked = arguments()
    settings = load_settings()
    if asked.job:
        options = ScoreOptions(engine=asked.engine, input_format=asked.format)
        score_file(*asked.job, settings=settings, options=options)
        return
    version = load_backlog_predictor(settings).model_version
    runs, rates, engine = [], {}, None
    with tempfile.TemporaryDirectory() as folder:
        if asked.rows:
            run, planned_per_s = measure_simulated(asked, Path(folder))
            runs.append(run)
            rates["planned_rows_per_s"] = planned_per_s
        runs += measure_files(asked, Path(folder))
    if asked.rows:
        # After the runs: what this process takes must not be taken from them.
        sample = [file.text for file in simulate(min(asked.engine_rows, asked.rows), seed=SEED)]
        engine = engine_rate(settings, sample)
        share = round(runs[0].rows_per_s / engine["texts_per_s"], 3)
        rates |= {"engine": engine, "share_of_engine": share}
    show(runs, engine, title=version)
    figures = {"job_engine": asked.engine, "runs": [asdict(run) for run in runs]}
    print(json.dumps(conditions(version) | figures | rates))


if __name__ == "__main__":
    main()
