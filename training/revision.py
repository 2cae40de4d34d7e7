"""Which state of this code computes."""

import subprocess
from pathlib import Path


def code_revision() -> str | None:
    """Returns the git revision of this code, marked where its files are others than the revision's.

    None where the code does not lie in a repository, as when it was installed from a wheel.
    """
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
