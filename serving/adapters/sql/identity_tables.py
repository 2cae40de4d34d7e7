"""The tables of programs, signing keys and revoked tokens, beside those of cases."""

import sqlalchemy as sa

from serving.adapters.sql.tables import metadata
from serving.adapters.sql.types import UtcMoment

machine_clients = sa.Table(
    "machine_clients",
    metadata,
    sa.Column("client_id", sa.String(64), primary_key=True),
    sa.Column("secret_sha256", sa.String(64), nullable=False),
    sa.Column("role", sa.String(64), nullable=False),
    # Scopes separated by spaces; null means all that the role brings.
    sa.Column("only", sa.String(400)),
    sa.Column("created_at", UtcMoment, nullable=False),
    sa.Column("expires_at", UtcMoment, nullable=False),
    sa.Column("token_series", sa.Integer, nullable=False),
    sa.Column("is_disabled", sa.Boolean, nullable=False),
)

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("key_id", sa.String(32), primary_key=True),
    sa.Column("created_at", UtcMoment, nullable=False),
    # The key of the ring that wraps it: no foreign key, because one that cannot be opened any more
    # is only replaced.
    sa.Column("ring_key_id", sa.String(16), nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

revoked_tokens = sa.Table(
    "revoked_tokens",
    metadata,
    sa.Column("token_id", sa.String(64), primary_key=True),
    sa.Column("expires_at", UtcMoment, nullable=False, index=True),
)
