"""What only databases can show: what lies in them, what they refuse, what a purge leaves."""

import base64
import json
import os
import signal
import threading
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import event

from serving.adapters.encryption.key_ring import KeyRingFile
from serving.adapters.encryption.sealing import new_key
from serving.adapters.monitoring.store import MIGRATIONS as MONITORING
from serving.adapters.monitoring.tables import metadata as monitoring_metadata
from serving.adapters.sql import tables
from serving.adapters.sql.audit import SqlAuditTrail
from serving.adapters.sql.cases import SqlCaseStore
from serving.adapters.sql.engine import reading, writing
from serving.adapters.sql.rotation import Rotation, retire, rotate
from serving.adapters.sql.storage import (
    anchor_file,
    check_ring,
    open_databases,
    open_monitoring,
    open_storage,
)
from serving.adapters.sql.upgrade import CASES, check_version, downgrade, upgrade
from serving.cases.anchors import read_anchor, read_anchors
from serving.cases.decisions import Outcome
from serving.cases.errors import AnchorFileError, AuditBrokenError
from serving.cases.events import ReasonsRequested
from serving.cases.keeping_events import LegalHoldPlaced
from serving.cases.notice_events import NoticePurpose
from serving.cases.store_errors import (
    CaseConflictError,
    DatabaseVersionError,
    EncryptionKeyError,
    SealedValueError,
    StoreUnavailableError,
)
from serving.cases.worklist import WorklistQuery
from serving.monitoring.record import (
    Answer,
    AskedUnder,
    Ethnicity,
    MaritalStatus,
    MonitoringRecord,
    Origin,
    Race,
    Sex,
    TakenBy,
)
from serving.settings import Settings


@pytest.fixture
def desk(storage, made):
    return made.desk(storage.cases)


@pytest.fixture
def database(settings, storage):
    """The database of cases behind the stores, to look into."""
    with open_databases(settings) as (cases, _):
        yield cases


@pytest.fixture
def monitoring(settings):
    with open_monitoring(settings) as found:
        yield found


def dump(engine):
    """Every value of every table as bytes, as somebody with the database alone reads it."""
    with reading(engine) as connection:
        names = sa.inspect(connection).get_table_names()
        rows = [
            row for name in names for row in connection.execute(sa.text(f"SELECT * FROM {name}"))
        ]
    return b"\n".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for row in rows
        for value in row
    )


def count(engine, table, **where):
    wanted = sa.select(sa.func.count()).select_from(table)
    with reading(engine) as connection:
        return connection.scalar(wanted.filter_by(**where))


def test_nothing_personal_lies_in_the_database_in_clear(desk, database, made):
    desk.deny_and_tell()
    found = dump(database.engine)
    assert b"c-" in found
    for word in (
        made.canary,
        "canary@example.org",
        "Dayton, OH",
        "asks for a car loan",
        "letter about",
    ):
        assert word.encode() not in found


def test_nothing_personal_lies_in_the_files_of_sqlite(desk, settings, made):
    desk.deny_and_tell()
    for path in settings.state_dir.iterdir():
        assert made.canary.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_a_purge_shreds_the_key_and_deletes_the_rows(desk, database, storage, made):
    desk.deny_and_tell()
    other = made.desk(storage.cases).deny_and_tell()
    desk.retain().purge()
    for table in (tables.data_keys, *tables.PERSONAL):
        column = {"notice_renderings": "notice_id"}.get(table.name)
        if column is None and "case_id" in table.c:
            assert count(database.engine, table, case_id=desk.case_id) == 0, table.name
            assert count(database.engine, table, case_id=other.case_id) > 0, table.name
    notice = {"notice_id": desk.notice.notice_id}
    assert count(database.engine, tables.notice_renderings, **notice) == 0
    assert count(database.engine, tables.notices, **notice) == 1
    assert count(database.engine, tables.events, case_id=desk.case_id) == desk.seen
    assert other.load().num_events == other.seen
    assert storage.audit.verify() == storage.audit.head


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_purge_leaves_nothing_of_the_key_in_the_files_of_sqlite(desk, database, settings):
    desk.deny_and_tell()
    wanted = sa.select(tables.data_keys.c.wrapped)
    with reading(database.engine) as connection:
        wrapped = connection.scalar(wanted)
    files = [settings.state_dir / name for name in ("cases.db", "cases.db-wal")]
    assert any(wrapped in path.read_bytes() for path in files)
    database.engine.dispose()
    desk.retain().purge()
    assert not any(wrapped in path.read_bytes() for path in files)


