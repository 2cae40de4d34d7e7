"""People who sign in, their sessions, and sign-ins that failed or are under way.

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "people",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("permissions", sa.String(length=400), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        sa.Column("session_series", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=400), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name="pk_people"),
        sa.UniqueConstraint("issuer", "subject", name="uq_people_issuer_subject"),
    )
    op.create_table(
        "one_time_keys",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.person_id"], name="fk_one_time_keys_person_id"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_one_time_keys"),
    )
    op.create_table(
        "sessions",
        sa.Column("session_sha256", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name="fk_sessions_person_id"),
        sa.PrimaryKeyConstraint("session_sha256", name="pk_sessions"),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"], unique=False)
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    op.create_table(
        "sign_in_attempts",
        sa.Column("counted_for", sa.String(length=64), nullable=False),
        sa.Column("num_failed", sa.Integer(), nullable=False),
        sa.Column("failed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("counted_for", name="pk_sign_in_attempts"),
    )
    op.create_index(
        "ix_sign_in_attempts_failed_at", "sign_in_attempts", ["failed_at"], unique=False
    )
    op.create_table(
        "sign_in_flows",
        sa.Column("flow_sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("flow_sha256", name="pk_sign_in_flows"),
    )
    op.create_index("ix_sign_in_flows_expires_at", "sign_in_flows", ["expires_at"], unique=False)


def downgrade() -> None:
    """Drops the tables: people have to be entered anew, and all sessions end."""
    for table in ("sign_in_flows", "sign_in_attempts", "sessions", "one_time_keys", "people"):
        op.drop_table(table)
