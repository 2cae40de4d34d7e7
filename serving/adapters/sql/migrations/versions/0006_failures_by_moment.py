"""Failed sign-ins by the moment they failed, so that each counts for its own time.

What was counted so far counts as failed at the moment of the last of it.

Revision: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLE, _KEY = "sign_in_attempts", "pk_sign_in_attempts"
_IS_LAST = """
failed_at = (SELECT MAX(a.failed_at) FROM sign_in_attempts AS a
    WHERE a.counted_for = sign_in_attempts.counted_for)
"""
_ALL_IN_THE_LAST = f"""
UPDATE sign_in_attempts SET num_failed = (SELECT SUM(a.num_failed) FROM sign_in_attempts AS a
    WHERE a.counted_for = sign_in_attempts.counted_for)
WHERE {_IS_LAST}
"""  # noqa: S608  nothing from outside
_NOT_THE_LAST = f"DELETE FROM sign_in_attempts WHERE NOT ({_IS_LAST})"  # noqa: S608  likewise


def upgrade() -> None:
    """Lets one person or address have a count for each moment."""
    _key_by("counted_for", "failed_at")


def downgrade() -> None:
    """Adds the counts up again; when the earlier ones failed is lost."""
    op.execute(_ALL_IN_THE_LAST)
    op.execute(_NOT_THE_LAST)
    _key_by("counted_for")


def _key_by(*columns: str) -> None:
    with op.batch_alter_table(_TABLE) as table:
        table.drop_constraint(_KEY, type_="primary")
        table.create_primary_key(_KEY, list(columns))
