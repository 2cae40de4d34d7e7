"""Errors of backups.

::

    StorageError
    └── BackupError              a backup cannot be made or restored as asked
        ├── BackupFileError      the file cannot be written, or is no whole backup
        ├── BackupMismatchError  the backup is whole, but not of this deployment's kind
        └── BackupTargetError    something is there already that would be lost
"""

from pathlib import Path

from serving.cases.store_errors import StorageError


class BackupError(StorageError):
    """A backup cannot be made or restored as asked."""


class BackupFileError(BackupError):
    """The file of a backup cannot be written, or is no whole backup."""

    def __init__(self, path: Path, *, found: str, expected: str, advice: str) -> None:
        """Takes the file, what was found of it, and what to do."""
        super().__init__(f"the backup {path}: found {found}, expected {expected}; {advice}")


class BackupMismatchError(BackupError):
    """A whole backup that does not go with these settings, databases or keys."""

    def __init__(self, *, found: str, expected: str, advice: str) -> None:
        """Takes what was found, and what to do."""
        super().__init__(f"the backup does not fit: found {found}, expected {expected}; {advice}")


class BackupTargetError(BackupError):
    """Something is there already that a backup or a restore would overwrite or contradict."""

    def __init__(self, *, found: str, expected: str, advice: str) -> None:
        """Takes what was found, and what to do."""
        super().__init__(f"nothing was written: found {found}, expected {expected}; {advice}")
