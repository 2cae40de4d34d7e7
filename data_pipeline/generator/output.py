"""Writes synthetic files as rows, and their demographics as a table apart.

Label columns are named `planted_...`, so that nothing that reads applications takes them for
fields or for a corpus of narratives.

Errors::

    DataError
    └── SimulationOutputError      the output cannot be written as asked
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import track

from data_pipeline.domain.application import FIELD_NAMES, LoanApplication
from data_pipeline.errors import DataError
from data_pipeline.generator.applications import application_of
from data_pipeline.generator.demographics import SyntheticDemographics, draw_demographics
from data_pipeline.generator.simulation import (
    GENERATOR_VERSION,
    SimulationSplit,
    SyntheticFile,
    simulate,
)

Row = dict[str, object]
_Write = Callable[[Row], None]

_ROWS_A_BATCH = 1_000
_SPAN = [("start", pa.int64()), ("end", pa.int64())]
_COLUMNS = [
    ("id", pa.string()),
    ("generator_version", pa.string()),
    ("split", pa.string()),
    ("family", pa.string()),
    ("variant", pa.string()),
    ("text", pa.string()),
    ("planted_denied", pa.bool_()),
    ("planted_categories", pa.list_(pa.string())),
    ("planted_reasons", pa.list_(pa.string())),
    ("planted_random_categories", pa.list_(pa.string())),
    (
        "planted_evidence",
        pa.list_(pa.struct([("category", pa.string()), *_SPAN, ("quote", pa.string())])),
    ),
    ("planted_default_probability", pa.float64()),
    ("planted_defaulted", pa.bool_()),
    ("protected_spans", pa.list_(pa.struct(_SPAN))),
]
_KINDS = {float: pa.float64(), int: pa.int64()}
_FIELD_COLUMNS = [
    (field.name, _KINDS.get(get_args(field.type)[0], pa.string()))
    for field in fields(LoanApplication)
    if field.name != "text"
]
_DEMOGRAPHIC_COLUMNS = [
    (field.name, pa.int64() if field.type is int else pa.string())
    for field in fields(SyntheticDemographics)
]


class SimulationOutputError(DataError):
    """The output cannot be written as asked."""


def row_of(file: SyntheticFile, *, with_fields: bool = False) -> Row:
    """Returns a synthetic file as a row: text, labels, and the application's fields if asked.

    Fields that an applicant does not have are None.
    """
    row: Row = {
        "id": file.id,
        "generator_version": GENERATOR_VERSION,
        "split": file.split.value,
        "family": file.family,
        "variant": file.variant.value,
        "text": file.text,
        "planted_denied": file.denied,
        "planted_categories": [category.value for category in file.categories],
        "planted_reasons": [reason.value for reason in file.reasons],
        "planted_random_categories": [category.value for category in file.random_categories],
        "planted_evidence": [
            {
                "category": evidence.category.value,
                "start": evidence.start,
                "end": evidence.end,
                "quote": file.text[evidence.start : evidence.end],
            }
            for evidence in file.evidence
        ],
        "planted_default_probability": file.default_probability,
        "planted_defaulted": file.defaulted,
        "protected_spans": [{"start": start, "end": end} for start, end in file.protected_spans],
    }
    if with_fields:
        application = application_of(file.applicant)
        row |= {name: getattr(application, name) for name in FIELD_NAMES if name != "text"}
    return row


def write_simulation(
    output: Path,
    *,
    num_files: int,
    seed: int,
    split: SimulationSplit | None = None,
    with_fields: bool = False,
    demographics: Path | None = None,
) -> None:
    """Writes synthetic files, with a progress bar on a terminal.

    Args:
        output: a .jsonl or .parquet file; replaced when everything is written, not before.
        num_files: how many files.
        seed: see `simulate`.
        split: see `simulate`.
        with_fields: whether rows carry the application's fields.
        demographics: a .jsonl or .parquet file for the demographics; None for no such table.

    Raises:
        SimulationOutputError: a file's ending is unknown or it cannot be written.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    columns = _COLUMNS + (_FIELD_COLUMNS if with_fields else [])
    with ExitStack() as stack:
        write = stack.enter_context(_writer(output, columns=columns))
        write_demographics = None
        if demographics is not None:
            table = _writer(demographics, columns=_DEMOGRAPHIC_COLUMNS)
            write_demographics = stack.enter_context(table)
        for file in track(
            simulate(num_files, seed=seed, split=split),
            description="simulating",
            total=num_files,
            console=console,
            disable=not console.is_terminal,
        ):
            write(row_of(file, with_fields=with_fields))
            if write_demographics is not None:
                write_demographics(_demographics_of(file, seed=seed))
    console.print(f"{num_files:,} synthetic files in {output}, seed {seed}")


def _demographics_of(file: SyntheticFile, *, seed: int) -> Row:
    income_usd = file.applicant.capacity.annual_income_usd
    return asdict(draw_demographics(file.id, annual_income_usd=income_usd, seed=seed))


@contextmanager
def _writer(path: Path, *, columns: list[tuple[str, pa.DataType]]) -> Iterator[_Write]:
    """Opens a file for rows; what was there stays until the last row is written."""
    writers = {".jsonl": _json_writer, ".parquet": _parquet_writer}
    if path.suffix not in writers:
        raise SimulationOutputError(
            f"found the ending {path.suffix!r}: expected .jsonl or .parquet; rename the output"
        )
    part = path.with_name(f"{path.name}.part")
    try:
        with writers[path.suffix](part, columns) as write:
            yield write
        part.replace(path)
    except OSError as error:
        raise SimulationOutputError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _json_writer(path: Path, columns: list[tuple[str, pa.DataType]]) -> Iterator[_Write]:
    names = [name for name, _ in columns]
    with path.open("w", encoding="utf-8") as lines:

        def write(row: Row) -> None:
            given = {name: row[name] for name in names if row[name] is not None}
            lines.write(json.dumps(given, ensure_ascii=False) + "\n")

        yield write


@contextmanager
def _parquet_writer(path: Path, columns: list[tuple[str, pa.DataType]]) -> Iterator[_Write]:
    schema = pa.schema(columns)
    rows: list[Row] = []
    with pq.ParquetWriter(path, schema) as table:

        def flush() -> None:
            if rows:
                table.write_table(pa.Table.from_pylist(rows, schema=schema))
                rows.clear()

        def write(row: Row) -> None:
            rows.append(row)
            if len(rows) >= _ROWS_A_BATCH:
                flush()

        yield write
        flush()
