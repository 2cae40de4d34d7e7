"""Making a version the champion, if it has earned it."""

from model_store.artifact import load_artifact
from model_store.reference import ModelReference, parse_reference
from model_store.registered import RegisteredVersion
from model_store.registration import attached_report
from model_store.registry import CHAMPION, ModelRegistry
from training.errors import PromotionError
from training.gate import (
    Candidate,
    check_against_champion,
    check_baselines,
    check_card,
    check_identity,
    check_reports,
)
from training.promotion import EVALUATION, FAIRNESS, EvaluationRecord, FairnessRecord, read_record
from training.roles import RoleChange, give_role, require_reason


def promote(
    registry: ModelRegistry, reference: ModelReference, *, role: str = CHAMPION, reason: str
) -> RoleChange:
    """Gives a version a role, if it has earned it.

    Args:
        registry: where the version is.
        reference: the version.
        role: the alias.
        reason: why, in words.

    Raises:
        PromotionError: a check of `training.gate` refuses, the version has the role already, or
            no reason is given.
        RegistryError: the registry does not have the version, or cannot be reached, or the alias
            is none.
        ArtifactError: the model is not whole, was changed, or is of another version of the code.
    """
    require_reason(reason)
    parse_reference(f"models:/{reference.name}@{role}")
    version = registry.find(reference)
    holder = registry.holder(reference.name, role)
    if holder is not None and holder.version == version.version:
        raise PromotionError(
            f"{version.reference} is {role} already: name another version, `wherefore models "
            f"{version.name}` lists them"
        )
    artifact = load_artifact(registry.fetch(version))
    check_identity(version, artifact)
    check_card(version, artifact)
    evaluation, _ = check_reports(_candidate(registry, version))
    check_baselines(version, evaluation)
    if holder is not None:
        check_against_champion(version, evaluation, _candidate(registry, holder))
    return give_role(registry, version, role=role, action="promote", holder=holder, reason=reason)


def _candidate(registry: ModelRegistry, version: RegisteredVersion) -> Candidate:
    evaluation = attached_report(registry, version, kind=EVALUATION)
    fairness = attached_report(registry, version, kind=FAIRNESS)
    return Candidate(
        version=version,
        evaluation=None
        if evaluation is None
        else read_record(EvaluationRecord, evaluation, origin=f"the report of {version.reference}"),
        fairness=None
        if fairness is None
        else read_record(FairnessRecord, fairness, origin=f"the report of {version.reference}"),
    )
