"""The columns of an output row, as .parquet types and as .csv cells."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from serving.backlog.beside import Beside
from serving.backlog.due import Order
from serving.rows import ROW_FIELDS, OutputRow

# A number with a sign is none.
_FORMULA = re.compile(r"[=+@\t\r-](?![\d.,]*\Z)")
_EVIDENCE = pa.struct([("start", pa.int32()), ("end", pa.int32()), ("quote", pa.string())])
_REASONS = pa.list_(
    pa.struct(
        [
            ("reason", pa.string()),
            ("category", pa.string()),
            ("probability", pa.float64()),
            ("evidence", pa.list_(_EVIDENCE)),
        ]
    )
)
PARQUET_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("risk_score", pa.float64()),
        ("risk_band", pa.string()),
        ("primary_category", pa.string()),
        (
            "categories",
            pa.list_(pa.struct([("category", pa.string()), ("probability", pa.float64())])),
        ),
        ("principal_reasons", _REASONS),
        ("review_reasons", _REASONS),
        ("tokens", pa.int32()),
        ("windows", pa.int32()),
        ("model_version", pa.string()),
        ("error", pa.struct([("code", pa.string()), ("message", pa.string())])),
    ]
)
"""Column types of an output .parquet file."""

_DUE_SCHEMA = pa.schema([("row", pa.int64()), ("due_on", pa.string()), ("due_note", pa.string())])

DUE_FIELDS: tuple[str, ...] = tuple(_DUE_SCHEMA.names)
"""The columns that follow where rows are in the order of due dates: the number of the row in the
input, the last day to notify, and what is wrong with its dates; null where nothing is."""


def fields_of(order: Order) -> tuple[str, ...]:
    """Returns the columns of an output file, in order."""
    return ROW_FIELDS if order == "input" else (*ROW_FIELDS, *DUE_FIELDS)


def schema_of(order: Order) -> pa.Schema:
    """Returns the column types of an output .parquet file."""
    if order == "input":
        return PARQUET_SCHEMA
    return pa.unify_schemas([PARQUET_SCHEMA, _DUE_SCHEMA])


def cells_of(
    rows: Sequence[OutputRow], beside: Sequence[Beside | None], *, order: Order
) -> Iterator[Mapping[str, Any]]:
    """Yields the cells of output rows by column, as plain values.

    Args:
        rows: the rows.
        beside: what stands beside each of them; only looked at in the order of due dates.
        order: the order of the rows.
    """
    if order == "input":
        yield from (row.model_dump(mode="json") for row in rows)
        return
    for row, found in zip(rows, beside, strict=True):
        yield row.model_dump(mode="json") | _due_cells(found)


def _due_cells(beside: Beside | None) -> dict[str, Any]:
    due = beside.due if beside else None
    return {
        "row": beside.number if beside else None,
        "due_on": due.due_on.isoformat() if due and due.due_on else None,
        "due_note": due.note.value if due and due.note else None,
    }


def json_text(value: Any) -> str:
    """Returns a value as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def csv_cell(value: Any) -> Any:
    """Returns a value as a cell: nested fields as JSON, null as nothing.

    Text that a spreadsheet would take for a formula, such as an id `=1+1`, gets an apostrophe in
    front.
    """
    if isinstance(value, list | dict):
        return json_text(value)
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return "" if value is None else value
