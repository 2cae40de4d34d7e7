"""The tables of monitoring data.

Revision: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "encryption_keys",
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_encryption_keys"),
    )
    op.create_table(
        "data_keys",
        sa.Column("case_id", sa.String(128), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_data_keys"),
        sa.ForeignKeyConstraint(["key_id"], ["encryption_keys.key_id"], name="fk_data_keys_key_id"),
    )
    op.create_index("ix_data_keys_key_id", "data_keys", ["key_id"])
    op.create_table(
        "monitoring_records",
        sa.Column("case_id", sa.String(128), nullable=False),
        sa.Column("consumer_id", sa.String(128), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "consumer_id", name="pk_monitoring_records"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["data_keys.case_id"], name="fk_monitoring_records_case_id"
        ),
    )


def downgrade() -> None:
    """Drops the tables."""
    for table in ("monitoring_records", "data_keys", "encryption_keys"):
        op.drop_table(table)
