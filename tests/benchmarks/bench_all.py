"""Every bench of engine, service, cache and TorchServe, one after the other, beside the peers.

Each runs in a process of its own. Its last line, the figures and their conditions as JSON, goes
into `results/DATE-NAME.json`; at the end `DATE-promises.md` and `.json` tell each figure that
was promised beside what was found, by the newest result of each bench. A bench that fails is
named, and the others go on. About 40 minutes on two cores; run it where nothing else runs.

    python tests/benchmarks/bench_all.py
    python tests/benchmarks/bench_all.py --only start cache
    python tests/benchmarks/bench_all.py --quick      # tiny models: only tests the programs

The bundled model is quantised first, in a cache folder of the benches; where it does not pass the
accuracy gate, it and the model of RoBERTa-base's size, whose random weights cannot be judged, run
in bf16 (fp32 where the processor has none).
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from measured import conditions
from must_show import markdown, promise_table
from peers.preparing import CACHE, MODELS, prepared

BENCHES = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A program to run.

    Attributes:
        name: of its result.
        minutes: about how long it takes on two cores.
        program: its file.
        options: its options.
        quick: its options where only the program is tested.
    """

    name: str
    minutes: float
    program: str
    options: tuple[str, ...] = ()
    quick: tuple[str, ...] = ("--quick",)


ENGINE = ("torch-fp32", "torch-bf16", "openvino-fp32", "openvino-bf16", "openvino-int8")
QUICK_ENGINE = ("--models", "tiny", "--systems", "torch-fp32", "openvino-fp32")
BASE = ("--model", str(MODELS / "base" / "wherefore"), "--no-cached")
TINY = ("--model", str(MODELS / "tiny" / "wherefore"), "--quick")

PLAN = (
    Bench(
        name="engine",
        minutes=4,
        program="bench_engine.py",
        options=("--systems", *ENGINE, "--rounds", "2", "--texts", "32", "--calls", "10"),
        quick=(*QUICK_ENGINE, "--rounds", "1", "--texts", "2", "--calls", "2"),
    ),
    Bench(
        name="compositions",
        minutes=3,
        program="bench_compositions.py",
        options=("--models", "bundled", "base", "--texts", "16", "--batches", "24"),
        quick=(*QUICK_ENGINE, "--texts", "4", "--batches", "2"),
    ),
    Bench(
        name="memory",
        minutes=1,
        program="bench_memory.py",
        options=("--steps", "300"),
        quick=("--model", "tiny", "--steps", "3"),
    ),
    Bench(name="start", minutes=1, program="bench_start.py", quick=TINY),
    Bench(name="cache", minutes=0.5, program="bench_cache.py"),
    Bench(name="http-bundled", minutes=4, program="bench_http.py", quick=TINY),
    Bench(name="http-base", minutes=2, program="bench_http.py", options=BASE, quick=TINY),
    Bench(
        name="torchserve",
        minutes=3.5,
        program="bench_torchserve.py",
        options=("--rounds", "2", "--seconds", "5"),
        quick=(*TINY[:2], "--rounds", "1", "--seconds", "1", "--texts", "50", "--no-plain"),
    ),
    Bench(name="faults", minutes=3.5, program="bench_faults.py"),
    Bench(name="peers", minutes=17, program="bench_peers.py"),
)
NAMES = tuple(bench.name for bench in PLAN)


class Runner:
    """Runs programs one after the other and tells how far it is."""

    def __init__(self, asked: argparse.Namespace) -> None:
        """Begins the time."""
        self.asked, self.failed = asked, list[str]()
        self.results: dict[str, Mapping[str, object]] = {}
        self._started = time.monotonic()
        self._environment = os.environ | {"WHEREFORE_CACHE_DIR": str(CACHE), "HF_HUB_OFFLINE": "1"}

    @property
    def minutes(self) -> float:
        """Minutes since the beginning."""
        return round((time.monotonic() - self._started) / 60, 1)

    def prepare(self) -> None:
        """Makes the models, and chooses the precision that passes the gate."""
        prepared("tiny" if self.asked.quick else "base", say=self._say)
        if self.asked.quick:
            return
        self._say("quantises the bundled model")
        command = [Path(sys.executable).with_name("wherefore"), "quantize"]
        if subprocess.run(command, check=False, env=self._environment).returncode:
            self._say("int8 is refused: bf16, or fp32, is what runs")
            self._environment |= {"WHEREFORE_PRECISION": _without_int8()}

    def run(self, bench: Bench, *, left: float) -> None:
        """Runs a bench and keeps its result."""
        self._say(f"{bench.name} (about {bench.minutes:g} of {left:g} minutes left)")
        command = [sys.executable, str(BENCHES / bench.program)]
        command += bench.quick if self.asked.quick else bench.options
        if bench.name == "peers" and self.asked.output:  # it writes tables of its own
            command += ["--output", str(self.asked.output)]
        process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, text=True
        )
        last = ""
        for line in process.stdout:
            if not line.startswith("{"):
                print(line, end="", flush=True)
            last = line
        if process.wait():
            self._fail(bench)
            return
        with suppress(json.JSONDecodeError):
            self.results[bench.name] = json.loads(last)
        if bench.name not in self.results:
            self._fail(bench)

    def report(self) -> None:
        """Writes the results and the table of promises, and prints the latter."""
        about = conditions("each result names its own") | {
            "minutes": self.minutes,
            "failed": self.failed,
        }
        about["load_1_min_after"] = about.pop("load_1_min")
        about["load_1_min"] = self.asked.load
        rows = promise_table(kept_results(self.asked.output) | self.results)
        page = markdown(rows, about)
        if self.asked.output:
            for name, result in self.results.items():
                _write(self.asked.output / f"{about['date']}-{name}.json", result)
            _write(self.asked.output / f"{about['date']}-promises.json", about | {"rows": rows})
            path = self.asked.output / f"{about['date']}-promises.md"
            path.write_text(page, encoding="utf-8")
        print(page)

    def _fail(self, bench: Bench) -> None:
        self.failed.append(bench.name)
        self._say(f"{bench.name} failed; the others go on")

    def _say(self, text: str) -> None:
        print(f"== {self.minutes:5.1f} min  {text}", flush=True)


def kept_results(folder: Path | None) -> dict[str, Mapping[str, object]]:
    """Returns the newest result of each bench in a folder; nothing without a folder."""
    if folder is None:
        return {}
    newest = {
        name: max(folder.glob(f"????-??-??-{name}.json"), default=None, key=lambda path: path.name)
        for name in NAMES
    }
    return {name: json.loads(path.read_text("utf-8")) for name, path in newest.items() if path}


def _without_int8() -> str:
    from model_store.engine.runtime import cpu_computes_bf16  # noqa: PLC0415

    return "bf16" if cpu_computes_bf16() else "fp32"


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Runs what is asked for; 1 where a bench failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES), metavar="BENCH")
    parser.add_argument("--output", type=Path, help="folder for the results (results; quick: none)")
    parser.add_argument("--quick", action="store_true", help="only tests the programs")
    asked = parser.parse_args()
    if not asked.quick:
        asked.output = asked.output or BENCHES / "results"
    asked.load = round(os.getloadavg()[0], 2)
    runner = Runner(asked)
    runner.prepare()
    benches = [bench for bench in PLAN if bench.name in asked.only]
    for number, bench in enumerate(benches):
        runner.run(bench, left=sum(each.minutes for each in benches[number:]))
    runner.report()
    return int(bool(runner.failed))


if __name__ == "__main__":
    sys.exit(main())
