"""The figures that were promised, each read from the result of the bench that produces it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Mapping[str, Any]]
"""The JSON of each bench by its name, of those that ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A figure with what it must and what it should be.

    Attributes:
        name: what is measured.
        bench: name of the result that holds it.
        read: finds the figure in that result; None where it is not there.
        binding: what it must be.
        goal: what it should be; None where nothing more is asked for.
        more_is_better: whether binding and goal are least or most values.
        unit: of all three.
    """

    name: str
    bench: str
    read: Callable[[Mapping[str, Any]], float | None]
    binding: float
    goal: float | None = None
    more_is_better: bool = False
    unit: str = "ms"

    def row(self, results: Results) -> dict[str, object]:
        """Returns the figure beside what was promised."""
        result = results.get(self.bench)
        found = None if result is None else self.read(result)
        return {
            "name": self.name,
            "bench": self.bench,
            "found": found,
            "binding": self.binding,
            "goal": self.goal,
            "unit": self.unit,
            "binding_met": self._is_kept(found, self.binding),
            "goal_met": self._is_kept(found, self.goal),
        }

    def _is_kept(self, found: float | None, limit: float | None) -> bool | None:
        if found is None or limit is None:
            return None
        return found >= limit if self.more_is_better else found <= limit


def _load(name: str, field: str, clients: int) -> Callable[[Mapping[str, Any]], float | None]:
    """Reads a row of bench_http; one with errors gives no figure."""

    def read(result: Mapping[str, Any]) -> float | None:
        rows = [r for r in result["results"] if (r["name"], r["num_clients"]) == (name, clients)]
        return float(rows[0][field]) if rows and not rows[0]["errors"] else None

    return read


def _memory_hit(result: Mapping[str, Any]) -> float | None:
    """The slowest of the lookups in the process, milliseconds."""
    found = [t["p99_us"] for t in result["timings"] if t["name"].startswith("memory")]
    return round(max(found) / 1000, 4) if found else None


def _ratio(table: str, against: str, size: str) -> Callable[[Mapping[str, Any]], float | None]:
    """Reads a ratio of bench_peers; of engines and servers the smaller one."""

    def read(result: Mapping[str, Any]) -> float | None:
        found = [
            r["ratio"]["value"]
            for r in result["ratios"]
            if (r["size"], r["table"]) == (size, table) and r["against"].startswith(against)
        ]
        return round(min(found), 3) if found else None

    return read


def _faults(kind: str) -> Callable[[Mapping[str, Any]], float | None]:
    def read(result: Mapping[str, Any]) -> float | None:
        return float(sum(phase[kind] for phase in result["phases"]))

    return read


def _cache_errors(result: Mapping[str, Any]) -> float | None:
    return float(sum(p["failed"] + p["refused"] for p in result["phases"] if p["part"] == "cache"))


def _lost(result: Mapping[str, Any]) -> float | None:
    found = [phase["lost"] for phase in result["phases"] if phase.get("lost") is not None]
    return float(sum(found)) if found else None


def _served(field: str) -> Callable[[Mapping[str, Any]], float | None]:
    return _load("mixed, cache off", field, 8)


PROMISES = (
    Promise(
        name="bundled, mixed texts, 8 clients: p95",
        bench="http-bundled",
        read=_served("p95_ms"),
        binding=143,
        goal=60,
    ),
    Promise(
        name="bundled, mixed texts, 8 clients: rate",
        bench="http-bundled",
        read=_served("rate"),
        binding=20,
        goal=100,
        more_is_better=True,
        unit="texts/s",
    ),
    Promise(
        name="bundled, mixed texts, 8 clients: errors",
        bench="http-bundled",
        read=lambda result: float(sum(row["errors"] for row in result["results"])),
        binding=0,
        unit="",
    ),
    Promise(
        name="bundled, 512 tokens, one client: p95",
        bench="http-bundled",
        read=_load("512 tokens", "p95_ms", 1),
        binding=60,
        goal=30,
    ),
    Promise(
        name="RoBERTa-base size, 512 tokens, one client: p95",
        bench="http-base",
        read=_load("512 tokens", "p95_ms", 1),
        binding=143,
        goal=100,
    ),
    *(
        Promise(
            name=f"{size}, mixed texts, {title}: ours over {name}",
            bench="peers",
            read=_ratio(table, key, size),
            binding=binding,
            more_is_better=True,
            unit="times",
        )
        for size in ("base", "bundled")
        for table, title, key, name, binding in (
            ("fp32", "fp32", "pipeline", "transformers' pipeline", 2.0),
            ("fp32", "fp32", "best other", "the best other peer", 1.2),
            ("best", "best passing precision", "pipeline", "transformers' pipeline", 5.0),
            ("best", "best passing precision", "best other", "the best other peer", 1.5),
        )
    ),
    Promise(
        name="cache hit, end to end, one client: p99",
        bench="http-bundled",
        read=_load("hits", "p99_ms", 1),
        binding=5,
    ),
    Promise(
        name="cache hit, in the process from token ids: p99",
        bench="cache",
        read=_memory_hit,
        binding=0.1,
    ),
    Promise(
        name="start to first answer, warm disk: median",
        bench="start",
        read=lambda result: float(result["median_s"]["first answer"]),
        binding=6,
        goal=3,
        unit="s",
    ),
    Promise(
        name="RoBERTa-base size: online rate as a share of offline",
        bench="http-base",
        read=_served("offline_share"),
        binding=0.8,
        more_is_better=True,
        unit="",
    ),
    Promise(
        name="bundled: online rate as a share of offline",
        bench="http-bundled",
        read=_served("offline_share"),
        binding=0.65,
        more_is_better=True,
        unit="",
    ),
    Promise(
        name="faults under load: wrong answers",
        bench="faults",
        read=_faults("wrong"),
        binding=0,
        unit="",
    ),
    Promise(
        name="faults of the cache under load: requests not answered",
        bench="faults",
        read=_cache_errors,
        binding=0,
        unit="",
    ),
    Promise(
        name="SIGTERM under load: accepted requests lost",
        bench="faults",
        read=_lost,
        binding=0,
        unit="",
    ),
)


def promise_table(results: Results) -> list[dict[str, object]]:
    """Returns a row for each promise, also of those whose bench did not run."""
    return [promise.row(results) for promise in PROMISES]


def markdown(rows: list[dict[str, object]], about: Mapping[str, object]) -> str:
    """Returns the promises as a page of Markdown."""
    lines = [
        "# Promised and found",
        "",
        f"{about['processor']}, {about['cpus']} CPUs, {about['date']}, seed {about['seed']}.",
        f"Load before {about['load_1_min']}, after {about['load_1_min_after']}.",
        f"It took {about['minutes']} minutes.",
        f"`{about['command']}`",
        "",
        "| figure | found | binding | met | goal | met |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        found = "not measured" if row["found"] is None else f"{row['found']:g} {row['unit']}"
        met = [
            {True: "yes", False: "**no**", None: ""}[row[k]] for k in ("binding_met", "goal_met")
        ]
        goal = "" if row["goal"] is None else f"{row['goal']:g}"
        lines.append(
            f"| {row['name']} | {found} | {row['binding']:g} | {met[0]} | {goal} | {met[1]} |"
        )
    return "\n".join(lines) + "\n"
