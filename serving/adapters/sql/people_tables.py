"""The tables of people who sign in, their sessions and their failed sign-ins."""

import sqlalchemy as sa

from serving.adapters.sql.tables import metadata
from serving.adapters.sql.types import UtcMoment

_PERSON = sa.String(64)
_DIGEST = sa.String(64)

people = sa.Table(
    "people",
    metadata,
    sa.Column("person_id", _PERSON, primary_key=True),
    sa.Column("role", sa.String(64), nullable=False),
    # Scopes separated by spaces.
    sa.Column("permissions", sa.String(400), nullable=False),
    sa.Column("created_at", UtcMoment, nullable=False),
    sa.Column("is_disabled", sa.Boolean, nullable=False),
    sa.Column("password_hash", sa.String(300)),
    sa.Column("session_series", sa.Integer, nullable=False),
    sa.Column("issuer", sa.String(400)),
    sa.Column("subject", sa.String(255)),
    sa.UniqueConstraint("issuer", "subject"),
)

one_time_keys = sa.Table(
    "one_time_keys",
    metadata,
    sa.Column("person_id", _PERSON, sa.ForeignKey("people.person_id"), primary_key=True),
    sa.Column("key_sha256", _DIGEST, nullable=False),
    sa.Column("expires_at", UtcMoment, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("session_sha256", _DIGEST, primary_key=True),
    sa.Column("person_id", _PERSON, sa.ForeignKey("people.person_id"), nullable=False, index=True),
    sa.Column("series", sa.Integer, nullable=False),
    sa.Column("created_at", UtcMoment, nullable=False),
    sa.Column("seen_at", UtcMoment, nullable=False),
    sa.Column("expires_at", UtcMoment, nullable=False, index=True),
)

sign_in_attempts = sa.Table(
    "sign_in_attempts",
    metadata,
    # A keyed hash of a person's id as typed, or of an address: both are personal.
    sa.Column("counted_for", _DIGEST, primary_key=True),
    sa.Column("num_failed", sa.Integer, nullable=False),
    sa.Column("failed_at", UtcMoment, primary_key=True, index=True),
)

sign_in_flows = sa.Table(
    "sign_in_flows",
    metadata,
    sa.Column("flow_sha256", _DIGEST, primary_key=True),
    sa.Column("expires_at", UtcMoment, nullable=False, index=True),
)
