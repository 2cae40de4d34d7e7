"""The columns of an output row, as .parquet types and as .csv cells."""

import json
from typing import Any

import pyarrow as pa

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


def json_text(value: Any) -> str:
    """Returns a value as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def csv_cell(value: Any) -> Any:
    """Returns a value as a cell: nested fields as JSON, null as nothing."""
    if isinstance(value, list | dict):
        return json_text(value)
    return "" if value is None else value
