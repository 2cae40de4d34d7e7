"""The tables of cases.

Revision: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WHOLE = sa.BigInteger()
_MONEY = sa.Numeric(16, 2).with_variant(_WHOLE, "sqlite")
_MONTHS = sa.Numeric(8, 2).with_variant(_WHOLE, "sqlite")
_PERCENT = sa.Numeric(10, 6).with_variant(_WHOLE, "sqlite")
_TABLES = (
    "notice_renderings",
    "notices",
    "decision_reasons",
    "decisions",
    "assessment_reasons",
    "submissions",
    "property_details",
    "product_terms",
    "events",
    "documents",
    "data_keys",
    "case_states",
    "assessments",
    "applicants",
    "encryption_keys",
    "audit_log",
    "applications",
)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "applications",
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("applicant_kind", sa.String(64), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("assigned_to", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("case_id", name="pk_applications"),
    )
    op.create_index("ix_applications_assigned_to", "applications", ["assigned_to"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("object_kind", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=128), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_log"),
    )
    op.create_index(
        "ix_audit_log_object_id_object_kind",
        "audit_log",
        ["object_id", "object_kind"],
        unique=False,
    )
    op.create_table(
        "encryption_keys",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_encryption_keys"),
    )
    op.create_table(
        "applicants",
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("consumer_id", sa.String(length=128), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("address_lines", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["applications.case_id"], name="fk_applicants_case_id"
        ),
        sa.PrimaryKeyConstraint("case_id", "consumer_id", name="pk_applicants"),
        sa.UniqueConstraint("case_id", "position", name="uq_applicants_case_id_position"),
    )
    op.create_index("ix_applicants_consumer_id", "applicants", ["consumer_id"], unique=False)
    op.create_table(
        "assessments",
        sa.Column("assessment_id", sa.String(length=128), nullable=False),
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("assessed_at", _MOMENT, nullable=False),
        sa.Column("model_version", sa.String(length=128), nullable=True),
        sa.Column("taxonomy_version", sa.String(length=128), nullable=False),
        sa.Column("policy_version", sa.String(length=128), nullable=False),
        sa.Column("text_digest", sa.String(length=64), nullable=True),
        sa.Column("risk_score", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["applications.case_id"], name="fk_assessments_case_id"
        ),
        sa.PrimaryKeyConstraint("assessment_id", name="pk_assessments"),
    )
    op.create_index("ix_assessments_case_id", "assessments", ["case_id"], unique=False)
    op.create_table(
        "case_states",
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("num_events", sa.Integer(), nullable=False),
        sa.Column("last_recorded_at", _MOMENT, nullable=False),
        sa.Column("stage", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=True),
        sa.Column("notice_step", sa.String(64), nullable=True),
        sa.Column("notice_purpose", sa.String(64), nullable=True),
        sa.Column("offer", sa.String(64), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_clock", sa.String(64), nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=True),
        sa.Column("is_on_hold", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.String(length=128), nullable=True),
        sa.CheckConstraint("(due_on IS NULL) = (due_clock IS NULL)", name="ck_case_states_due"),
        sa.CheckConstraint("num_events > 0", name="ck_case_states_num_events"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["applications.case_id"], name="fk_case_states_case_id"
        ),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_states"),
    )
    op.create_index("ix_case_states_decided_by", "case_states", ["decided_by"], unique=False)
    op.create_index(
        "ix_case_states_due_on_case_id", "case_states", ["due_on", "case_id"], unique=False
    )
    op.create_index(
        "ix_case_states_stage_keep_until", "case_states", ["stage", "keep_until"], unique=False
    )
    op.create_table(
        "data_keys",
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["applications.case_id"], name="fk_data_keys_case_id"),
        sa.ForeignKeyConstraint(["key_id"], ["encryption_keys.key_id"], name="fk_data_keys_key_id"),
        sa.PrimaryKeyConstraint("case_id", name="pk_data_keys"),
    )
    op.create_index("ix_data_keys_key_id", "data_keys", ["key_id"], unique=False)
    op.create_table(
        "documents",
        sa.Column("document_id", sa.String(length=128), nullable=False),
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=128), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["applications.case_id"], name="fk_documents_case_id"),
        sa.PrimaryKeyConstraint("document_id", name="pk_documents"),
        sa.UniqueConstraint("case_id", "position", name="uq_documents_case_id_position"),
    )
    op.create_table(
        "events",
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("occurred_at", _MOMENT, nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False),
        sa.Column("actor_id", sa.String(length=128), nullable=False),
        sa.Column("actor_role", sa.String(length=64), nullable=False),
        sa.Column("actor_kind", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("sequence > 0", name="ck_events_sequence"),
        sa.ForeignKeyConstraint(["case_id"], ["applications.case_id"], name="fk_events_case_id"),
        sa.PrimaryKeyConstraint("case_id", "sequence", name="pk_events"),
    )
    op.create_table(
        "product_terms",
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("product", sa.String(64), nullable=True),
        sa.Column("amount_usd", _MONEY, nullable=True),
        sa.Column("term_months", _MONTHS, nullable=True),
        sa.Column("annual_rate_percent", _PERCENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["applications.case_id"], name="fk_product_terms_case_id"
        ),
        sa.PrimaryKeyConstraint("case_id", "kind", name="pk_product_terms"),
    )
    op.create_index("ix_product_terms_product", "product_terms", ["product"], unique=False)
    op.create_table(
        "property_details",
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("value_usd", _MONEY, nullable=True),
        sa.Column("property_type", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=2), nullable=True),
        sa.Column("occupancy", sa.String(64), nullable=True),
        sa.Column("num_units", sa.BigInteger(), nullable=True),
        sa.Column("lien_position", sa.Integer(), nullable=True),
        sa.Column("address_lines", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["applications.case_id"], name="fk_property_details_case_id"
        ),
        sa.PrimaryKeyConstraint("case_id", name="pk_property_details"),
    )
    op.create_table(
        "submissions",
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["applications.case_id"], name="fk_submissions_case_id"
        ),
        sa.PrimaryKeyConstraint("case_id", "revision", name="pk_submissions"),
    )
    op.create_table(
        "assessment_reasons",
        sa.Column("assessment_id", sa.String(length=128), nullable=False),
        sa.Column("list", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessments.assessment_id"],
            name="fk_assessment_reasons_assessment_id",
        ),
        sa.PrimaryKeyConstraint("assessment_id", "list", "position", name="pk_assessment_reasons"),
    )
    op.create_index("ix_assessment_reasons_reason", "assessment_reasons", ["reason"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.String(length=128), nullable=False),
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=False),
        sa.Column("decided_by", sa.String(length=128), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("path", sa.String(64), nullable=True),
        sa.Column("assessment_id", sa.String(length=128), nullable=True),
        sa.Column("taxonomy_version", sa.String(length=128), nullable=False),
        sa.Column("policy_version", sa.String(length=128), nullable=False),
        sa.Column("reopened_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessments.assessment_id"], name="fk_decisions_assessment_id"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["applications.case_id"], name="fk_decisions_case_id"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_case_id", "decisions", ["case_id"], unique=False)
    op.create_table(
        "decision_reasons",
        sa.Column("decision_id", sa.String(length=128), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("provenance", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.decision_id"], name="fk_decision_reasons_decision_id"
        ),
        sa.PrimaryKeyConstraint("decision_id", "position", name="pk_decision_reasons"),
    )
    op.create_index("ix_decision_reasons_reason", "decision_reasons", ["reason"], unique=False)
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.String(length=128), nullable=False),
        sa.Column("case_id", sa.String(length=128), nullable=False),
        sa.Column("decision_id", sa.String(length=128), nullable=True),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("template_digest", sa.String(length=64), nullable=False),
        sa.Column("drafted_at", _MOMENT, nullable=False),
        sa.Column("checked_at", _MOMENT, nullable=True),
        sa.Column("released_at", _MOMENT, nullable=True),
        sa.Column("released_by", sa.String(length=128), nullable=True),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("channel", sa.String(64), nullable=True),
        sa.Column("discarded_at", _MOMENT, nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL)", name="ck_notices_released"
        ),
        sa.CheckConstraint("(sent_at IS NULL) = (channel IS NULL)", name="ck_notices_sent"),
        sa.ForeignKeyConstraint(["case_id"], ["applications.case_id"], name="fk_notices_case_id"),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.decision_id"], name="fk_notices_decision_id"
        ),
        sa.PrimaryKeyConstraint("notice_id", name="pk_notices"),
    )
    op.create_index("ix_notices_case_id", "notices", ["case_id"], unique=False)
    op.create_table(
        "notice_renderings",
        sa.Column("notice_id", sa.String(length=128), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.notice_id"], name="fk_notice_renderings_notice_id"
        ),
        sa.PrimaryKeyConstraint("notice_id", "media_type", name="pk_notice_renderings"),
    )


def downgrade() -> None:
    """Drops the tables."""
    for table in _TABLES:
        op.drop_table(table)
