"""What a job was begun with: it goes on only with the same."""

from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from serving.backlog.due import Order
from serving.backlog.errors import JobMismatchError
from serving.backlog.source import InputFile
from serving.scoring import ScoringService

_WORDS = {
    "input_sha256": "input",
    "input_bytes": "input",
    "model_version": "model",
    "model_digest": "model",
    "engine": "engine",
    "policy": "policy",
    "software": "version of this program",
    "limit": "--limit",
    "input_format": "--format",
    "shard_rows": "--shard-rows",
    "explain": "--explain",
    "order": "--order",
    "notices_dated_on": "--draft-notices or --notices-dated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerIdentity:
    """What scores, wherever it runs.

    Attributes:
        model_version: name, version and digest of the model.
        model_digest: identity of the model.
        engine: what computes, and how.
        policy: version of the policy.
    """

    model_version: str
    model_digest: str
    engine: str
    policy: str

    @classmethod
    def of(cls, service: ScoringService, *, engine: str) -> "ScorerIdentity":
        """Returns the identity of a service whose engine is named."""
        return cls(
            model_version=service.predictor.model_version,
            model_digest=service.predictor.digest,
            engine=engine,
            policy=service.policy.version,
        )


class JobIdentity(BaseModel):
    """Whatever decides the bytes of an output; a job goes on only with the same.

    Attributes:
        input_sha256: SHA-256 of the input file, hexadecimal.
        input_bytes: its size.
        model_version: name, version and digest of the model.
        model_digest: identity of the model.
        engine: what computes, and how.
        policy: version of the policy.
        software: version of this program.
        input_format: how the columns of the input are named.
        limit: most rows; None for all.
        shard_rows: most rows of a shard.
        output: suffix of the output.
        explain: `none`, `fast` or `exact`.
        order: `input` or `due-date`.
        notices_dated_on: date of the drafted notices; None where none are drafted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    input_sha256: str
    input_bytes: int
    model_version: str
    model_digest: str
    engine: str
    policy: str
    software: str
    input_format: str
    limit: int | None
    shard_rows: int
    output: str
    explain: str = "none"
    order: Order = "input"
    notices_dated_on: date | None = None

    @classmethod
    def of(
        cls,
        source: InputFile,
        scorer: ScorerIdentity,
        *,
        input_format: str,
        limit: int | None,
        shard_rows: int,
        output: str,
        explain: str,
        notices_dated_on: date | None = None,
    ) -> "JobIdentity":
        """Returns the identity of a job on an input with a scorer; see the attributes."""
        return cls(
            input_sha256=source.sha256,
            input_bytes=source.num_bytes,
            **asdict(scorer),
            software=version("wherefore"),
            input_format=input_format,
            limit=limit,
            shard_rows=shard_rows,
            output=output,
            explain=explain,
            order=source.beside.order,
            notices_dated_on=notices_dated_on,
        )


def require_same(folder: Path, begun: JobIdentity, found: JobIdentity) -> None:
    """Refuses to go on with a job that was begun with something else.

    Raises:
        JobMismatchError: naming the first thing that differs.
    """
    for name in JobIdentity.model_fields:
        before, now = getattr(begun, name), getattr(found, name)
        if before != now:
            what = _WORDS.get(name, name)
            raise JobMismatchError(folder, what=what, begun=before, found=now)
