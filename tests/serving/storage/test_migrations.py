"""Every version of the tables, up and down, with rows in all of them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from serving.adapters.monitoring.store import MIGRATIONS as MONITORING
from serving.adapters.sql.contents import contents_of, differing, tables_of
from serving.adapters.sql.engine import reading, writing
from serving.adapters.sql.people_tables import sign_in_attempts
from serving.adapters.sql.storage import open_databases, open_storage
from serving.adapters.sql.upgrade import CASES, check_version, downgrade, upgrade, version_of
from serving.cases.decisions import Outcome
from serving.cases.notice_events import NoticePurpose
from serving.cases.store_errors import DatabaseVersionError, DowngradeError


def versions(migrations):
    """Returns the versions there are, the newest first, and what lies below the oldest."""
    found = ScriptDirectory(str(migrations.directory)).walk_revisions()
    return [*(script.revision for script in found), "base"]


def contents(engine):
    with reading(engine) as connection:
        return contents_of(connection)


def would_lose(engine, migrations, *, to):
    """Goes down, or returns what is named as being lost by it."""
    try:
        downgrade(engine, migrations, to=to)
    except DowngradeError as refused:
        return refused.lost
    return {}


@pytest.fixture(params=["cases", "monitoring"])
def filled(request, settings, made):
    """An engine with rows in every table, and its migrations."""
    made.fill_everything(settings)
    with open_databases(settings) as (cases, monitoring):
        chosen = cases if request.param == "cases" else monitoring
        assert all(table.num_rows for table in contents(chosen.engine).values())
        yield chosen.engine, chosen.migrations


def test_each_step_down_and_up_again_keeps_every_row_or_is_refused(filled):
    engine, migrations = filled
    for below in versions(migrations)[1:]:
        version, before = version_of(engine), contents(engine)
        lost = would_lose(engine, migrations, to=below)
        if lost:
            assert (version_of(engine), contents(engine)) == (version, before)
            downgrade(engine, migrations, to=below, discard=True)
        assert version_of(engine) == (None if below == "base" else below)
        upgrade(engine, migrations, to=version)
        after = contents(engine)
        assert differing(before, after) == lost
        downgrade(engine, migrations, to=below, discard=True)
    assert contents(engine) == {}
    upgrade(engine, migrations)
    check_version(engine, migrations)


def test_a_refusal_names_tables_and_their_rows(filled):
    engine, migrations = filled
    with pytest.raises(DowngradeError, match="--discard") as refused:
        downgrade(engine, migrations, to="base")
    found = contents(engine)
    assert all(found[name].num_rows == number for name, number in refused.value.lost.items())
    assert version_of(engine) == migrations.newest


@pytest.mark.parametrize("to", ["9999", "head", "-1", ""])
def test_there_is_no_way_down_to_a_version_that_is_none(settings, storage, to):
    with open_databases(settings) as (cases, _):
        with pytest.raises(DatabaseVersionError, match="no version to go back to"):
            downgrade(cases.engine, CASES, to=to)
        assert version_of(cases.engine) == CASES.newest


def test_a_case_without_loss_goes_down_to_the_first_tables_and_up(storage, settings, made):
    desk = made.desk(storage.cases)
    before = desk.deny_and_tell().load()
    with open_databases(settings) as (cases, _):
        newest = version_of(cases.engine)
        rows = contents(cases.engine)
        assert downgrade(cases.engine, CASES, to="0001") == newest
        with pytest.raises(DatabaseVersionError, match="wherefore database upgrade"):
            check_version(cases.engine, CASES)
        assert upgrade(cases.engine, CASES) == "0001"
        assert differing(rows, contents(cases.engine)) == {}
    assert desk.load() == before
    assert storage.audit.verify() == storage.audit.head


def test_a_notice_of_a_second_recipient_is_not_lost_unasked(storage, settings, made):
    offer = {"outcome": Outcome.COUNTEROFFER, "override_cause": "other terms can be carried"}
    desk = made.desk(storage.cases).open().complete().assess().decide(**offer)
    desk.draft(purpose=NoticePurpose.COUNTEROFFER)
    with open_databases(settings) as (cases, _):
        downgrade(cases.engine, CASES, to="0002")
        upgrade(cases.engine, CASES)
        made.desk(storage.cases).open().complete().assess().decide(other_recipients=("p-2",))
        with pytest.raises(DowngradeError) as refused:
            downgrade(cases.engine, CASES, to="0002")
        assert set(refused.value.lost) == {"open_notices"}


def test_failed_sign_ins_are_added_up_on_the_way_down(settings, storage, made):
    rows = [("a", 2, made.start), ("a", 3, made.start + timedelta(minutes=9)), ("b", 1, made.start)]
    with open_databases(settings) as (cases, _):

        def kept():
            with reading(cases.engine) as connection:
                found = connection.execute(sa.select(sign_in_attempts).order_by("counted_for"))
                return [tuple(row) for row in found]

        with writing(cases.engine) as connection:
            connection.execute(sign_in_attempts.insert().values(rows))
        with pytest.raises(DowngradeError, match="sign_in_attempts"):
            downgrade(cases.engine, CASES, to="0005")
        downgrade(cases.engine, CASES, to="0005", discard=True)
        added_up = kept()
        assert added_up == [("a", 5, made.start + timedelta(minutes=9)), ("b", 1, made.start)]
        upgrade(cases.engine, CASES)
        assert kept() == added_up


def test_no_number_is_given_by_a_sequence_that_a_restore_would_have_to_set(settings, storage):
    with open_databases(settings) as found:
        for each in found:
            inspector = sa.inspect(each.engine)
            if each.engine.name == "postgresql":
                assert inspector.get_sequence_names() == []
            else:
                assert "sqlite_sequence" not in inspector.get_table_names()


def test_rows_count_and_not_their_order_or_that_of_the_columns(settings, storage):
    with open_databases(settings) as (cases, _), writing(cases.engine) as connection:
        for name, columns in (("one", "a INTEGER, b TEXT"), ("two", "b TEXT, a INTEGER")):
            connection.execute(sa.text(f"CREATE TABLE {name} ({columns})"))
        for name, rows in (("one", "(1,'x'),(2,'y')"), ("two", "(2,'y'),(1,'x')")):
            connection.execute(sa.text(f"INSERT INTO {name} (a, b) VALUES {rows}"))
        found = contents_of(connection)
        assert found["one"] == found["two"]
        connection.execute(sa.text("UPDATE two SET b = 'z' WHERE a = 1"))
        assert found["one"] != contents_of(connection)["two"]
        assert {table.name for table in tables_of(connection)} >= {"one", "two"}


def test_versions_are_one_line():
    for migrations in (CASES, MONITORING):
        assert len(ScriptDirectory(str(migrations.directory)).get_heads()) == 1


def test_a_start_upgrades_any_older_tables_with_their_rows(settings, made):
    made.fill_everything(settings)
    for version in versions(CASES)[1:-1]:
        with open_databases(settings) as (cases, _):
            downgrade(cases.engine, CASES, to=version, discard=True)
            with reading(cases.engine) as connection:
                kept = {t.name for t in tables_of(connection)}
            before = contents(cases.engine)
        with open_storage(settings) as storage:
            assert storage.audit.verify() == storage.audit.head
        with open_databases(settings) as (cases, _):
            after = contents(cases.engine)
            # What the first tables say of open notices moves into a table of its own.
            moved = {"case_states", "open_notices"} if version < "0003" else set()
            moved |= {"notices"} if version < "0003" else set()
            for name in kept - moved:
                assert after[name] == before[name], name
            assert after["case_states"].num_rows == before["case_states"].num_rows
            assert after["notices"].num_rows == before["notices"].num_rows
