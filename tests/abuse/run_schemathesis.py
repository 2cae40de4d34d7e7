"""Sends cases drawn from the OpenAPI document to the whole API, and writes down what came back.

    python tests/abuse/run_schemathesis.py --cases 10000

The API runs in this process over SQLite, with the fake model and without quotas. Each case is sent
as somebody drawn from everybody. Counted as failures are answers of 500, refusals that are no
problem documents, and statuses, content types, header fields and bodies that the document does not
say. Exits with 1 where there are any.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("abuse", "benchmarks", "parts")]

from api_cases import SEED, Attack, Kind, Tally  # noqa: E402
from results import write_result  # noqa: E402
from whole_house import ids_of, open_house  # noqa: E402

from serving.logs import configure_logs  # noqa: E402

_PER_TURN = 5
"""Most cases of a route and kind before the next one: later turns know ids of earlier ones."""


def attack(num_cases: int) -> Tally:
    """Returns what came of at least so many cases."""
    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder) / "state") as house:
        found = Attack(house, ids_of(house))
        each = max(1, min(_PER_TURN, num_cases // (len(found.operations) * len(Kind))))
        turn = 0
        while found.tally.num_cases < num_cases:
            for route in found.operations:
                for kind in Kind:
                    found.run(route, kind, count=each, seed=SEED + turn)
            turn += 1
            print(f"# {found.tally.num_cases} cases", flush=True)
    return found.tally


def figures(tally: Tally, *, seconds: float) -> dict[str, object]:
    """Returns the result as written."""
    statuses: Counter[int] = Counter()
    routes: dict[str, dict[str, int]] = {}
    for (route, status), count in sorted(tally.statuses.items()):
        statuses[status] += count
        routes.setdefault(route, {})[str(status)] = count
    return {
        "cases": tally.num_cases,
        "seconds": round(seconds),
        "answers_of_500": statuses[500],
        "failures": tally.failures,
        "statuses": {str(status): statuses[status] for status in sorted(statuses)},
        "kinds": dict(tally.kinds),
        "sent_as": dict(tally.principals),
        "routes": routes,
    }


def markdown(found: dict[str, object]) -> str:
    """Returns the result as a table for people."""
    failures = found["failures"]
    assert isinstance(failures, dict)
    lines = [
        "# Cases drawn from the OpenAPI document",
        "",
        f"Cases: {found['cases']}. Answers of 500: {found['answers_of_500']}.",
        "",
        f"Kinds of failure: {len(failures)}.",
        "",
        "| route | answers by status |",
        "|---|---|",
    ]
    routes = found["routes"]
    assert isinstance(routes, dict)
    for route, statuses in routes.items():
        told = ", ".join(f"{status}: {count}" for status, count in statuses.items())
        lines.append(f"| `{route}` | {told} |")
    lines += ["", *(f"- {name}: `{shown}`" for name, shown in failures.items())]
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Sends the cases and writes the result; 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--output", type=Path, help="folder of the result (the benches' one)")
    parser.add_argument("--log", type=Path, default=Path("/dev/null"), help="log of the service")
    asked = parser.parse_args()
    with asked.log.open("w", encoding="utf-8") as log:
        configure_logs(log)
        began = time.monotonic()
        tally = attack(asked.cases)
        found = figures(tally, seconds=time.monotonic() - began)
    write_result("schemathesis", found, packages=("schemathesis", "fastapi"), folder=asked.output,
                 page=markdown(found))  # fmt: skip
    print(json.dumps({key: value for key, value in found.items() if key != "routes"}))
    return int(bool(tally.failures))


if __name__ == "__main__":
    sys.exit(main())
