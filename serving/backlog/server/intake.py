"""Making backlogs of what comes in: uploads, and references to files the server has."""

import contextlib
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from data_pipeline.errors import DataError
from data_pipeline.sources.bounds import FileBounds, require_bounded
from data_pipeline.sources.errors import FileTooLargeError
from data_pipeline.sources.files import file_format
from data_pipeline.sources.formats import KNOWN_COLUMNS
from serving.backlog.beside import BesideColumns
from serving.backlog.due import Order
from serving.backlog.errors import ColumnsMissingError
from serving.backlog.server.errors import (
    BacklogInputError,
    IdempotencyKeyReusedError,
    UploadUnpacksTooLargeError,
)
from serving.backlog.server.records import BacklogRequest
from serving.backlog.server.shelf import BacklogShelf
from serving.backlog.server.webhooks import WebhookSigner
from serving.backlog.source import check_columns, name_by_content
from serving.backlog.texts import Explain

_UPLOAD, _UPLOAD_WORDS = "input", "the upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogOptions:
    """What may be asked for beside the file.

    Attributes:
        input_format: how the columns of the input are named.
        limit: most rows; None for all.
        output: suffix of the result.
        webhook_url: who is told of the end; None for nobody.
        explain: how much work goes into the evidence of principal reasons.
        order: in which order rows are scored, and stand in the result.
    """

    input_format: str = "auto"
    limit: int | None = None
    output: str = ".jsonl"
    webhook_url: str | None = None
    explain: Explain = "none"
    order: Order = "input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Who asks for a backlog, and how.

    Attributes:
        person_id: whose key it is.
        options: what is asked for beside the file.
        idempotency_key: the same for the same request sent again; None for a new one each time.
    """

    person_id: str
    options: BacklogOptions
    idempotency_key: str | None = None

    def backlog_id(self) -> str:
        """Returns the id of the backlog: the same for the same key of the same person.

        A folder of that name can only be made once, whoever comes at the same moment.
        """
        if self.idempotency_key is None:
            return uuid.uuid4().hex
        named = f"{self.person_id}\0{self.idempotency_key}".encode()
        return hashlib.sha256(named).hexdigest()[:32]

    def fingerprint(self, content: str) -> str:
        """Returns the SHA-256 of whatever is asked for, hexadecimal."""
        asked = json.dumps([content, asdict(self.options)], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()


class Intake:
    """Puts what comes in on the shelf. Touches the disk: it is called off the event loop."""

    def __init__(
        self,
        shelf: BacklogShelf,
        *,
        signer: WebhookSigner,
        folder: Path | None,
        bounds: FileBounds,
        now: Callable[[], datetime],
    ) -> None:
        """Takes the parts.

        Args:
            shelf: where the backlogs are.
            signer: knows where messages may go.
            folder: where files lie that may be referred to; None for none.
            bounds: how much may come out of an upload; files in the folder have no bounds.
            now: the time, UTC.
        """
        self._shelf, self._signer, self._now = shelf, signer, now
        self._folder, self._bounds = folder, bounds

    def take_upload(
        self, incoming: Path, content: Path, by: Submission, *, kind: str | None
    ) -> str:
        """Makes a backlog of an upload and returns its id.

        Args:
            incoming: a folder of the shelf's `incoming`.
            content: the upload in it.
            by: who asks, and how.
            kind: `.jsonl` or `.csv` where it is declared as that; None where its bytes tell.

        Raises:
            BacklogInputError: it is no file of rows.
            UploadUnpacksTooLargeError: more would come out of it than is accepted.
            WebhookRefusedError: nothing may be sent to the webhook.
            IdempotencyKeyReusedError: the key came with something else before.
            OutputError: the disk is full or the file system refuses.
        """
        with content.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if self._is_replay(by, digest):
            return by.backlog_id()
        named = content.with_name(_UPLOAD)
        try:
            named = name_by_content(content.rename(named), kind=kind)
            self._require_bounded(named, by.options)
        except FileTooLargeError as error:
            raise UploadUnpacksTooLargeError(found=error.found, expected=error.expected) from error
        except DataError as error:
            raise _unusable(error, named, name=_UPLOAD_WORDS) from error
        self._check(named, by.options, name=_UPLOAD_WORDS)
        return self._admit(incoming, by, content=digest, upload=named.name)

    def take_reference(self, name: str, by: Submission) -> str:
        """Makes a backlog of a file in the folder of the settings; raises as `take_upload`."""
        path = self.source_named(name)
        content = _state_of(path, name=name)
        if self._is_replay(by, content):
            return by.backlog_id()
        self._check(path, by.options, name=name)
        with self._shelf.incoming() as incoming:
            return self._admit(incoming, by, content=content, source=name)

    def source_named(self, name: str) -> Path:
        """Returns the path of a file in the folder of the settings.

        Raises:
            BacklogInputError: there is no folder, or no such file in it.
        """
        if self._folder is None:
            raise BacklogInputError(
                "found a reference to a file: expected an upload, since this server has no folder "
                "of files (WHEREFORE_BACKLOG_INPUT_DIR)"
            )
        folder = self._folder.resolve()
        with contextlib.suppress(OSError, ValueError):  # a name that no file can have
            path = (folder / name).resolve()
            if path.is_relative_to(folder) and path.is_file():
                return path
        raise BacklogInputError(
            "found a reference to no file: expected the name of one in the folder of "
            "WHEREFORE_BACKLOG_INPUT_DIR, relative to it"
        )

    def _require_bounded(self, path: Path, options: BacklogOptions) -> None:
        columns = KNOWN_COLUMNS | BesideColumns(order=options.order).names
        require_bounded(path, self._bounds, columns=columns)

    def _check(self, path: Path, options: BacklogOptions, *, name: str) -> None:
        if options.webhook_url is not None:
            self._signer.require_allowed(options.webhook_url)
        try:
            file_format(path, format=options.input_format)
            check_columns(path, BesideColumns(order=options.order), name=name)
        except ColumnsMissingError as error:
            raise BacklogInputError(
                "found no column completed_at or received_at: expected one of them for the order "
                "due-date, add it or leave the order out"
            ) from error
        except DataError as error:
            raise _unusable(error, path, name=name) from error

    def _is_replay(self, by: Submission, content: str) -> bool:
        """Says whether the same came before; the same key with something else is refused."""
        if by.idempotency_key is None or not self._shelf.has(by.backlog_id()):
            return False
        if self._shelf.request(by.backlog_id()).fingerprint != by.fingerprint(content):
            raise IdempotencyKeyReusedError
        return True

    def _admit(
        self,
        incoming: Path,
        by: Submission,
        *,
        content: str,
        source: str | None = None,
        upload: str | None = None,
    ) -> str:
        request = BacklogRequest(
            backlog_id=by.backlog_id(),
            created_at=self._now(),
            person_id=by.person_id,
            fingerprint=by.fingerprint(content),
            source=source,
            upload=upload,
            **asdict(by.options),
        )
        if not self._shelf.admit(incoming, request):
            self._is_replay(by, content)  # the same key came a moment before
        return request.backlog_id


def _state_of(path: Path, *, name: str) -> str:
    """Returns what tells a file in the folder from another, or a later one, of its name."""
    found = path.stat()
    return f"file {name}, {found.st_size} bytes, changed at {found.st_mtime_ns} ns"


def _unusable(error: DataError, path: Path, *, name: str) -> BacklogInputError:
    """Tells what is wrong with a file under the name that the client knows it by."""
    return BacklogInputError(str(error).replace(str(path), name).replace(path.name, name))
