"""Writing down what a long test found, dated and with its conditions, beside the benches' results.

Conditions are those of `tests/benchmarks/measured.py`, which imports the model's packages and is
not needed here.
"""

import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


def write_result(
    name: str,
    found: Mapping[str, object],
    *,
    packages: Sequence[str] = (),
    folder: Path | None = None,
    page: str | None = None,
) -> Path:
    """Writes `DATE-NAME.json`, and `.md` where there is a page; returns the path of the first."""
    date = datetime.now(UTC).date().isoformat()
    program = Path(sys.argv[0]).name
    conditions = {
        "command": shlex.join(["python", f"tests/abuse/{program}", *sys.argv[1:]]),
        "date": date,
        "cpus": os.cpu_count(),
        "load_1_min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }
    path = (folder or RESULTS) / f"{date}-{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(conditions | dict(found), indent=1) + "\n", encoding="utf-8")
    if page is not None:
        path.with_suffix(".md").write_text(page, encoding="utf-8")
    return path
