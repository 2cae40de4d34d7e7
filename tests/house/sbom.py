"""Writes configs/sbom.json: what is installed under configs/constraints.txt, with licences.

CycloneDX 1.6, made by cyclonedx-bom from the environment of this interpreter. A pin that is not
installed here (it belongs to another platform, or is not required yet) is listed as excluded, and
a package without a pin is left out: this page and the pins name the same. The first argument is the
program `cyclonedx-py`.
"""

import json
import subprocess
import sys
from typing import Any

from pins import ROOT, canonical, pinned

SBOM = ROOT / "configs" / "sbom.json"


def installed(program: str) -> dict[str, Any]:
    """Returns what cyclonedx-bom says of the environment of this interpreter."""
    command = [program, "environment", "--pyproject", str(ROOT / "pyproject.toml")]
    command += ["--output-reproducible", "--spec-version", "1.6", "--output-format", "JSON"]
    answer = subprocess.run([*command, sys.executable], stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def tidied(component: dict[str, Any], *, version: str) -> dict[str, Any]:
    """Returns a component under its public version, without places of this machine."""
    kept = {key: value for key, value in component.items() if key not in {"properties", "evidence"}}
    references = [
        reference
        for reference in component.get("externalReferences", [])
        if reference["url"].startswith(("https://", "http://"))
    ]
    kept.pop("externalReferences", None)
    if references:
        kept["externalReferences"] = references
    name = canonical(component["name"])
    reference = f"pkg:pypi/{name}@{version}"
    return kept | {"name": name, "version": version, "purl": reference, "bom-ref": reference}


def absent(name: str, version: str) -> dict[str, Any]:
    """Returns a pin that is not installed here."""
    reference = f"pkg:pypi/{name}@{version}"
    return {
        "type": "library",
        "name": name,
        "version": version,
        "scope": "excluded",
        "purl": reference,
        "bom-ref": reference,
    }


def assemble(found: dict[str, Any], pins: dict[str, str]) -> dict[str, Any]:
    """Returns the page: a component for each pin, and who needs whom."""
    by_name = {canonical(component["name"]): component for component in found["components"]}
    components = [
        tidied(by_name[name], version=version) if name in by_name else absent(name, version)
        for name, version in sorted(pins.items())
    ]
    root = found["metadata"]["component"]
    own = tidied(root, version=root["version"])
    names = {
        component["bom-ref"]: canonical(component["name"])
        for component in [*found["components"], root]
    }
    references = {canonical(c["name"]): c["bom-ref"] for c in [*components, own]}
    dependencies = [
        {
            "ref": references[names[entry["ref"]]],
            "dependsOn": sorted(
                references[names[ref]]
                for ref in entry.get("dependsOn", [])
                if names[ref] in references
            ),
        }
        for entry in found["dependencies"]
        if names[entry["ref"]] in references
    ]
    return {
        "$schema": found["$schema"],
        "bomFormat": "CycloneDX",
        "specVersion": found["specVersion"],
        "version": 1,
        "metadata": {"component": own, "tools": found["metadata"].get("tools", {})},
        "components": components,
        "dependencies": sorted(dependencies, key=lambda entry: str(entry["ref"])),
    }


def main() -> None:
    """Writes the page and says how much it holds."""
    page = assemble(installed(sys.argv[1]), pinned())
    SBOM.write_text(json.dumps(page, indent=1, ensure_ascii=False) + "\n")
    print(f"{SBOM.relative_to(ROOT)}: {len(page['components'])} packages")


if __name__ == "__main__":
    main()
