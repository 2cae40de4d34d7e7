"""What the masker finds and what it takes wrongly, kind by kind, and how long it takes.

Reads the second measured texts of tests/data/masking, which nothing was tuned on, and for
comparison those it was tuned on. Writes a dated JSON and Markdown result, prints the Markdown and,
as the last line, the headline as JSON; exits 1 where a figure is short.
"""

import argparse
import json
import os
import platform
import shlex
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from masking_score import KINDS, NUMBERS, Marked, Score, Share, read_marked, score
from measured import result_file

from data_pipeline.domain.masking import MASKING_VERSION, mask
from model_store.engine.processor import processor_name

RESULTS = Path(__file__).with_name("results")
TEXTS = Path(__file__).parents[1] / "data" / "masking"
MEASURED, TUNED_ON = (
    "second_measured.jsonl",
    ("measured.jsonl", "tuning.jsonl", "wide_tuning.jsonl", "broad_tuning.jsonl"),
)
# A token of this model is about four characters of such text.
CHARACTERS, TOKENS = 1000, 250
ROUNDS = 5
PROMISED_MS = 3.0
PROMISED = {"numbers": (0.99, 0.95), "name": (0.95, 0.85)}
GROUPS: dict[str, frozenset[str]] = {
    "numbers": NUMBERS,
    "all but names": frozenset(KINDS) - {"name"},
    **{kind: frozenset({kind}) for kind in KINDS},
}


def told(share: Share) -> dict[str, Any]:
    """Returns a share with its 95 % interval, for a result file."""
    low, high = share.interval()
    return {
        "value": round(share.value, 4),
        "interval_95": [round(low, 4), round(high, 4)],
        "hits": share.hits,
        "of": share.of,
    }


def figures(found: Score) -> dict[str, Any]:
    """Returns recall and precision of every group of kinds."""
    return {
        name: {"recall": told(found.recall(kinds)), "precision": told(found.precision(kinds))}
        for name, kinds in GROUPS.items()
    }


def milliseconds(texts: list[Marked]) -> dict[str, float]:
    """Returns how long masking 1,000 characters takes, about 250 tokens."""
    whole = "\n".join(marked.text for marked in texts)
    cuts = [whole[at : at + CHARACTERS] for at in range(0, len(whole) - CHARACTERS, CHARACTERS)]
    for cut in cuts:
        mask(cut)
    taken = []
    for cut in cuts * ROUNDS:
        start = time.perf_counter()
        mask(cut)
        taken.append((time.perf_counter() - start) * 1000)
    percentiles = statistics.quantiles(taken, n=20)
    return {"median": round(statistics.median(taken), 2), "p95": round(percentiles[-1], 2)}


def measure(folder: Path = TEXTS) -> dict[str, Any]:
    """Returns the whole result, on the texts of a folder."""
    measured = read_marked(folder / MEASURED)
    return {
        "what": "identifiers found in texts with marked identifiers, and wrong placeholders",
        "date": datetime.now(UTC).date().isoformat(),
        "command": shlex.join(["python", *sys.argv]),
        "hardware": f"{os.cpu_count()} cores of {processor_name()}, one thread used",
        "load_1_min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "masking_version": MASKING_VERSION,
        "texts": len(measured),
        "promised": {"numbers": [0.99, 0.95], "name": [0.95, 0.85], "median_ms": PROMISED_MS},
        "ms_per_250_tokens": milliseconds(measured),
        "measured_on": MEASURED,
        "measured": figures(score(measured)),
        "tuned_on": {name: figures(score(read_marked(folder / name))) for name in TUNED_ON},
        "history": json.loads((folder / "history.json").read_text("utf-8")),
    }


def percent(figure: dict[str, Any]) -> str:
    """Returns a share with its interval, for people."""
    low, high = figure["interval_95"]
    return f"{figure['value']:.3f} ({low:.3f} to {high:.3f}), {figure['hits']} of {figure['of']}"


def markdown(result: dict[str, Any]) -> str:
    """Returns the result as a page."""
    spent = result["ms_per_250_tokens"]
    lines = [
        "# Masker: what it finds, and what it takes wrongly",
        "",
        (
            f"{result['date']}, {result['hardware']}, load {result['load_1_min']}; "
            f"`{result['command']}`; masker {result['masking_version']}; {result['texts']} texts "
            f"of {result['measured_on']}."
        ),
        "",
        (
            f"{TOKENS} tokens ({CHARACTERS} characters): median {spent['median']} ms, "
            f"p95 {spent['p95']} ms (promised: median {PROMISED_MS} ms)."
        ),
        "",
        *table(result["measured"]),
        "",
        "Promised: numbers 0.99 / 0.95, names 0.95 / 0.85.",
    ]
    for name, found in result["tuned_on"].items():
        lines += ["", f"## Tuned on: {name}", ""]
        lines += table({kind: found[kind] for kind in PROMISED})
    return "\n".join([*lines, "", *history_lines(result["history"]), ""])


def table(found: dict[str, Any]) -> list[str]:
    """Returns recall and precision of groups of kinds, a line each."""
    return [
        "| kind | recall (95 % interval) | precision (95 % interval) |",
        "|---|---|---|",
        *(
            f"| {name} | {percent(row['recall'])} | {percent(row['precision'])} |"
            for name, row in found.items()
        ),
    ]


def history_lines(history: dict[str, Any]) -> list[str]:
    """Returns the measurements so far, each with the file of the texts it was made on."""
    return [
        "## History",
        "",
        "| masker | measured on | numbers recall / precision | names recall / precision |",
        "|---|---|---|---|",
        *(
            f"| {step['what']} | {step['texts']} | {step['numbers'][0]} / {step['numbers'][1]} "
            f"| {step['name'][0]} / {step['name'][1]} |"
            for step in history["steps"]
        ),
        "",
        history["note"],
    ]


def is_kept(result: dict[str, Any]) -> bool:
    """Tells whether every promised figure is reached."""
    reached = all(
        result["measured"][name]["recall"]["value"] >= recall
        and result["measured"][name]["precision"]["value"] >= precision
        for name, (recall, precision) in PROMISED.items()
    )
    return reached and result["ms_per_250_tokens"]["median"] <= PROMISED_MS


def main() -> int:
    """Measures, writes and prints; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    today = datetime.now(UTC).date().isoformat()
    parser.add_argument("--output", type=result_file, default=RESULTS / f"{today}-masking.json")
    arguments = parser.parse_args()
    result = measure()
    page = markdown(result)
    arguments.output.write_text(f"{json.dumps(result, indent=1)}\n", encoding="utf-8")
    arguments.output.with_suffix(".md").write_text(page, encoding="utf-8")
    print(page)
    headline = {name: result["measured"][name] for name in PROMISED}
    print(json.dumps({**headline, "ms": result["ms_per_250_tokens"]}))
    return int(not is_kept(result))


if __name__ == "__main__":
    sys.exit(main())
