"""Whether suggested lawful changes remove the reason they are for, on simulated denials.

Takes synthetic files that the simulator denied, of families that no training text is of, with the
fields of their application form; the model reads text and fields. For each denial that the model
states a reason of, recourse is searched for the first one; how many were passed over is told, and
they are many with a model that did not learn from the simulator. Each first suggestion is then
scored anew, alone, and by plain torch in fp32, whatever engine searched: the reason must be gone.
Prints a table, and as its last line the figures and their conditions as JSON; `--output` writes
that too. Interrupted (Ctrl-C), it gives the figures of the denials it has come to.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from measured import conditions, result_file
from rich.console import Console
from rich.progress import track
from rich.table import Table

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import REASON_INFO
from data_pipeline.generator.applications import application_of
from data_pipeline.generator.simulation import (
    GENERATOR_VERSION,
    SimulationSplit,
    simulate,
)
from data_pipeline.sources import Row
from model_store.artifact import starter_directory
from model_store.engine.choice import EngineChoice
from model_store.predictor import Predictor
from serving.rows import FailedRow, ScoredRow
from serving.scoring import ScoringService
from serving.what_if.recourse import Suggestion, find_recourse
from serving.what_if.table import table

SEED = 20261120
_SCORED_AT_ONCE = 16


@dataclass(slots=True, kw_only=True)
class Found:
    """What came of the denials.

    Attributes:
        num_denials: denials of which the model states a reason.
        num_unstated: denials of which it states none; they are passed over.
        suggested: denials with a suggestion, by the category of the reason.
        removed: those whose reason is gone when scored anew, likewise.
        asked: all denials, likewise.
        by_kind: suggestions by what changes: one field, several, or words that are settled.
        tried: applications scored in the searches.
        reviewed: reasons gone from the statement that a person must still look at.
    """

    num_denials: int = 0
    num_unstated: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    suggested: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    tried: int = 0
    reviewed: int = 0


def scored(service: ScoringService, applications: list[LoanApplication]) -> list[ScoredRow]:
    """Scores applications."""
    rows = service.score(
        [Row(number=n, id=str(n), application=a) for n, a in enumerate(applications, start=1)]
    )
    failed = [row for row in rows if isinstance(row, FailedRow)]
    if failed:
        raise ValueError(failed[0].error.code)
    return [row for row in rows if isinstance(row, ScoredRow)]


def denials(
    service: ScoringService, found: Found, *, seed: int
) -> Iterator[tuple[LoanApplication, ScoredRow]]:
    """Yields denied files with their answers, of those that the model states a reason of."""
    files = simulate(1_000_000, seed=seed, split=SimulationSplit.HELD_OUT)
    applications = (application_of(file.applicant, text=file.text) for file in files if file.denied)
    while part := list(islice(applications, _SCORED_AT_ONCE)):
        for application, row in zip(part, scored(service, part), strict=True):
            if row.principal_reasons:
                yield application, row
            else:
                found.num_unstated += 1


def kind_of(suggestion: Suggestion) -> str:
    """Says what changes."""
    if suggestion.changed.struck:
        return "settled"
    direct = [change for change in suggestion.changed.changes if not change.is_derived]
    return "one field" if len(direct) == 1 else "fields together"


def is_removed(reference: Predictor, suggestion: Suggestion, reason: str) -> bool:
    """Scores a suggestion anew, alone, and says whether the reason is not stated."""
    [prediction] = reference.predict([render_text(suggestion.changed.application)])
    return all(stated.reason != reason for stated in prediction.principal_reasons)


def measure(service: ScoringService, reference: Predictor, asked: argparse.Namespace) -> Found:
    """Searches recourse for as many denials as asked for."""
    found = Found()
    with suppress(KeyboardInterrupt):
        search(service, reference, asked, found)
    return found


def search(
    service: ScoringService, reference: Predictor, asked: argparse.Namespace, found: Found
) -> None:
    """Searches recourse for denials, counting what comes of each."""
    files = islice(denials(service, found, seed=asked.seed), asked.denials)
    for application, row in track(files, description="denials", total=asked.denials):
        reason = row.principal_reasons[0].reason
        result = find_recourse(
            application, row, reason, score=lambda many: scored(service, list(many))
        )
        category = REASON_INFO[reason].category.value
        found.num_denials += 1
        found.asked[category] += 1
        found.tried += result.num_tried
        if result.suggestions:
            first = result.suggestions[0]
            found.suggested[category] += 1
            found.by_kind[kind_of(first)] += 1
            found.reviewed += first.still_in_review
            found.removed[category] += is_removed(reference, first, reason)


def figures(found: Found) -> dict[str, Any]:
    """Returns what was found as numbers."""
    suggested, removed = found.suggested.total(), found.removed.total()
    return {
        "denials": found.num_denials,
        "passed_over_no_reason_stated": found.num_unstated,
        "with_suggestion": suggested,
        "with_suggestion_share": round(suggested / max(1, found.num_denials), 4),
        "reason_removed_when_re_scored": removed,
        "removed_share_of_suggestions": round(removed / max(1, suggested), 4),
        "removed_share_of_denials": round(removed / max(1, found.num_denials), 4),
        "still_in_review": found.reviewed,
        "by_kind": dict(found.by_kind),
        "mean_applications_scored": round(found.tried / max(1, found.num_denials), 1),
        "by_category": {
            category: {
                "denials": found.asked[category],
                "with_suggestion": found.suggested[category],
                "removed": found.removed[category],
            }
            for category in sorted(found.asked)
        },
    }


def show(numbers: dict[str, Any]) -> None:
    """Prints the table."""
    columns = ["category", "denials", "with suggestion", "removed"]
    grid = Table(title="Recourse on simulated denials")
    for column in columns:
        grid.add_column(column, justify="left" if column == "category" else "right")
    for category, counts in numbers["by_category"].items():
        grid.add_row(category, *(str(count) for count in counts.values()))
    grid.add_row(
        "all",
        str(numbers["denials"]),
        f"{numbers['with_suggestion']} ({numbers['with_suggestion_share']:.1%})",
        f"{numbers['reason_removed_when_re_scored']} "
        f"({numbers['removed_share_of_suggestions']:.1%} of suggestions, "
        f"{numbers['removed_share_of_denials']:.1%} of denials)",
    )
    Console().print(grid)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=starter_directory(), help="model directory")
    parser.add_argument("--denials", type=int, default=200, help="simulated denials (200)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the simulator ({SEED})")
    parser.add_argument("--engine", default="auto", choices=["auto", "openvino", "torch"])
    parser.add_argument("--output", type=result_file, help="file for the JSON as well")
    return parser.parse_args()


def main() -> None:
    """Measures and prints."""
    asked = arguments()
    predictor = Predictor.load(asked.model, choice=EngineChoice(engine=asked.engine))
    found = measure(ScoringService(predictor=predictor), Predictor.load(asked.model), asked)
    numbers = figures(found)
    show(numbers)
    record = conditions(predictor.model_version) | {
        "simulator_seed": asked.seed,
        "generator_version": GENERATOR_VERSION,
        "table_version": table().version,
        "denials_asked_for": asked.denials,
        "recourse": numbers,
    }
    if asked.output is not None:
        asked.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(record))


if __name__ == "__main__":
    main()
