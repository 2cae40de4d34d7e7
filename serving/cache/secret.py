"""The secret that the names of cached logits are made with, and that their values are sealed by.

Servers that share a cache need the same one; a server by itself makes its own at first start.
"""

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from serving.errors import CacheSecretError

SECRET_FILE_NAME = "cache_secret"  # noqa: S105 - the name of a file
_MIN_BYTES = 32


def open_cache_secret(state_dir: Path, *, configured: SecretStr | None = None) -> bytes:
    """Returns the secret of a deployment, making one where there is none.

    Args:
        state_dir: directory of the secret's file; made if need be, readable by its owner only.
        configured: the secret to use instead; the directory is then not looked at.

    Raises:
        CacheSecretError: the file can be neither read nor made, or holds no secret.
    """
    if configured is not None:
        return configured.get_secret_value().encode()
    path = state_dir / SECRET_FILE_NAME
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise CacheSecretError(
            f"the cache secret {path} can be neither read nor made ({error.strerror}): expected a "
            "directory this user can write to, correct WHEREFORE_STATE_DIR or its permissions, or "
            "set WHEREFORE_CACHE_SECRET"
        ) from error
    if len(secret) < _MIN_BYTES:
        raise CacheSecretError(
            f"{path} holds fewer than {_MIN_BYTES} bytes: expected the secret that a server wrote "
            "there, delete the file and start again to get a new one"
        )
    return secret


def _make(path: Path) -> None:
    """Writes a new secret whole or not at all; one that exists stays, also one just made."""
    if path.exists():
        return
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
