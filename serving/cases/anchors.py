"""The head of the audit chain, kept in a file outside of the log.

The file is meant for another disk, or for a place that only an auditor writes to. It holds one line
per anchoring and is only appended to, so that an older head can still be compared.
"""

import json
import os
import re
from datetime import datetime
from pathlib import Path

from serving.cases.audit import EMPTY, AuditHead, AuditLog, canonical_json
from serving.cases.errors import AnchorError

_DIGEST = re.compile(r"[0-9a-f]{64}")


def read_anchor(path: Path) -> AuditHead | None:
    """Returns the head anchored last; None where there is no file yet.

    Raises:
        AnchorError: the file's last line is not a whole anchor.
    """
    if not path.exists():
        return None
    content = path.read_bytes()
    try:
        found = json.loads(content.rstrip(b"\n").rpartition(b"\n")[2])
        head = AuditHead(sequence=int(found["sequence"]), hash=str(found["hash"]))
    except (ValueError, TypeError, KeyError) as error:
        raise AnchorError from error
    if head.sequence < 1 or not _DIGEST.fullmatch(head.hash) or not content.endswith(b"\n"):
        raise AnchorError
    return head


def anchor_head(log: AuditLog, path: Path, *, at: datetime) -> AuditHead:
    """Verifies a log against its last anchor, then anchors its head where it has moved.

    Args:
        log: the log; while it is empty nothing is anchored.
        path: the anchor file.
        at: now, UTC.

    Raises:
        AnchorError: the anchor file does not end in a whole anchor.
        AuditBrokenError: the log is broken, or does not continue what was anchored.
    """
    last = read_anchor(path)
    head = log.verify(anchor=last)
    if head not in (EMPTY, last):
        line = canonical_json({"at": at.isoformat(), "hash": head.hash, "sequence": head.sequence})
        with path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
    return head
