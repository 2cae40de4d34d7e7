"""Writers that meet: one wins, the others wait or are told; and pools that are full."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from serving.adapters.sql import audit, tables
from serving.adapters.sql.engine import PoolOptions, alone, open_engine, reading, writing
from serving.adapters.sql.retries import MAX_ATTEMPTS, retried
from serving.adapters.sql.storage import open_databases, open_storage
from serving.api.problems import error_response
from serving.cases.keeping_events import LegalHoldPlaced
from serving.cases.store_errors import (
    CaseConflictError,
    CaseExistsError,
    StoreBusyError,
    StoreUnavailableError,
    TransactionLostError,
)

_RACER = """
import importlib.util, os, sys, time
from pathlib import Path
from pydantic import SecretStr
from serving.adapters.sql.storage import open_storage
from serving.cases.keeping_events import LegalHoldPlaced
from serving.cases.store_errors import CaseConflictError
from serving.settings import Settings

state, url, name, conftest = sys.argv[1:]
spec = importlib.util.spec_from_file_location("desks", conftest)
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
settings = Settings(state_dir=Path(state), database_url=SecretStr(url) if url else None)
with open_storage(settings) as storage:
    Path(state, name).touch()
    while not Path(state, "go").exists():
        time.sleep(0.001)
    won = 0
    for number in range(20):
        hold = LegalHoldPlaced(**made.Desk(None, case_id="c-1").when(), hold_id=f"{name}-{number}")
        try:
            storage.cases.append("c-1", [hold], expected_events=number + 1)
            won += 1
        except CaseConflictError:
            while storage.cases.entry("c-1").num_events < number + 2:
                time.sleep(0.001)
    print(won)
