"""Tokens over a real database, with a time that tests set."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher

from serving.adapters.identity.passwords import Argon2Passwords
from serving.adapters.identity.tokens import Tokens
from serving.adapters.sql.storage import open_identity
from serving.identity.machines import MachineClient
from serving.identity.sign_in import SignIn, SignInRules
from serving.settings import Settings

START = datetime(2026, 11, 20, 15, 0, 0, 250000, tzinfo=UTC)
LIFETIME, ROTATION = timedelta(minutes=10), timedelta(hours=24)


@pytest.fixture(scope="session")
def identity_state_to_copy(tmp_path_factory):
    """A state folder with a database, upgraded and empty: to make one takes a while."""
    state = tmp_path_factory.mktemp("identity") / "state"
    with open_identity(Settings(state_dir=state)):
        pass
    return state


@pytest.fixture(params=["sqlite", "postgresql"])
def identity_settings(request, tmp_path):
    """Settings that name an empty database of their own, of either kind."""
    if request.param == "postgresql":
        url = request.getfixturevalue("make_database")()
        return Settings(state_dir=tmp_path / "state", database_url=url)
    template = request.getfixturevalue("identity_state_to_copy")
    return Settings(state_dir=Path(shutil.copytree(template, tmp_path / "state")))


@pytest.fixture
def any_store(identity_settings):
    """The store in one of the two databases."""
    with open_identity(identity_settings) as store:
        yield store


@pytest.fixture
def store(tmp_path, identity_state_to_copy):
    """The store in SQLite."""
    state = Path(shutil.copytree(identity_state_to_copy, tmp_path / "state"))
    with open_identity(Settings(state_dir=state)) as found:
        yield found


@pytest.fixture
def clock():
    """The time; tests move it."""
    return [START]


@pytest.fixture
def servers(store, clock):
    """Makes servers over one store; each knows only the keys that it has looked up."""

    def make(*, issuer="wherefore", lifetime=LIFETIME):
        return Tokens(
            store, issuer=issuer, lifetime=lifetime, rotation=ROTATION, now=lambda: clock[0]
        )

    return make


@pytest.fixture
def tokens(servers):
    """One server."""
    return servers()


@pytest.fixture
def made():
    """What tests make."""
    return SimpleNamespace(client=a_client, start=START, lifetime=LIFETIME, rotation=ROTATION)


def a_client(**fields):
    return MachineClient(
        **{
            "client_id": "loan-system",
            "role": "batch",
            "created_at": START,
            "expires_at": START + timedelta(days=365),
        }
        | fields
    )


@pytest.fixture
def quick_passwords():
    """What hashes passwords, at a thousandth of the usual cost."""
    return Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def sign_in(store, clock, quick_passwords):
    """What lets people in, over SQLite, with the time of the test."""
    return SignIn(
        people=store.people,
        sessions=store.sessions,
        attempts=store.attempts,
        passwords=quick_passwords,
        rules=SignInRules(failures=3, address_failures=8),
        now=lambda: clock[0],
    )
