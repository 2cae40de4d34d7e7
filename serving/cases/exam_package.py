"""The exam package: one case as a zip file that proves itself, on a machine without the database.

A package holds

- `events.jsonl`: every event as stored; `audit.jsonl`: their entries of the audit log;
- `case.json`: state, clocks, decision, explanation; `file.json` and `documents/`: what came in, as
  the entry of the last change of the file names it;
- `notices/ID/`: what each notice says (`notice.json`), its bytes as printed, its checks;
- `proof.json`: from each entry to the root of a hash tree over the whole log, which the entry of
  the export names, and from there to the head that was anchored. Nothing of other cases is told;
- `manifest.json`: the sha256 of each file.

What cannot be proved is that nothing was done outside of the system, that the log was whole before
it was first anchored, and that it has no other entries about the case: the verification of the
whole log shows that none was taken out.
"""

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from serving.cases.audit import (
    AuditEntry,
    AuditHead,
    canonical_json,
    chained,
    from_line,
)
from serving.cases.audited import (
    EVENT_DIGEST,
    FILE_DIGEST,
    NOTICE_DIGEST,
    RENDERINGS_DIGEST,
    entries_of_events,
    last_change_of_file,
)
from serving.cases.errors import AuditError
from serving.cases.file_record import digest_of_file
from serving.cases.merkle import leaf_hash, root_from
from serving.errors import ServingError

FORMAT = "wherefore exam package 1"
MANIFEST, PROOF = "manifest.json", "proof.json"
EVENTS, ENTRIES, FILE = "events.jsonl", "audit.jsonl", "file.json"
ROOT_DIGEST, PACKAGE_DIGEST = "log_root", "package"
"""Names of the digests in the entry of an export."""
MAX_BYTES = 2**30
"""Largest package that is read, bytes unpacked."""
_NO_PACKAGE = (
    zipfile.BadZipFile,
    zlib.error,
    # What zipfile raises for encrypted, cut-off and otherwise strange files.
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    struct.error,
)
_STAMP = (1980, 1, 1, 0, 0, 0)
_PRINTING = frozenset({"NoticeDrafted", "NoticeReleased"})
_PROVED_APART = frozenset({MANIFEST, PROOF})


class PackageError(ServingError):
    """An exam package is not what was exported.

    Attributes:
        reason: what does not fit.
    """

    def __init__(self, reason: str) -> None:
        """Keeps the reason."""
        super().__init__(
            f"the exam package is not as exported: {reason}; expected it unchanged, export it again"
        )
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageReport:
    """What a verified package proves.

    Attributes:
        case_id: whose it is.
        num_events: events, each with its entry in the audit log.
        num_notices: notices, each with the content that its events name.
        num_files: files in the package.
        unrecorded: what the audit log says nothing of, because an earlier program wrote the
            entries: `file.json`, and `notices/ID` for what a notice prints.
        head: the head of the audit log that the proof leads to.
    """

    case_id: str
    num_events: int
    num_notices: int
    num_files: int
    unrecorded: tuple[str, ...]
    head: AuditHead


def digest_of_files(files: Mapping[str, bytes]) -> str:
    """Returns one sha256 over the names and contents of files, hexadecimal."""
    return hashlib.sha256(canonical_json(_digests(files))).hexdigest()


def write_package(path: Path, files: Mapping[str, bytes], *, proof: Mapping[str, Any]) -> None:
    """Writes a package, readable by its owner only: whole, or not at all.

    Args:
        path: the zip file.
        files: contents by name.
        proof: what `proof.json` says.

    Raises:
        OSError: the file cannot be written.
    """
    whole = {**files, PROOF: _pretty(proof)}
    whole[MANIFEST] = _pretty({"format": FORMAT, "sha256": _digests(whole)})
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.touch(mode=0o600)
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as package:
            for name in sorted(whole):
                package.writestr(_info(name), whole[name])
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def verify_package(path: Path, *, anchors: Sequence[AuditHead] = ()) -> PackageReport:
    """Goes through a package and returns what it proves; needs nothing but the file.

    Args:
        path: the zip file.
        anchors: heads that the verifier trusts, such as those of an auditor's own anchor file; the
            package has to lead to one of them, if any are given.

    Raises:
        PackageError: something was changed, added or left out; names the first.
    """
    files = _read(path)
    try:
        proof = json.loads(files[PROOF])
        entries = [_entry(line) for line in _lines(files[ENTRIES])]
        tail = [_entry(line.encode()) for line in proof["tail"]]
        _check_contents(files, exported=tail[0])
        _check_events(files, entries)
        num_notices = _check_notices(files, entries)
        _check_file(files, entries)
        _check_inclusion(files, proof, exported=tail[0])
        head = _check_tail(tail, proof, anchors=anchors)
        case_id = tail[0].action.object_id
        if any(entry.action.object_id != case_id for entry in entries):
            raise PackageError("an entry of the audit log is about another case")
        unrecorded = _unrecorded(files, entries)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise PackageError("a file of it is not written as packages are") from error
    except AuditError as error:
        raise PackageError("an entry of the audit log is not one") from error
    return PackageReport(
        case_id=case_id,
        num_events=len(_lines(files[EVENTS])),
        num_notices=num_notices,
        num_files=len(files),
        unrecorded=unrecorded,
        head=head,
    )


