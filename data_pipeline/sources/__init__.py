"""Where applications come from: files, HMDA registers, LendingClub loans, SQL databases.

Every source gives one `Row` or `RowError` per input row and reads only columns it names: labels,
outcomes and prohibited bases are never loaded.
"""

from data_pipeline.sources.files import count_rows, read_rows
from data_pipeline.sources.rows import Row, RowError, RowValueError, application_from_mapping

__all__ = [
    "Row",
    "RowError",
    "RowValueError",
    "application_from_mapping",
    "count_rows",
    "read_rows",
]
