"""Rows of events, sealed, within a transaction."""

import sqlalchemy as sa

from serving.adapters.encryption.sealing import DataKey, Place
from serving.adapters.event_json import event_from_json
from serving.adapters.sql.files import count_documents
from serving.adapters.sql.projections import project
from serving.adapters.sql.tables import events
from serving.cases.store import StoredCase
from serving.cases.transitions import replay


def write_events(
    connection: sa.Connection, key: DataKey, stored: StoredCase, contents: list[bytes]
) -> None:
    """Writes the last events of a case, and what queries read of them.

    Args:
        connection: the transaction.
        key: the key of the case.
        stored: the case after them.
        contents: their JSON texts.
    """
    case_id, first = stored.case.case_id, stored.num_events - len(contents)
    new = zip(stored.events[first:], stored.digests[first:], contents, strict=True)
    for sequence, (event, digest, content) in enumerate(new, start=first + 1):
        row = {
            "case_id": case_id,
            "sequence": sequence,
            "kind": type(event).__name__,
            "occurred_at": event.occurred_at,
            "recorded_at": event.recorded_at,
            "actor_id": event.actor.actor_id,
            "actor_role": event.actor.role,
            "actor_kind": event.actor.kind,
            "digest": digest,
            "content": key.seal(content, _event_of(case_id, sequence)),
        }
        connection.execute(events.insert(), row)
        project(event, connection, case_id)


def read_texts(connection: sa.Connection, key: DataKey, case_id: str) -> list[tuple[bytes, str]]:
    """Returns the JSON text of every event with its digest."""
    wanted = sa.select(events).where(events.c.case_id == case_id).order_by(events.c.sequence)
    return [
        (key.open(row.content, _event_of(case_id, row.sequence)), row.digest)
        for row in connection.execute(wanted)
    ]


def load_case(connection: sa.Connection, key: DataKey, case_id: str) -> StoredCase:
    """Returns a case from its events."""
    texts = read_texts(connection, key, case_id)
    found = tuple(event_from_json(text) for text, _ in texts)
    digests = tuple(digest for _, digest in texts)
    return StoredCase(
        case=replay(found),
        events=found,
        digests=digests,
        num_documents=count_documents(connection, case_id),
    )


def _event_of(case_id: str, sequence: int) -> Place:
    return Place(table="events", column="content", row=(case_id, sequence))
