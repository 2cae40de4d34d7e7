"""Looks at every pinned package: licence, age, whether it was withdrawn, known weaknesses.

Licences are read from configs/sbom.json and need no network. The rest asks the package index (JSON
API) and, through pip-audit, a service of known weaknesses. Exit code 1 for what must be looked at,
3 where the index or the service could not be asked: then nothing was found because nobody looked.
"""

import argparse
import json
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from pins import PINS, ROOT, pinned
from sbom import SBOM

OLD = timedelta(days=2 * 365)
TIMEOUT_S = 60
FOUND, NOT_ASKED = 1, 3
LICENCES = ROOT / "configs" / "licences.toml"


def licences_of(component: dict[str, Any]) -> list[str]:
    """Returns what a component says of its licence, as it says it."""
    said = component.get("licenses", [])
    return [
        entry["expression"] if "expression" in entry else _licence_name(entry["license"])
        for entry in said
    ]


def _licence_name(licence: dict[str, Any]) -> str:
    return str(licence.get("id") or licence["name"]).splitlines()[0].strip()


def licence_findings() -> Iterator[str]:
    """Yields what of the licences is not allowed."""
    rules = tomllib.loads(LICENCES.read_text())
    allowed, exceptions = set(rules["allowed"]), rules["exceptions"]
    for component in json.loads(SBOM.read_text())["components"]:
        name = component["name"]
        found = licences_of(component)
        if name in exceptions or component.get("scope") == "excluded":
            continue
        if not found or not set(found) <= allowed:
            licence = ", ".join(found) or "not told"
            yield f"{name}: licence {licence}, expected one of {LICENCES.name}"


def ask_index(index: str, name: str) -> dict[str, Any]:
    """Returns what the index says of a project. Raises OSError where it does not answer."""
    address = f"{index}/pypi/{name}/json"
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def index_findings(name: str, version: str, told: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    """Yields what the index says of a pin, each with whether it must be looked at."""
    files = told["releases"].get(version, [])
    if not files:
        yield True, f"{name}=={version}: the index has no file of it"
    elif all(file["yanked"] for file in files):
        yield True, f"{name}=={version}: withdrawn ({files[0]['yanked_reason'] or 'no reason'})"
    times = [
        datetime.fromisoformat(file["upload_time_iso_8601"])
        for release in told["releases"].values()
        for file in release
    ]
    if times and datetime.now(UTC) - max(times) > OLD:
        yield False, f"{name}: no release since {max(times):%Y-%m-%d}"
    if told["info"]["version"] == version:
        for weakness in told.get("vulnerabilities", []):
            if not weakness.get("withdrawn"):
                yield True, f"{name}=={version}: {weakness['id']}, see {weakness.get('link')}"


def ask_about_all(index: str, pins: dict[str, str]) -> tuple[list[tuple[bool, str]], list[str]]:
    """Returns what the index says of all pins, and of which it did not answer."""

    def ask(pin: tuple[str, str]) -> tuple[str, list[tuple[bool, str]] | None]:
        name, version = pin
        try:
            return name, list(index_findings(name, version, ask_index(index, name)))
        except (OSError, ValueError):
            return name, None

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, sorted(pins.items())))
    found = [finding for _, findings in answers for finding in findings or []]
    return found, [name for name, findings in answers if findings is None]


def ask_service(program: str, service: str) -> list[str] | None:
    """Returns the known weaknesses of all pins; None where the service could not be asked."""
    command = [program, "--requirement", str(PINS), "--no-deps", "--disable-pip"]
    command += ["--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"]
    asked = subprocess.run(command, capture_output=True, check=False, text=True)
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    return [
        f"{package['name']}=={package['version']}: {weakness['id']}, "
        f"mended in {', '.join(weakness['fix_versions']) or 'no version yet'}"
        for package in packages
        for weakness in package.get("vulns", [])
    ]


def main() -> None:
    """Prints what was found, and what could not be asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", default="https://pypi.org", help="package index, with JSON API")
    parser.add_argument("--service", default="osv", help="of pip-audit: osv, pypi or esms")
    parser.add_argument("--pip-audit", default="pip-audit", help="the program")
    given = parser.parse_args()
    pins = pinned()
    serious = list(licence_findings())
    told, unanswered = ask_about_all(given.index, pins)
    serious += [text for must_be_seen, text in told if must_be_seen]
    known = ask_service(given.pip_audit, given.service)
    for line in [
        *serious,
        *(known or []),
        *(text for must_be_seen, text in told if not must_be_seen),
    ]:
        print(line)
    print(f"{len(pins)} pins, {len(serious) + len(known or [])} to be looked at")
    if unanswered:
        print(
            f"NOT ASKED: found no answer of {given.index} about {len(unanswered)} of {len(pins)} "
            "packages; expected its JSON API, name another index with --index"
        )
    if known is None:
        print(
            f"NOT ASKED: found no service of known weaknesses ({given.service}); expected one that "
            "pip-audit can reach, run this where there is one or name another with --service"
        )
    if serious or known:
        sys.exit(FOUND)
    sys.exit(NOT_ASKED if unanswered or known is None else 0)


if __name__ == "__main__":
    main()
