"""What a backup says about itself."""

import json
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FORMAT = 1
MANIFEST_NAME = "manifest.json"
MARK: Literal["wherefore backup"] = "wherefore backup"

DatabaseKind = Literal["sqlite", "postgresql"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(_Part):
    """One file of the archive.

    Attributes:
        sha256: of its bytes, hexadecimal.
        num_bytes: how many.
    """

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    num_bytes: int = Field(ge=0)


class CopiedTable(_Part):
    """One table.

    Attributes:
        num_rows: its rows.
        columns: its columns, in the order of the member that holds them.
    """

    num_rows: int = Field(ge=0)
    columns: tuple[str, ...]


class CopiedDatabase(_Part):
    """One database.

    Attributes:
        kind: which database it was, and is to be restored to.
        version: the version of its tables.
        tables: its tables.
        key_ids: the keys of the ring that it needs, as fingerprints.
    """

    kind: DatabaseKind
    version: str
    tables: dict[str, CopiedTable]
    key_ids: tuple[str, ...]

    @property
    def num_rows(self) -> int:
        """The rows of all tables."""
        return sum(table.num_rows for table in self.tables.values())


class LogHead(_Part):
    """Where the audit log ends.

    Attributes:
        sequence: number of its last entry; 0 for an empty log.
        hash: its hash, hexadecimal.
    """

    sequence: int = Field(ge=0)
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(_Part):
    """What is in a backup.

    Attributes:
        mark: that it is one.
        format: version of this form.
        program: version of the program that made it.
        made_at: when its making began, UTC.
        databases: the databases by name.
        head: where the audit log ends.
        members: every other file of the archive, by name.
    """

    mark: Literal["wherefore backup"] = MARK
    format: int = FORMAT
    program: str
    made_at: datetime
    databases: dict[str, CopiedDatabase]
    head: LogHead
    members: dict[str, Member]


class ForeignManifestError(ValueError):
    """What was read is no manifest of ours; the message says what it is."""


def manifest_of(content: bytes) -> Manifest:
    """Returns the manifest that a file holds.

    Raises:
        ForeignManifestError: it holds none, or one of a newer program.
    """
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("mark") != MARK:
        raise ForeignManifestError("an archive of something else")
    if found.get("format") != FORMAT:
        raise ForeignManifestError("a form of backup that another version of the program writes")
    try:
        return Manifest.model_validate(found)
    except ValidationError:
        raise ForeignManifestError("a damaged list of what is in it") from None
