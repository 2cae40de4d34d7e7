"""Reports and cards as they are kept with a registered version."""

from typing import TypeVar

from pydantic import BaseModel

from model_store.artifact import load_artifact
from model_store.registry.models import ModelRegistry
from model_store.registry.registered import RegisteredVersion
from model_store.registry.registration import CARD, attached_report
from training.promotion.records import (
    EVALUATION,
    FAIRNESS,
    FAITHFULNESS,
    EvaluationRecord,
    FairnessRecord,
    FaithfulnessRecord,
    read_record,
)

Record = TypeVar("Record", EvaluationRecord, FairnessRecord, FaithfulnessRecord)

KINDS: dict[type[BaseModel], str] = {
    EvaluationRecord: EVALUATION,
    FairnessRecord: FAIRNESS,
    FaithfulnessRecord: FAITHFULNESS,
}
"""Kind of report that holds each record."""


def kept_report(
    registry: ModelRegistry, version: RegisteredVersion, record: type[Record]
) -> Record | None:
    """Returns a report that is kept with a version; None where there is none.

    Raises:
        ArtifactError: it is not the one that was attached.
        RegistryError: the registry cannot be reached.
        ReportError: it is not what this version of the code reads.
    """
    kind = KINDS[record]
    content = attached_report(registry, version, kind=kind)
    if content is None:
        return None
    return read_record(record, content, origin=f"the {kind} report of {version.reference}")


def kept_card(registry: ModelRegistry, version: RegisteredVersion) -> str:
    """Returns the whole card of a version; the one stored with the model where none is kept.

    Raises:
        ArtifactError: the card, or the model, is not the one that was registered.
        RegistryError: the registry cannot be reached.
    """
    content = attached_report(registry, version, kind=CARD)
    if content is not None:
        return content.decode()
    return load_artifact(registry.fetch(version)).card
