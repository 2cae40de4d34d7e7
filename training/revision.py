"""Which state of this code computes."""

import subprocess
from pathlib import Path


def code_revision() -> str | None:
    """Returns the git revision of this code, marked where its files are others than the revision's.

    None where the code is none of a repository's, as when it was installed from a wheel, or git
    does not answer.
    """
    here = Path(__file__)
    try:
        _git("ls-files", "--error-unmatch", here.name, folder=here.parent)
        return _git(
            "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty", folder=here.parent
        )
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str, folder: Path) -> str:
    found = subprocess.run(  # noqa: S603 - arguments of this file alone
        ["git", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return found.stdout.strip()
