"""Errors of the backlog.

::

    ServingError
    ├── OutputError                   the output, or what is kept beside it, cannot be written
    └── BacklogError                  a job cannot go on
        ├── JobBusyError              another process works on it
        ├── JobMismatchError          it was begun with another input, model or option
        ├── JobDamagedError           what it keeps on disk is not what it wrote
        ├── NothingToResumeError      there is none to go on with
        ├── InputChangedError         the input is no longer what was planned
        ├── ColumnsMissingError       the input lacks columns that an option needs
        ├── NoCreditorError           the policy does not say whose notices are drafted
        ├── EngineFailedError         the engine fails at any text, not at one
        └── ClusterError              the machines that were to score cannot do it
            ├── ClusterSettingsError  the settings name something else that computes
            ├── FolderNotSharedError  one of them does not see the folder of the job
            ├── ScorersDifferError    one of them would score with something else
            ├── AnotherJobError       the folder became that of another job meanwhile
            ├── NoClusterError        there is none, and none can be started
            ├── ClusterFailedError    the cluster itself failed
            └── ShardsMissingError    it ended before everything was done
"""

from pathlib import Path

from serving.errors import OutputError, ServingError


class BacklogError(ServingError):
    """A job cannot go on as asked."""


class JobBusyError(BacklogError):
    """Another process works on the job."""

    def __init__(self, folder: Path) -> None:
        """Names the folder of the job."""
        super().__init__(
            f"another process works on {folder}: expected one worker per output, wait for its end "
            "or name another output"
        )


class JobMismatchError(BacklogError):
    """The job was begun with something else."""

    def __init__(self, folder: Path, *, what: str, begun: object, found: object) -> None:
        """Names what differs first.

        Args:
            folder: the folder of the job.
            what: what differs, in words.
            begun: what the job was begun with.
            found: what is asked for now.
        """
        super().__init__(
            f"the job in {folder} was begun with another {what}: found {found}, expected {begun}; "
            f"give the same again, or remove {folder} to begin anew"
        )
        self.what = what


class JobDamagedError(BacklogError):
    """What a job keeps on disk is not what it wrote."""

    def __init__(self, path: Path) -> None:
        """Names the file."""
        super().__init__(
            f"{path} is not what was written there: expected an untouched file, remove "
            f"{path.parent} to begin anew"
        )


class NothingToResumeError(BacklogError):
    """There is no job to go on with."""

    def __init__(self, folder: Path) -> None:
        """Names the folder of the job."""
        super().__init__(
            f"there is no {folder} to resume: expected one that an earlier run left, run without "
            "--resume to begin"
        )


class InputChangedError(BacklogError):
    """The input is no longer what was planned."""

    def __init__(self, source: str) -> None:
        """Names the input."""
        super().__init__(
            f"{source} changed while it was read: expected a file that stays as it is, let its "
            "writer end, remove the folder OUTPUT.shards and begin anew"
        )


class ColumnsMissingError(BacklogError):
    """The input lacks columns that an option needs."""

    def __init__(self, source: str, *, missing: str) -> None:
        """Names the input and what is missing."""
        super().__init__(
            f"{source} has no column {missing}: expected what --order due-date and "
            "--draft-notices read beside applications; add it, or leave the option out"
        )


class NoCreditorError(BacklogError):
    """The policy does not say whose notices are drafted."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "--draft-notices was given and the policy names no creditor: expected `creditor` with "
            "name, address, type and time zone in the file of WHEREFORE_POLICY_FILE, see "
            "configs/policy.yaml (12 CFR 1002.9(a)(2))"
        )


class EngineFailedError(BacklogError):
    """The engine fails at any text, not at one."""

    def __init__(self, kind: str) -> None:
        """Names the kind of failure; its message may quote what was computed."""
        super().__init__(
            f"the model fails at every text ({kind}): what was scored is kept, look at memory and "
            "WHEREFORE_ENGINE, then run the same command again"
        )


class ClusterError(BacklogError):
    """The machines that were to score cannot do it; what is done is kept."""


class ClusterSettingsError(ClusterError):
    """The settings name something else that computes."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "--engine ray was given with WHEREFORE_TORCHSERVE_URL: expected one of them, since "
            "each machine of a cluster computes by itself; unset the variable or take --engine "
            "local"
        )


class FolderNotSharedError(ClusterError):
    """A machine of the cluster does not see the folder of the job."""

    def __init__(self, folder: Path) -> None:
        """Names the folder."""
        super().__init__(
            f"a machine of the cluster found no job in {folder}: expected input and output on a "
            "file system that all of them have under the same path"
        )


class ScorersDifferError(ClusterError):
    """A machine of the cluster would score with something else."""

    def __init__(self, *, expected: str, found: str) -> None:
        """Names both engines."""
        super().__init__(
            f"a machine of the cluster computes otherwise than the first that was asked: found "
            f"{found}, expected {expected} with the same model and policy; take machines of one "
            "kind, the same WHEREFORE_MODEL and the same WHEREFORE_THREADS"
        )


class AnotherJobError(ClusterError):
    """The folder became that of another job while this one was worked on."""

    def __init__(self, folder: Path) -> None:
        """Names the folder."""
        super().__init__(
            f"{folder} became the folder of another job meanwhile: expected it to stay as it was, "
            "run the same command again"
        )


class NoClusterError(ClusterError):
    """There is no cluster, and none can be started."""

    def __init__(self, found: str) -> None:
        """Takes what the cluster's software says; it has seen no application yet."""
        super().__init__(
            f"no cluster could be reached or started ({found}): expected one at RAY_ADDRESS, or "
            "room for one on this machine without it; look at both, or take --engine local"
        )


class ClusterFailedError(ClusterError):
    """The cluster itself failed."""

    def __init__(self, kind: str) -> None:
        """Names the kind of failure; its message may quote what was computed."""
        super().__init__(
            f"the cluster failed ({kind}): what was scored is kept, look at its machines and their "
            "memory, then run the same command again"
        )


class ShardsMissingError(ClusterError):
    """The cluster ended before everything was done."""

    def __init__(self, *, num_shards: int) -> None:
        """Takes the number of shards that are not done."""
        super().__init__(
            f"the cluster ended with {num_shards:,} shards not done: what was scored is kept, run "
            "the same command again"
        )


def not_writable(path: Path, error: OSError) -> OutputError:
    """Returns what to tell of a path that the system does not let us write."""
    return OutputError(
        f"{path} cannot be written ({error.strerror or type(error).__name__}): expected a writable "
        "directory with free space, make one or name another"
    )
