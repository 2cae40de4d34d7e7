"""This project's engine and server beside what a user would take instead, in the same run.

Each system runs in a process, and each peer in a virtual environment of its own (`make
bench-peers-install`); all run the same model (`peers/make_model.py`), read the same texts (250
tokens in the mean, none twice) and use all cores. In every round each system has its turn, in
another order, so that whatever else the machine does hits all alike; a ratio is the median over
rounds with its 95 % interval. Each peer first chooses the batch size that it is fastest with.

Two passes for each size. The first runs every system in fp32. The second runs each in its lower
precisions, of which those count that pass the accuracy gate, judged on the bundled encoder; a
system without one, or slower with it, runs in fp32 again. Engines in a process are compared with
engines in a process, servers with servers. Prints tables, and as its last line the figures and
their conditions as JSON; `--output` names a folder for both.

    python tests/benchmarks/bench_peers.py
    python tests/benchmarks/bench_peers.py --quick --systems wherefore transformers
"""

import argparse
import json
import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
from measured import (
    SEED,
    conditions,
    percentile,
)
from numpy.typing import NDArray
from peers.catalogue import CONTESTANTS, PIPELINE, Contestant
from peers.conversation import Conversation, SystemFailedError
from peers.judging import Verdict, judge
from peers.material import PLANS, Material, material
from peers.preparing import CACHE, LOGS, VENVS
from peers.report import Row, compare, write_report

from model_store.engine.processor import available_cores

SETTLE_S = 0.2
EQUAL, BEST = "fp32", "best"
JUDGING_SIZE = "bundled"
CLEARLY = 1.2


