"""Writing the exam package of a case: what was recorded, and the proof that it was."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from serving.adapters.event_json import digest_of
from serving.adapters.plain_files import plain_file
from serving.cases.anchors import LogProof
from serving.cases.audit import AuditAction, AuditEntry, AuditHead, to_line
from serving.cases.audited import (
    CASE,
    EVENT_DIGEST,
    FILE_DIGEST,
    NOTICE_DIGEST,
    RENDERINGS_DIGEST,
    entries_of_events,
    last_change_of_file,
    renderings_digest,
)
from serving.cases.clock import Clock
from serving.cases.clocks import clocks
from serving.cases.errors import AuditBrokenError
from serving.cases.events import Actor
from serving.cases.exam_package import (
    ENTRIES,
    EVENTS,
    FILE,
    PACKAGE_DIGEST,
    ROOT_DIGEST,
    digest_of_files,
    write_package,
)
from serving.cases.file_record import digest_of_file
from serving.cases.notice_events import NoticeDrafted, NoticeReleased
from serving.cases.store import AuditTrail, CaseStorage, NoticeContent, StoredCase
from serving.cases.store_errors import StoreUnavailableError
from serving.errors import OutputError
from serving.notices.case_file import parse_case
from serving.notices.checks.every_check import check_notice
from serving.notices.errors import NoticeFileError
from serving.notices.report import report_json
from serving.notices.templates_digest import templates_sha256

_SUFFIXES = {"application/pdf": "pdf", "text/html": "html", "text/plain": "txt"}
EXPORTED = "case_exported"
"""What the audit log calls an export."""
_MAX_READINGS = 5
_CASE = TypeAdapter(dict[str, Any])
_README = """Exam package of one case.

