"""The folder of drafted notices: a file for each, and a table of what became of every row.

It appears when it is complete. Until then drafts are kept shard by shard in the folder of the job.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from serving.backlog.columns import json_text
from serving.backlog.durable import digest_of_file, move_durably, synchronize, write_through
from serving.backlog.errors import not_writable
from serving.backlog.job import MANIFEST_SUFFIX, Job, folder_of
from serving.errors import OutputError

TABLE_NAME = "drafts.jsonl"
"""What became of every row, a line each, in the order of the output."""

_LETTERS = "notices"
_WRITERS = 16


def check_draft_folder(folder: Path, *, output: Path, is_begun: bool) -> None:
    """Refuses a folder that could not be made, before any work is done.

    Args:
        folder: where drafts are to be put.
        output: the name of the output.
        is_begun: whether a job is gone on with, which may have put its drafts in place before.

    Raises:
        OutputError: the directory around it is missing, it is or lies in what the job itself
            writes, or there is something of its name that is no empty directory.
    """
    if not folder.parent.is_dir():
        raise OutputError(
            f"the directory of the drafts {folder} does not exist: make it, or name another"
        )
    for path, what in _own_paths(output).items():
        if folder.resolve().is_relative_to(path.resolve()):
            raise OutputError(f"{folder} is to hold the drafts and {what}: name another folder")
    may_be_ours = is_begun and (folder / TABLE_NAME).is_file()
    if not _is_free(folder) and not may_be_ours:
        raise _taken(folder)


def _own_paths(output: Path) -> dict[Path, str]:
    """What the job itself writes, and what is to be said of a folder there."""
    return {
        output: "is the output",
        output.with_name(output.name + MANIFEST_SUFFIX): "is the manifest of the output",
        folder_of(output): "belongs to the folder of the job, which is removed at its end",
    }


def put_drafts(job: Job, folder: Path) -> str:
    """Puts the drafts of a job in place and returns the SHA-256 of their table, hexadecimal.

    A folder that holds this very table is one that a run before this put in place.

    Raises:
        OutputError: the disk is full, the file system refuses, or the folder holds something else.
    """
    made = folder.parent / f".{folder.name}.tmp"
    try:
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        _write(job, made)
        digest = digest_of_file(made / TABLE_NAME)
        if not _is_free(folder):
            _require_same(folder, digest)
            return digest
        if folder.exists():
            folder.rmdir()
        if not move_durably(made, folder):
            raise _taken(folder)
    except OSError as error:
        raise not_writable(folder, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return digest


def _write(job: Job, made: Path) -> None:
    table_path = made / TABLE_NAME
    with (
        table_path.open("w", encoding="utf-8") as table,
        ThreadPoolExecutor(_WRITERS, "letters") as writers,
    ):
        for index, lines in _shards(job):
            letters: dict[Path, bytes] = {}
            for line in lines:
                entry, letter = line["entry"], line["letter"]
                name = f"{_LETTERS}/{index:08d}/{entry['notice_id']}.json" if letter else None
                table.write(f"{json_text(entry | {'file': name})}\n")
                if name is not None:
                    letters[made / name] = letter.encode()
            _write_letters(letters, writers)


def _write_letters(letters: Mapping[Path, bytes], writers: Executor) -> None:
    """Writes the letters of a shard, several at a time: each has to wait for the disk."""
    for folder in {path.parent for path in letters}:
        folder.mkdir(parents=True)
    list(writers.map(write_through, letters.keys(), letters.values()))
    for folder in {path.parent for path in letters}:
        synchronize(folder)
        synchronize(folder.parent)


def _shards(job: Job) -> Iterator[tuple[int, Iterator[dict[str, Any]]]]:
    for shard in job.plan():
        with job.drafts_of(shard.index).open(encoding="utf-8") as file:
            yield shard.index, map(json.loads, file)


def _is_free(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _require_same(folder: Path, digest: str) -> None:
    table = folder / TABLE_NAME
    if not table.is_file() or digest_of_file(table) != digest:
        raise _taken(folder)


def _taken(folder: Path) -> OutputError:
    return OutputError(
        f"{folder} is to hold the drafts and holds something already: expected no such folder, or "
        "an empty one, name another"
    )
