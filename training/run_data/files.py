"""Reading the labelled rows of several files."""

from collections import Counter
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

    With several files the id of a row begins with the name of its file, and where several have that
    name, before it with the number of the file.

    Raises:
        SourceError: see `data_pipeline.sources.read_rows`.
    """
    rows = []
    num_left_out = 0
    named = Counter(path.name for path in files)
    for number, path in enumerate(files, start=1):
        name = path.name if named[path.name] == 1 else f"{number}/{path.name}"
        for row in labelled_rows(path, format=format, rules=rules):
            if isinstance(row, RowError):
                num_left_out += 1
            else:
                rows.append(_named(row, name) if len(files) > 1 else row)
    return rows, num_left_out


def _named(row: LabelledRow, file: str) -> LabelledRow:
    example = row.example
    name = f"{file}/{example.id}"
    # A row without a lender or a month is a group of its own, under its own name.
    group = name if example.group == example.id else example.group
    return replace(row, example=replace(example, id=name, group=group))
