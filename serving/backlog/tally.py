"""Counting what a run gave, and the table at its end."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.table import Table

from serving.backlog.beside import Beside
from serving.policy import RiskBand
from serving.rows import FailedRow, OutputRow

_NO_CATEGORY = "none stated"

COUNTERS = ("error_codes", "primary_categories", "risk_bands", "due_notes", "drafts")
"""What is counted by kind: attributes of a tally, and of the record of a shard."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """Running counts over output rows.

    Attributes:
        num_rows: rows written, failed ones included.
        error_codes: failed rows by error code.
        primary_categories: scored rows by primary category; "none stated" where there is none.
        risk_bands: scored rows by risk band.
        due_notes: rows by what is wrong with their dates, where they are ordered by due date.
        drafts: rows by what became of their draft, where notices are drafted.
    """

    num_rows: int = 0
    error_codes: Counter[str] = field(default_factory=Counter)
    primary_categories: Counter[str] = field(default_factory=Counter)
    risk_bands: Counter[str] = field(default_factory=Counter)
    due_notes: Counter[str] = field(default_factory=Counter)
    drafts: Counter[str] = field(default_factory=Counter)

    @property
    def num_errors(self) -> int:
        """Failed rows."""
        return self.error_codes.total()

    @property
    def num_texts(self) -> int:
        """Scored rows."""
        return self.num_rows - self.num_errors

    def add(self, rows: Sequence[OutputRow]) -> None:
        """Counts rows."""
        self.num_rows += len(rows)
        for row in rows:
            if isinstance(row, FailedRow):
                self.error_codes[row.error.code] += 1
            else:
                self.risk_bands[row.risk_band.value] += 1
                self.primary_categories[row.primary_category or _NO_CATEGORY] += 1

    def add_due_notes(self, beside: Iterable[Beside | None]) -> None:
        """Counts what is wrong with the dates of rows."""
        dues = (found.due for found in beside if found is not None)
        self.due_notes.update(due.note.value for due in dues if due and due.note)

    def merge(self, other: "Tally") -> None:
        """Adds the counts of other rows."""
        self.num_rows += other.num_rows
        for name in COUNTERS:
            getattr(self, name).update(getattr(other, name))


def summary_table(tally: Tally, *, seconds: float, resumed: Tally | None = None) -> Table:
    """Returns the table that ends a run.

    Args:
        tally: the counts of the whole output.
        seconds: what this run took.
        resumed: the counts of what an earlier run had scored; None for nothing.
    """
    resumed = resumed or Tally()
    table = Table(title="Summary", show_header=False, title_justify="left")
    table.add_column("what")
    table.add_column("how many", justify="right")
    rate = (tally.num_texts - resumed.num_texts) / seconds if seconds > 0 else 0.0
    table.add_row("rows", f"{tally.num_rows:,}")
    if resumed.num_rows:
        table.add_row("of them scored before", f"{resumed.num_rows:,}")
    table.add_row("errors", f"{tally.num_errors:,}")
    table.add_row("seconds", f"{seconds:,.1f}")
    table.add_row("texts/s", f"{rate:,.1f}")
    table.add_section()
    for band in RiskBand:
        table.add_row(f"risk {band.value}", f"{tally.risk_bands[band.value]:,}")
    for title, counts in (
        ("", tally.primary_categories),
        ("error ", tally.error_codes),
        ("due date: ", tally.due_notes),
        ("draft: ", tally.drafts),
    ):
        table.add_section()
        for name, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            table.add_row(f"{title}{name}", f"{number:,}")
    return table
