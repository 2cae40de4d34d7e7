"""What becomes of changes to people, programs and sessions whose transaction the database undoes,
or whose connection is lost, on PostgreSQL."""

import inspect
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from serving.adapters.sql import audit, identity, people, sessions, sign_in_attempts
from serving.adapters.sql.engine import alone, writing
from serving.adapters.sql.identity_tables import machine_clients
from serving.adapters.sql.people_tables import one_time_keys
from serving.adapters.sql.people_tables import people as people_table
from serving.adapters.sql.people_tables import sessions as sessions_table
from serving.adapters.sql.people_tables import sign_in_attempts as attempts_table
from serving.adapters.sql.storage import open_databases, open_identity
from serving.cases.events import Actor
from serving.cases.store_errors import RecordRefusedError, StoreUnavailableError
from serving.identity.accounts import Account, Session
from serving.settings import Settings

OPERATOR = Actor(actor_id="operator", role="operator")
WINDOW = timedelta(minutes=15)
PATIENCE_S = 60
STORES = (
    identity.SqlIdentityStore,
    people.SqlPeople,
    sessions.SqlSessions,
    sign_in_attempts.SqlAttempts,
)
WRITERS = [
    (store, name)
    for store in STORES
    for name, method in inspect.getmembers(store, inspect.isfunction)
    if "writing(self._engine)" in inspect.getsource(method)
]


@pytest.fixture
def settings(tmp_path, make_database):
    """Settings whose connections look once, after that time, whether they wait for each other."""
    url = f"{make_database()}?options=-c%20deadlock_timeout%3D5s"
    return Settings(state_dir=tmp_path / "state", database_url=url)


@pytest.fixture
def store(settings, made):
    """The store, with a person, who has a one-time key, a program and two expired sessions."""
    with open_identity(settings) as found:
        account = Account(person_id="dana", role="underwriter", created_at=made.start)
        found.people.add(account, by=OPERATOR)
        found.add_client(made.client(), secret_sha256="1" * 64)
        give_key(found, made)
        old = Session(
            person_id="dana",
            series=account.session_series,
            created_at=made.start - timedelta(hours=20),
            seen_at=made.start - timedelta(hours=20),
            expires_at=made.start - timedelta(hours=10),
        )
        for secret in "ab":
            found.sessions.open(secret * 64, old)
        found.attempts.begin({"dana": 5}, window=WINDOW, now=made.start)
        yield found


def give_key(store, made):
    later = made.start + timedelta(days=1)
    return store.people.give_one_time_key(
        "dana", key_sha256="2" * 64, expires_at=later, by=OPERATOR, at=made.start
    )


def use_key(store, made):
    return store.people.use_one_time_key(
        "dana", key_sha256="2" * 64, password_hash="hash", at=made.start
    )


def open_session(store, made):
    new = Session(
        person_id="dana",
        series=0,
        created_at=made.start,
        seen_at=made.start,
        expires_at=made.start + timedelta(hours=1),
    )
    store.sessions.open("c" * 64, new)
    return store.sessions.find("a" * 64) is None


def audit_lock(connection):
    alone(connection, audit._LOCK)


def attempts_lock(connection):
    alone(connection, sign_in_attempts._LOCK)


def row_of(table, **which):
    """Locks the rows of a table that have some values."""

    def lock(connection):
        wanted = sa.select(table).filter_by(**which).with_for_update()
        assert connection.execute(wanted).all()

    return lock


MEETINGS = {
    "a person is disabled": (
        audit_lock,
        row_of(people_table),
        lambda store, made: store.people.disable("dana", True, by=OPERATOR, at=made.start),
    ),
    "a one-time key is used": (audit_lock, row_of(one_time_keys), use_key),
    "a program is changed": (
        audit_lock,
        row_of(machine_clients),
        lambda store, _: store.change_client("loan-system", is_disabled=True),
    ),
    "a session is opened": (
        row_of(sessions_table, session_sha256="b" * 64),
        row_of(sessions_table, session_sha256="a" * 64),
        open_session,
    ),
    "a sign-in is counted": (
        row_of(attempts_table),
        attempts_lock,
        lambda store, made: (
            store.attempts.begin({"dana": 5}, window=WINDOW, now=made.start) is None
        ),
    ),
}