@pytest.mark.parametrize("table", ["audit_log", "events"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET sequence = sequence + 100"])
def test_the_database_refuses_to_change_what_was_recorded(desk, database, table, change):
    desk.open()
    with (
        pytest.raises(sa.exc.IntegrityError),
        writing(database.engine) as connection,
    ):
        connection.execute(sa.text(change.format(table)))
    assert desk.load().num_events == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_refuses_to_empty_the_audit_log(desk, database):
    desk.open()
    with pytest.raises(sa.exc.IntegrityError), writing(database.engine) as connection:
        connection.execute(sa.text("TRUNCATE audit_log"))
    assert count(database.engine, tables.audit_log) == 1


@pytest.fixture
def left(settings, made):
    """The database of a case that was told, its log anchored, and no service."""
    with open_storage(settings) as storage:
        made.desk(storage.cases).deny_and_tell()
    with open_databases(settings) as (cases, _):
        yield cases.engine


def without_triggers(engine):
    """Takes the triggers away, as the owner of the tables could."""
    downgrade(engine, CASES, to="0001")
    return engine


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_log SET object_id = 'c-other' WHERE sequence = 3",
        "DELETE FROM audit_log WHERE sequence = 2",
        "UPDATE audit_log SET sequence = 100 WHERE sequence = 5",
        "DELETE FROM audit_log WHERE sequence >= 7",
    ],
)
def test_a_changed_audit_log_is_found_even_without_the_triggers(left, settings, change):
    with writing(without_triggers(left)) as connection:
        connection.execute(sa.text(change))
    with pytest.raises(AuditBrokenError):
        SqlAuditTrail(left).verify(anchor=read_anchor(anchor_file(settings)))


