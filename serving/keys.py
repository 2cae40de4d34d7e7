"""API keys: made at first start, shown once, kept as hashes.

A key has 256 bits from the operating system's generator, so its plain SHA-256 cannot be searched
for; the file holds nothing a key could be won back from.
"""

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from serving.errors import KeyFileError

KEY_FILE_NAME = "api_keys.json"
_KEY_PREFIX = "wf_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeys:
    """The keys that are accepted.

    Attributes:
        digests: SHA-256 of each key, hexadecimal.
        new_key: the key just made, to be shown once; None when the keys existed before.
    """

    digests: tuple[str, ...]
    new_key: SecretStr | None = None

    def accept(self, key: str) -> bool:
        """Returns whether the key is one of these, in a time that does not tell which."""
        digest = _digest(key)
        return max((hmac.compare_digest(digest, known) for known in self.digests), default=False)


def open_api_keys(state_dir: Path, *, configured: SecretStr | None = None) -> ApiKeys:
    """Returns the keys of a state directory, making the first where there is none.

    Args:
        state_dir: directory of the key file; made if need be, readable by its owner only.
        configured: the one key to accept instead; the directory is then not looked at.

    Raises:
        KeyFileError: the file can be neither read nor made, or is not a key file.
    """
    if configured is not None:
        return ApiKeys(digests=(_digest(configured.get_secret_value()),))
    path = state_dir / KEY_FILE_NAME
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _make(path) if not path.exists() else _read(path)
    except OSError as error:
        raise KeyFileError(
            f"the API key file {path} can be neither read nor made ({error.strerror}): expected "
            "a directory this user can write to, correct WHEREFORE_STATE_DIR or its permissions"
        ) from error


def _make(path: Path) -> ApiKeys:
    key = _KEY_PREFIX + secrets.token_urlsafe(32)
    entry = {"sha256": _digest(key), "created_at": datetime.now(UTC).isoformat(timespec="seconds")}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": [entry]}, file, indent=2)
        file.write("\n")
    return ApiKeys(digests=(str(entry["sha256"]),), new_key=SecretStr(key))


def _read(path: Path) -> ApiKeys:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        digests = tuple(str(entry["sha256"]) for entry in stored["keys"])
    except (ValueError, KeyError, TypeError) as error:
        raise KeyFileError(
            f"{path} is not an API key file: expected what `wherefore serve` wrote, restore it or "
            "delete it and start again to get a new key"
        ) from error
    return ApiKeys(digests=digests)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
