"""The tables of monitoring data; no table of cases is among them, and none refers to one.

`encryption_keys` has the columns that it has in the other database, and rows of its own.
"""

import sqlalchemy as sa

from serving.adapters.sql import tables
from serving.adapters.sql.tables import NAMES

metadata = sa.MetaData(naming_convention=NAMES)

_ID = sa.String(128)

encryption_keys = tables.encryption_keys.to_metadata(metadata)

data_keys = sa.Table(
    "data_keys",
    metadata,
    sa.Column("case_id", _ID, primary_key=True),
    sa.Column(
        "key_id",
        sa.String(16),
        sa.ForeignKey("encryption_keys.key_id"),
        nullable=False,
        index=True,
    ),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

monitoring_records = sa.Table(
    "monitoring_records",
    metadata,
    sa.Column("case_id", sa.ForeignKey("data_keys.case_id"), primary_key=True),
    sa.Column("consumer_id", _ID, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
