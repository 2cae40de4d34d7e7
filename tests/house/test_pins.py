"""configs/constraints.txt: one exact, allowed version for each requirement."""

import re
from collections import Counter

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def pin_lines(root):
    lines = (root / "configs" / "constraints.txt").read_text().splitlines()
    bare = [line.partition("#")[0].strip() for line in lines]
    return [line for line in bare if line]


@pytest.fixture(scope="module")
def pins(pin_lines):
    return {
        canonicalize_name(name): version
        for name, version in (line.split("==") for line in pin_lines)
    }


@pytest.fixture(scope="module")
def requirements(project):
    lines = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    lines += [
        line for extra in project["project"]["optional-dependencies"].values() for line in extra
    ]
    lines += project["dependency-groups"]["dev"]
    return [Requirement(line) for line in lines]


def test_each_pin_is_one_exact_public_version(pin_lines):
    assert [line for line in pin_lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*", line)] == []


def test_no_package_is_pinned_twice(pin_lines):
    counts = Counter(line.split("==")[0] for line in pin_lines)
    assert [name for name, count in counts.items() if count > 1] == []


def test_everything_that_the_project_asks_for_is_pinned(requirements, pins):
    assert [str(r) for r in requirements if canonicalize_name(r.name) not in pins] == []


def test_each_pin_is_a_version_that_the_project_allows(requirements, pins):
    asked = [(requirement, canonicalize_name(requirement.name)) for requirement in requirements]
    refused = [r for r, name in asked if name in pins and not r.specifier.contains(pins[name])]
    assert [str(r) for r in refused] == []


def test_no_pin_draws_a_cuda_package(pins):
    assert [name for name in pins if re.match(r"nvidia-|cuda-|triton", name)] == []
