"""A job on disk: its lock, its manifest, its plan, and the shards that are done.

Everything lies in the folder OUTPUT.shards and appears whole or not at all. A shard is done when
its record is there, which is written after its rows.
"""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from serving.backlog.durable import digest_of_file, make_durably, write_durably
from serving.backlog.errors import JobBusyError, JobDamagedError, not_writable
from serving.backlog.formats import OutputFormat
from serving.backlog.identity import JobIdentity
from serving.backlog.plan import PlannedShard
from serving.backlog.tally import COUNTERS, Tally

FOLDER_SUFFIX = ".shards"
MANIFEST_SUFFIX = ".manifest.json"

_LOCK, _MANIFEST, _PLAN = "lock", "manifest.json", "plan.jsonl"
_RECORD_SUFFIX, _DRAFTS_SUFFIX = ".record.json", ".drafts.jsonl"


class JobManifest(BaseModel):
    """What a job is, written once its plan is made.

    Attributes:
        identity: what it was begun with.
        num_rows: rows of the input that are scored.
        num_characters: characters of their texts.
        num_shards: shards of the plan.
        plan_sha256: SHA-256 of the plan's file, hexadecimal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    identity: JobIdentity
    num_rows: int
    num_characters: int
    num_shards: int
    plan_sha256: str


class ShardRecord(BaseModel):
    """What is known of a shard that is done.

    Attributes:
        sha256: of its rows' file, hexadecimal.
        num_rows: its rows.
        num_characters: characters of their texts.
        error_codes: failed rows by error code.
        primary_categories: scored rows by primary category.
        risk_bands: scored rows by risk band.
        due_notes: rows by what is wrong with their dates.
        drafts: rows by what became of their draft.
        drafts_sha256: of its drafts' file, hexadecimal; None where none are made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    num_rows: int
    num_characters: int
    error_codes: dict[str, int]
    primary_categories: dict[str, int]
    risk_bands: dict[str, int]
    due_notes: dict[str, int] = {}
    drafts: dict[str, int] = {}
    drafts_sha256: str | None = None

    def tally(self) -> Tally:
        """Returns its counts."""
        tally = Tally(num_rows=self.num_rows)
        for name in COUNTERS:
            getattr(tally, name).update(getattr(self, name))
        return tally


