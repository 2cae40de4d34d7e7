"""Making a backup while the service runs.

The anchor file is read first, then the monitoring data, then the cases: the copy of the cases has
then every entry that is anchored, and every case that the monitoring data are of. Monitoring data
of a case that was purged in between are destroyed by the next start of what is restored.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from serving.adapters.backup.archive import ArchiveWriter, Tell, new_archive
from serving.adapters.backup.errors import BackupMismatchError
from serving.adapters.backup.manifest import CopiedDatabase, LogHead, Manifest
from serving.adapters.backup.snapshots import snapshot
from serving.adapters.encryption.key_ring import KeyRingFile
from serving.adapters.sql.audit import verified_within
from serving.adapters.sql.storage import DatabasePlace, anchor_file, database_places
from serving.cases.anchors import read_anchors
from serving.cases.audit import EMPTY, AuditHead
from serving.key_file import KEY_FILE_NAME
from serving.settings import Settings

ANCHOR_MEMBER = "audit_anchor.jsonl"
API_KEYS_MEMBER = KEY_FILE_NAME
CASES = "cases"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupMade:
    """A backup that was made.

    Attributes:
        path: its file.
        manifest: what is in it.
    """

    path: Path
    manifest: Manifest


def make_backup(
    settings: Settings, target: Path, *, tell: Tell, with_keys: bool = False
) -> BackupMade:
    """Writes a backup of what a deployment stores, and verifies the audit log in it.

    Args:
        settings: what is stored where.
        target: a new file, or a folder, in which the file gets the time for a name.
        tell: is told how far it is.
        with_keys: whether the key rings go into it, in clear: who has the file can then read it.

    Raises:
        BackupTargetError: the file is there already.
        BackupFileError: it cannot be written.
        BackupMismatchError: keys were asked for that lie in no file, or are being rotated.
        DatabaseVersionError: a database has no tables, or those of a newer program.
        StoreUnavailableError: a database does not answer, or is damaged.
        AuditBrokenError, AnchorError: the audit log is not what was written.
    """
    at = datetime.now(UTC)
    path = target / f"wherefore-{at:%Y%m%dT%H%M%SZ}.zip" if target.is_dir() else target
    with new_archive(path) as archive:
        anchored = _add_anchor(archive, anchor_file(settings))
        head, copied = _copy(archive, settings, anchored=anchored, tell=tell)
        if with_keys:
            for place in database_places(settings):
                _add_keys(archive, place, copied[place.name])
        api_keys = settings.state_dir / API_KEYS_MEMBER
        if api_keys.is_file():
            archive.add(API_KEYS_MEMBER, api_keys.read_bytes())
        manifest = Manifest(
            program=version("wherefore"),
            made_at=at,
            databases=copied,
            head=LogHead(sequence=head.sequence, hash=head.hash),
            members=archive.members,
        )
        archive.finish(manifest)
    return BackupMade(path=path, manifest=manifest)


def _copy(
    archive: ArchiveWriter, settings: Settings, *, anchored: AuditHead | None, tell: Tell
) -> tuple[AuditHead, dict[str, CopiedDatabase]]:
    copied, head = {}, EMPTY
    for place in reversed(database_places(settings)):
        with snapshot(place, archive, tell=tell) as (connection, database):
            copied[place.name] = database
            if place.name == CASES:
                head = verified_within(connection, anchor=anchored)
    return head, copied


def _add_anchor(archive: ArchiveWriter, path: Path) -> AuditHead | None:
    """Adds the anchor file as it is now, and returns the head anchored last."""
    if not path.exists():
        return None
    copy = archive.folder / ANCHOR_MEMBER
    copy.write_bytes(path.read_bytes())
    archive.add(ANCHOR_MEMBER, copy.read_bytes())
    return read_anchors(copy)[-1]


def ring_member(place: DatabasePlace) -> str:
    """Returns the name of the key ring of a database in a backup."""
    return f"{place.name}_keys.json"


def _add_keys(archive: ArchiveWriter, place: DatabasePlace, copied: CopiedDatabase) -> None:
    if not isinstance(place.ring, KeyRingFile):
        raise BackupMismatchError(
            found="the keys in WHEREFORE_ENCRYPTION_KEYS",
            expected="key files in the state directory",
            advice="leave --with-keys out, and back the keys up where they are kept",
        )
    keys, content = place.ring.keys(), place.ring.path.read_bytes()
    held = {key.key_id for key in keys}
    if not held >= set(copied.key_ids) or place.ring.keys() != keys:
        raise BackupMismatchError(
            found=f"another key ring for {place.name} than when its data were copied",
            expected="the same",
            advice="keys are being rotated: begin again when that is done",
        )
    archive.add(ring_member(place), content)
