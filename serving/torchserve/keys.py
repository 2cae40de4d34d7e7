"""TorchServe's keys: random, made at its start, and worth nothing after an hour unless renewed.

TorchServe writes them into a file beside its process; a renewal makes the key before worthless at
once. The process that starts TorchServe (`serving.torchserve.process`) renews the inference key in
time and publishes it alone, in the same form, in a file that appears whole or not at all; the
keys that manage TorchServe stay where they are.
Source: TorchServe 0.12, docs/token_authorization_api.md.
"""

import json
import os
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import urllib3
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from serving.errors import ServingError

PUBLISHED_NAME = "inference_key.json"
"""File name of the published key below the state directory's folder of TorchServe."""

_POLL_SECONDS = 0.02
_RENEWAL_TIMEOUT_SECONDS = 5.0
_RENEWAL_SHARE = 0.5  # of a key's life: half of it is left for trying again


class KeyFileUnreadableError(ServingError):
    """No key can be read from a key file."""


class _Key(BaseModel):
    model_config = ConfigDict(frozen=True)

    key: SecretStr
    expires: AwareDatetime | None = Field(default=None, alias="expiration time")


class Keys(BaseModel):
    """The keys of a TorchServe process, as its key file holds them.

    Attributes:
        inference: what a prediction needs.
        api: what a renewal needs; None in a published file.
    """

    model_config = ConfigDict(frozen=True)

    inference: _Key
    api: _Key | None = Field(default=None, alias="API")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a key file.

        Raises:
            KeyFileUnreadableError: it is not there, not whole, or no key file.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise KeyFileUnreadableError(
                f"no key of TorchServe can be read at {path}: expected the file that `wherefore "
                "torchserve` writes; start it, or name its file in WHEREFORE_TORCHSERVE_KEY_FILE"
            ) from error


class KeyFile:
    """The inference key as it stands in a file that may change at any time."""

    def __init__(self, path: Path) -> None:
        """Takes the path; nothing is read yet."""
        self._path = path

    def current(self) -> str:
        """Returns the key that the file holds now.

        Raises:
            KeyFileUnreadableError: no key can be read.
        """
        return Keys.read(self._path).inference.key.get_secret_value()

    def other_than(self, refused: str, *, within_seconds: float) -> str | None:
        """Returns a key other than one that was refused; None where none appears in time."""
        deadline = time.monotonic() + within_seconds
        while True:
            try:
                if (found := self.current()) != refused:
                    return found
            except KeyFileUnreadableError:
                pass  # in the moment in which TorchServe writes it
            if time.monotonic() >= deadline:
                return None
            time.sleep(_POLL_SECONDS)


@dataclass(kw_only=True)
class KeyKeeper:
    """Renews the inference key of one TorchServe process and publishes it.

    Attributes:
        source: the key file that TorchServe writes.
        published: where the inference key goes.
        management_url: address of TorchServe's management port.
        renewed_at: when the present key was made, seconds of the monotonic clock.
    """

    source: Path
    published: Path
    management_url: str
    renewed_at: float = field(default_factory=time.monotonic)
    _told: "_Key | None" = field(default=None, repr=False)
    _pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager, repr=False)

    def publish(self) -> None:
        """Writes the present inference key where the API reads it.

        Raises:
            KeyFileUnreadableError: TorchServe has not written its keys.
            ServingError: the file cannot be written.
        """
        inference = Keys.read(self.source).inference
        content = {
            "inference": {
                "key": inference.key.get_secret_value(),
                "expiration time": inference.expires.isoformat() if inference.expires else None,
            }
        }
        _write_private(self.published, json.dumps(content))
        self._told = inference

    def keep(self) -> bool:
        """Renews the key where its time has come; returns whether another one is published now.

        A key that TorchServe made and nobody was told of, since its answer was lost or the file
        could not be written, is published instead; so is one whose file is gone.

        Raises:
            KeyFileUnreadableError: the key file, or the key that allows a renewal, is not there.
            ServingError: TorchServe does not renew the key, or the file cannot be written.
        """
        if Keys.read(self.source).inference != self._told or not self.published.exists():
            self.renewed_at = time.monotonic()
            self.publish()
            return True
        if self.seconds_until_renewal() > 0:
            return False
        self.renew()
        return True

    def retract(self) -> None:
        """Takes back the key that was published, and none that another process has published."""
        try:
            published = Keys.read(self.published).inference
        except KeyFileUnreadableError:
            return
        if self._told is not None and published.key == self._told.key:
            self.published.unlink(missing_ok=True)

    def seconds_until_renewal(self) -> float:
        """Returns when the key is to be renewed, seconds; 0 where that time has come.

        Raises:
            KeyFileUnreadableError: TorchServe has not written its keys.
        """
        expires = Keys.read(self.source).inference.expires
        if expires is None:
            return float("inf")
        left = (expires - datetime.now(UTC)).total_seconds()
        age = time.monotonic() - self.renewed_at
        return max(0.0, _RENEWAL_SHARE * (left + age) - age)

    def renew(self) -> None:
        """Has TorchServe make a new inference key and publishes it.

        Raises:
            KeyFileUnreadableError: the key file, or the key that allows a renewal, is not there.
            ServingError: TorchServe does not renew the key.
        """
        keys = Keys.read(self.source)
        if keys.api is None:
            raise KeyFileUnreadableError(f"{self.source} holds no key that allows a renewal")
        try:
            response = self._pool.request(
                "GET",
                f"{self.management_url}/token?type=inference",
                headers={"Authorization": f"Bearer {keys.api.key.get_secret_value()}"},
                timeout=_RENEWAL_TIMEOUT_SECONDS,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise ServingError("TorchServe's management port does not answer") from error
        if response.status != 200 or Keys.read(self.source).inference == keys.inference:  # noqa: PLR2004
            raise ServingError(f"TorchServe did not renew its key: status {response.status}")
        self.renewed_at = time.monotonic()
        self.publish()


def _write_private(path: Path, content: str) -> None:
    """Writes a file that only its owner reads, and that nobody sees half written."""
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise ServingError(
            f"the key cannot be written to {path}: {error.strerror}; make room or name another "
            "file in WHEREFORE_TORCHSERVE_KEY_FILE"
        ) from error
