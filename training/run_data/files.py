"""Reading the labelled rows of several files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from data_pipeline.source_examples import LabelledRow, LabelRules, labelled_rows
from data_pipeline.sources.rows import RowError


def rows_of_files(
    files: Sequence[Path],
    *,
    format: str,  # noqa: A002
    rules: LabelRules,
) -> tuple[list[LabelledRow], int]:
    """Returns the rows of files, and how many could not be read.

    With several files the id of a row begins with the name of its file.

    Raises:
        SourceError: see `data_pipeline.sources.read_rows`.
    """
    rows = []
    num_left_out = 0
    for path in files:
        for row in labelled_rows(path, format=format, rules=rules):
            if isinstance(row, RowError):
                num_left_out += 1
            else:
                rows.append(_named(row, path) if len(files) > 1 else row)
    return rows, num_left_out


def _named(row: LabelledRow, path: Path) -> LabelledRow:
    example = row.example
    name = f"{path.name}/{example.id}"
    # A row without a lender or a month is a group of its own, under its own name.
    group = name if example.group == example.id else example.group
    return replace(row, example=replace(example, id=name, group=group))