def test_a_single_changed_bit_of_the_log_is_found(left):
    line = bytearray(list(SqlAuditTrail(left).lines())[3])
    line[len(line) // 2] ^= 1
    with writing(without_triggers(left)) as connection:
        same = tables.audit_log.c.sequence == 4
        connection.execute(tables.audit_log.update().where(same), {"line": bytes(line)})
    with pytest.raises(AuditBrokenError) as found:
        SqlAuditTrail(left).verify()
    assert found.value.sequence == 4


def test_a_value_moved_to_another_case_does_not_open(desk, storage, database, made):
    desk.open()
    other = made.desk(storage.cases).open(made.file())
    with writing(database.engine) as connection:
        moved = sa.select(tables.submissions.c.content).where(
            tables.submissions.c.case_id == desk.case_id
        )
        update = tables.submissions.update().where(tables.submissions.c.case_id == other.case_id)
        connection.execute(update.values(content=connection.scalar(moved)))
    with pytest.raises(SealedValueError, match=r"submissions\.content"):
        storage.cases.file(other.case_id)


def test_the_stores_open_again_as_they_were_left(desk, open_again):
    before = desk.deny_and_tell().load()
    assert open_again().cases.load(desk.case_id) == before


def test_a_wrong_key_is_told_with_found_and_expected(desk, settings, storage):
    desk.open()
    path = settings.state_dir / "encryption_keys.json"
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(EncryptionKeyError, match="restore it"), open_storage(settings):
        pass
    assert not path.exists()
    path.write_text(json.dumps({"keys": [{"key": "A" * 43 + "=", "created_at": "x"}]}))
    path.chmod(0o600)
    with (
        pytest.raises(EncryptionKeyError, match=r"found the keys .*, expected"),
        open_storage(settings),
    ):
        pass
    path.write_bytes(kept)
    with open_storage(settings) as again:
        assert again.cases.load(desk.case_id).num_events == 1


def test_a_second_server_with_a_key_file_of_its_own_is_told(settings, storage, tmp_path):
    shared = settings.database_url or f"sqlite:///{settings.state_dir / 'cases.db'}"
    second = Settings(state_dir=tmp_path / "second", database_url=shared)
    with pytest.raises(EncryptionKeyError, match="restore it"), open_storage(second):
        pass
    KeyRingFile(tmp_path / "second" / "encryption_keys.json").make()
    with pytest.raises(EncryptionKeyError, match="found the keys"), open_storage(second):
        pass


def test_keys_of_the_setting_open_the_same_database(settings, tmp_path, made):
    old, new = (base64.b64encode(new_key()).decode() for _ in range(2))
    first = settings.model_copy(update={"encryption_keys": SecretStr(old)})
    with open_storage(first) as storage:
        desk = made.desk(storage.cases).open()
    both = settings.model_copy(update={"encryption_keys": SecretStr(f"{new},{old}")})
    with open_databases(both) as (cases, monitoring):
        assert (rotate(cases).num_wrapped, rotate(monitoring).num_wrapped) == (1, 0)
        assert len(retire(cases)) == len(retire(monitoring)) == 1
    with pytest.raises(EncryptionKeyError), open_storage(first):
        pass
    last = settings.model_copy(update={"encryption_keys": SecretStr(new)})
    with open_storage(last) as storage:
        assert storage.cases.load(desk.case_id).num_events == 1
    assert not list(settings.state_dir.glob("*.json"))


def test_a_server_with_a_retired_key_opens_no_new_case(settings, made):
    old, new = (base64.b64encode(new_key()).decode() for _ in range(2))
    with open_storage(settings.model_copy(update={"encryption_keys": SecretStr(old)})) as outdated:
        both = settings.model_copy(update={"encryption_keys": SecretStr(f"{new},{old}")})
        with open_databases(both) as (cases, _):
            rotate(cases)
            retire(cases)
        with pytest.raises(EncryptionKeyError, match="retired"):
            made.desk(outdated.cases).open()
        assert outdated.audit.head.sequence == 0


def test_keys_are_rotated_while_a_server_runs_on(desk, storage, database, made):
    desk.deny_and_tell()
    before = desk.load()
    old = database.ring.keys()[0].key_id
    done = rotate(database)
    assert (done.num_wrapped, done.key_id) == (1, database.ring.keys()[0].key_id)
    assert done.key_id != old
    assert desk.load() == before
    later = made.desk(storage.cases).open()
    assert retire(database) == (old,)
    check_ring(database)
    assert desk.load() == before
    assert later.load().num_events == 1
    assert rotate(database).num_wrapped == 2


def test_a_case_is_opened_while_the_database_does_not_know_the_new_key_yet(storage, database, made):
    old = database.ring.keys()[0].key_id
    new = database.ring.add()
    opened = made.desk(storage.cases).open()
    with writing(database.engine) as connection:
        database.keys.register(connection)
    with pytest.raises(EncryptionKeyError, match="rotate-keys"):
        retire(database)
    assert rotate(database) == Rotation(key_id=new.key_id, num_wrapped=1)
    assert retire(database) == (old,)
    assert opened.load().num_events == 1


def test_cases_are_opened_all_the_time_while_keys_are_rotated(storage, database, made):
    is_over = threading.Event()

    def open_cases():
        number = 0
        while not is_over.is_set() or not number:
            made.desk(storage.cases).open()
            number += 1
        return number

    with ThreadPoolExecutor(2) as pool:
        opening = [pool.submit(open_cases) for _ in range(2)]
        try:
            for _ in range(4):
                rotate(database)
        finally:
            is_over.set()
        num_opened = sum(future.result() for future in opening)
    rotate(database)
    retire(database)
    assert len(database.ring.keys()) == 1
    assert storage.audit.verify().sequence == num_opened


def test_a_rotation_that_was_cut_off_goes_on_with_the_same_key(desk, storage, database, made):
    desk.open()
    made.desk(storage.cases).open()
    new = database.ring.add()
    with writing(database.engine) as connection:
        database.keys.register(connection)
    with pytest.raises(EncryptionKeyError, match="rotate-keys"):
        retire(database)
    assert rotate(database).key_id == new.key_id
    assert len(database.ring.keys()) == 2
    assert desk.load().num_events == 1


def told(*values):
    return Answer(origin=Origin.SELF_REPORTED, values=values)


def a_record(**answers):
    asked = {"asked_under": AskedUnder.REGULATION_B, "taken_by": TakenBy.IN_PERSON}
    return MonitoringRecord(consumer_id="p-1", **asked, **answers)


def test_monitoring_data_lie_in_a_database_of_their_own(desk, monitoring, settings, database):
    desk.open()
    record = a_record(
        ethnicity=told(Ethnicity.NOT_HISPANIC_OR_LATINO),
        race=Answer(origin=Origin.OBSERVED, values=(Race.ASIAN, Race.WHITE)),
        sex=told(Sex.FEMALE), marital_status=told(MaritalStatus.UNMARRIED), age_years=told(44),
        written_in=(("other_asian", "Hmong"),),
    )  # fmt: skip
    monitoring.put(desk.case_id, (record,))
    assert monitoring.records(desk.case_id) == (record,)
    assert list(monitoring.case_ids()) == [desk.case_id]
    changed = replace(record, sex=None)
    monitoring.put(desk.case_id, (changed,))
    assert monitoring.records(desk.case_id) == (changed,)
    assert "monitoring_records" not in sa.inspect(database.engine).get_table_names()
    assert not set(tables.metadata.tables) & {"monitoring_records"}
    assert b"asian" not in (settings.state_dir / "monitoring.db").read_bytes()
    monitoring.shred(desk.case_id)
    assert monitoring.records(desk.case_id) == ()


def test_a_purge_takes_the_monitoring_data_along(desk, monitoring, open_again):
    desk.deny_and_tell()
    monitoring.put(desk.case_id, (a_record(sex=told(Sex.MALE)),))
    desk.retain().purge()
    assert list(monitoring.case_ids()) == []
    # As a crash between the two databases leaves it:
    monitoring.put(desk.case_id, (a_record(sex=told(Sex.MALE)),))
    open_again()
    assert list(monitoring.case_ids()) == []


def test_migrations_make_exactly_the_tables_of_the_program(settings, storage):
    with open_databases(settings) as found:
        for each, metadata in zip(found, (tables.metadata, monitoring_metadata), strict=True):
            check_version(each.engine, each.migrations)
            with reading(each.engine) as connection:
                context = MigrationContext.configure(connection, opts={"compare_type": True})
                assert compare_metadata(context, metadata) == []


def test_every_constraint_and_index_has_a_name(database):
    inspector = sa.inspect(database.engine)
    for table in tables.metadata.tables:
        named = [
            inspector.get_pk_constraint(table),
            *inspector.get_foreign_keys(table),
            *inspector.get_unique_constraints(table),
            *inspector.get_check_constraints(table),
            *inspector.get_indexes(table),
        ]
        assert all(found["name"] for found in named), table


def test_the_one_notice_of_an_older_database_becomes_the_primary_applicants(
    storage, database, made
):
    new = lambda: made.desk(storage.cases).open().complete().assess()  # noqa: E731
    offer = {"outcome": Outcome.COUNTEROFFER, "override_cause": "other terms can be carried"}
    desks = [
        new(),
        new().decide(),
        new().decide().draft(),
        new().decide(**offer),
        new().decide(**offer).draft(purpose=NoticePurpose.COUNTEROFFER).release().send(),
        new().decide().draft(reasons_on_request=True).release().send(),
        made.desk(storage.cases).deny_and_tell(),
        made.desk(storage.cases).open().withdraw(),
    ]
    asked = ReasonsRequested(**desks[5].when())
    desks[5].add(asked)
    before = [storage.cases.entry(desk.case_id) for desk in desks]
    open_before = [[(n.purpose, n.step) for n in entry.open_notices] for entry in before]
    assert [len(found) for found in open_before] == [0, 1, 1, 1, 1, 1, 0, 0]
    assert downgrade(database.engine, CASES, to="0002") == CASES.newest
    with reading(database.engine) as connection:
        wanted = "SELECT notice_step, notice_purpose FROM case_states WHERE notice_step IS NOT NULL"
        assert connection.execute(sa.text(wanted)).all() == [("drafted", "action_taken")]
    assert upgrade(database.engine, CASES) == "0002"
    assert [storage.cases.entry(desk.case_id) for desk in desks] == before
    assert count(database.engine, tables.notices, consumer_id=None) == 4
    desks[2].release().send()
    assert storage.cases.entry(desks[2].case_id).open_notices == ()


def test_a_purge_leaves_no_recipient(storage, database, made):
    desk = made.desk(storage.cases).open().complete().assess().decide(other_recipients=("p-2",))
    desk.draft().release().send().draft(consumer_id="p-2").release().send()
    assert count(database.engine, tables.notices, consumer_id="p-2") == 1
    desk.retain().purge()
    assert count(database.engine, tables.notices, consumer_id="p-2") == 0
    assert count(database.engine, tables.open_notices, case_id=desk.case_id) == 0


def test_the_tables_are_dropped_and_made_again(left):
    downgrade(left, CASES, to="base", discard=True)
    assert set(sa.inspect(left).get_table_names()) <= {"alembic_version"}
    upgrade(left, CASES)
    assert count(left, tables.events) == 0


def test_monitoring_tables_go_down_and_up_again(settings, storage):
    with open_databases(settings) as (_, monitoring):
        assert downgrade(monitoring.engine, MONITORING, to="base", discard=True) == "0001"
        assert upgrade(monitoring.engine, MONITORING) is None


def test_a_database_of_a_newer_program_is_left_alone(database, settings):
    with writing(database.engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseVersionError, match="newer program"), open_storage(settings):
        pass


@pytest.mark.parametrize(
    "url",
    ["nonsense", "mysql://host/x", "sqlite://", "postgresql://user:canary@127.0.0.1:1/x"],
)
def test_a_database_that_cannot_be_used_is_told_without_its_password(tmp_path, url):
    settings = Settings(state_dir=tmp_path, database_url=url)
    with pytest.raises(StoreUnavailableError) as told, open_storage(settings):
        pass
    assert "WHEREFORE_DATABASE_URL" in str(told.value)
    assert "canary" not in str(told.value)


def test_writers_in_threads_take_turns_and_the_chain_holds(storage, made):
    desks = [made.desk(storage.cases, case_id=f"c-{n}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda desk: desk.deny_and_tell(), desks))
    assert storage.audit.verify().sequence == 8 * 8
    assert len(storage.cases.worklist(WorklistQuery()).entries) == 8


def test_of_many_writers_to_one_case_one_wins_each_time(storage, made):
    desk = made.desk(storage.cases, case_id="c-1").open()
    when = made.desk(storage.cases, case_id="c-1").when()

    def hold(number):
        try:
            placed = LegalHoldPlaced(**when, hold_id=f"h-{number}")
            storage.cases.append("c-1", [placed], expected_events=1)
        except CaseConflictError:
            return 0
        return 1

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(hold, range(6))) == 1
    assert desk.load().num_events == storage.audit.verify().sequence == 2


def _die_at(settings, made, case_id, last):
    """In a process of its own: decides and drafts, and is killed at one statement or commit."""
    seen = 0

    def count(*_):
        nonlocal seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_storage(settings) as storage:
        desk = made.desk(storage.cases, case_id=case_id).open().complete().assess()
        with open_databases(settings) as (cases, _):
            event.listen(sa.Engine, "before_cursor_execute", count)
            event.listen(sa.Engine, "commit", count)
            desk = made.desk(SqlCaseStore(cases.engine, cases.keys), case_id=case_id, now=desk.now)
            desk.seen = 3
            desk.decide().draft(renderings={"application/pdf": b"%PDF"})


def in_a_process(work, *arguments):
    """Runs in a copy of this process and returns the signal that ended it, 0 at its end."""
    child = os.fork()
    if child == 0:
        try:
            work(*arguments)
        except BaseException:  # noqa: BLE001 - told, and the copy of this process ends here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def test_killed_at_any_statement_or_commit_the_store_reopens_whole(settings, open_again, made):
    survived, last = set(), 0
    while True:
        last += 1
        case_id = f"c-killed-{last}"
        ended = in_a_process(_die_at, settings, made, case_id, last)
        with open_storage(settings) as storage:
            stored = storage.cases.load(case_id)
            entries = storage.audit.entries(object_kind="case", object_id=case_id)
            assert [e.action.digests["event"] for e in entries] == list(stored.digests)
            assert storage.cases.entry(case_id).num_events == stored.num_events
            for notice in stored.case.preparing:
                storage.cases.notice(notice.draft.notice_id)
            survived.add(stored.num_events)
            if ended == 0:
                break
            assert ended == signal.SIGKILL
    assert survived == {3, 4, 5}
    assert last > 15
    assert open_again().audit.verify().sequence > 3 * last


def _work(settings, made):
    with open_storage(settings) as storage:
        for _ in range(3):
            made.desk(storage.cases).deny_and_tell()


def test_writers_in_processes_take_turns_and_the_chain_holds(settings, made):
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(lambda _: in_a_process(_work, settings, made), range(3)))
    assert ended == [0, 0, 0]
    with open_storage(settings) as storage:
        assert storage.audit.verify().sequence == 3 * 3 * 8


def test_every_start_and_stop_anchors_what_is_new(settings, made):
    with open_storage(settings) as storage:
        made.desk(storage.cases).open()
        assert not storage.anchor_file.exists()
    assert [head.sequence for head in read_anchors(storage.anchor_file)] == [1]
    with open_storage(settings) as storage:
        made.desk(storage.cases).open().complete()
    assert [head.sequence for head in read_anchors(storage.anchor_file)] == [1, 3]
    assert storage.anchor_file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM audit_log WHERE sequence >= 3",
        "UPDATE audit_log SET line = substr(line, 2) WHERE sequence = 3",
    ],
)
def test_a_log_that_does_not_continue_its_anchor_stops_the_start(settings, made, change):
    with open_storage(settings) as storage:
        made.desk(storage.cases).open().complete().assess()
    with open_databases(settings) as (cases, _):
        downgrade(cases.engine, CASES, to="0001")
        with writing(cases.engine) as connection:
            connection.execute(sa.text(change))
    with pytest.raises(AuditBrokenError, match="entry 3"), open_storage(settings):
        pass


