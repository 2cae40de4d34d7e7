"""Where this machine keeps what can be had again: fetched and converted models."""

import os
from pathlib import Path

from model_store.errors import RegistryUnavailableError


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
