"""The tables of monitoring data; no table of cases is among them, and none refers to one."""

import sqlalchemy as sa

from serving.adapters.sql.tables import NAMES
from serving.adapters.sql.types import UtcMoment

metadata = sa.MetaData(naming_convention=NAMES)

_ID = sa.String(128)

encryption_keys = sa.Table(
    "encryption_keys",
    metadata,
    sa.Column("key_id", sa.String(16), primary_key=True),
    sa.Column("added_at", UtcMoment, nullable=False),
)

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
