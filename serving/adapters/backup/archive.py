"""The file of a backup: written whole or not at all, and read with every byte checked."""

import errno
import hashlib
import os
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from serving.adapters.backup.errors import BackupFileError, BackupTargetError
from serving.adapters.backup.manifest import (
    MANIFEST_NAME,
    ForeignManifestError,
    Manifest,
    Member,
    manifest_of,
)

Tell = Callable[[str, int, int], None]
"""Is told what goes on, how much of it is done, and of how much."""

FOLDER_PREFIX = ".wherefore-backup-"
_CHUNK_BYTES = 1 << 20
_MAX_MANIFEST_BYTES = 16 << 20
_ABANDONED_SECONDS = 86_400
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_WHOLE = "a whole one as wherefore database backup wrote it"
_ANOTHER = "take another copy or another backup"


class ArchiveWriter:
    """Writes the files of a backup.

    Attributes:
        folder: a private folder on the same disk, gone at the end.
        members: what was written so far.
    """

    def __init__(self, folder: Path, archive: zipfile.ZipFile) -> None:
        """Takes the open archive and its folder."""
        self.folder, self._archive = folder, archive
        self.members: dict[str, Member] = {}

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Gives the function that writes the bytes of one file."""
        digest, num_bytes = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as file:

            def write(chunk: bytes) -> None:
                nonlocal num_bytes
                file.write(chunk)
                digest.update(chunk)
                num_bytes += len(chunk)

            yield write
        self.members[name] = Member(sha256=digest.hexdigest(), num_bytes=num_bytes)

    def add(self, name: str, content: bytes) -> None:
        """Writes one file at once."""
        with self.member(name) as write:
            write(content)

    def add_file(self, name: str, path: Path, *, tell: Tell) -> None:
        """Writes the content of a file."""
        total, done = path.stat().st_size, 0
        with self.member(name) as write, path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                write(chunk)
                done += len(chunk)
                tell(f"writing {name}", done, total)

    def finish(self, manifest: Manifest) -> None:
        """Writes the manifest, the last file of all."""
        self._archive.writestr(MANIFEST_NAME, manifest.model_dump_json(indent=1) + "\n")


@contextmanager
def new_archive(path: Path) -> Iterator[ArchiveWriter]:
    """Opens a new backup; at the end of the block it has its name, unless there was an error.

    Raises:
        BackupTargetError: a file of this name is there.
        BackupFileError: the file cannot be written.
    """
    if path.exists():
        raise _is_there(path)
    try:
        _remove_abandoned(path.parent)
        with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, dir=path.parent) as folder:
            partial = Path(folder) / "backup.zip"
            descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w+b") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                    yield ArchiveWriter(Path(folder), archive)
                file.flush()
                os.fsync(file.fileno())
            place_file(partial, path)
    except OSError as error:
        found = f"that it cannot be written ({error.strerror})"
        raise BackupFileError(
            path, found=found, expected="a folder with room", advice="nothing was written"
        ) from None


def place_file(partial: Path, path: Path) -> None:
    """Gives a finished file its name.

    Raises:
        BackupTargetError: a file of this name is there.
        OSError: the disk refuses.
    """
    try:
        os.link(partial, path)
    except FileExistsError:
        raise _is_there(path) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if path.exists():
            raise _is_there(path) from None
        partial.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_there(path: Path) -> BackupTargetError:
    return BackupTargetError(
        found=f"a file {path}", expected="none", advice="move it away, or name another one"
    )


def _remove_abandoned(parent: Path) -> None:
    """Removes what was left behind by a backup or a restore that was killed."""
    for folder in parent.glob(f"{FOLDER_PREFIX}*"):
        if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


class ArchiveReader:
    """A backup, opened.

    Attributes:
        path: its file.
        manifest: what it says is in it.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        """Takes the open archive and its manifest."""
        self.path, self.manifest, self._archive = path, manifest, archive

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yields the bytes of one file.

        Raises:
            BackupFileError: at the latest at their end, where they are not those written.
        """
        expected, digest, num_bytes = self.manifest.members.get(name), hashlib.sha256(), 0
        if expected is None:
            raise self.damaged(f"no {name} in it")
        try:
            with self._archive.open(name) as file:
                while chunk := file.read(_CHUNK_BYTES):
                    num_bytes += len(chunk)
                    digest.update(chunk)
                    if num_bytes > expected.num_bytes:
                        break
                    yield chunk
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
            raise self.damaged(f"a damaged {name}") from None
        if (num_bytes, digest.hexdigest()) != (expected.num_bytes, expected.sha256):
            raise self.damaged(f"a {name} with another SHA-256 than when it was written")

    def read(self, name: str) -> bytes:
        """Returns the bytes of one small file. Raises as `chunks`."""
        return b"".join(self.chunks(name))

    def has(self, name: str) -> bool:
        """Returns whether a file is in it."""
        return name in self.manifest.members

    def extract(self, name: str, path: Path, *, tell: Tell) -> None:
        """Writes one file out, mode 600, and to the disk. Raises as `chunks`."""
        total, done = self.manifest.members[name].num_bytes, 0
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for chunk in self.chunks(name):
                file.write(chunk)
                done += len(chunk)
                tell(f"restoring {name}", done, total)
            file.flush()
            os.fsync(file.fileno())

    def check(self, *, tell: Tell) -> None:
        """Reads every file and compares its digest. Raises as `chunks`."""
        total, done = sum(m.num_bytes for m in self.manifest.members.values()), 0
        for name in self.manifest.members:
            for chunk in self.chunks(name):
                done += len(chunk)
                tell("checking the backup", done, total)

    def damaged(self, found: str) -> BackupFileError:
        """Returns the error for a backup that is not as it was written."""
        return BackupFileError(self.path, found=found, expected=_WHOLE, advice=_ANOTHER)


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveReader]:
    """Opens a backup.

    Raises:
        BackupFileError: the file cannot be read, is cut off, or is none of ours.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        found = f"no file that can be read ({error.strerror})"
        raise BackupFileError(path, found=found, expected=_WHOLE, advice="name another") from None
    with file, _opened(path, file) as archive:
        yield ArchiveReader(path, archive, _read_manifest(path, archive))


def _opened(path: Path, file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError):
        found = "no zip archive, or only the beginning of one"
        raise BackupFileError(path, found=found, expected=_WHOLE, advice=_ANOTHER) from None


def _read_manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        size = archive.getinfo(MANIFEST_NAME).file_size
        content = archive.read(MANIFEST_NAME) if size <= _MAX_MANIFEST_BYTES else b""
        return manifest_of(content)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        found = "an archive without the list of what is in it"
    except ForeignManifestError as error:
        found = str(error)
    raise BackupFileError(path, found=found, expected=_WHOLE, advice=_ANOTHER)
