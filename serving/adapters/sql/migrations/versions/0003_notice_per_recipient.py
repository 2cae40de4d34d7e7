"""A notice per recipient: whose each notice is, and what is still open of a case.

What was the one notice of a case becomes its primary applicant's, whose `consumer_id` is null.

Revision: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_IN_PREPARATION = """
INSERT INTO open_notices (case_id, position, consumer_id, purpose, step)
SELECT case_id, 0, NULL, notice_purpose, notice_step FROM case_states
WHERE notice_step IS NOT NULL
"""
_TO_BE_DRAFTED = """
INSERT INTO open_notices (case_id, position, consumer_id, purpose, step)
SELECT case_id, 0, NULL,
    CASE WHEN outcome = 'counteroffer' THEN 'combined_counteroffer' ELSE 'action_taken' END, NULL
FROM case_states
WHERE notice_step IS NULL AND stage = 'decided'
    AND outcome IN ('approve', 'deny', 'counteroffer', 'account_adverse_action')
"""
_AFTER_A_NOTICE = """
INSERT INTO open_notices (case_id, position, consumer_id, purpose, step)
SELECT case_id, 0, NULL,
    CASE WHEN due_clock = 'counteroffer' THEN 'counteroffer_not_accepted'
    ELSE 'reasons_statement' END, NULL
FROM case_states
WHERE notice_step IS NULL AND stage IN ('notified', 'retained')
    AND due_clock IN ('counteroffer', 'reasons_statement')
"""
_BACK = """
UPDATE case_states SET
    notice_step = (SELECT step FROM open_notices AS o
        WHERE o.case_id = case_states.case_id AND o.consumer_id IS NULL),
    notice_purpose = (SELECT purpose FROM open_notices AS o
        WHERE o.case_id = case_states.case_id AND o.consumer_id IS NULL AND o.step IS NOT NULL)
"""


def upgrade() -> None:
    """Makes the table of what is open, and gives each notice its recipient."""
    op.add_column("notices", sa.Column("consumer_id", sa.String(128), nullable=True))
    op.create_table(
        "open_notices",
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("consumer_id", sa.String(length=128), nullable=True),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("step", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["applications.case_id"], name="fk_open_notices_case_id"
        ),
        sa.PrimaryKeyConstraint("case_id", "position", name="pk_open_notices"),
    )
    op.create_index("ix_open_notices_step", "open_notices", ["step"], unique=False)
    for rows in (_IN_PREPARATION, _TO_BE_DRAFTED, _AFTER_A_NOTICE):
        op.execute(rows)
    op.drop_column("case_states", "notice_step")
    op.drop_column("case_states", "notice_purpose")


def downgrade() -> None:
    """Goes back to one notice; what is open to others than the primary applicant is lost."""
    op.add_column("case_states", sa.Column("notice_step", sa.String(64), nullable=True))
    op.add_column("case_states", sa.Column("notice_purpose", sa.String(64), nullable=True))
    op.execute(_BACK)
    op.drop_table("open_notices")
    op.drop_column("notices", "consumer_id")
