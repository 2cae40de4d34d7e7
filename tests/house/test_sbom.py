"""configs/sbom.json: every pinned package in its version, with a licence that is allowed."""

import json
import re
import tomllib
from collections import Counter

import pytest
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def pins_in_words(root):
    lines = (root / "configs" / "constraints.txt").read_text().splitlines()
    bare = [line.partition("#")[0].strip() for line in lines]
    return {canonicalize_name(n): v for n, v in (line.split("==") for line in bare if line)}


@pytest.fixture(scope="module")
def sbom(root):
    return json.loads((root / "configs" / "sbom.json").read_text())


@pytest.fixture(scope="module")
def licences(root):
    return tomllib.loads((root / "configs" / "licences.toml").read_text())


def said(component):
    """Returns what a package says of its licence; of a whole text its first line."""
    names = [
        entry.get("expression") or entry["license"].get("id") or entry["license"]["name"]
        for entry in component.get("licenses", [])
    ]
    return {name.splitlines()[0].strip() for name in names}


def test_it_names_every_pin_in_its_version_and_nothing_else(sbom, pins_in_words):
    found = [(canonicalize_name(c["name"]), c["version"]) for c in sbom["components"]]
    assert Counter(found) == Counter(pins_in_words.items()), "run make sbom"


def test_it_is_cyclonedx_and_small(sbom, root):
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    assert (root / "configs" / "sbom.json").stat().st_size < 1_000_000


def test_each_package_has_an_address_that_is_its_own(sbom):
    for component in sbom["components"]:
        expected = f"pkg:pypi/{canonicalize_name(component['name'])}@{component['version']}"
        assert component["purl"] == component["bom-ref"] == expected


def test_who_needs_whom_is_told_of_packages_that_are_named(sbom):
    known = {c["bom-ref"] for c in [*sbom["components"], sbom["metadata"]["component"]]}
    told = {entry["ref"]: set(entry["dependsOn"]) for entry in sbom["dependencies"]}
    assert set(told) <= known
    assert set().union(*told.values()) <= known
    [starlette] = [ref for ref in known if ref.startswith("pkg:pypi/starlette@")]
    [fastapi] = [ref for ref in known if ref.startswith("pkg:pypi/fastapi@")]
    assert starlette in told[fastapi]


def test_it_tells_nothing_of_the_machine_that_wrote_it(sbom):
    assert not re.search(r"file:|/(home|root|work|opt|tmp)/", json.dumps(sbom))


def test_every_licence_is_allowed_or_named_with_a_reason(sbom, licences):
    installed = [c for c in sbom["components"] if c.get("scope") != "excluded"]
    rest = [c for c in installed if c["name"] not in licences["exceptions"]]
    allowed = set(licences["allowed"])
    others = [(c["name"], said(c)) for c in rest if not said(c) or not said(c) <= allowed]
    assert others == []


def test_every_exception_is_of_a_package_that_is_there_and_says_why(sbom, licences):
    names = {component["name"] for component in sbom["components"]}
    assert set(licences["exceptions"]) <= names
    assert all(len(reason.split()) > 3 for reason in licences["exceptions"].values())


def test_no_licence_that_binds_what_uses_it_is_allowed_for_all(licences):
    assert [name for name in licences["allowed"] if re.search(r"GPL|AGPL|SSPL|Commons", name)] == []