class Job:
    """The folder of a job, held by this process; `open_job` opens it.

    Attributes:
        folder: where everything lies.
    """

    def __init__(self, folder: Path, *, output: OutputFormat, writer: str = "") -> None:
        """Takes a folder that this process, or the one that it works for, has locked.

        Args:
            folder: where everything lies.
            output: the format of the shards.
            writer: tells apart those who work for the same one.
        """
        self.folder = folder
        self._output, self._writer = output, writer

    @property
    def is_planned(self) -> bool:
        """Whether it has its plan, so that there is something to go on with."""
        return (self.folder / _MANIFEST).exists()

    def manifest(self) -> JobManifest | None:
        """Returns what the job was begun with; None where it has no plan yet.

        Raises:
            JobDamagedError: the manifest cannot be read, or the plan is not the one it names.
        """
        if not self.is_planned:
            return None
        path = self.folder / _MANIFEST
        try:
            manifest = JobManifest.model_validate_json(path.read_bytes())
            is_whole = digest_of_file(self.folder / _PLAN) == manifest.plan_sha256
        except (ValidationError, OSError) as error:
            raise JobDamagedError(path) from error
        if not is_whole:
            raise JobDamagedError(self.folder / _PLAN)
        return manifest

    def begin(self, identity: JobIdentity, plan: Iterable[PlannedShard]) -> JobManifest:
        """Writes the plan, then the manifest.

        Raises:
            OutputError: the disk is full or the file system refuses.
        """
        num_rows = num_characters = num_shards = 0

        def write(path: Path) -> None:
            nonlocal num_rows, num_characters, num_shards
            with path.open("w", encoding="utf-8") as file:
                for shard in plan:
                    file.write(f"{json.dumps(asdict(shard))}\n")
                    num_rows += shard.num_rows
                    num_characters += shard.num_characters
                    num_shards += 1

        make_durably(self.folder / _PLAN, write)
        manifest = JobManifest(
            identity=identity,
            num_rows=num_rows,
            num_characters=num_characters,
            num_shards=num_shards,
            plan_sha256=digest_of_file(self.folder / _PLAN),
        )
        write_durably(self.folder / _MANIFEST, manifest.model_dump_json(indent=2).encode())
        return manifest

    def plan(self) -> Iterator[PlannedShard]:
        """Yields the shards of the plan, in order."""
        with (self.folder / _PLAN).open(encoding="utf-8") as file:
            for line in file:
                found = json.loads(line)
                duplicates = tuple((at, first) for at, first in found.pop("duplicates"))
                yield PlannedShard(**found, duplicates=duplicates)

    def done(self, shard: PlannedShard) -> ShardRecord | None:
        """Returns the record of a shard whose rows are there unchanged; None to score it."""
        try:
            record = ShardRecord.model_validate_json(self._record(shard.index).read_bytes())
            is_whole = digest_of_file(self.rows_of(shard.index)) == record.sha256
            if record.drafts_sha256 is not None:
                drafts = digest_of_file(self.drafts_of(shard.index))
                is_whole = is_whole and drafts == record.drafts_sha256
        except (OSError, ValidationError):
            return None
        return record if is_whole else None

    def manifest_digest(self) -> str | None:
        """Returns the SHA-256 of the manifest, hexadecimal; None where there is none."""
        try:
            return digest_of_file(self.folder / _MANIFEST)
        except OSError:
            return None

    def keep(
        self, shard: PlannedShard, content: bytes, tally: Tally, *, drafts: bytes | None = None
    ) -> ShardRecord:
        """Keeps the rows of a shard and its drafts, then its record, and returns that.

        Raises:
            OutputError: the disk is full or the file system refuses.
        """
        record = ShardRecord(
            sha256=hashlib.sha256(content).hexdigest(),
            num_rows=shard.num_rows,
            num_characters=shard.num_characters,
            drafts_sha256=None if drafts is None else hashlib.sha256(drafts).hexdigest(),
            **{name: getattr(tally, name) for name in COUNTERS},
        )
        told = record.model_dump_json().encode()
        write_durably(self.rows_of(shard.index), content, writer=self._writer)
        if drafts is not None:
            write_durably(self.drafts_of(shard.index), drafts, writer=self._writer)
        write_durably(self._record(shard.index), told, writer=self._writer)
        return record

    def join(self, path: Path) -> None:
        """Puts the shards together under the name of the output.

        Raises:
            OutputError: the disk is full or the file system refuses.
        """
        shards = (self.rows_of(shard.index) for shard in self.plan())
        make_durably(path, lambda to: self._output.join(to, shards), beside=self.folder)

    def remove(self) -> None:
        """Removes what the folder holds, the manifest first: without it nothing is taken for done.

        The lock stays until it is let go.

        Raises:
            OutputError: the file system refuses.
        """
        try:
            (self.folder / _MANIFEST).unlink(missing_ok=True)
            for path in self.folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                elif path.name != _LOCK:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise not_writable(self.folder, error) from error

    def rows_of(self, index: int) -> Path:
        """Returns where the rows of a shard are."""
        return self.folder / f"{index:08d}{self._output.suffix}"

    def drafts_of(self, index: int) -> Path:
        """Returns where the drafts of a shard are."""
        return self.folder / f"{index:08d}{_DRAFTS_SUFFIX}"

    def _record(self, index: int) -> Path:
        return self.folder / f"{index:08d}{_RECORD_SUFFIX}"


def folder_of(output: Path) -> Path:
    """Returns the folder of the job that makes an output."""
    return output.with_name(output.name + FOLDER_SUFFIX)


@contextmanager
def open_job(folder: Path, *, output: OutputFormat) -> Iterator[Job]:
    """Opens the folder of a job for this process alone; removes it where nothing is to be kept.

    It is for its owner. Without a manifest nothing in it is gone on with: what a process left that
    was killed before it had its plan, or while it tidied up, is removed first.

    Raises:
        JobBusyError: another process has it.
        OutputError: it cannot be made, or not be emptied.
    """
    lock, job = _locked(folder), Job(folder, output=output)
    try:
        if not job.is_planned:
            job.remove()
        yield job
    finally:
        is_kept = job.is_planned
        if not is_kept:
            job.remove()
            (folder / _LOCK).unlink(missing_ok=True)
        lock.release()
        if not is_kept:
            with contextlib.suppress(OSError):  # another process has just begun
                folder.rmdir()


def _locked(folder: Path) -> FileLock:
    """Makes the folder of a job, and gives its lock, held."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(OSError):  # one of another user, or of a disk without rights
            folder.chmod(0o700)
        lock = FileLock(folder / _LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise JobBusyError(folder) from error
    except OSError as error:
        raise not_writable(folder, error) from error
    return lock
