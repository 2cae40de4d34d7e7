"""Programs, keys and revocations in both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from serving.adapters.identity.tokens import new_signing_key
from serving.adapters.sql.engine import reading
from serving.adapters.sql.identity_tables import machine_clients, revoked_tokens, signing_keys
from serving.adapters.sql.people_tables import people
from serving.adapters.sql.storage import open_databases, open_identity
from serving.adapters.sql.upgrade import CASES, downgrade, upgrade
from serving.cases.events import Actor
from serving.identity.accounts import entered
from serving.identity.errors import ClientCommandError
from serving.identity.machines import CLOCK_SKEW
from serving.identity.scopes import Scope


def rows(settings, table):
    with open_databases(settings) as (cases, _), reading(cases.engine) as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table))


def test_a_program_is_kept_changed_and_listed(any_store, made):
    narrow = made.client(client_id="a", only=frozenset({Scope.SCORE, Scope.BACKLOGS}))
    any_store.add_client(made.client(), secret_sha256="1" * 64)
    any_store.add_client(narrow, secret_sha256="2" * 64)
    assert any_store.clients() == (narrow, made.client())
    assert any_store.client_with_hash("a") == (narrow, "2" * 64)
    assert any_store.client("nobody") is any_store.client_with_hash("nobody") is None
    with pytest.raises(ClientCommandError, match="expected a new id"):
        any_store.add_client(made.client(), secret_sha256="3" * 64)
    later = made.start + timedelta(days=9)
    assert any_store.change_client("a", is_disabled=True, expires_at=later)
    assert any_store.client("a").is_disabled
    assert any_store.client("a").expires_at == later
    assert any_store.client("a").only == narrow.only
    assert not any_store.change_client("nobody", is_disabled=True)


@pytest.mark.parametrize("text", ["", "a\0b", "A", "a" * 64, "\ud800"])
def test_what_can_be_no_id_is_nobody_in_either_database(any_store, text):
    assert any_store.client_with_hash(text) is None


def test_of_servers_that_rotate_at_once_one_does(any_store, made):
    def rotate(_):
        return any_store.rotate_signing_key(
            new_signing_key(made.start),
            now=made.start,
            rotation=made.rotation,
            lifetime=made.lifetime,
        )

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(rotate, range(4)))
    assert len({keys[0].key_id for keys in found}) == 1
    assert [len(keys) for keys in found] == [1] * 4
    assert any_store.signing_keys() == found[0]


def test_a_key_lies_wrapped_and_is_replaced_when_its_ring_is_gone(any_store, made):
    new = new_signing_key(made.start)
    given = {"now": made.start, "rotation": made.rotation, "lifetime": made.lifetime}
    any_store.rotate_signing_key(new, **given)
    with reading(any_store._engine) as connection:
        row = connection.execute(sa.select(signing_keys)).one()
    assert b"PRIVATE" not in row.wrapped
    assert new.private_pem[40:80] not in row.wrapped
    with any_store._engine.begin() as connection:
        connection.execute(signing_keys.update().values(ring_key_id="0" * 16))
    assert any_store.signing_keys() == ()
    another = new_signing_key(made.start)
    assert any_store.rotate_signing_key(another, **given) == (another,)
    assert any_store.signing_keys() == (another,)
    with any_store._engine.begin() as connection:
        # To a server with a newer ring, it opens again.
        connection.execute(signing_keys.update().values(ring_key_id=row.ring_key_id))
    assert set(any_store.signing_keys()) == {new, another}
    end = made.start + made.rotation + made.lifetime + 2 * CLOCK_SKEW
    last = new_signing_key(end)
    assert any_store.rotate_signing_key(last, **given | {"now": end}) == (last,)
    assert any_store.signing_keys() == (last,)


def test_revoked_tokens_are_known_until_they_have_expired(any_store, made):
    soon = made.start + timedelta(minutes=20)
    any_store.revoke_token("t-1", expires_at=soon, now=made.start)
    any_store.revoke_token("t-1", expires_at=soon, now=made.start)
    assert any_store.is_token_revoked("t-1")
    assert not any_store.is_token_revoked("t-2")
    any_store.revoke_token("t-2", expires_at=soon + soon.resolution, now=soon + soon.resolution)
    assert not any_store.is_token_revoked("t-1")


def test_the_tables_go_down_and_up_again_and_cases_stay(identity_settings, made):
    with open_identity(identity_settings) as store:
        store.add_client(made.client(), secret_sha256="1" * 64)
        store.revoke_token("t-1", expires_at=made.start, now=made.start)
        dana = entered("dana", role="auditor", permissions=(), now=made.start)
        store.people.add(dana, by=Actor(actor_id="operator", role="operator"))
    with open_databases(identity_settings) as (cases, _):
        names = set(sa.inspect(cases.engine).get_table_names())
        assert downgrade(cases.engine, CASES, to="0003", discard=True) == CASES.newest
        left = set(sa.inspect(cases.engine).get_table_names())
        assert names - left == {
            "machine_clients", "signing_keys", "revoked_tokens",
            "people", "one_time_keys", "sessions", "sign_in_attempts", "sign_in_flows",
        }  # fmt: skip
        assert upgrade(cases.engine, CASES) == "0003"
        assert set(sa.inspect(cases.engine).get_table_names()) == names
    for table in (machine_clients, signing_keys, revoked_tokens, people):
        assert rows(identity_settings, table) == 0
