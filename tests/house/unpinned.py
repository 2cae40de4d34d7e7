"""Names every package that the core, the extras and the dev group would install unpinned.

The arguments are pip's for torch, as in the Makefile. pip resolves everything afresh and installs
nothing. A CUDA build of torch brings packages of its own, which are left out.
"""

import json
import re
import subprocess
import sys
import tomllib

from pins import PINS, ROOT, canonical, pinned

BROUGHT_BY_TORCH = re.compile(r"nvidia-|cuda-|triton")


def resolve(torch_arguments: list[str]) -> dict[str, str]:
    """Returns canonical name -> version of everything that pip would install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    everything = f".[{','.join(project['optional-dependencies'])}]"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
    command += ["--ignore-installed", "--report", "-", "--constraint", str(PINS)]
    command += [*torch_arguments, everything, "--group", "dev"]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found = [package["metadata"] for package in json.loads(answer.stdout)["install"]]
    versions = {canonical(package["name"]): package["version"] for package in found}
    del versions[canonical(project["name"])]
    return versions


def main() -> None:
    """Prints what lacks a pin; exit code 1 if anything does."""
    pins = pinned()
    resolved = resolve(sys.argv[1:])
    missing = [
        f"{name}=={version}"
        for name, version in sorted(resolved.items())
        if name not in pins and not BROUGHT_BY_TORCH.match(name)
    ]
    print(*missing, f"{len(resolved)} packages, {len(missing)} without a pin", sep="\n")
    sys.exit(bool(missing))


if __name__ == "__main__":
    main()