@dataclass(slots=True, kw_only=True)
class Entry:
    """A system in a pass.

    Attributes:
        contestant: the system.
        precision: what it computes in.
        running: its process.
        options: what it chose.
        verdict: how its answers compare.
        rates: texts per second of each round.
        single_s: seconds of single texts, by number of tokens.
        resident_mib: memory of its processes after the last round.
    """

    contestant: Contestant
    precision: str
    running: Conversation
    options: Mapping[str, object] = field(default_factory=dict)
    verdict: Verdict | None = None
    rates: list[float] = field(default_factory=list)
    single_s: dict[int, list[float]] = field(default_factory=dict)
    resident_mib: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Name and precision."""
        return self.contestant.name, self.precision


@dataclass(slots=True, kw_only=True)
class Run:
    """A whole run: what was asked for, and what it found so far.

    Attributes:
        asked: the command line.
        refused: systems and precisions that failed the gate on the bundled encoder.
        notes: what was left out, and why.
        right_NC: logits of the judged texts that others are compared with.
    """

    asked: argparse.Namespace
    started: float = field(default_factory=time.perf_counter)
    refused: set[tuple[str, str]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    right_NC: NDArray[np.float64] | None = None

    def say(self, text: str) -> None:
        """Tells how far it is."""
        print(f"# {time.perf_counter() - self.started:5.0f} s  {text}", flush=True)

    def note(self, text: str) -> None:
        """Keeps something for the report."""
        self.notes.append(text)
        self.say(text)


def opened(
    contestants: Sequence[tuple[Contestant, str]], given: Material, run: Run
) -> Iterator[Entry]:
    """Starts systems and lets each tune itself; of what cannot be had a note is kept."""
    LOGS.mkdir(parents=True, exist_ok=True)
    for contestant, precision in contestants:
        name = f"{contestant.name}, {precision}"
        command = contestant.command(precision, model=given.folder, venvs=VENVS, cache_dir=CACHE)
        log = LOGS / f"{given.size} {name}.log".replace(", ", "-").replace(" ", "-")
        try:
            running = Conversation(command, log=log, num_threads=run.asked.threads)
        except SystemFailedError as error:
            run.note(f"{given.size}: {name} is left out: {error}")
            continue
        entry = Entry(contestant=contestant, precision=precision, running=running)
        try:
            entry.options = running.tune(given.tuning)
            _judge(entry, given, run)
        except SystemFailedError as error:
            run.note(f"{given.size}: {name} is left out: {error}")
            running.close()
            continue
        run.say(f"{given.size}: {name} is ready")
        yield entry


def _judge(entry: Entry, given: Material, run: Run) -> None:
    """Compares answers with those of the first system, which is transformers in fp32."""
    _, found_NC = entry.running.score(given.judged)
    if run.right_NC is None:
        run.right_NC = found_NC
    entry.verdict = judge(found_NC, run.right_NC)
    # Random weights state nothing that could be got wrong.
    if given.size == JUDGING_SIZE and entry.verdict.broken:
        run.refused.add(entry.key)
        run.note(f"{', '.join(entry.key)} fails the gate: {'; '.join(entry.verdict.broken)}")


def take_turns(entries: Sequence[Entry], given: Material, run: Run) -> list[Entry]:
    """Lets the systems take turns, and returns those that stayed to the end.

    The first round is not counted. A ratio needs both sides of every round, so a system that fails
    in one is left out.
    """
    order, plan, staying = random.Random(SEED), given.plan, list(entries)
    for number in range(plan.rounds + 1):
        for entry in order.sample(staying, len(staying)):
            time.sleep(SETTLE_S)
            try:
                rate, single_s = _turn(entry, given, number)
            except SystemFailedError as error:
                run.note(f"{given.size}: {', '.join(entry.key)} is left out: {error}")
                staying.remove(entry)
                continue
            if number:
                entry.rates.append(rate)
                for n, values in single_s.items():
                    entry.single_s.setdefault(n, []).extend(values)
        run.say(f"{given.size}: round {number} of {plan.rounds}, {len(staying)} systems")
    for entry in staying:
        entry.resident_mib = entry.running.resident_mib()
    return staying


def _turn(entry: Entry, given: Material, number: int) -> tuple[float, dict[int, list[float]]]:
    """Returns texts per second over mixed texts, and seconds of single texts by length."""
    plan = given.plan
    texts = given.mixed[number * plan.texts :][: plan.texts]
    seconds, _ = entry.running.score(texts)
    single_s = {
        n: entry.running.singles(source[number * plan.singles :][: plan.singles])
        for n, source in given.singles.items()
    }
    return len(texts) / seconds, single_s


def measure_size(size: str, run: Run) -> list[Row]:
    """Measures both passes of a size."""
    given = material(size, rounds=run.asked.rounds, say=run.say)
    run.right_NC = None
    # The pipeline in fp32 is what answers are compared with.
    chosen = [c for c in CONTESTANTS if c.name in run.asked.systems]
    chosen.sort(key=lambda contestant: contestant.name != PIPELINE)
    rows: list[Row] = []
    for table, precisions in ((EQUAL, {"fp32"}), (BEST, {"bf16", "int8"})):
        asked = [(c, p) for c in chosen for p in c.precisions if p in precisions]
        entries: list[Entry] = []
        try:
            entries.extend(opened(asked, given, run))
            if table == BEST:
                entries.extend(
                    opened(_better_in_fp32(entries, rows, chosen, given, run), given, run)
                )
            rows += [_row(table, entry, given, run) for entry in take_turns(entries, given, run)]
        finally:
            for entry in entries:
                entry.running.close()
    return rows


def _better_in_fp32(
    entries: Sequence[Entry],
    rows: Sequence[Row],
    chosen: Sequence[Contestant],
    given: Material,
    run: Run,
) -> list[tuple[Contestant, str]]:
    """Returns what no lower precision that passes the gate makes clearly faster, with fp32."""
    texts = given.mixed[: given.plan.texts]
    rates = dict.fromkeys((contestant.name for contestant in chosen), 0.0)
    for entry in entries:
        if entry.key not in run.refused:
            rate = len(texts) / entry.running.score(texts)[0]
            rates[entry.contestant.name] = max(rates[entry.contestant.name], rate)
    before = {row.system: row.texts_per_s for row in rows}
    return [(c, "fp32") for c in chosen if rates[c.name] < CLEARLY * before.get(c.name, 0.0)]


def _row(table: str, entry: Entry, given: Material, run: Run) -> Row:
    rate = median(entry.rates)
    return Row(
        size=given.size,
        table=table,
        system=entry.contestant.name,
        kind=entry.contestant.kind,
        precision=entry.precision,
        passes_gate=entry.key not in run.refused,
        texts_per_s=round(rate, 2),
        tokens_per_s=round(rate * given.mean_tokens, 1),
        rates=[round(value, 3) for value in entry.rates],
        single_ms={
            n: {f"p{p}": round(percentile(values, p) * 1000, 2) for p in (50, 95, 99)}
            for n, values in entry.single_s.items()
        },
        resident_mib=entry.resident_mib,
        open_seconds=round(float(str(entry.running.facts["open_seconds"])), 2),
        versions=entry.running.facts["versions"],
        options=entry.options,
        verdict=entry.verdict,
    )


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    names = [contestant.name for contestant in CONTESTANTS]
    cores = available_cores()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", nargs="+", default=["bundled", "base"], choices=sorted(PLANS))
    parser.add_argument("--systems", nargs="+", default=names, choices=names, metavar="NAME")
    parser.add_argument("--threads", type=int, default=cores, help="CPU threads (one per core)")
    parser.add_argument("--rounds", type=int, help="rounds of each pass (6)")
    parser.add_argument("--quick", action="store_true", help="a tiny model: only tests the driver")
    parser.add_argument("--output", type=Path, help="folder for the report")
    return parser.parse_args()


def main() -> None:
    """Measures every size and reports."""
    asked = arguments()
    if asked.quick:
        asked.sizes = ["tiny"]
    run, about = Run(asked=asked), conditions("benchmark models: peers/make_model.py")
    rows = [row for size in asked.sizes for row in measure_size(size, run)]
    content = about | {
        "threads": asked.threads,
        "load_1_min_after": round(os.getloadavg()[0], 2),
        "seconds": round(time.perf_counter() - run.started),
        "notes": run.notes,
    }
    print(json.dumps(write_report(rows, compare(rows, seed=SEED), content, folder=asked.output)))


if __name__ == "__main__":
    main()