Verify it with `wherefore audit verify-package FILE`, on any machine that has the program; no
database and no key are needed. Add `--anchor FILE` with an anchor file of your own.
serving/cases/exam_package.py describes every file and what is proved.
"""


def export_package(
    storage: CaseStorage,
    case_id: str,
    output: Path,
    *,
    by: Actor,
    at: datetime,
) -> AuditHead:
    """Writes the exam package of a case and returns the head of the audit log that it leads to.

    The case's events, notices and file are compared with its entries in the audit log, and these
    proved to stand in the log as anchored; the rest of the log is not read. Entries of an earlier
    program say nothing of the file and of what notices print: the package then tells so. The export
    is recorded in the audit log, and its head is anchored.

    Args:
        storage: where the case is.
        case_id: the case.
        output: the zip file.
        by: who exports it.
        at: now, UTC.

    Raises:
        UnknownCaseError: there is no such case.
        CasePurgedError: the case was purged.
        StoreUnavailableError: the case is being worked on without a pause.
        AuditBrokenError: what is exported is not what was recorded, or the log does not continue
            what was anchored.
        OutputError: the file cannot be written.
    """
    files, entries = _files_and_entries(storage, case_id)
    proved = storage.prove(entries)
    exported = storage.audit.record(_export_of(case_id, files, log=proved, by=by, at=at))
    head = storage.anchor_new_entries()
    tail = list(storage.audit.lines(after=exported.sequence - 1))
    tail = tail[: head.sequence - exported.sequence + 1]
    proof = {
        "head": asdict(head),
        "num_leaves": proved.head.sequence,
        "paths": proved.paths,
        "tail": [line.decode() for line in tail],
    }
    try:
        write_package(output, files, proof=proof)
    except OSError as error:
        raise OutputError(
            f"cannot write {output} ({error.strerror}): name a file in an existing folder"
        ) from None
    return head


def _files_and_entries(
    storage: CaseStorage, case_id: str
) -> tuple[dict[str, bytes], tuple[AuditEntry, ...]]:
    """Reads a case and its audit entries at one moment, though by several calls."""
    for _ in range(_MAX_READINGS):
        entries = entries_of(storage.audit, case_id)
        stored = storage.cases.load(case_id)
        drafted = [event for event in stored.events if isinstance(event, NoticeDrafted)]
        notices = [storage.cases.notice(event.notice_id).content for event in drafted]
        files = _files(storage, stored, notices)
        # Whatever changes a case adds an entry, so no new one means that nothing changed.
        if entries == entries_of(storage.audit, case_id):
            _check_recorded(files, stored, entries)
            _check_file(files, entries)
            _check_renderings(notices, stored, entries)
            files[ENTRIES] = _joined([to_line(entry) for entry in entries])
            return files, entries
    raise StoreUnavailableError(found="a case that others work on without a pause")


def entries_of(audit: AuditTrail, case_id: str) -> tuple[AuditEntry, ...]:
    """Returns the entries about a case, in order."""
    return audit.entries(object_kind=CASE, object_id=case_id)


def _check_recorded(
    files: Mapping[str, bytes], stored: StoredCase, entries: Sequence[AuditEntry]
) -> None:
    """Compares events and notices as stored with what the audit log says was recorded."""
    recorded = entries_of_events(entries)
    texts = files[EVENTS].splitlines()
    for entry, event, text in zip_longest(recorded, stored.events, texts):
        digests = entry.action.digests if entry and event and text else {}
        is_same = digests.get(EVENT_DIGEST) == hashlib.sha256(text or b"").hexdigest()
        if is_same and isinstance(event, NoticeDrafted):
            content = files[f"notices/{event.notice_id}/notice.json"]
            is_same = digests.get(NOTICE_DIGEST) == hashlib.sha256(content).hexdigest()
        _require(is_same, entry or entries[-1])


def _check_file(files: Mapping[str, bytes], entries: Sequence[AuditEntry]) -> None:
    """Compares the file with the entry of its last change, unless an earlier program wrote that."""
    entry = last_change_of_file(entries)
    expected = entry.action.digests.get(FILE_DIGEST)
    _require(expected in {None, digest_of_file(json.loads(files[FILE]))}, entry)


def _check_renderings(
    notices: Sequence[NoticeContent], stored: StoredCase, entries: Sequence[AuditEntry]
) -> None:
    """Compares what each notice prints with the entry of its release, or of its draft likewise."""
    last = {
        event.notice_id: entry
        for event, entry in zip(stored.events, entries_of_events(entries), strict=True)
        if isinstance(event, NoticeDrafted | NoticeReleased)
    }
    for notice in notices:
        found = renderings_digest({k: digest_of(text) for k, text in notice.renderings.items()})
        entry = last[notice.notice_id]
        expected = entry.action.digests.get(RENDERINGS_DIGEST)
        _require(expected in {None, found[RENDERINGS_DIGEST]}, entry)


def _require(is_same: bool, entry: AuditEntry) -> None:
    if not is_same:
        reason = "what it is about is not stored as it was recorded"
        raise AuditBrokenError(sequence=entry.sequence, reason=reason)


def _export_of(
    case_id: str, files: Mapping[str, bytes], *, log: LogProof, by: Actor, at: datetime
) -> AuditAction:
    return AuditAction(
        at=at,
        actor_id=by.actor_id,
        role=by.role,
        action=EXPORTED,
        object_kind=CASE,
        object_id=case_id,
        digests={ROOT_DIGEST: log.root, PACKAGE_DIGEST: digest_of_files(files)},
    )


def _files(
    storage: CaseStorage, stored: StoredCase, notices: Sequence[NoticeContent]
) -> dict[str, bytes]:
    case_id = stored.case.case_id
    file = storage.cases.file(case_id)
    files = {
        "README.txt": _README.encode(),
        "case.json": _json(_case(stored)),
        FILE: _json(plain_file(file, storage.cases.submissions(case_id))),
        EVENTS: _joined(storage.cases.event_texts(case_id)),
    }
    for number, document in enumerate(file.documents, start=1):
        files[f"documents/{number:04}"] = document.content
    for notice in notices:
        files |= _notice(notice)
    return files


def _case(stored: StoredCase) -> dict[str, Any]:
    case = stored.case
    return {
        "case_id": case.case_id,
        "state": case.state,
        "clocks": [_clock(clock) for clock in clocks(stored.events)],
        "decision": asdict(case.decision) if case.decision else None,
        "explanation": asdict(case.assessment) if case.assessment else None,
        "templates_sha256": templates_sha256(),
    }


def _clock(clock: Clock) -> dict[str, Any]:
    return asdict(clock) | {"due_on": clock.due_on, "stopped_on": clock.stopped_on}


def _notice(notice: NoticeContent) -> dict[str, bytes]:
    folder = f"notices/{notice.notice_id}"
    files = {
        f"{folder}/notice.json": notice.content,
        f"{folder}/checks.json": _json(_checks(notice.content)),
    }
    for number, (media_type, content) in enumerate(sorted(notice.renderings.items())):
        suffix = _SUFFIXES.get(media_type, f"{number}.bin")
        files[f"{folder}/notice.{suffix}"] = content
    return files


def _checks(content: bytes) -> dict[str, object]:
    """Returns every check's verdict, made anew from what is kept."""
    try:
        kept = parse_case(content)
    except NoticeFileError:
        return {"checked": False, "why": "the content is not a notice with its decision record"}
    if kept.record is None:
        return {"checked": False, "why": "the content has no decision record"}
    return report_json(check_notice(kept.notice, kept.record))


def _json(value: Mapping[str, object]) -> bytes:
    plain = _CASE.dump_python(dict(value), mode="json")
    return json.dumps(plain, indent=2, ensure_ascii=False).encode() + b"\n"


def _joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
