"""Sessions of people, and sign-ins under way at an issuer, in a database."""

from datetime import datetime

import sqlalchemy as sa

from serving.adapters.sql.engine import reading, writing
from serving.adapters.sql.people import account_of
from serving.adapters.sql.people_tables import people, sessions, sign_in_flows
from serving.adapters.sql.retries import retried
from serving.identity.accounts import Account, Session


class SqlSessions:
    """Sessions in SQLite or PostgreSQL, by the hashes of their secrets."""

    def __init__(self, engine: sa.Engine) -> None:
        """Takes the database of cases, upgraded."""
        self._engine = engine

    @retried
    def open(self, session_sha256: str, session: Session) -> None:
        """Keeps a session, and forgets those that have expired."""
        row = {
            "session_sha256": session_sha256,
            "person_id": session.person_id,
            "series": session.series,
            "created_at": session.created_at,
            "seen_at": session.seen_at,
            "expires_at": session.expires_at,
        }
        with writing(self._engine) as connection:
            connection.execute(sessions.delete().where(sessions.c.expires_at <= session.created_at))
            connection.execute(sessions.insert(), row)

    def find(self, session_sha256: str) -> tuple[Session, Account] | None:
        """Returns a session and whose it is."""
        wanted = (
            sa.select(
                people,
                sessions.c.series,
                sessions.c.created_at.label("began_at"),
                sessions.c.seen_at,
                sessions.c.expires_at,
            )
            .join(sessions, sessions.c.person_id == people.c.person_id)
            .where(sessions.c.session_sha256 == session_sha256)
        )
        with reading(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        session = Session(
            person_id=row.person_id,
            series=row.series,
            created_at=row.began_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
        )
        return session, account_of(row)

    @retried
    def touch(self, session_sha256: str, *, at: datetime) -> None:
        """Notes that a session was used."""
        same = sessions.c.session_sha256 == session_sha256
        with writing(self._engine) as connection:
            connection.execute(sessions.update().where(same).values(seen_at=at))

    @retried
    def close(self, session_sha256: str) -> bool:
        """Ends a session; returns whether there was one."""
        same = sessions.c.session_sha256 == session_sha256
        with writing(self._engine) as connection:
            return connection.execute(sessions.delete().where(same)).rowcount > 0

    @retried
    def open_flow(self, flow_sha256: str, *, expires_at: datetime, now: datetime) -> None:
        """Notes that a sign-in at the issuer has begun, and forgets those that have expired."""
        row = {"flow_sha256": flow_sha256, "expires_at": expires_at}
        with writing(self._engine) as connection:
            connection.execute(sign_in_flows.delete().where(sign_in_flows.c.expires_at <= now))
            connection.execute(sign_in_flows.insert(), row)

    @retried
    def close_flow(self, flow_sha256: str, *, now: datetime) -> bool:
        """Ends a sign-in at the issuer; returns whether it was open: each is ended once."""
        open_ = sign_in_flows.delete().where(
            sign_in_flows.c.flow_sha256 == flow_sha256, sign_in_flows.c.expires_at > now
        )
        with writing(self._engine) as connection:
            return connection.execute(open_).rowcount == 1
