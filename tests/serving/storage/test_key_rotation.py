"""Rotating and retiring ring keys at the same time: no key that wraps something is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from serving.adapters.encryption.key_ring import KeyRingFile
from serving.adapters.sql.engine import writing
from serving.adapters.sql.rotation import retire, rotate
from serving.adapters.sql.storage import check_ring, open_databases

NUM_AT_ONCE = 6


@pytest.fixture
def database(settings, storage):
    with open_databases(settings) as (cases, _):
        yield cases


@pytest.fixture
def desk(storage, made):
    return made.desk(storage.cases)


@pytest.fixture
def elsewhere(settings, storage):
    """The same database, as another process opens it."""
    with open_databases(settings) as (cases, _):
        yield cases


def at_once(act):
    """Calls a function in several threads that start together; returns what it returned."""
    start = threading.Barrier(NUM_AT_ONCE)

    def one(_):
        start.wait()
        return act()

    with ThreadPoolExecutor(NUM_AT_ONCE) as pool:
        return list(pool.map(one, range(NUM_AT_ONCE)))


def between_transactions(database, act):
    """Has something done once, right after the next transaction of a database."""
    sa.event.listen(database.engine.pool, "checkin", lambda *_: act(), once=True)


def test_keys_added_at_the_same_time_all_stay(tmp_path):
    path = tmp_path / "keys.json"
    KeyRingFile(path).make()
    for _ in range(5):
        added = at_once(lambda: KeyRingFile(path).add())
        assert set(added) <= set(KeyRingFile(path).keys())


def test_rotations_at_the_same_time_lose_no_key(settings, desk, database):
    desk.open()

    def rotate_here():
        with open_databases(settings) as (cases, _):
            return rotate(cases)

    for _ in range(3):
        at_once(rotate_here)
        check_ring(database)
        assert desk.load().num_events == 1


@pytest.mark.parametrize("rotations", [0, 1, 2])
def test_retiring_spares_the_keys_of_a_rotation_meanwhile(desk, database, elsewhere, rotations):
    desk.open()
    oldest = database.ring.keys()[0].key_id
    before = rotate(database).key_id

    def rotate_meanwhile():
        for _ in range(rotations):
            rotate(elsewhere)

    between_transactions(database, rotate_meanwhile)
    assert retire(database) == (oldest,)
    assert len(database.ring.keys()) == 1 + rotations
    assert database.ring.keys()[-1].key_id == before
    check_ring(database)
    assert desk.load().num_events == 1


def test_retiring_spares_a_new_key_that_the_database_does_not_know_yet(desk, database, elsewhere):
    desk.open()
    rotate(database)
    between_transactions(database, elsewhere.ring.add)
    retire(database)
    assert len(database.ring.keys()) == 2
    assert desk.load().num_events == 1


def test_a_key_that_is_taken_into_use_again_is_not_retired(desk, database, elsewhere):
    desk.open()
    oldest = database.ring.keys()[0].key_id
    rotate(database)

    def use_again():
        row = {"key_id": oldest, "added_at": desk.now}
        with writing(elsewhere.engine) as connection:
            connection.execute(sa.table("encryption_keys", *map(sa.column, row)).insert(), row)

    between_transactions(database, use_again)
    assert retire(database) == ()
    check_ring(database)
    assert retire(database) == (oldest,)
