"""Tables of PostgreSQL as files, and back: COPY in its text form, rows by primary key.

The rows stand in one order and one form whatever the server's settings, so the same rows give the
same bytes: after a restore the tables are written out again and compared. That is why this does not
use pg_dump, which has to be installed in the server's version beside the service.
"""

import hashlib
from collections.abc import Callable, Iterable

import psycopg
import sqlalchemy as sa
from psycopg import sql

_FORM = (
    "SET LOCAL timezone TO 'UTC'",
    "SET LOCAL datestyle TO 'ISO, YMD'",
    "SET LOCAL bytea_output TO 'hex'",
    "SET LOCAL extra_float_digits TO 1",
    "SET LOCAL client_encoding TO 'UTF8'",
)
"""Numbers that are no whole ones are written with every digit from PostgreSQL 12 on."""


def set_form(connection: sa.Connection) -> None:
    """Fixes how values are written, until the transaction ends."""
    for statement in _FORM:
        connection.exec_driver_sql(statement)


def copy_out(
    connection: sa.Connection,
    table: sa.Table,
    columns: Iterable[str],
    *,
    write: Callable[[bytes], None],
) -> None:
    """Writes the rows of a table, each with a line end; no other one is within a row.

    Args:
        connection: a transaction for which `set_form` was called.
        table: the table.
        columns: its columns, in the order in which they are written.
        write: takes the bytes, in chunks.
    """
    names = map(sql.Identifier, columns)
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(names),
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(_ordered, table.primary_key.columns)),
    )
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in copy:
            write(bytes(chunk))


def copy_in(
    connection: sa.Connection, table: str, columns: Iterable[str], *, rows: Iterable[bytes]
) -> None:
    """Reads rows into a table, whose columns stand in the order given."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in rows:
            copy.write(chunk)


def sha256_of(connection: sa.Connection, table: sa.Table, columns: Iterable[str]) -> str:
    """Returns the SHA-256 of what `copy_out` writes, hexadecimal."""
    digest = hashlib.sha256()
    copy_out(connection, table, columns, write=digest.update)
    return digest.hexdigest()


def _ordered(column: sa.Column[object]) -> sql.Composable:
    # Servers differ in how they order words; in bytes they all do it alike.
    is_text = isinstance(column.type, sa.String)
    return sql.SQL('{} COLLATE "C"' if is_text else "{}").format(sql.Identifier(column.name))


def _driver(connection: sa.Connection) -> "psycopg.Connection[object]":
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101  the engine's driver
    return driver
