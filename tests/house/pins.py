"""The exact pins of the project, by the names that indexes compare."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "configs" / "constraints.txt"


def canonical(name: str) -> str:
    """Returns a project name as indexes compare it. Source: packaging.python.org, PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> dict[str, str]:
    """Returns canonical name -> version of every pin."""
    lines = (line.partition("#")[0].strip() for line in PINS.read_text().splitlines())
    pairs = (line.split("==") for line in lines if line)
    return {canonical(name): version for name, version in pairs}
