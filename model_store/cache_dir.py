"""Where this machine keeps what can be had again: fetched and converted models."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model_store.errors import RegistryUnavailableError

_UNFINISHED = ".unfinished-"
_ABANDONED_SECONDS = 24 * 3600.0  # no conversion and no download takes that long


def default_cache_dir() -> Path:
    """Returns `WHEREFORE_CACHE_DIR`, or `wherefore` in the user's cache folder.

    Raises:
        RegistryUnavailableError: this user has no home folder.
    """
    given = os.environ.get("WHEREFORE_CACHE_DIR")
    if given:
        return Path(given)
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:
        raise RegistryUnavailableError(
            "this user has no home folder to keep models in: set WHEREFORE_CACHE_DIR"
        ) from error
    return base / "wherefore"


@contextmanager
def unfinished_directory(folder: Path) -> Iterator[Path]:
    """Gives an empty directory beside what is kept, and removes it at the end.

    What processes that were killed left there more than a day ago is removed too.

    Raises:
        OSError: the folder cannot be written.
    """
    for left in folder.glob(f"{_UNFINISHED}*"):
        if _is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=_UNFINISHED) as temporary:
        yield Path(temporary)


def _is_abandoned(directory: Path) -> bool:
    try:
        return time.time() - directory.stat().st_mtime > _ABANDONED_SECONDS
    except FileNotFoundError:
        return False
