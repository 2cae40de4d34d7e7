"""Restoring a backup to where nothing is yet, every digest, count and hash of it verified.

Both databases are filled and verified before either gets its place: a SQLite file under another
name, PostgreSQL in a transaction. Tables of an older version are upgraded in the same step.
"""

import json
import os
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from pydantic import SecretStr

from serving.adapters.backup.archive import (
    FOLDER_PREFIX,
    ArchiveReader,
    Tell,
    open_archive,
    place_file,
)
from serving.adapters.backup.errors import BackupMismatchError, BackupTargetError
from serving.adapters.backup.filling import filled
from serving.adapters.backup.manifest import Manifest
from serving.adapters.backup.taking import ANCHOR_MEMBER, API_KEYS_MEMBER, CASES, ring_member
from serving.adapters.encryption.key_ring import ConfiguredKeyRing, KeyRing, KeyRingFile
from serving.adapters.sql.audit import verified_within
from serving.adapters.sql.engine import sqlite_file
from serving.adapters.sql.storage import DatabasePlace, anchor_file, database_places
from serving.adapters.sql.upgrade import check_known
from serving.cases.anchors import read_anchor, read_anchors
from serving.cases.audit import AuditHead
from serving.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A backup that was restored.

    Attributes:
        manifest: what was in it.
        missing_rings: key files that were neither there nor in the backup; without them nothing
            can be read.
    """

    manifest: Manifest
    missing_rings: tuple[Path, ...]


def restore_backup(settings: Settings, path: Path, *, tell: Tell) -> Restored:
    """Restores a backup to where the settings say; no service may run there.

    Args:
        settings: what is to be stored where.
        path: the backup.
        tell: is told how far it is.

    Raises:
        BackupFileError: the file is no whole backup.
        BackupMismatchError: it is of another kind of database.
        BackupTargetError: something is there that it would overwrite, or the anchor file knows of
            more than it holds.
        DatabaseVersionError: it was made by a newer program.
        EncryptionKeyError: the key ring that is there does not open it.
        AuditBrokenError: its audit log is not what was anchored.
        StoreUnavailableError: a database does not answer.
    """
    places = database_places(settings)
    try:
        with open_archive(path) as archive:
            _check_fits(archive, places)
            archive.check(tell=tell)
            files = _files_to_place(archive, settings, places)
            with ExitStack() as stack:
                # Of the two, the cases get their place first and the monitoring data last.
                for place in reversed(places):
                    look = partial(_verify_log, archive=archive, kept=anchor_file(settings))
                    into = filled(
                        place,
                        archive,
                        ring=_ring(place, archive),
                        verify=look if place.name == CASES else _nothing_more,
                        tell=tell,
                    )
                    stack.enter_context(into)
                for target, content in files.items():
                    _write(target, content)
            return Restored(manifest=archive.manifest, missing_rings=_missing_rings(places))
    except OSError as error:
        raise BackupTargetError(
            found=f"that it cannot be written ({error.strerror})",
            expected="a state directory with room",
            advice="make room, or name another one with WHEREFORE_STATE_DIR",
        ) from None


def _check_fits(archive: ArchiveReader, places: tuple[DatabasePlace, ...]) -> None:
    if set(archive.manifest.databases) != {place.name for place in places}:
        raise archive.damaged("other databases in it than those of cases and monitoring data")
    for place in places:
        copied = archive.manifest.databases[place.name]
        check_known(copied.version, place.migrations)
        kind = "postgresql" if sqlite_file(place.url) is None else "sqlite"
        if copied.kind != kind:
            raise BackupMismatchError(
                found=f"{copied.kind} for {place.name}",
                expected=f"{kind}, as the settings have it",
                advice="set WHEREFORE_DATABASE_URL and WHEREFORE_MONITORING_DATABASE_URL to "
                "databases of the same kind",
            )


def _files_to_place(
    archive: ArchiveReader, settings: Settings, places: tuple[DatabasePlace, ...]
) -> dict[Path, bytes]:
    """Returns the files to write; one that is there stays, and must be fit for what is restored."""
    wanted = {
        place.ring.path: ring_member(place)
        for place in places
        if isinstance(place.ring, KeyRingFile) and not place.ring.exists()
    }
    if not anchor_file(settings).exists():
        wanted[anchor_file(settings)] = ANCHOR_MEMBER
    if settings.key_file is None:
        wanted[settings.state_dir / API_KEYS_MEMBER] = API_KEYS_MEMBER
    found = {path: archive.read(name) for path, name in wanted.items() if archive.has(name)}
    for path, content in found.items():
        if path.exists() and path.read_bytes() != content:
            raise BackupTargetError(
                found=f"another {path}",
                expected="none, or the one of the backup",
                advice="move it away and keep it",
            )
    return {path: content for path, content in found.items() if not path.exists()}


def _ring(place: DatabasePlace, archive: ArchiveReader) -> KeyRing | None:
    """Returns the ring that is there, or else the one in the backup; None without either."""
    if not isinstance(place.ring, KeyRingFile) or place.ring.exists():
        return place.ring
    if not archive.has(ring_member(place)):
        return None
    try:
        keys = [entry["key"] for entry in json.loads(archive.read(ring_member(place)))["keys"]]
    except (ValueError, KeyError, TypeError):
        raise archive.damaged(f"no keys in {ring_member(place)}") from None
    return ConfiguredKeyRing(SecretStr(",".join(map(str, keys))))


def _missing_rings(places: tuple[DatabasePlace, ...]) -> tuple[Path, ...]:
    rings = [place.ring for place in places]
    return tuple(r.path for r in rings if isinstance(r, KeyRingFile) and not r.exists())


def _nothing_more(_: sa.Connection) -> None:
    pass


def _verify_log(connection: sa.Connection, *, archive: ArchiveReader, kept: Path) -> None:
    head = verified_within(connection, anchor=_anchored(archive))
    expected = archive.manifest.head
    if (head.sequence, head.hash) != (expected.sequence, expected.hash):
        raise archive.damaged("an audit log in it that ends elsewhere than it says")
    known = read_anchor(kept)
    if known is None:
        return
    if known.sequence > head.sequence:
        raise BackupTargetError(
            found=f"entry {known.sequence} of the audit log anchored in {kept}",
            expected=f"none after {head.sequence}, where the backup ends",
            advice="restore a newer backup; or move the anchor file away and keep it, as the proof "
            "of what is missing then",
        )
    verified_within(connection, anchor=known)


def _anchored(archive: ArchiveReader) -> AuditHead | None:
    if not archive.has(ANCHOR_MEMBER):
        return None
    with TemporaryDirectory() as folder:
        path = Path(folder) / ANCHOR_MEMBER
        path.write_bytes(archive.read(ANCHOR_MEMBER))
        return read_anchors(path)[-1]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=FOLDER_PREFIX, dir=path.parent) as folder:
        whole = Path(folder) / "file"
        with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        place_file(whole, path)
