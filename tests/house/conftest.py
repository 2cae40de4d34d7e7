"""The repository as git sees it, and a virtual environment that holds the core alone."""

import csv
import os
import re
import shutil
import subprocess
import tomllib
import venv
from collections.abc import Callable
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
NOT_IN_GIT = ["__pycache__", ".*", "build", "dist", "*.egg-info", "archives"]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def project(root: Path) -> dict:
    """pyproject.toml, parsed."""
    return tomllib.loads((root / "pyproject.toml").read_text())


@pytest.fixture(scope="session")
def repository_files(root: Path) -> list[PurePosixPath]:
    """Every file that is or would be committed, relative to the root."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        pytest.skip("needs a git checkout")
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout
    return [PurePosixPath(name) for name in listed.split("\0") if name and (root / name).exists()]


@pytest.fixture
def clean_copy(root: Path, tmp_path: Path) -> Path:
    """The sources of a build without caches and without what earlier builds left behind."""
    copy = tmp_path / "source"
    for name in ["pyproject.toml", "README.md", "LICENSE"]:
        copy.mkdir(exist_ok=True)
        shutil.copy(root / name, copy / name)
    for name in ["data_pipeline", "training", "model_store", "serving"]:
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns(*NOT_IN_GIT))
    return copy


def canonical(name: str) -> str:
    """A project name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def core_closure(requirements: list[str]) -> dict[str, Distribution]:
    """The installed distributions that the core needs, directly or not, the project included."""
    installed = {canonical(dist.metadata["Name"]): dist for dist in distributions()}
    found = {"wherefore": installed["wherefore"]}
    waiting = [Requirement(line) for line in requirements]
    visited = set()
    while waiting:
        needed = waiting.pop()
        key = (canonical(needed.name), frozenset(needed.extras))
        if key in visited:
            continue
        visited.add(key)
        found[key[0]] = installed[key[0]]
        waiting += [
            further
            for further in map(Requirement, installed[key[0]].requires or [])
            if further.marker is None
            or any(further.marker.evaluate({"extra": extra}) for extra in ["", *needed.extras])
        ]
    return found


def places(dist: Distribution) -> set[PurePosixPath]:
    """The place of each file of a distribution below site-packages, from its RECORD."""
    named = {row[0] for row in csv.reader((dist.read_text("RECORD") or "").splitlines())}
    return {PurePosixPath(name) for name in named if not name.startswith("../")}


def link_core(closure: dict[str, Distribution], site: Path) -> None:
    """Links what the core owns into `site`; folders shared with others only file by file."""
    owners: dict[str, set[str]] = {}
    for dist in distributions():
        name = canonical(dist.metadata["Name"])
        for top in {place.parts[0] for place in places(dist)}:
            owners.setdefault(top, set()).add(name)
    for dist in closure.values():
        shared = {place for place in places(dist) if not owners[place.parts[0]] <= closure.keys()}
        alone = {PurePosixPath(place.parts[0]) for place in places(dist) - shared}
        for place in shared | alone:
            link = site / place
            link.parent.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(link):
                link.symlink_to(Path(str(dist.locate_file(place))))


@pytest.fixture(scope="session")
def core_python(
    project: dict, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs an interpreter that finds the core's requirements and nothing else that is installed.

    A real virtual environment whose site-packages links to the installed files of the core's
    closure: imports, entry points and version look-ups all see a core-only installation.
    """
    home = tmp_path_factory.mktemp("core")
    venv.create(home, symlinks=True, with_pip=False)
    site = next(home.glob("lib/python*/site-packages"))
    link_core(core_closure(project["project"]["dependencies"]), site)
    environment = {
        name: os.environ[name] for name in ["PATH", "HOME", "LANG"] if name in os.environ
    }

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [home / "bin" / "python", *arguments],
            cwd=home,
            env=environment | {"HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run
