"""What a database refuses: an id that is taken is told as that, and nothing else is."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from serving.adapters.sql import tables
from serving.adapters.sql.engine import reading, writing
from serving.adapters.sql.storage import open_databases
from serving.api.problems import error_response
from serving.cases.store_errors import CaseExistsError, IdTakenError, RecordRefusedError

_ON_POSTGRESQL = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'Canary' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION refuse()
"""
_ON_SQLITE = "CREATE TRIGGER refuse BEFORE INSERT ON {} BEGIN SELECT RAISE(ABORT, 'Canary'); END"


def by_trigger(connection, table):
    """Lets a database refuse every new row of a table."""
    is_postgresql = connection.dialect.name == "postgresql"
    statement = (_ON_POSTGRESQL if is_postgresql else _ON_SQLITE).format(table)
    connection.execute(sa.text(statement))


def by_index(connection, table):
    """Lets a database refuse every further row of a table whose kind is there already."""
    connection.execute(sa.text(f"CREATE UNIQUE INDEX uq_kind ON {table} (kind)"))


@pytest.fixture
def database(settings, storage):
    with open_databases(settings) as (cases, _):
        yield cases.engine


def counts(engine):
    with reading(engine) as connection:
        return {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in tables.metadata.sorted_tables
        }


@pytest.mark.parametrize("refuse", [by_trigger, by_index])
def test_a_case_that_is_refused_for_anything_but_its_id_is_a_failure(
    storage, database, made, refuse
):
    made.desk(storage.cases, case_id="c-1").open()
    with writing(database) as connection:
        refuse(connection, "applications")
    before = counts(database)
    with pytest.raises(RecordRefusedError) as told:
        made.desk(storage.cases, case_id="c-2").open()
    assert told.value.__suppress_context__
    for text in ("c-2", "Canary", made.canary):
        assert text not in str(told.value)
    answer = error_response(told.value, request_id="r")
    assert answer.status_code == 500
    assert b'"internal_error"' in answer.body
    assert counts(database) == before
    assert storage.audit.verify() == storage.audit.head


@pytest.mark.parametrize("table", ["applicants", "data_keys", "case_states", "events"])
def test_so_is_one_of_which_another_table_refuses_a_row(storage, database, made, table):
    with writing(database) as connection:
        by_trigger(connection, table)
    before = counts(database)
    with pytest.raises(RecordRefusedError):
        made.desk(storage.cases, case_id="c-1").open()
    assert counts(database) == before


def test_an_id_that_is_taken_is_told_beside_whatever_else_is_refused(storage, database, made):
    desk = made.desk(storage.cases, case_id="c-1").open()
    with writing(database) as connection:
        by_index(connection, "documents")
    with pytest.raises(CaseExistsError) as told:
        made.desk(storage.cases, case_id="c-1").open()
    assert error_response(told.value, request_id="r").status_code == 409
    [there] = storage.cases.file("c-1").documents
    other = replace(there, kind="tax_return")
    with pytest.raises(IdTakenError, match="document"):
        desk.cases.add_document("c-1", other, by=made.underwriter)
    with pytest.raises(RecordRefusedError):
        desk.cases.add_document("c-1", made.document(), by=made.underwriter)