def _read(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as package:
            infos = package.infolist()
            if sum(info.file_size for info in infos) > MAX_BYTES:
                raise PackageError(f"it unpacks to more than {MAX_BYTES:,} bytes")
            files = {info.filename: package.read(info) for info in infos}
            if len(files) != len(infos):
                raise PackageError("a file is in it twice")
        stored = json.loads(files[MANIFEST])
        if stored["format"] != FORMAT:
            raise PackageError("it has another format than this program knows")
        expected = stored["sha256"]
    except OSError as error:
        raise PackageError(f"it cannot be read ({error.strerror})") from None
    except _NO_PACKAGE:
        raise PackageError("it is no zip file with a manifest") from None
    found = _digests({name: content for name, content in files.items() if name != MANIFEST})
    for name in sorted(found.keys() | dict(expected).keys()):
        if found.get(name) != expected.get(name):
            raise PackageError(f"{name} is not the file that the manifest names")
    if files[MANIFEST] != _pretty({"format": FORMAT, "sha256": found}):
        raise PackageError("the manifest is not written as packages are")
    return files


def _entry(line: bytes) -> AuditEntry:
    number = json.loads(line)["sequence"]
    entry = from_line(line, sequence=number)
    before = AuditHead(sequence=entry.sequence - 1, hash=entry.previous)
    if chained(entry.action, before).hash != entry.hash:
        raise PackageError(f"audit entry {entry.sequence} does not have the hash of its fields")
    return entry


def _check_contents(files: Mapping[str, bytes], *, exported: AuditEntry) -> None:
    contents = {name: content for name, content in files.items() if name not in _PROVED_APART}
    if exported.action.digests[PACKAGE_DIGEST] != digest_of_files(contents):
        raise PackageError("its files are not those that the audit log says were exported")


def _check_events(files: Mapping[str, bytes], entries: Sequence[AuditEntry]) -> None:
    found = [hashlib.sha256(line).hexdigest() for line in _lines(files[EVENTS])]
    logged = [entry.action.digests[EVENT_DIGEST] for entry in entries_of_events(entries)]
    if not found or found != logged:
        raise PackageError("its events are not those of the audit log")


def _check_notices(files: Mapping[str, bytes], entries: Sequence[AuditEntry]) -> int:
    drafted = [
        json.loads(line)["event"]
        for line in _lines(files[EVENTS])
        if json.loads(line)["kind"] == "NoticeDrafted"
    ]
    logged = {e.action.digests[NOTICE_DIGEST] for e in entries if NOTICE_DIGEST in e.action.digests}
    for event in drafted:
        content = files[f"notices/{event['notice_id']}/notice.json"]
        digest = hashlib.sha256(content).hexdigest()
        if digest != event["digest"] or digest not in logged:
            raise PackageError("a notice is not the one that was drafted")
    return len(drafted)


def _check_file(files: Mapping[str, bytes], entries: Sequence[AuditEntry]) -> None:
    file = json.loads(files[FILE])
    expected = last_change_of_file(entries).action.digests.get(FILE_DIGEST)
    if expected not in {None, digest_of_file(file)}:
        raise PackageError("its file is not the one that the audit log names")
    for document in file["documents"]:
        if hashlib.sha256(files[document["file"]]).hexdigest() != document["sha256"]:
            raise PackageError("a document is not the one that its file names")


def _unrecorded(files: Mapping[str, bytes], entries: Sequence[AuditEntry]) -> tuple[str, ...]:
    events = map(json.loads, _lines(files[EVENTS]))
    last = {
        f"notices/{event['event']['notice_id']}": entry.action.digests
        for event, entry in zip(events, entries_of_events(entries), strict=True)
        if event["kind"] in _PRINTING
    }
    notices = [name for name, digests in last.items() if RENDERINGS_DIGEST not in digests]
    is_named = FILE_DIGEST in last_change_of_file(entries).action.digests
    return (*(() if is_named else (FILE,)), *notices)


def _check_inclusion(
    files: Mapping[str, bytes], proof: Mapping[str, Any], *, exported: AuditEntry
) -> None:
    lines, paths = _lines(files[ENTRIES]), proof["paths"]
    if len(lines) != len(paths):
        raise PackageError("the proof is of other entries")
    root = exported.action.digests[ROOT_DIGEST]
    for line, path in zip(lines, paths, strict=True):
        found = root_from(
            leaf_hash(line),
            [bytes.fromhex(step) for step in path],
            index=json.loads(line)["sequence"] - 1,
            num_leaves=proof["num_leaves"],
        )
        if found is None or found.hex() != root:
            raise PackageError("an entry is not in the audit log that was exported from")


def _check_tail(
    tail: Sequence[AuditEntry], proof: Mapping[str, Any], *, anchors: Sequence[AuditHead]
) -> AuditHead:
    for before, entry in pairwise(tail):
        if (entry.sequence, entry.previous) != (before.sequence + 1, before.hash):
            raise PackageError("the entries from the export to the head are no chain")
    heads = [AuditHead(sequence=entry.sequence, hash=entry.hash) for entry in tail]
    if heads[-1] != AuditHead(**proof["head"]):
        raise PackageError("the entries from the export do not lead to the head it names")
    if tail[0].sequence <= proof["num_leaves"]:
        raise PackageError("the export stands before entries that it proves")
    if anchors and not set(heads) & set(anchors):
        raise PackageError("it does not lead to a head of the anchor file given")
    return heads[-1]


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def _lines(content: bytes) -> list[bytes]:
    return content.removesuffix(b"\n").split(b"\n") if content else []


def _pretty(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=_STAMP)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info
