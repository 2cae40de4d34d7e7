"""What the tables of a database hold: how many rows, and one digest of all values of a table.

Two tables have the same digest where they hold the same rows, in whatever order the rows and the
columns stand.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

VERSION_TABLE = "alembic_version"
_BATCH = 500
_MODULUS = 1 << 256


@dataclass(frozen=True, slots=True, kw_only=True)
class TableContent:
    """What a table holds.

    Attributes:
        num_rows: how many rows.
        digest: the sum of the SHA-256 of its rows modulo 2^256.
    """

    num_rows: int
    digest: int


def tables_of(connection: sa.Connection) -> list[sa.Table]:
    """Returns the tables of a database but that of its version, those referred to first."""
    found = sa.MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != VERSION_TABLE]


def contents_of(connection: sa.Connection) -> dict[str, TableContent]:
    """Reads every value of every table but that of the version."""
    return {table.name: _content_of(connection, table) for table in tables_of(connection)}


def differing(
    before: Mapping[str, TableContent], after: Mapping[str, TableContent]
) -> dict[str, int]:
    """Returns the tables whose rows are not those there were before, with how many there were."""
    empty = TableContent(num_rows=0, digest=0)
    names = sorted(before.keys() | after.keys())
    return {
        name: before.get(name, empty).num_rows
        for name in names
        if before.get(name, empty) != after.get(name, empty)
    }


def _content_of(connection: sa.Connection, table: sa.Table) -> TableContent:
    # As the driver gives the values: the types read from a database are not those of the program.
    columns = sorted(column.name for column in table.columns)
    wanted = sa.select(*(sa.type_coerce(table.c[name], sa.types.NullType()) for name in columns))
    num_rows = digest = 0
    with connection.execute(wanted.execution_options(yield_per=_BATCH)) as rows:
        for row in rows:
            text = repr([(n, _plain(value)) for n, value in zip(columns, row, strict=True)])
            digest = (digest + int.from_bytes(hashlib.sha256(text.encode()).digest())) % _MODULUS
            num_rows += 1
    return TableContent(num_rows=num_rows, digest=digest)


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value