def test_an_anchor_file_that_cannot_be_written_is_told(settings, made, tmp_path):
    elsewhere = settings.model_copy(update={"audit_anchor_file": tmp_path / "no" / "anchor"})
    told = pytest.raises(AnchorFileError, match="WHEREFORE_AUDIT_ANCHOR_FILE")
    with told, open_storage(elsewhere) as storage:
        made.desk(storage.cases).open()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_on_postgresql_a_role_that_owns_nothing_is_enough(settings, storage, database, made):
    role = f"service_{uuid.uuid4().hex[:8]}"
    url = database.engine.url
    with writing(database.engine) as connection:
        connection.execute(sa.text(f"CREATE ROLE {role} LOGIN"))
        connection.execute(
            sa.text(
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
            )
        )
    served = settings.model_copy(
        update={"database_url": SecretStr(url.set(username=role).render_as_string())}
    )
    try:
        with open_storage(served) as found:
            made.desk(found.cases).deny_and_tell().retain().purge()
        with open_databases(served) as (cases, _):
            for change in (
                "ALTER TABLE audit_log DISABLE TRIGGER ALL",
                "DROP TRIGGER audit_log_append_only ON audit_log",
                "TRUNCATE audit_log",
            ):
                with pytest.raises(StoreUnavailableError), writing(cases.engine) as connection:
                    connection.execute(sa.text(change))
    finally:
        with writing(database.engine) as connection:
            connection.execute(sa.text(f"DROP OWNED BY {role}"))
            connection.execute(sa.text(f"DROP ROLE {role}"))
