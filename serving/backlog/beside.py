"""What is read of a row beside its application: it orders rows and addresses drafts.

None of it reaches the model: an application holds what its format names, and nothing else.
"""

from collections.abc import Collection
from dataclasses import dataclass

from pydantic import TypeAdapter

from data_pipeline.sources import Row, RowError
from data_pipeline.sources.records import Record
from data_pipeline.sources.rows import RowValueError
from serving.backlog.due import DATE_COLUMNS, Due, Order, due_of
from serving.backlog.particulars import (
    PARTICULAR_COLUMNS,
    REQUIRED_COLUMNS,
    Particulars,
    particulars_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What was read of one row beside its application.

    Attributes:
        number: the number of the row in the input.
        due: when its notice falls due; None where rows are not ordered by it.
        particulars: what a notice needs; None where none is drafted, or of a row that cannot be
            used.
    """

    number: int
    due: Due | None = None
    particulars: Particulars | None = None


_BESIDE = TypeAdapter(Beside)


def beside_json(beside: Beside) -> bytes:
    """Returns what stands beside a row as JSON, the same for the same values."""
    return _BESIDE.dump_json(beside, exclude_defaults=True)


def parse_beside(content: str) -> Beside:
    """Returns what `beside_json` made bytes of. Raises ValueError where it did not."""
    return _BESIDE.validate_json(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideColumns:
    """What is to be read beside applications.

    Attributes:
        order: the order of the rows; by due date, their dates are read.
        time_zone: the creditor's, an IANA name; None where it is not known.
        has_drafts: whether notices are drafted, so that their particulars are read.
    """

    order: Order = "input"
    time_zone: str | None = None
    has_drafts: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The columns that are read."""
        dates = DATE_COLUMNS if self.order == "due-date" else ()
        return frozenset((*dates, *(PARTICULAR_COLUMNS if self.has_drafts else ())))

    @property
    def nested_names(self) -> frozenset[str]:
        """Those of them that may hold lists and objects."""
        return frozenset(PARTICULAR_COLUMNS if self.has_drafts else ())

    def missing_in(self, columns: Collection[str]) -> str | None:
        """Returns what an input lacks, in words; None where it can be worked on as asked.

        Args:
            columns: those that the input has.
        """
        if self.order == "due-date" and not set(columns) & set(DATE_COLUMNS):
            return f"{' or '.join(DATE_COLUMNS)}, from which due dates follow"
        wanted = REQUIRED_COLUMNS if self.has_drafts else ()
        if missing := [name for name in wanted if name not in columns]:
            return f"{', '.join(missing)}, from which notices are drafted"
        return None

    def read(self, record: Record, row: Row | RowError) -> Beside | None:
        """Returns what a raw row holds beside its application; None where nothing is asked for."""
        if not self.names:
            return None
        number, cells = record
        due = None
        if self.order == "due-date":
            due = due_of(cells, time_zone=self.time_zone)
        particulars = None
        if self.has_drafts and isinstance(row, Row) and not isinstance(cells, RowValueError):
            particulars = particulars_of(cells, row.application)
        return Beside(number=number, due=due, particulars=particulars)


NOTHING_BESIDE = BesideColumns()
"""Applications alone are read."""
