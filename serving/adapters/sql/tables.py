"""The tables of cases, in third normal form.

Events are the truth. `applications`, `case_states`, `open_notices`, `assessments`, `decisions` and
`notices` repeat of them what queries ask for, and are written in the same transaction; the file of
a case (applicants, terms, property, documents, submissions) stands on its own. Columns of `Sealed`
are encrypted under the data key of their case (`data_keys`). Where a `consumer_id` of `notices` or
`open_notices` is null, the recipient is the primary applicant.
"""

from enum import StrEnum

import sqlalchemy as sa

from data_pipeline.domain.application import LoanProduct, Occupancy
from data_pipeline.domain.taxonomy import DenialReason
from serving.adapters.sql.types import ExactDecimal, UtcMoment, Word
from serving.cases.application_file import ApplicantRole, TermsKind
from serving.cases.case import NoticeStep, OfferState, Stage
from serving.cases.clock import ClockKind
from serving.cases.decisions import DecisionPath, Outcome, Provenance
from serving.cases.events import ActorKind, ApplicantKind, CaseKind
from serving.cases.notice_events import Channel, NoticePurpose

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMES)

_ID = sa.String(128)
_DIGEST = sa.String(64)
_MONEY = ExactDecimal(16, 2)
_SEALED = sa.LargeBinary


class ReasonList(StrEnum):
    """In which list of an assessment a reason stands."""

    PRINCIPAL = "principal"
    REVIEW = "review"


def _case_id(*, is_key: bool = False, index: bool = False) -> sa.Column[str]:
    reference = sa.ForeignKey("applications.case_id")
    return sa.Column("case_id", _ID, reference, primary_key=is_key, nullable=False, index=index)


applications = sa.Table(
    "applications",
    metadata,
    sa.Column("case_id", _ID, primary_key=True),
    sa.Column("kind", Word(CaseKind), nullable=False),
    sa.Column("applicant_kind", Word(ApplicantKind), nullable=False),
    sa.Column("time_zone", sa.String(64), nullable=False),
    sa.Column("opened_at", UtcMoment, nullable=False),
    sa.Column("assigned_to", _ID, index=True),
)

case_states = sa.Table(
    "case_states",
    metadata,
    _case_id(is_key=True),
    sa.Column("num_events", sa.Integer, nullable=False),
    sa.Column("last_recorded_at", UtcMoment, nullable=False),
    sa.Column("stage", Word(Stage), nullable=False),
    sa.Column("outcome", Word(Outcome)),
    sa.Column("offer", Word(OfferState)),
    sa.Column("due_on", sa.Date),
    sa.Column("due_clock", Word(ClockKind)),
    sa.Column("keep_until", sa.Date),
    sa.Column("is_on_hold", sa.Boolean, nullable=False),
    sa.Column("decided_by", _ID, index=True),
    sa.CheckConstraint("num_events > 0", name="num_events"),
    sa.CheckConstraint("(due_on IS NULL) = (due_clock IS NULL)", name="due"),
    sa.Index("ix_case_states_due_on_case_id", "due_on", "case_id"),
    sa.Index("ix_case_states_stage_keep_until", "stage", "keep_until"),
)

