"""Where backlogs lie: a folder each, whose files appear whole or not at all.

A folder appears under its id when everything in it is on the disk, so that a backlog that was
answered for is there after any crash, and half an upload is not.
"""

import contextlib
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import structlog
from filelock import FileLock
from pydantic import BaseModel, ValidationError

from serving.backlog.durable import move_durably, write_durably
from serving.backlog.errors import JobDamagedError, not_writable
from serving.backlog.job import MANIFEST_SUFFIX, folder_of
from serving.backlog.server.errors import UnknownBacklogError
from serving.backlog.server.records import BacklogRequest, BacklogState, BacklogStatus

_REQUEST, _STATE, _ERRORS, _RESULT = "request.json", "state.json", "errors.jsonl", "result"
_INCOMING, _LOCK = ".incoming", ".lock"
_INCOMING_SECONDS = 86_400.0
_ID = re.compile(r"[0-9a-f]{32}")

Model = TypeVar("Model", bound=BaseModel)

log = structlog.stdlib.get_logger("wherefore.backlog")


class BacklogShelf:
    """Keeps backlogs. Threads and processes may share it, on a file system with locks."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder, which is made with the first backlog."""
        self.folder = folder
        self._lock = threading.RLock()

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """Gives an empty folder for what is not a backlog yet; removes it if it has not become one.

        Raises:
            OutputError: the file system refuses.
        """
        try:
            parent = self.folder / _INCOMING
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = Path(tempfile.mkdtemp(dir=parent))
        except OSError as error:
            raise not_writable(self.folder, error) from error
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def admit(self, incoming: Path, request: BacklogRequest) -> bool:
        """Makes a backlog of a folder of `incoming`; says no where one with its id exists.

        Raises:
            OutputError: the disk is full or the file system refuses.
        """
        state = BacklogState(status=BacklogStatus.QUEUED, changed_at=request.created_at)
        _write(incoming / _REQUEST, request)
        _write(incoming / _STATE, state)
        return move_durably(incoming, self._path(request.backlog_id))

    def ids(self) -> list[str]:
        """Returns the ids of all backlogs, the oldest first; one that is damaged is left out."""
        if not self.folder.is_dir():
            return []
        found = [path.name for path in self.folder.iterdir() if _ID.fullmatch(path.name)]
        made = {}
        for name in found:
            try:
                self.state(name)
                made[name] = self.request(name).created_at
            except UnknownBacklogError:
                continue  # removed a moment ago
            except JobDamagedError:
                log.exception("backlog_damaged", backlog_id=name)
        return sorted(made, key=lambda name: (made[name], name))

    def has(self, backlog_id: str) -> bool:
        """Says whether there is such a backlog."""
        return bool(_ID.fullmatch(backlog_id)) and (self._path(backlog_id) / _REQUEST).is_file()

    def request(self, backlog_id: str) -> BacklogRequest:
        """Returns what was asked for.

        Raises:
            UnknownBacklogError: there is no such backlog.
            JobDamagedError: the file is not what was written.
        """
        return _read(self._known(backlog_id) / _REQUEST, BacklogRequest)

    def state(self, backlog_id: str) -> BacklogState:
        """Returns how far a backlog is; raises as `request` does."""
        return _read(self._known(backlog_id) / _STATE, BacklogState)

    def change(
        self, backlog_id: str, update: Callable[[BacklogState], BacklogState]
    ) -> BacklogState:
        """Replaces the state of a backlog by what becomes of it, and returns that.

        Raises:
            UnknownBacklogError: there is no such backlog.
            OutputError: the disk is full or the file system refuses.
        """
        with self._locked():
            before = self.state(backlog_id)
            after = update(before)
            if after != before:
                _write(self._path(backlog_id) / _STATE, after)
            return after

    def upload_of(self, request: BacklogRequest) -> Path | None:
        """Returns where the upload of a backlog is; None where it refers to another file."""
        return self._path(request.backlog_id) / request.upload if request.upload else None

    def result_of(self, request: BacklogRequest) -> Path:
        """Returns where the rows of a backlog are put."""
        return self._path(request.backlog_id) / f"{_RESULT}{request.output}"

    def errors_of(self, request: BacklogRequest) -> Path:
        """Returns where the errors among its rows are put."""
        return self._path(request.backlog_id) / _ERRORS

    def tidy(self, request: BacklogRequest, *, keeps_result: bool) -> None:
        """Removes what an ended backlog does not need: its upload, its shards, its result."""
        result = self.result_of(request)
        shutil.rmtree(folder_of(result), ignore_errors=True)
        paths = [self.upload_of(request)]
        if not keeps_result:
            paths += [result, self.errors_of(request), result.with_name(_manifest_name(result))]
        for path in paths:
            if path is not None:
                path.unlink(missing_ok=True)

    def remove(self, backlog_id: str) -> None:
        """Removes a backlog with all its files.

        Raises:
            UnknownBacklogError: there is no such backlog.
            OutputError: the file system refuses.
        """
        with self.incoming() as gone, self._locked():
            self._known(backlog_id).rename(gone / backlog_id)

    def forget_incoming(self) -> None:
        """Removes what processes that were killed had not made a backlog of, after a day."""
        if not (self.folder / _INCOMING).is_dir():
            return
        for path in (self.folder / _INCOMING).iterdir():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _INCOMING_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keeps other threads and processes from changing anything."""
        try:
            with self._lock, FileLock(self.folder / _LOCK):
                yield
        except OSError as error:
            raise not_writable(self.folder, error) from error

    def _known(self, backlog_id: str) -> Path:
        if not self.has(backlog_id):
            raise UnknownBacklogError
        return self._path(backlog_id)

    def _path(self, backlog_id: str) -> Path:
        return self.folder / backlog_id


def _manifest_name(result: Path) -> str:
    return result.name + MANIFEST_SUFFIX


def _write(path: Path, content: BaseModel) -> None:
    write_durably(path, content.model_dump_json(indent=2).encode())


def _read(path: Path, kind: type[Model]) -> Model:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise JobDamagedError(path) from error
