"""A soak in figures, as a page and as tables for the terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from soak_events import Asked, Attacked, Began, Memory, Outcome, Reconciled
from soak_verdict import Verdict, Window, p95_ms

_LONGEST_BIN_S = 10.0
_MIN_BINS = 60
_HEADS = ("fault", "times", "answers while it was held", "500", "p95 ms", "recovered after s")


def figures(verdict: Verdict, told: Mapping[str, str]) -> dict[str, Any]:
    """Returns everything that is written down of a run.

    Args:
        verdict: the run.
        told: what each fault does, in words.
    """
    began = verdict.of(Began)
    growth, reconciled = verdict.growth(), verdict.of(Reconciled)
    found: dict[str, Any] = dict(began[0].conditions) if began else {}
    found["is_kept"] = is_kept(verdict)
    found["promises"] = {
        promise.name: {"found": promise.found, "most": promise.most, "is_kept": promise.is_kept}
        for promise in verdict.promises()
    }
    start, end = verdict.loaded
    found["requests"] = len(verdict.asked)
    found["requests_per_s"] = round(
        len([a for a in verdict.asked if a.t >= start]) / max(end - start, 1e-9), 1
    )
    found["outcomes"] = {outcome.value: n for outcome, n in sorted(verdict.outcomes().items())}
    found["kinds"] = _kinds(verdict.asked)
    found["attacks"] = _attacks(verdict.of(Attacked))
    found["p95_ms_outside_faults"] = p95_ms(_predictions(_outside(verdict)))
    found["faults"] = fault_rows(verdict, told)
    found["cut_off_by_restart"] = len(verdict.cut_off())
    if reconciled:
        found["reconciled"] = reconciled[-1].model_dump(exclude={"event", "t"})
    if growth:
        found["memory"] = {
            "kind": growth.kind,
            "early_mib": round(growth.early_mib, 1),
            "late_mib": round(growth.late_mib, 1),
            "growth": round(growth.ratio, 4),
            "life_s": round(growth.life_s),
        }
    found["series"] = series(verdict)
    found["examples"] = _examples(verdict)
    return found


def is_kept(verdict: Verdict) -> bool:
    """Returns whether no promise is broken; one that was not to be judged is none."""
    return not any(promise.is_kept is False for promise in verdict.promises())


def fault_rows(verdict: Verdict, told: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Returns for each fault what clients saw while it was held, in the order of the names."""
    windows = sorted(verdict.windows, key=lambda window: window.name)
    failures = verdict.failures()
    rows = {}
    for name, group in groupby(windows, key=lambda window: window.name):
        held = list(group)
        within = [a for a in verdict.asked if any(w.covers(a.t + a.took_s) for w in held)]
        recovered = [w.recovered_s for w in held]
        rows[name] = {
            "told": told.get(name, name),
            "times": len(held),
            "statuses": _statuses(within),
            "answers_of_500": sum(_is_of(cause, held) for _, _, cause in failures),
            "p95_ms": p95_ms(_predictions([a for a in within if not a.is_probe])),
            "recovered_s": None if None in recovered else max(filter(None, recovered), default=0.0),
            "held_s": [None if w.end == float("inf") else round(w.end - w.start, 1) for w in held],
        }
    return rows


