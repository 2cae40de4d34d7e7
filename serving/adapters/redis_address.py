"""What an address of Redis looks like."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr
from redis import Redis

from serving.errors import SettingsError


@contextmanager
def refused_readably() -> Iterator[None]:
    """Makes of the client's refusal of an address one that says what is expected.

    Raises:
        SettingsError: `ValueError` was raised inside.
    """
    try:
        yield
    except ValueError as error:
        raise SettingsError(
            "the setting WHEREFORE_REDIS_URL is not valid: expected redis://HOST:PORT/DB, "
            "rediss://HOST:PORT/DB or unix://PATH"
        ) from error


def require_redis_address(url: SecretStr) -> None:
    """Refuses what is no address of Redis; connects to nothing.

    Raises:
        SettingsError: the URL is none of Redis.
    """
    with refused_readably():
        Redis.from_url(url.get_secret_value()).close()
