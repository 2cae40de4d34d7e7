"""Application rows from a SQL database, through SQLAlchemy.

Rows stream through a server-side cursor where the database has one. PostgreSQL is asked for a
read-only transaction, so a query cannot change anything there.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from data_pipeline.sources.errors import QueryError
from data_pipeline.sources.files import to_row
from data_pipeline.sources.formats import SourceFormat, choose_format
from data_pipeline.sources.rows import Row, RowError

_BATCH_ROWS = 1024
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def read_query(url: str, query: str, *, format: str = "auto") -> Iterator[Row | RowError]:  # noqa: A002
    """Returns an iterator of one `Row` or `RowError` per row that a query gives.

    Columns of the result that the format does not name are never read.

    Args:
        url: SQLAlchemy URL of the database, e.g. postgresql://user@host/name or sqlite:///file.
        query: one SELECT; order it where row numbers are to be repeatable.
        format: as for `data_pipeline.sources.read_rows`.

    Raises:
        QueryError: while iterating, the database refuses the connection or the query.
        SourceError: while iterating, the columns cannot be used.
    """
    return _stream(url, sa.text(query), format=format)


def read_table(url: str, table: str, *, format: str = "auto") -> Iterator[Row | RowError]:  # noqa: A002
    """Returns an iterator of one `Row` or `RowError` per row of a table.

    Only the columns that the format names are selected; rows come in the order of the primary
    key, where there is one.

    Args:
        url: SQLAlchemy URL of the database.
        table: name of a table or view, with its schema ("schema.name") where it is not the
            default one.
        format: as for `data_pipeline.sources.read_rows`.

    Raises:
        QueryError: at the call, the database refuses the connection or has no such table.
        SourceError: at the call, the columns cannot be used.
    """
    schema, _, name = table.rpartition(".")
    with _engine(url) as engine:
        found = sa.Table(name, sa.MetaData(), schema=schema or None, autoload_with=engine)
    chosen = choose_format(format, columns=found.columns.keys())
    wanted = [column for column in found.columns if column.name in chosen.columns]
    return _stream(url, sa.select(*wanted).order_by(*found.primary_key.columns), format=format)


def _stream(url: str, statement: sa.Executable, *, format: str) -> Iterator[Row | RowError]:  # noqa: A002
    with (
        _engine(url) as engine,
        _connection(engine) as connection,
        connection.execute(statement) as result,
    ):
        columns = tuple(result.keys())
        chosen = choose_format(format, columns=columns)
        yield from _rows(result, columns=columns, source_format=chosen)


def _rows(
    result: sa.CursorResult[tuple[object, ...]],
    *,
    columns: tuple[str, ...],
    source_format: SourceFormat,
) -> Iterator[Row | RowError]:
    wanted = [(i, name) for i, name in enumerate(columns) if name in source_format.columns]
    for number, cells in enumerate(result, start=1):
        record = {name: cells[i] for i, name in wanted}
        yield to_row((number, record), source_format=source_format)


@contextmanager
def _engine(url: str) -> Iterator[sa.Engine]:
    try:
        parsed = sa.make_url(url)
        engine = sa.create_engine(
            parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername)),
            poolclass=sa.NullPool,
        )
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise QueryError(
            "the database URL cannot be used: expected one such as "
            "postgresql://user@host/name or sqlite:///file"
        ) from error
    place = parsed.render_as_string(hide_password=True)
    try:
        yield engine
    except NoSuchTableError as error:
        raise QueryError(f"{place} has no such table: check its name and schema") from error
    except SQLAlchemyError as error:
        # The database's own message may quote rows; its kind says enough.
        kind = type(getattr(error, "orig", None) or error).__name__
        raise QueryError(
            f"{place} refuses the connection or the query ({kind}): check both in a SQL client"
        ) from error
    finally:
        engine.dispose()


@contextmanager
def _connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    options = {"stream_results": True, "yield_per": _BATCH_ROWS}
    if engine.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    with engine.connect() as connection:
        yield connection.execution_options(**options)