"""


def test_of_processes_that_race_for_one_case_one_wins_each_time(settings, made):
    with open_storage(settings) as storage:
        made.desk(storage.cases, case_id="c-1").open()
    secret = settings.database_url
    url = secret.get_secret_value() if secret else ""
    conftest = Path(__file__).with_name("conftest.py")
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, settings.state_dir, url, name, conftest],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b")
    ]
    try:
        while not all((settings.state_dir / name).exists() for name in ("a", "b")):
            assert all(racer.poll() is None for racer in racers)
            time.sleep(0.01)
        (settings.state_dir / "go").touch()
        won = [int(racer.communicate(timeout=300)[0]) for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
    assert sum(won) == 20
    with open_storage(settings) as storage:
        assert storage.cases.load("c-1").num_events == storage.audit.verify().sequence == 21


def test_of_many_that_open_a_case_under_one_id_one_does(storage, made):
    def open_it(_):
        try:
            made.desk(storage.cases, case_id="c-1").open()
        except CaseExistsError:
            return 0
        return 1

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(open_it, range(6))) == 1
    assert storage.audit.verify().sequence == 1


def test_who_comes_second_reads_what_the_first_one_wrote(storage, settings, made):
    """The loser of a race for a row decides by the row as it is, not as it was when it began."""
    made.desk(storage.cases, case_id="c-1").open()
    when, told = made.desk(storage.cases).when(), []

    def append():
        try:
            placed = LegalHoldPlaced(**when, hold_id="h-2")
            storage.cases.append("c-1", [placed], expected_events=1)
        except CaseConflictError as error:
            told.append(error)

    second = threading.Thread(target=append)
    with open_databases(settings) as (cases, _), writing(cases.engine) as connection:
        same = tables.case_states.c.case_id == "c-1"
        connection.execute(tables.case_states.update().where(same), {"num_events": 2})
        second.start()
        second.join(0.3)
        assert second.is_alive()
    second.join()
    assert [(error.expected, error.found) for error in told] == [("1 events", "2 events")]


def test_a_reader_sees_one_state_while_others_write(storage, settings, made):
    made.desk(storage.cases).open()
    wanted = sa.select(sa.func.count()).select_from(tables.applications)
    with open_databases(settings) as (cases, _), reading(cases.engine) as connection:
        before = connection.scalar(wanted)
        made.desk(storage.cases).open()
        assert connection.scalar(wanted) == before == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_isolation_is_chosen_here_and_not_by_the_server(settings, storage, make_database):
    with open_databases(settings) as (cases, _):
        name = cases.engine.url.database
        with writing(cases.engine) as connection:
            change = f'ALTER DATABASE "{name}" SET default_transaction_isolation TO serializable'
            connection.execute(sa.text(change))
        cases.engine.dispose()
        found = []
        for begin in (writing, reading, writing):
            with begin(cases.engine) as connection:
                levels = ("transaction_isolation", "transaction_read_only")
                found.append(tuple(connection.scalar(sa.text(f"SHOW {n}")) for n in levels))
        assert found == [
            ("read committed", "off"),
            ("repeatable read", "on"),
            ("read committed", "off"),
        ]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_transaction_lost_to_a_deadlock_is_begun_anew(settings, storage, made):
    with open_databases(settings) as (cases, _), writing(cases.engine) as connection:
        name = cases.engine.url.database
        connection.execute(sa.text(f"ALTER DATABASE \"{name}\" SET deadlock_timeout TO '2s'"))
    with open_storage(settings) as fresh:
        desk = made.desk(fresh.cases, case_id="c-1").open()
        placed = LegalHoldPlaced(**desk.when(), hold_id="h-1")
        lost = []
        sa.event.listen(
            fresh._engine, "handle_error", lambda c: lost.append(c.original_exception.sqlstate)
        )
        with ThreadPoolExecutor(1) as pool, open_databases(settings) as (cases, _):
            with writing(cases.engine) as connection:
                connection.execute(sa.text("SET LOCAL deadlock_timeout TO '60s'"))
                alone(connection, audit._LOCK)
                appended = pool.submit(fresh.cases.append, "c-1", [placed], expected_events=1)
                same = tables.case_states.c.case_id == "c-1"
                waits = sa.text(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                )
                while not connection.scalar(waits):
                    time.sleep(0.01)
                connection.execute(
                    sa.select(tables.case_states.c.stage).where(same).with_for_update()
                )
            assert appended.result().num_events == 2
        assert lost == ["40P01"]
        assert desk.load().num_events == fresh.audit.verify().sequence == 2


def test_a_lost_transaction_is_begun_anew_so_many_times_and_no_more():
    calls = []

    @retried
    def lose(until):
        calls.append(1)
        if len(calls) < until:
            raise TransactionLostError(found="a test")
        return len(calls)

    assert lose(3) == 3
    calls.clear()
    with pytest.raises(StoreBusyError):
        lose(100)
    assert len(calls) == MAX_ATTEMPTS


def test_no_other_failure_is_tried_again():
    calls = []

    @retried
    def fail():
        calls.append(1)
        raise StoreUnavailableError(found="a test")

    with pytest.raises(StoreUnavailableError):
        fail()
    assert len(calls) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_serialisation_failure_is_one_that_can_be_tried_again(settings, storage, made):
    made.desk(storage.cases, case_id="c-1").open()
    same = tables.case_states.c.case_id == "c-1"
    update = tables.case_states.update().where(same).values(num_events=5)

    def overtaken(engine):
        strict = engine.execution_options(isolation_level="SERIALIZABLE")
        with writing(strict) as first:
            first.execute(sa.select(tables.case_states)).all()
            with writing(engine) as second:
                second.execute(update)
            first.execute(update)

    with open_databases(settings) as (cases, _), pytest.raises(TransactionLostError):
        overtaken(cases.engine)


@contextmanager
def opened(url, pool):
    engine = open_engine(url, pool=pool)
    try:
        with reading(engine) as connection:
            yield connection
    finally:
        engine.dispose()


def _busy(settings, **changes):
    return settings.model_copy(update={"database_wait_seconds": 0.2, **changes})


def test_a_full_pool_is_told_as_busy_with_a_time_to_come_back(settings, storage, made):
    case_id = made.desk(storage.cases).open().case_id
    with open_storage(_busy(settings, database_pool_size=1)) as small:
        with reading(small._engine), pytest.raises(StoreBusyError) as told:
            small.cases.load(case_id)
        answer = error_response(told.value, request_id="r")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert b"storage_busy" in answer.body
        assert b"WHEREFORE_DATABASE_POOL_SIZE" in answer.body
        assert small.cases.load(case_id).num_events == 1


def test_a_lock_that_is_not_given_back_is_told_as_busy(settings, storage, made):
    desk = made.desk(storage.cases, case_id="c-1").open()
    placed = LegalHoldPlaced(**desk.when(), hold_id="h-1")
    with open_storage(_busy(settings)) as other, open_databases(settings) as (cases, _):
        with writing(cases.engine) as connection:
            same = tables.case_states.c.case_id == "c-1"
            wanted = sa.select(tables.case_states).where(same).with_for_update()
            connection.execute(wanted).all()
            with pytest.raises(StoreBusyError):
                other.cases.append("c-1", [placed], expected_events=1)
            # Who only reads is not kept waiting.
            assert other.cases.load("c-1").num_events == 1
        other.cases.append("c-1", [placed], expected_events=1)


def test_a_database_that_does_not_answer_has_a_time_to_come_back_too():
    answer = error_response(StoreUnavailableError(found="nothing"), request_id="r")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


def test_the_settings_reach_both_pools(settings):
    given = settings.model_copy(
        update={
            "database_pool_size": 3,
            "database_wait_seconds": 1.5,
            "database_recycle_seconds": 60.0,
        }
    )
    with open_databases(given) as found:
        for each in found:
            assert each.engine.pool.size() == 3
            assert each.engine.pool._max_overflow == 0
            assert each.engine.pool.timeout() == 1.5
            assert each.engine.pool._recycle == 60.0


def test_sqlite_writes_ahead_waits_and_syncs(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    with opened(url, PoolOptions(wait_seconds=1.5)) as connection:
        names = ("journal_mode", "busy_timeout", "synchronous", "foreign_keys", "secure_delete")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
        assert found == ["wal", 1500, 2, 1, 1]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_the_server_closed_is_replaced_unnoticed(settings, storage, made):
    desk = made.desk(storage.cases).open()
    with open_databases(settings) as (cases, _), writing(cases.engine) as connection:
        ended = sa.text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert connection.scalar(ended) >= 1
    assert desk.load().num_events == 1
    desk.complete()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_options_in_the_url_stay_beside_ours(settings, storage):
    url = settings.database_url.get_secret_value() + "?options=-c%20work_mem%3D5MB"
    with opened(url, PoolOptions(wait_seconds=2)) as connection:
        names = ("work_mem", "lock_timeout", "tcp_keepalives_idle")
        assert [connection.scalar(sa.text(f"SHOW {n}")) for n in names] == ["5MB", "2s", "30"]
