from decimal import Decimal

import pytest
import sqlalchemy as sa

from data_pipeline.sources import Row, RowError
from data_pipeline.sources.errors import ColumnsError, QueryError
from data_pipeline.sources.sql import read_query, read_table

CREATE = """
CREATE TABLE applications (
    number INTEGER PRIMARY KEY, id VARCHAR(20), text TEXT, loan_amount_usd NUMERIC(12, 2),
    num_units INTEGER, denied BOOLEAN
)
"""
ROWS = [
    {"number": 2, "id": "b", "text": None, "amount": Decimal("12500.50"), "units": 2},
    {"number": 1, "id": "a", "text": "Needs a truck.", "amount": None, "units": None},
    {"number": 3, "id": None, "text": None, "amount": None, "units": None},
    {"number": 4, "id": "d", "text": None, "amount": -1, "units": None},
    *({"number": n, "id": None, "text": f"t{n}", "amount": 1, "units": 1} for n in range(5, 3000)),
]


def fill(url):
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS applications"))
        connection.execute(sa.text(CREATE))
        insert = "INSERT INTO applications VALUES (:number, :id, :text, :amount, :units, TRUE)"
        connection.execute(
            sa.text(insert),
            [
                row | {"amount": str(row["amount"]) if row["amount"] is not None else None}
                for row in ROWS
            ],
        )
    return url


@pytest.fixture(params=["postgresql", "sqlite"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return fill(f"sqlite:///{tmp_path / 'rows.db'}")
    return fill(request.getfixturevalue("postgres_url"))


def test_a_table_gives_one_row_or_error_each_in_the_order_of_its_key(url):
    rows = list(read_table(url, "applications"))
    assert [row.number for row in rows] == list(range(1, 3000))
    first, second, third, fourth = rows[:4]
    assert (first.id, first.application.text) == ("a", "Needs a truck.")
    assert (second.application.loan_amount_usd, second.application.num_units) == (12500.5, 2)
    assert isinstance(third, RowError)
    assert (third.id, third.code) == ("3", "empty_application")
    assert (fourth.id, fourth.code, fourth.field) == ("d", "invalid_field", "loan_amount_usd")
    assert all(isinstance(row, Row) for row in rows[4:])


def test_a_query_gives_its_rows_and_ignores_columns_it_does_not_know(url):
    query = "SELECT denied, text, id FROM applications WHERE text IS NOT NULL ORDER BY number"
    rows = list(read_query(url, query))
    assert len(rows) == 2996
    assert rows[0] == Row(number=1, id="a", application=rows[0].application)


def test_an_id_may_be_a_decimal(url):
    query = "SELECT CAST(number AS NUMERIC(10, 0)) AS id, 'Debts.' AS text FROM applications"
    assert next(read_query(url, f"{query} ORDER BY number")).id == "1"


def test_reading_can_stop_early(url):
    rows = read_query(url, "SELECT text FROM applications WHERE text IS NOT NULL ORDER BY number")
    assert next(rows).application.text == "Needs a truck."
    rows.close()


def test_a_broken_query_is_one_sentence_without_the_query(url):
    with pytest.raises(QueryError, match="refuses the connection or the query") as caught:
        list(read_query(url, "SELECT canary FROM nowhere"))
    assert "canary" not in str(caught.value)


def test_a_table_that_does_not_exist_is_named_as_the_problem(url):
    with pytest.raises(QueryError, match="no such table"):
        read_table(url, "nowhere")


def test_a_result_without_known_columns_is_refused(url):
    with pytest.raises(ColumnsError, match="no known column"):
        list(read_query(url, "SELECT denied FROM applications"))


def test_postgresql_refuses_to_change_anything(postgres_url):
    url = fill(postgres_url)
    with pytest.raises(QueryError):
        list(read_query(url, "DELETE FROM applications RETURNING text"))
    assert len(list(read_table(url, "applications"))) == 2999


def test_a_server_that_is_not_there_is_reported_without_its_password():
    with pytest.raises(QueryError) as caught:
        list(read_query("postgresql://user:canary@127.0.0.1:1/x", "SELECT 1 AS text"))
    assert "canary" not in str(caught.value)
    assert "127.0.0.1:1" in str(caught.value)


@pytest.mark.parametrize("url", ["", "not a url", "nosuch://host/db"])
def test_a_url_that_names_no_database_is_refused(url):
    with pytest.raises(QueryError, match="cannot be used"):
        list(read_query(url, "SELECT 1 AS text"))