def wait_for_somebody_to_wait(connection):
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    until = time.monotonic() + PATIENCE_S
    while not connection.scalar(waiting):
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("name", MEETINGS)
def test_a_change_that_met_another_one_in_a_deadlock_is_made_all_the_same(
    settings, store, made, name
):
    first, second, change = MEETINGS[name]
    lost = []
    sa.event.listen(
        store._engine, "handle_error", lambda c: lost.append(c.original_exception.sqlstate)
    )
    with ThreadPoolExecutor(1) as pool, open_databases(settings) as (cases, _):
        with writing(cases.engine) as connection:
            connection.execute(sa.text("SET LOCAL deadlock_timeout TO '60s'"))
            first(connection)
            changed = pool.submit(change, store, made)
            wait_for_somebody_to_wait(connection)
            second(connection)
        assert changed.result(timeout=PATIENCE_S) is True
    assert lost == ["40P01"]
    log = audit.SqlAuditTrail(store._engine)
    assert log.verify() == log.head


@pytest.mark.parametrize(
    ("kind", "name"), WRITERS, ids=lambda given: getattr(given, "__name__", given)
)
def test_whatever_writes_is_begun_anew_when_the_database_undoes_it(kind, name):
    assert hasattr(getattr(kind, name), "retry"), f"{name} lacks @retried"


def test_the_stores_write_in_more_than_a_dozen_places():
    assert len(WRITERS) > 12


def end_connections(connection):
    ended = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert connection.scalar(ended) >= 1


def test_connections_that_the_server_closed_are_replaced_unnoticed(settings, store, made):
    calls = [
        lambda: store.people.account("dana"),
        lambda: store.people.close_sessions("dana", by=OPERATOR, at=made.start),
        lambda: store.client("loan-system"),
        lambda: store.change_client("loan-system", is_disabled=True),
        lambda: store.sessions.close("a" * 64) in {True, False},
        lambda: store.attempts.succeed(forget="dana", undo="address") is None,
    ]
    with open_databases(settings) as (cases, _):
        for call in calls:
            with writing(cases.engine) as connection:
                end_connections(connection)
            assert call()


def test_a_change_whose_connection_is_lost_midway_is_not_made_and_is_told(settings, store, made):
    before = audit.SqlAuditTrail(store._engine).head
    with (
        ThreadPoolExecutor(1) as pool,
        open_databases(settings) as (cases, _),
        writing(cases.engine) as connection,
    ):
        audit_lock(connection)
        changed = pool.submit(store.people.disable, "dana", True, by=OPERATOR, at=made.start)
        wait_for_somebody_to_wait(connection)
        end_connections(connection)
        with pytest.raises(StoreUnavailableError):
            changed.result(timeout=PATIENCE_S)
    assert not store.people.account("dana").is_disabled
    assert audit.SqlAuditTrail(store._engine).head == before
    assert store.people.disable("dana", True, by=OPERATOR, at=made.start)
    assert store.people.account("dana").is_disabled


def test_of_two_who_revoke_a_token_at_once_neither_fails(settings, store, made):
    later = made.start + timedelta(hours=1)
    with ThreadPoolExecutor(1) as pool, open_databases(settings) as (cases, _):
        with writing(cases.engine) as connection:
            row = {"token_id": "t-1", "expires_at": later}
            connection.execute(identity.revoked_tokens.insert(), row)
            revoked = pool.submit(store.revoke_token, "t-1", expires_at=later, now=made.start)
            wait_for_somebody_to_wait(connection)
        assert revoked.result(timeout=PATIENCE_S) is None
    assert store.is_token_revoked("t-1")


def test_what_is_refused_for_anything_but_an_id_is_no_taken_id(store, made):
    with writing(store._engine) as connection:
        for table in ("people", "machine_clients"):
            check = (
                f"ALTER TABLE {table} ADD CONSTRAINT ck_none CHECK (role = 'underwriter') NOT VALID"
            )
            connection.execute(sa.text(check))
    account = store.people.account("dana")
    with pytest.raises(RecordRefusedError):
        store.people.add(replace(account, person_id="sam", role="auditor"), by=OPERATOR)
    with pytest.raises(RecordRefusedError):
        store.add_client(made.client(client_id="other"), secret_sha256="3" * 64)
    assert len(store.people.accounts()) == len(store.clients()) == 1
