"""What came of a comparison: tables for people, ratios with their goals, one JSON for machines."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from intervals import Ratio, ratio_of_rounds
from peers.catalogue import OURS, PIPELINE
from peers.judging import Verdict
from rich.console import Console
from rich.markdown import Markdown

TITLES = {"fp32": "All in fp32", "best": "Each in its lower precisions"}
BINDING = {
    ("fp32", "pipeline"): 2.0,
    ("fp32", "best other"): 1.2,
    ("best", "pipeline"): 5.0,
    ("best", "best other"): 1.5,
}
"""Least ratio of the rates over mixed texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A system in one precision, in one pass.

    Attributes:
        size: which model.
        table: fp32 or best.
        system: its name.
        kind: in process or over HTTP.
        precision: what it computed in.
        passes_gate: false where its answers differ too much on the bundled encoder.
        texts_per_s: median rate over mixed texts.
        tokens_per_s: the same in tokens read, markers included, padding not.
        rates: texts per second of each round.
        single_ms: p50, p95 and p99 of a text alone, by number of tokens.
        resident_mib: memory of all its processes, MiB.
        open_seconds: from its start, libraries imported, to the first possible text.
        versions: of its libraries.
        options: what it chose.
        verdict: how its answers compare with transformers in fp32.
    """

    size: str
    table: str
    system: str
    kind: str
    precision: str
    passes_gate: bool
    texts_per_s: float
    tokens_per_s: float
    rates: list[float]
    single_ms: dict[int, dict[str, float]]
    resident_mib: int
    open_seconds: float
    versions: object
    options: Mapping[str, object]
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ours against another system of the same kind, in the same rounds.

    Attributes:
        size: which model.
        table: fp32 or best.
        kind: in process or over HTTP.
        ours: our precision.
        against: the other system, its precision, and whether it is the pipeline or the best other.
        ratio: rate of ours over the other's.
        binding: least ratio asked for.
    """

    size: str
    table: str
    kind: str
    ours: str
    against: str
    ratio: Ratio
    binding: float


def compare(rows: Sequence[Row], *, seed: int) -> list[Comparison]:
    """Returns ours against the pipeline and against the best other, for each table and kind."""
    found = []
    for size, table, kind in dict.fromkeys((r.size, r.table, r.kind) for r in rows):
        group = [r for r in rows if (r.size, r.table, r.kind) == (size, table, kind)]
        fastest = sorted((r for r in group if r.passes_gate), key=lambda r: -r.texts_per_s)
        ours = [r for r in fastest if r.system == OURS[kind]][:1]
        named = {
            "pipeline": [r for r in fastest if r.system == PIPELINE][:1],
            "best other": [r for r in fastest if r.system not in {PIPELINE, OURS[kind]}][:1],
        }
        for name, others in named.items():
            for mine, other in zip(ours, others, strict=False):
                found.append(
                    Comparison(
                        size=size,
                        table=table,
                        kind=kind,
                        ours=mine.precision,
                        against=f"{name}: {other.system}, {other.precision}",
                        ratio=ratio_of_rounds(mine.rates, other.rates, seed=seed),
                        binding=BINDING[table, name],
                    )
                )
    return found


def write_report(
    rows: Sequence[Row],
    comparisons: Sequence[Comparison],
    about: Mapping[str, object],
    *,
    folder: Path | None,
) -> dict[str, object]:
    """Prints tables, writes them and the JSON into a folder, and returns the content."""
    content = dict(about) | {
        "rows": [asdict(row) for row in rows],
        "ratios": [asdict(each) for each in comparisons],
    }
    text = markdown(rows, comparisons, about)
    Console(width=150).print(Markdown(text))
    if folder is not None:
        name = f"{about['date']}-peers"
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return content


def markdown(
    rows: Sequence[Row], comparisons: Sequence[Comparison], about: Mapping[str, object]
) -> str:
    """Returns the report in Markdown."""
    lines = [
        "# Beside its peers",
        "",
        f"{about['processor']}, {about['threads']} threads, {about['date']}, seed {about['seed']}.",
        f"Load before {about['load_1_min']}, after {about['load_1_min_after']}.",
        f"`{about['command']}`",
        "",
        "Rates are medians over rounds. Ratios are medians of the rounds' ratios, with 95 %",
        "intervals (bootstrap over rounds).",
    ]
    for size, table in dict.fromkeys((r.size, r.table) for r in rows):
        mine = [r for r in rows if (r.size, r.table) == (size, table)]
        lines += ["", f"## {TITLES[table]}, {size}", "", *_table(mine), ""]
        lines += [
            f"- {c.kind}: {c.ours} against the {c.against}: {c.ratio} times as fast; "
            f"at least {c.binding:g} is asked for"
            for c in comparisons
            if (c.size, c.table) == (size, table)
        ]
    if about["notes"]:
        lines += ["", "## Left out", "", *(f"- {note}" for note in about["notes"])]
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[Row]) -> list[str]:
    lengths = sorted({n for row in rows for n in row.single_ms})
    heads = ["system", "precision", "gate", "texts/s", "tokens/s"]
    heads += [f"{n} tokens: p50 / p95 ms" for n in lengths]
    heads += ["MiB", "largest logit difference", "same primary"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in sorted(rows, key=lambda r: (r.kind, -r.texts_per_s)):
        cells = [f"{row.system} ({row.kind})", row.precision]
        cells += ["passed" if row.passes_gate else "failed"]
        cells += [f"{row.texts_per_s:,.1f}", f"{row.tokens_per_s:,.0f}"]
        cells += [f"{row.single_ms[n]['p50']:.1f} / {row.single_ms[n]['p95']:.1f}" for n in lengths]
        cells += [f"{row.resident_mib:,}"]
        cells += ["", ""] if row.verdict is None else [
            f"{row.verdict.largest_logit_difference:.2g}", f"{row.verdict.same_primary:.3f}"
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines
