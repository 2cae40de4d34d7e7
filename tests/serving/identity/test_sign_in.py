"""Signing in: passwords, one-time keys, lock-out, and sessions that end."""

from datetime import timedelta

import pytest
import structlog
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from hypothesis import given
from hypothesis import strategies as st

from serving.adapters.identity.passwords import Argon2Passwords
from serving.cases.events import Actor
from serving.identity.accounts import Session, cross_site_token_of, entered
from serving.identity.errors import (
    PasswordRefusedError,
    PersonCommandError,
    SignInRefusedError,
    TooManySignInsError,
)
from serving.identity.first_admin import one_time_key_of_first_admin
from serving.identity.password_rules import LEAST_CHARACTERS, MOST_CHARACTERS, unusable_password
from serving.identity.principal import Proof
from serving.identity.scopes import Scope
from serving.identity.secret import digest_of

OPERATOR = Actor(actor_id="operator", role="operator")
PASSWORD = "four unrelated harbour lamps"
OTHER = "seven quite other paper boats"
HERE = "address:192.0.2.1"


@pytest.fixture
def dana(store, sign_in, made):
    """A person with a password."""
    account = entered("dana", role="underwriter", permissions=(), now=made.start)
    store.people.add(account, by=OPERATOR)
    chosen(store, sign_in, "dana")
    return store.people.account("dana")


def chosen(store, sign_in, person_id, password=PASSWORD):
    give(store, sign_in, person_id)
    return sign_in.with_one_time_key(person_id, "wfo_key", new_password=password, address=HERE)


def give(store, sign_in, person_id, key="wfo_key"):
    now = sign_in.now()
    store.people.give_one_time_key(
        person_id,
        key_sha256=digest_of(key),
        expires_at=now + timedelta(hours=1),
        by=OPERATOR,
        at=now,
    )


def enter(sign_in, password=PASSWORD, *, person_id="dana", address=HERE):
    return sign_in.with_password(person_id, password, address=address)


def secret_of(new):
    return new.secret.get_secret_value()


def test_who_gives_the_password_has_a_session_that_speaks_for_that_one(sign_in, dana):
    new = enter(sign_in)
    _, account = sign_in.session_of(secret_of(new))
    principal = account.principal
    assert (principal.principal_id, principal.role) == ("dana", "underwriter")
    assert principal.proof is Proof.SESSION
    assert principal.may(Scope.DECIDE)
    assert not principal.may(Scope.RELEASE_NOTICES)
    assert len(secret_of(new)) >= 43
    assert secret_of(new) not in f"{new}"


@pytest.mark.parametrize(
    ("person_id", "password"),
    [
        ("dana", OTHER),
        ("dana", ""),
        ("dana", PASSWORD + " "),
        ("dana", PASSWORD.upper()),
        ("nobody", PASSWORD),
        ("", ""),
        ("Dana", PASSWORD),
        ("dana' OR 1=1 --", PASSWORD),
        ("dana", "\ud800"),
        ("dana", "x" * 100_000),
    ],
)
def test_whatever_else_is_typed_is_refused_in_the_same_words(sign_in, dana, person_id, password):
    with pytest.raises(SignInRefusedError) as caught:
        enter(sign_in, password, person_id=person_id)
    assert str(caught.value) == str(SignInRefusedError())


def test_who_has_no_password_or_may_not_cannot_sign_in(store, sign_in, dana, made):
    store.people.add(entered("sam", role="admin", permissions=(), now=made.start), by=OPERATOR)
    for password in ("", "None", PASSWORD):
        with pytest.raises(SignInRefusedError):
            enter(sign_in, password, person_id="sam", address="address:b")
    store.people.disable("dana", True, by=OPERATOR, at=made.start)
    with pytest.raises(SignInRefusedError):
        enter(sign_in)


def test_who_is_there_and_who_is_not_cost_the_same_work(store, sign_in, dana):
    done = []

    class Counting(Argon2Passwords):
        def is_password(self, given, *, hashed):
            done.append((given, hashed is None))
            return super().is_password(given, hashed=hashed)

    sign_in._passwords = Counting(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for who in ("dana", "nobody"):
        with pytest.raises(SignInRefusedError):
            enter(sign_in, OTHER, person_id=who)
    assert done == [(OTHER, False), (OTHER, True)]


def test_after_some_failures_even_the_right_password_waits(sign_in, dana, clock):
    for _ in range(3):
        with pytest.raises(SignInRefusedError):
            enter(sign_in, OTHER)
        clock[0] += timedelta(minutes=1)
    with pytest.raises(TooManySignInsError) as caught:
        enter(sign_in)
    assert caught.value.retry_after_seconds == 14 * 60
    with pytest.raises(TooManySignInsError):
        enter(sign_in, address="address:elsewhere")
    clock[0] += timedelta(minutes=14)
    assert enter(sign_in)


def test_who_waits_is_told_the_same_as_who_is_not_there(sign_in, dana):
    told = []
    for who in ("dana", "nobody"):
        for _ in range(3):
            with pytest.raises(SignInRefusedError):
                enter(sign_in, OTHER, person_id=who, address=f"address:{who}")
        with pytest.raises(TooManySignInsError) as caught:
            enter(sign_in, OTHER, person_id=who, address=f"address:{who}")
        told.append(str(caught.value))
    assert told[0] == told[1]


def test_a_success_forgets_the_failures_of_that_person_and_not_those_of_the_address(sign_in, dana):
    for _ in range(3):
        for _ in range(2):
            with pytest.raises(SignInRefusedError):
                enter(sign_in, OTHER, address="address:own")
        assert enter(sign_in, address="address:own")
    for who in ("sam", "lee"):
        with pytest.raises(SignInRefusedError):
            enter(sign_in, OTHER, person_id=who, address="address:own")
    with pytest.raises(TooManySignInsError):
        enter(sign_in, address="address:own")


def test_one_address_cannot_try_everybody(sign_in, dana):
    for number in range(8):
        with pytest.raises(SignInRefusedError):
            enter(sign_in, person_id=f"person-{number}", address="address:own")
    with pytest.raises(TooManySignInsError):
        enter(sign_in, person_id="dana", address="address:own")
    assert enter(sign_in, address="address:another")


def test_a_session_ends_unused_or_at_its_time_whichever_comes_first(sign_in, dana, clock):
    idle, longest = sign_in.rules.idle, sign_in.rules.longest
    unused = secret_of(enter(sign_in))
    clock[0] += idle - timedelta(seconds=1)
    assert sign_in.session_of(unused)
    clock[0] += idle - timedelta(seconds=1)
    assert sign_in.session_of(unused)
    clock[0] += idle
    assert sign_in.session_of(unused) is None
    used, began = secret_of(enter(sign_in)), clock[0]
    while clock[0] + timedelta(minutes=20) < began + longest:
        clock[0] += timedelta(minutes=20)
        assert sign_in.session_of(used)
    clock[0] = began + longest
    assert sign_in.session_of(used) is None


def test_a_session_begun_in_the_future_is_not_taken(sign_in, dana, clock):
    secret = secret_of(enter(sign_in))
    clock[0] -= timedelta(hours=1)
    assert sign_in.session_of(secret) is None


def test_signing_out_ends_that_session_and_no_other(sign_in, dana):
    first, second = secret_of(enter(sign_in)), secret_of(enter(sign_in))
    sign_in.sign_out(first)
    assert sign_in.session_of(first) is None
    assert sign_in.session_of(second)


@pytest.mark.parametrize("secret", ["", "x", "x" * 43, "\ud800", "a\0b", "x" * 10_000])
def test_what_is_no_session_is_nobody(sign_in, dana, secret):
    enter(sign_in)
    assert sign_in.session_of(secret) is None


def test_another_password_ends_all_sessions_and_the_old_password(sign_in, dana):
    first = secret_of(enter(sign_in))
    new = sign_in.change_password("dana", PASSWORD, new_password=OTHER, address=HERE)
    assert sign_in.session_of(first) is None
    assert sign_in.session_of(secret_of(new))
    with pytest.raises(SignInRefusedError):
        enter(sign_in)
    assert enter(sign_in, OTHER)


def test_the_own_password_is_changed_by_who_knows_it_and_guessing_is_counted(sign_in, dana):
    for _ in range(3):
        with pytest.raises(SignInRefusedError):
            sign_in.change_password("dana", OTHER, new_password=OTHER, address=HERE)
    with pytest.raises(TooManySignInsError):
        sign_in.change_password("dana", PASSWORD, new_password=OTHER, address=HERE)


def test_a_one_time_key_sets_a_password_once(store, sign_in, dana):
    old = secret_of(enter(sign_in))
    chosen(store, sign_in, "dana", OTHER)
    assert sign_in.session_of(old) is None
    with pytest.raises(SignInRefusedError):
        sign_in.with_one_time_key("dana", "wfo_key", new_password=PASSWORD, address=HERE)
    assert enter(sign_in, OTHER)


def test_a_refused_password_leaves_the_one_time_key(store, sign_in, dana):
    give(store, sign_in, "dana")
    with pytest.raises(PasswordRefusedError, match="expected 15 to 256"):
        sign_in.with_one_time_key("dana", "wfo_key", new_password="short", address=HERE)
    assert sign_in.with_one_time_key("dana", "wfo_key", new_password=OTHER, address=HERE)


def test_a_hash_of_older_parameters_is_made_anew_and_the_session_stays(store, sign_in, dana):
    before = store.people.account_with_hash("dana")[1]
    first = secret_of(enter(sign_in))
    sign_in._passwords = Argon2Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    second = secret_of(enter(sign_in))
    after = store.people.account_with_hash("dana")[1]
    assert "t=1" in before
    assert "t=2" in after
    assert sign_in.session_of(first)
    assert sign_in.session_of(second)
    assert enter(sign_in)


def test_passwords_are_kept_as_argon2id_with_the_parameters_of_the_rfc():
    hashed = Argon2Passwords().hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in hashed


def test_letters_are_the_same_however_they_are_composed(quick_passwords):
    hashed = quick_passwords.hash("caf\u00e9 harbour lamps")
    assert quick_passwords.is_password("cafe\u0301 harbour lamps", hashed=hashed)
    assert not quick_passwords.is_password("cafe harbour lamps", hashed=hashed)


def test_the_hash_of_nobody_is_checked_like_any_other_and_in_vain(quick_passwords):
    hashed = quick_passwords.hash(PASSWORD)
    assert quick_passwords._nobody.split("$")[:4] == hashed.split("$")[:4]
    assert not quick_passwords.is_password(PASSWORD, hashed=None)
    with pytest.raises(VerifyMismatchError):
        quick_passwords._hasher.verify(quick_passwords._nobody, PASSWORD)


@pytest.mark.parametrize("hashed", [None, "", "plain", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$x"])
def test_what_is_no_hash_matches_nothing(quick_passwords, hashed):
    assert not quick_passwords.is_password(PASSWORD, hashed=hashed)


@given(st.text(max_size=300))
def test_a_password_is_refused_in_a_sentence_without_it_or_taken(password):
    reason = unusable_password(password, person_id="dana")
    if reason is None:
        assert len(password) >= 1
    else:
        assert "expected" in reason
        assert len(password) < LEAST_CHARACTERS or password not in reason


@pytest.mark.parametrize(
    "password",
    [
        "",
        "fourteen chars",
        "a" * 20,
        "abcabcabcabcabcabc",
        "abcdefabcdefabcdef",
        "my name is Dana forever",
        "Wherefore art thou Romeo",
        "x1y2z3w4v5u6 t7" * 20,
    ],
)
def test_passwords_that_are_easily_guessed_are_refused(password):
    assert unusable_password(password, person_id="dana")


def test_ordinary_long_passwords_are_taken_with_any_characters():
    for password in (
        PASSWORD,
        "пять старых речных барж",
        "🚢 🦆 🏮 🧵 🪁 🎈 🧊 🔑",
        "x" * 0 + OTHER,
    ):
        assert unusable_password(password, person_id="dana") is None
    assert MOST_CHARACTERS >= 64


def test_the_cross_site_token_tells_nothing_of_the_session_and_is_its_own():
    first, second = cross_site_token_of("secret-1"), cross_site_token_of("secret-2")
    assert first != second
    assert first == cross_site_token_of("secret-1")
    assert "secret" not in first
    assert first != digest_of("secret-1")


def test_a_session_of_an_earlier_series_speaks_for_nobody(dana, made):
    end = made.start + timedelta(hours=1)
    kept = {"created_at": made.start, "seen_at": made.start, "expires_at": end}
    now = Session(person_id="dana", series=dana.session_series, **kept)
    assert now.is_of(dana)
    assert not Session(person_id="dana", series=dana.session_series - 1, **kept).is_of(dana)
    assert not Session(person_id="sam", series=dana.session_series, **kept).is_of(dana)


@pytest.mark.parametrize(
    "given",
    [
        {"person_id": "Dana", "role": "underwriter"},
        {"person_id": "dana", "role": "emperor"},
        {"person_id": "dana", "role": "underwriter", "permissions": [Scope.RELEASE_NOTICES]},
    ],
)
def test_who_cannot_be_is_not_entered(given, made):
    with pytest.raises(PersonCommandError, match="expected"):
        entered(**{"permissions": ()} | given, now=made.start)


def test_the_first_start_enters_the_admin_with_a_key_and_later_ones_do_not(store, sign_in, made):
    people, now = store.people, made.start
    key = one_time_key_of_first_admin(people, now=now).get_secret_value()
    assert one_time_key_of_first_admin(people, now=now) is None
    assert people.account("admin").principal.scopes == {Scope.READ_METRICS}
    new = sign_in.with_one_time_key("admin", key, new_password=PASSWORD, address=HERE)
    assert sign_in.session_of(secret_of(new))
    assert one_time_key_of_first_admin(people, now=now + timedelta(days=3)) is None


def test_a_key_of_the_first_start_that_nobody_used_is_replaced_when_it_is_over(
    store, sign_in, made, clock
):
    first = one_time_key_of_first_admin(store.people, now=made.start)
    clock[0] = made.start + timedelta(hours=24)
    second = one_time_key_of_first_admin(store.people, now=clock[0])
    for key in (first, second):
        given = {"new_password": PASSWORD, "address": HERE}
        if key is first:
            with pytest.raises(SignInRefusedError):
                sign_in.with_one_time_key("admin", key.get_secret_value(), **given)
        else:
            assert sign_in.with_one_time_key("admin", key.get_secret_value(), **given)


def test_no_key_is_made_where_an_admin_is_disabled_or_another_is_there(store, made):
    people, now = store.people, made.start
    people.add(entered("lead", role="admin", permissions=(), now=now), by=OPERATOR)
    assert one_time_key_of_first_admin(people, now=now) is None
    assert people.account("admin") is None


def test_who_was_entered_as_admin_with_another_role_stays_so(store, made):
    people, now = store.people, made.start
    people.add(entered("admin", role="auditor", permissions=(), now=now), by=OPERATOR)
    assert one_time_key_of_first_admin(people, now=now) is None
    assert people.account("admin").role == "auditor"


def test_neither_passwords_nor_unknown_ids_reach_a_log(sign_in, dana):
    with structlog.testing.capture_logs() as logs:
        enter(sign_in)
        for _ in range(4):
            with pytest.raises((SignInRefusedError, TooManySignInsError)):
                enter(sign_in, OTHER, person_id="my-password-in-the-wrong-field")
    assert {"signed_in", "sign_in_refused", "sign_in_locked"} <= {log["event"] for log in logs}
    for word in (PASSWORD, OTHER, "wrong-field"):
        assert word not in str(logs)