open_notices = sa.Table(
    "open_notices",
    metadata,
    _case_id(is_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("consumer_id", _ID),
    sa.Column("purpose", Word(NoticePurpose), nullable=False),
    sa.Column("step", Word(NoticeStep), index=True),
)

encryption_keys = sa.Table(
    "encryption_keys",
    metadata,
    sa.Column("key_id", sa.String(16), primary_key=True),
    sa.Column("added_at", UtcMoment, nullable=False),
)

data_keys = sa.Table(
    "data_keys",
    metadata,
    _case_id(is_key=True),
    sa.Column(
        "key_id",
        sa.String(16),
        sa.ForeignKey("encryption_keys.key_id"),
        nullable=False,
        index=True,
    ),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

events = sa.Table(
    "events",
    metadata,
    _case_id(is_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("occurred_at", UtcMoment, nullable=False),
    sa.Column("recorded_at", UtcMoment, nullable=False),
    sa.Column("actor_id", _ID, nullable=False),
    sa.Column("actor_role", sa.String(64), nullable=False),
    sa.Column("actor_kind", Word(ActorKind), nullable=False),
    sa.Column("digest", _DIGEST, nullable=False),
    sa.Column("content", _SEALED, nullable=False),
    sa.CheckConstraint("sequence > 0", name="sequence"),
)

applicants = sa.Table(
    "applicants",
    metadata,
    _case_id(is_key=True),
    sa.Column("consumer_id", _ID, primary_key=True, index=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("role", Word(ApplicantRole), nullable=False),
    sa.Column("name", _SEALED, nullable=False),
    sa.Column("address_lines", _SEALED, nullable=False),
    sa.Column("email", _SEALED),
    sa.UniqueConstraint("case_id", "position"),
)

product_terms = sa.Table(
    "product_terms",
    metadata,
    _case_id(is_key=True),
    sa.Column("kind", Word(TermsKind), primary_key=True),
    sa.Column("product", Word(LoanProduct), index=True),
    sa.Column("amount_usd", _MONEY),
    sa.Column("term_months", ExactDecimal(8, 2)),
    sa.Column("annual_rate_percent", ExactDecimal(10, 6)),
)

property_details = sa.Table(
    "property_details",
    metadata,
    _case_id(is_key=True),
    sa.Column("value_usd", _MONEY),
    sa.Column("property_type", sa.Text),
    sa.Column("state", sa.String(2)),
    sa.Column("occupancy", Word(Occupancy)),
    sa.Column("num_units", sa.BigInteger),
    sa.Column("lien_position", sa.Integer),
    sa.Column("address_lines", _SEALED),
)

submissions = sa.Table(
    "submissions",
    metadata,
    _case_id(is_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", _SEALED, nullable=False),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("document_id", _ID, primary_key=True),
    _case_id(),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("media_type", sa.String(128), nullable=False),
    sa.Column("received_at", UtcMoment, nullable=False),
    sa.Column("content", _SEALED, nullable=False),
    sa.UniqueConstraint("case_id", "position"),
)

assessments = sa.Table(
    "assessments",
    metadata,
    sa.Column("assessment_id", _ID, primary_key=True),
    _case_id(index=True),
    sa.Column("assessed_at", UtcMoment, nullable=False),
    sa.Column("model_version", sa.String(128)),
    sa.Column("taxonomy_version", sa.String(128), nullable=False),
    sa.Column("policy_version", sa.String(128), nullable=False),
    sa.Column("text_digest", _DIGEST),
    sa.Column("risk_score", sa.Float),
)

assessment_reasons = sa.Table(
    "assessment_reasons",
    metadata,
    sa.Column("assessment_id", sa.ForeignKey("assessments.assessment_id"), primary_key=True),
    sa.Column("list", Word(ReasonList), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("reason", Word(DenialReason), nullable=False, index=True),
    sa.Column("probability", sa.Float, nullable=False),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("decision_id", _ID, primary_key=True),
    _case_id(index=True),
    sa.Column("decided_at", UtcMoment, nullable=False),
    sa.Column("decided_by", _ID, nullable=False),
    sa.Column("outcome", Word(Outcome), nullable=False),
    sa.Column("path", Word(DecisionPath)),
    sa.Column("assessment_id", sa.ForeignKey("assessments.assessment_id")),
    sa.Column("taxonomy_version", sa.String(128), nullable=False),
    sa.Column("policy_version", sa.String(128), nullable=False),
    sa.Column("reopened_at", UtcMoment),
)

decision_reasons = sa.Table(
    "decision_reasons",
    metadata,
    sa.Column("decision_id", sa.ForeignKey("decisions.decision_id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("reason", Word(DenialReason), nullable=False, index=True),
    sa.Column("provenance", Word(Provenance), nullable=False),
)

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("notice_id", _ID, primary_key=True),
    _case_id(index=True),
    sa.Column("consumer_id", _ID),
    sa.Column("decision_id", sa.ForeignKey("decisions.decision_id")),
    sa.Column("purpose", Word(NoticePurpose), nullable=False),
    sa.Column("digest", _DIGEST, nullable=False),
    sa.Column("template_digest", _DIGEST, nullable=False),
    sa.Column("drafted_at", UtcMoment, nullable=False),
    sa.Column("checked_at", UtcMoment),
    sa.Column("released_at", UtcMoment),
    sa.Column("released_by", _ID),
    sa.Column("sent_at", UtcMoment),
    sa.Column("channel", Word(Channel)),
    sa.Column("discarded_at", UtcMoment),
    sa.Column("content", _SEALED),
    sa.CheckConstraint("(sent_at IS NULL) = (channel IS NULL)", name="sent"),
    sa.CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released"),
)

notice_renderings = sa.Table(
    "notice_renderings",
    metadata,
    sa.Column("notice_id", sa.ForeignKey("notices.notice_id"), primary_key=True),
    sa.Column("media_type", sa.String(64), primary_key=True),
    sa.Column("digest", _DIGEST, nullable=False),
    sa.Column("content", _SEALED, nullable=False),
)

audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("object_kind", sa.String(64), nullable=False),
    sa.Column("object_id", _ID, nullable=False),
    sa.Column("line", sa.LargeBinary, nullable=False),
    sa.Index("ix_audit_log_object_id_object_kind", "object_id", "object_kind"),
)

PERSONAL = (
    notice_renderings,
    decision_reasons,
    assessment_reasons,
    submissions,
    documents,
    property_details,
    product_terms,
    applicants,
)
"""Tables of which a purge deletes every row of the case, in an order that foreign keys allow."""
