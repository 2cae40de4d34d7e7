"""Events as JSON: one text per event, from which the same event comes back.

Each text carries 16 random bytes. Its sha256 stands in the audit log for ever; without them
somebody could find out a short text of a purged case by trying.
"""

import hashlib
import json
import secrets

from pydantic import TypeAdapter, ValidationError

from serving.cases.audit import canonical_json
from serving.cases.errors import EventValueError
from serving.cases.events import Event
from serving.cases.every_event import EVENTS

_ADAPTERS: dict[str, TypeAdapter[Event]] = {kind.__name__: TypeAdapter(kind) for kind in EVENTS}
_SALT_BYTES = 16


def event_to_json(event: Event) -> bytes:
    """Returns an event as canonical JSON, with a salt of its own."""
    kind = type(event).__name__
    plain = _ADAPTERS[kind].dump_python(event, mode="json")
    salt = secrets.token_hex(_SALT_BYTES)
    return canonical_json({"event": plain, "kind": kind, "salt": salt})


def event_from_json(content: bytes) -> Event:
    """Returns the event of a JSON text.

    Raises:
        EventValueError: the text is not that of an event.
    """
    try:
        found = json.loads(content)
        return _ADAPTERS[found["kind"]].validate_json(json.dumps(found["event"]))
    except (ValidationError, ValueError, KeyError, TypeError):
        raise EventValueError(
            field="event", found="a text that is no event", expected="an event as it was stored"
        ) from None


def digest_of(content: bytes) -> str:
    """Returns the sha256 of an event as stored, hexadecimal."""
    return hashlib.sha256(content).hexdigest()
