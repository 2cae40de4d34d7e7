"""Rows of a register to measure on: what the model reads, what was decided, who applied.

Three passes over the same file, each through an allow list of its own, meet here by row number:
`data_pipeline.sources` reads what a model may see, exactly as scoring does,
`data_pipeline.sources.labels` what the lender decided, `training.fairness.demographics` the groups.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.rendering import render_text
from data_pipeline.sources.files import file_format, open_table, read_rows
from data_pipeline.sources.formats import FormatName
from data_pipeline.sources.labels import HMDA_LABEL_COLUMNS, hmda_labels
from data_pipeline.sources.rows import Row, RowValueError
from training.errors import EvaluationError
from training.fairness.demographics import CHARACTERISTICS, read_demographics


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRows:
    """Decided rows of a register, N of them.

    Attributes:
        name: name of the file.
        sha256: digest of the file.
        num_decided: rows of the file that were originated or denied.
        num_left_out: rows among those drawn whose application cannot be read.
        ids: number of each row in the file.
        texts: the applications, rendered; the model reads nothing else.
        lenders: who decided each row; "" where not given.
        approved_N: True where the loan was originated, False where it was denied.
        groups: for each characteristic of the file, the group of each row; "" where not provided.
    """

    name: str
    sha256: str
    num_decided: int
    num_left_out: int
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    lenders: tuple[str, ...]
    approved_N: NDArray[np.bool_]
    groups: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.texts)


def read_register(path: Path, *, max_rows: int, seed: int) -> RegisterRows:
    """Reads rows of a register that a lender approved or denied.

    Args:
        path: an HMDA register of either schema.
        max_rows: most rows; more are drawn from evenly. 0 for all.
        seed: decides the draw.

    Raises:
        EvaluationError: the file is no HMDA register, or holds no decided row that can be read.
        SourceError: the file cannot be read.
    """
    if file_format(path).name is not FormatName.HMDA:
        raise EvaluationError(
            f"{path.name} is no HMDA register: expected its public columns such as action_taken, "
            "loan_amount and derived_race; disparities are measured on no other file"
        )
    decided = _decided(path)
    chosen = _drawn(sorted(decided), max_rows=max_rows, seed=seed)
    groups = {number: found for number, found in read_demographics(path) if number in chosen}
    rows = [
        row
        for row in read_rows(path, format="hmda")
        if isinstance(row, Row) and row.number in chosen
    ]
    if not rows:
        raise EvaluationError(
            f"{path.name} holds no row that was originated or denied and can be read: give a "
            "register with decisions"
        )
    return RegisterRows(
        name=path.name,
        sha256=_digest(path),
        num_decided=len(decided),
        num_left_out=len(chosen) - len(rows),
        ids=tuple(row.id for row in rows),
        texts=tuple(render_text(row.application) for row in rows),
        lenders=tuple(decided[row.number][1] for row in rows),
        approved_N=np.array([decided[row.number][0] for row in rows]),
        groups=_by_characteristic([groups.get(row.number, {}) for row in rows]),
    )


def _decided(path: Path) -> dict[int, tuple[bool, str]]:
    """Whether each decided row was approved, and by whom, by row number."""
    found = {}
    for number, cells in open_table(path).records(HMDA_LABEL_COLUMNS):
        if isinstance(cells, RowValueError):
            continue
        try:
            labels = hmda_labels(cells)
        except RowValueError:
            continue
        if labels.denied is not None:
            found[number] = (not labels.denied, labels.lender_id or "")
    return found


def _drawn(numbers: Sequence[int], *, max_rows: int, seed: int) -> frozenset[int]:
    if not max_rows or len(numbers) <= max_rows:
        return frozenset(numbers)
    drawn = np.random.default_rng(seed).permutation(len(numbers))[:max_rows]
    return frozenset(numbers[i] for i in drawn)


def _by_characteristic(groups: Sequence[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    return {
        c.name: tuple(found.get(c.name, "") for found in groups)
        for c in CHARACTERISTICS
        if any(c.name in found for found in groups)
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
