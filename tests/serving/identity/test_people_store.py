"""People, sessions and failed sign-ins in both databases, and what the audit log says of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from serving.adapters.sql.audit import SqlAuditTrail
from serving.adapters.sql.engine import reading
from serving.adapters.sql.people_tables import sign_in_attempts
from serving.cases.events import Actor
from serving.identity.accounts import Account, ExternalIdentity, Session
from serving.identity.errors import PersonCommandError
from serving.identity.scopes import Scope

OPERATOR = Actor(actor_id="operator", role="operator")
WINDOW = timedelta(minutes=15)
DANA = ExternalIdentity(issuer="https://issuer.example", subject="s-1")


@pytest.fixture
def dana(any_store, made):
    account = Account(person_id="dana", role="underwriter", created_at=made.start)
    any_store.people.add(account, by=OPERATOR)
    return account


@pytest.fixture
def people(any_store):
    return any_store.people


def recorded(store):
    """What the audit log says of people, in order."""
    log = SqlAuditTrail(store._engine)
    assert log.verify() == log.head
    found = [log.entries(object_kind="person", object_id=who) for who in ("dana", "sam")]
    entries = sorted((entry for each in found for entry in each), key=lambda e: e.sequence)
    return [(e.action.action, e.action.actor_id, dict(e.action.versions)) for e in entries]


def a_session(account, at, **changes):
    session = Session(
        person_id=account.person_id,
        series=account.session_series,
        created_at=at,
        seen_at=at,
        expires_at=at + timedelta(hours=10),
    )
    return replace(session, **changes)


def test_a_person_is_kept_listed_and_found_by_who_the_issuer_says(people, dana, made):
    sam = replace(dana, person_id="sam", permissions=frozenset({Scope.EXPORT_CASES}), external=DANA)
    people.add(sam, by=OPERATOR)
    assert people.accounts() == (dana, sam)
    assert people.account_with_hash("dana") == (dana, None)
    assert people.account_of(DANA) == sam
    assert people.account_of(replace(DANA, issuer="https://other.example")) is None
    assert people.account("nobody") is None


@pytest.mark.parametrize("text", ["", "a\0b", "A", "a" * 64, "\ud800", "dana' --"])
def test_what_can_be_no_id_is_nobody_in_either_database(people, dana, text):
    assert people.account_with_hash(text) is None


def test_an_id_and_a_subject_are_given_once(any_store, people, dana):
    with pytest.raises(PersonCommandError, match="expected a new id"):
        people.add(replace(dana, role="compliance"), by=OPERATOR)
    people.add(replace(dana, person_id="sam", external=DANA), by=OPERATOR)
    with pytest.raises(PersonCommandError, match="somebody else"):
        people.link("dana", DANA, by=OPERATOR, at=dana.created_at)
    with pytest.raises(PersonCommandError, match="expected"):
        people.add(replace(dana, person_id="third", external=DANA), by=OPERATOR)
    assert len(people.accounts()) == 2
    assert [action for action, _, _ in recorded(any_store)] == ["person_entered"] * 2


def test_every_change_stands_in_the_audit_log_with_who_made_it(any_store, people, dana, made):
    by, at = Actor(actor_id="lead-1", role="operator"), made.start
    assert people.change_role(
        "dana", "compliance", permissions=[Scope.ENTER_MONITORING], by=by, at=at
    )
    assert people.disable("dana", True, by=by, at=at)
    assert people.disable("dana", False, by=by, at=at)
    assert people.link("dana", DANA, by=by, at=at)
    assert people.close_sessions("dana", by=by, at=at)
    until = at + timedelta(hours=1)
    assert people.give_one_time_key("dana", key_sha256="1" * 64, expires_at=until, by=by, at=at)
    assert people.use_one_time_key("dana", key_sha256="1" * 64, password_hash="h1", at=at)
    assert people.set_password("dana", password_hash="h2", instead_of="h1", at=at)
    assert recorded(any_store) == [
        ("person_entered", "operator", {"role": "underwriter"}),
        ("role_changed", "lead-1", {"role": "compliance", "permissions": "enter_monitoring"}),
        ("person_disabled", "lead-1", {}),
        ("person_enabled", "lead-1", {}),
        ("person_linked", "lead-1", {}),
        ("sessions_ended", "lead-1", {}),
        ("one_time_key_given", "lead-1", {}),
        ("password_set", "dana", {}),
        ("password_set", "dana", {}),
    ]
    found = people.account("dana")
    assert (found.role, found.has_password, found.external) == ("compliance", True, DANA)


def test_what_nobody_has_is_not_changed_and_not_recorded(any_store, people, made):
    at = {"by": OPERATOR, "at": made.start}
    assert not people.change_role("sam", "admin", permissions=(), **at)
    assert not people.disable("sam", True, **at)
    assert not people.close_sessions("sam", **at)
    until = made.start + timedelta(hours=1)
    assert not people.give_one_time_key("sam", key_sha256="1" * 64, expires_at=until, **at)
    assert recorded(any_store) == []


def test_a_one_time_key_is_used_once_by_its_person_in_its_time(people, dana, made):
    until = made.start + timedelta(hours=1)

    def give(digest):
        people.give_one_time_key(
            "dana", key_sha256=digest, expires_at=until, by=OPERATOR, at=made.start
        )

    def use(digest, *, person_id="dana", at=made.start):
        return people.use_one_time_key(person_id, key_sha256=digest, password_hash="h", at=at)

    people.add(replace(dana, person_id="sam"), by=OPERATOR)
    give("1" * 64)
    assert people.has_one_time_key("dana", now=made.start)
    assert not people.has_one_time_key("dana", now=until)
    assert not use("1" * 64, person_id="sam")
    assert not use("2" * 64)
    assert not use("1" * 64, at=until)
    give("3" * 64)
    assert not use("1" * 64)
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: use("3" * 64), range(4))) == [False, False, False, True]
    assert not people.has_one_time_key("dana", now=made.start)


def test_a_disabled_person_keeps_the_key_and_cannot_use_it(people, dana, made):
    until = made.start + timedelta(hours=1)
    people.give_one_time_key(
        "dana", key_sha256="1" * 64, expires_at=until, by=OPERATOR, at=made.start
    )
    people.disable("dana", True, by=OPERATOR, at=made.start)
    given = {"key_sha256": "1" * 64, "password_hash": "h", "at": made.start}
    assert not people.use_one_time_key("dana", **given)
    people.disable("dana", False, by=OPERATOR, at=made.start)
    assert people.use_one_time_key("dana", **given)


def test_a_password_that_was_changed_meanwhile_is_not_written_over(people, dana, made):
    until = made.start + timedelta(hours=1)
    people.give_one_time_key(
        "dana", key_sha256="1" * 64, expires_at=until, by=OPERATOR, at=made.start
    )
    people.use_one_time_key("dana", key_sha256="1" * 64, password_hash="old", at=made.start)
    assert people.set_password("dana", password_hash="new", instead_of="old", at=made.start)
    assert not people.set_password("dana", password_hash="x", instead_of="old", at=made.start)
    people.rehash("dana", password_hash="y", instead_of="old")
    assert people.account_with_hash("dana")[1] == "new"
    series = people.account("dana").session_series
    people.rehash("dana", password_hash="newer", instead_of="new")
    assert people.account_with_hash("dana")[1] == "newer"
    assert people.account("dana").session_series == series


def test_whatever_changes_a_person_ends_the_sessions(any_store, people, dana, made):
    at = {"by": OPERATOR, "at": made.start}
    changes = [
        lambda: people.change_role("dana", "auditor", permissions=(), **at),
        lambda: people.disable("dana", True, **at),
        lambda: people.disable("dana", False, **at),
        lambda: people.link("dana", DANA, **at),
        lambda: people.close_sessions("dana", **at),
    ]
    for number, change in enumerate(changes):
        before, digest = people.account("dana"), str(number) * 64
        any_store.sessions.open(digest, a_session(before, made.start))
        change()
        assert any_store.sessions.find(digest) is None
        # One that was being opened meanwhile.
        any_store.sessions.open(digest, a_session(before, made.start))
        session, account = any_store.sessions.find(digest)
        assert not session.is_of(account)


def test_sessions_are_found_by_their_hash_and_forgotten_when_over(any_store, dana, made):
    sessions, first = any_store.sessions, a_session(dana, made.start)
    sessions.open("1" * 64, first)
    assert sessions.find("1" * 64) == (first, dana)
    assert sessions.find("2" * 64) is None
    later = made.start + timedelta(minutes=5)
    sessions.touch("1" * 64, at=later)
    assert sessions.find("1" * 64)[0].seen_at == later
    sessions.open("2" * 64, a_session(dana, made.start + timedelta(hours=10)))
    assert sessions.find("1" * 64) is None
    assert sessions.close("2" * 64)
    assert not sessions.close("2" * 64)


def test_a_flow_is_ended_once_and_in_its_time(any_store, made):
    sessions, until = any_store.sessions, made.start + timedelta(minutes=10)
    for digest in ("1" * 64, "2" * 64):
        sessions.open_flow(digest, expires_at=until, now=made.start)
    with ThreadPoolExecutor(4) as pool:
        ended = pool.map(lambda _: sessions.close_flow("1" * 64, now=made.start), range(4))
        assert sorted(ended) == [False, False, False, True]
    assert not sessions.close_flow("2" * 64, now=until)
    assert not sessions.close_flow("3" * 64, now=made.start)


def test_attempts_are_counted_before_they_are_known_to_fail_however_many_at_once(any_store, made):
    limits = {"person dana": 3, "address 192.0.2.1": 50}

    def begin(_):
        return any_store.attempts.begin(limits, window=WINDOW, now=made.start)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(begin, range(8)))
    assert found.count(None) == 3
    assert {until for until in found if until} == {made.start + WINDOW}
    assert any_store.attempts.begin(limits, window=WINDOW, now=made.start + WINDOW) is None


def test_a_success_begins_one_count_anew_and_takes_one_off_the_other(any_store, made):
    def begin(person, address="address a"):
        limits = {f"person {person}": 2, address: 3}
        return any_store.attempts.begin(limits, window=WINDOW, now=made.start)

    assert begin("dana") is None
    assert begin("dana") is None
    any_store.attempts.succeed(forget="person dana", undo="address a")
    assert begin("dana") is None
    assert begin("sam") is None
    assert begin("lee") is not None
    assert begin("lee", "address b") is None


def test_each_failure_counts_for_its_own_time(any_store, made):
    def begin(minute):
        now = made.start + timedelta(minutes=minute)
        return any_store.attempts.begin({"address a": 3}, window=WINDOW, now=now)

    steps = WINDOW / timedelta(minutes=1)
    assert [begin(steps * number * 0.6) for number in range(20)] == [None] * 20
    assert begin(steps * 11.5) is None
    # Three within one window: nobody signs in until a window after the last of them.
    assert begin(steps * 11.6) == begin(steps * 12.4) == made.start + 12.5 * WINDOW
    assert begin(steps * 12.5) is None
    assert begin(steps * 12.6) is None


def test_a_success_makes_no_earlier_failure_count_longer(any_store, made):
    def begin(windows):
        now = made.start + windows * WINDOW
        return any_store.attempts.begin({"address a": 3}, window=WINDOW, now=now)

    assert begin(0) is begin(0) is None
    for number in range(1, 5):
        assert begin(0.2 * number) is None
        any_store.attempts.succeed(forget="person dana", undo="address a")
    assert begin(1.1) is begin(1.2) is begin(1.3) is None
    assert begin(1.4) == made.start + 2.3 * WINDOW


def test_no_id_and_no_address_can_be_read_from_the_counts(any_store, made):
    any_store.attempts.begin(
        {"person my password": 3, "address 192.0.2.1": 3}, window=WINDOW, now=made.start
    )
    with reading(any_store._engine) as connection:
        rows = connection.execute(sa.select(sign_in_attempts)).all()
    assert len(rows) == 2
    assert "password" not in str(rows)
    assert "192.0.2" not in str(rows)
    assert {len(row.counted_for) for row in rows} == {64}