def series(verdict: Verdict) -> dict[str, Any]:
    """Returns the run in steps of ten seconds at most: requests, refusals, p95; and memory."""
    start, end = verdict.loaded
    bin_s = max(1.0, min(_LONGEST_BIN_S, (end - start) // _MIN_BINS))
    num_bins = max(1, int((end - start) // bin_s))
    requests: list[list[Asked]] = [[] for _ in range(num_bins)]
    for asked in verdict.asked:
        number = int((asked.t - start) // bin_s)
        if start <= asked.t and number < num_bins:
            requests[number].append(asked)
    return {
        "bin_s": bin_s,
        "answered_per_s": [_num(each, {Outcome.ANSWERED}) / bin_s for each in requests],
        "refused_per_s": [_num(each, {Outcome.REFUSED}) / bin_s for each in requests],
        "cut_off_per_s": [
            _num(each, {Outcome.BROKEN, Outcome.UNCONNECTED}) / bin_s for each in requests
        ],
        "p95_ms": [p95_ms(_predictions(each)) for each in requests],
        "memory": [
            [round(m.t - start, 1), m.pss_mib or m.rss_mib, m.rss_mib] for m in verdict.of(Memory)
        ],
        "faults": [
            [w.name, round(w.start - start, 1), round(max(w.start, min(w.end, end)) - start, 1)]
            for w in verdict.windows
        ],
    }


def page(found: Mapping[str, Any], *, picture: str | None) -> str:
    """Returns the figures as Markdown, with the name of a picture beside it."""
    verdict = "Every promise is kept." if found["is_kept"] else "**A promise is broken.**"
    about = (
        f"{found['processor']}, {found['cpus']} CPUs, client on the same ones; "
        f"{found['seconds']:g} s at {found['share']:.0%} of {found['sustainable_rate']:.1f} "
        f"operations/s ({found['requests_per_s']:.1f} requests/s), a fault every "
        f"{found['period_s']:g} s, held {found['hold_s']:g} s; seed {found['seed']}. "
        f"Disk: {found['disk']}. Model: {found['model']}, computed by {found['computed_by']}."
    )
    lines = [
        "# Soak",
        "",
        about,
        "",
        verdict,
        "",
        "| promise | found | at most | kept |",
        "|---|---|---|---|",
        *(
            f"| {name} | {_shown(p['found'])} | {p['most']:g} | {_kept(p['is_kept'])} |"
            for name, p in found["promises"].items()
        ),
        "",
        f"Requests: {found['requests']:,}; "
        + ", ".join(f"{name} {number:,}" for name, number in found["outcomes"].items())
        + f". Cut off by the restart: {found['cut_off_by_restart']}.",
        "",
        f"p95 of predictions outside faults: {_shown(found['p95_ms_outside_faults'])} ms.",
        "",
        "| " + " | ".join(_HEADS) + " |",
        "|---" * len(_HEADS) + "|",
        *("| " + " | ".join(row) + " |" for row in _fault_cells(found["faults"])),
        "",
        *(f"- `{name}`: {row['told']}." for name, row in found["faults"].items()),
        "",
        *_reconciled_lines(found),
    ]
    if picture:
        lines += [f"![rate, p95 and memory, faults as bands]({picture})", ""]
    return "\n".join(lines)


def show(found: Mapping[str, Any]) -> None:
    """Prints the tables."""
    console = Console(width=150)
    promises = Table(title="What was promised")
    for head in ("promise", "found", "at most", "kept"):
        promises.add_column(head, justify="left" if head == "promise" else "right")
    for name, promise in found["promises"].items():
        kept = _kept(promise["is_kept"]).strip("*")
        promises.add_row(name, _shown(promise["found"]), f"{promise['most']:g}", kept)
    faults = Table(title="While faults were held")
    for head in _HEADS:
        faults.add_column(head, justify="right" if head in _HEADS[-3:] else "left")
    for row in _fault_cells(found["faults"]):
        faults.add_row(*row)
    console.print(promises)
    console.print(faults)


def _fault_cells(rows: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    return [
        [
            name,
            str(row["times"]),
            ", ".join(f"{status}: {count:,}" for status, count in row["statuses"].items()),
            str(row["answers_of_500"]),
            _shown(row["p95_ms"]),
            _shown(row["recovered_s"]),
        ]
        for name, row in rows.items()
    ]


def _reconciled_lines(found: Mapping[str, Any]) -> list[str]:
    lines = []
    if "reconciled" in found:
        r = found["reconciled"]
        lines.append(
            f"Read again at the end: {r['cases']:,} cases with {r['steps']:,} acknowledged steps; "
            f"{r['told_otherwise']} steps are there though 503 or nothing was answered. "
            f"{r['backlogs']} backlogs, {r['resumed_backlogs']} of them resumed after a full disk."
        )
    if "memory" in found:
        m = found["memory"]
        lines.append(
            f"Memory ({m['kind']}) of the process that lived longest ({m['life_s']} s): median "
            f"{m['early_mib']:,} MiB in the second sixth of its life, {m['late_mib']:,} MiB in the "
            f"last one ({m['growth']:+.1%})."
        )
    return [line for each in lines for line in (each, "")]


def _kinds(asked: Sequence[Asked]) -> dict[str, dict[str, int]]:
    kinds = sorted({a.kind for a in asked})
    return {kind: _statuses([a for a in asked if a.kind == kind]) for kind in kinds}


def _attacks(attacked: Sequence[Attacked]) -> dict[str, dict[str, int]]:
    counted = Counter((a.kind, str(a.status or "no answer")) for a in attacked)
    found: dict[str, dict[str, int]] = {}
    for (kind, status), count in sorted(counted.items()):
        found.setdefault(kind, {})[status] = count
    return found


def _examples(verdict: Verdict, most: int = 20) -> list[dict[str, Any]]:
    """Some of the requests behind a broken promise."""
    causes = verdict.failures()
    uncaused = {t for t, _, cause in causes if cause is None}
    failed = [
        a for a in verdict.asked if a.outcome is Outcome.FAILED and a.t + a.took_s in uncaused
    ]
    found = [*verdict.wrong(), *verdict.lost(), *failed, *verdict.unexpected(),
             *verdict.unreachable()]  # fmt: skip
    return [a.model_dump(exclude={"event"}, exclude_none=True, mode="json") for a in found[:most]]


def _statuses(asked: Sequence[Asked]) -> dict[str, int]:
    counted = Counter(
        f"{a.outcome.value}" if a.status is None or a.outcome is Outcome.WRONG else str(a.status)
        for a in asked
    )
    return dict(sorted(counted.items()))


def _outside(verdict: Verdict) -> list[Asked]:
    start, end = verdict.loaded
    return [
        a
        for a in verdict.asked
        if start <= a.t <= end and not any(w.covers(a.t + a.took_s) for w in verdict.windows)
    ]


def _predictions(asked: Sequence[Asked]) -> list[float]:
    kinds = {"predict fresh", "predict repeated"}
    return [a.took_s for a in asked if a.kind in kinds and a.outcome is Outcome.ANSWERED]


def _num(asked: Sequence[Asked], outcomes: set[Outcome]) -> int:
    return sum(a.outcome in outcomes for a in asked)


def _is_of(cause: Window | None, held: Sequence[Window]) -> bool:
    return cause is not None and cause in held


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:,g}" if abs(value) < 1e6 else f"{value:,.0f}"


def _kept(is_kept: bool | None) -> str:
    return {True: "yes", False: "**no**", None: "not judged"}[is_kept]
