"""Making a version the champion, if it has earned it."""

from model_store.artifact import load_artifact
from model_store.registry.models import CHAMPION, ModelRegistry
from model_store.registry.reference import ModelReference, parse_reference
from model_store.registry.registered import RegisteredVersion
from training.errors import PromotionError
from training.promotion.faithfulness_gate import check_faithfulness
from training.promotion.gate import (
    Candidate,
    check_against_champion,
    check_baselines,
    check_card,
    check_disparities_against_champion,
    check_fairness,
    check_fairness_not_trained_on,
    check_identity,
    check_not_trained_on,
    check_reports,
    check_swaps,
)
from training.promotion.kept_reports import kept_report
from training.promotion.records import EvaluationRecord, FairnessRecord, FaithfulnessRecord
from training.promotion.roles import RoleChange, give_role, require_reason


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
        PromotionError: a check of `training.promotion.gate` or of `faithfulness_gate` refuses, the
            version has the role already, or no reason is given.
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
    candidate = _candidate(registry, version)
    champion = None if holder is None else _candidate(registry, holder)
    evaluation, fairness = check_reports(candidate)
    check_not_trained_on(version, evaluation, artifact.manifest)
    check_fairness(version, fairness)
    check_fairness_not_trained_on(version, fairness, artifact.manifest)
    check_swaps(version, evaluation)
    check_baselines(version, evaluation)
    if champion is not None:
        check_against_champion(version, evaluation, champion)
        check_disparities_against_champion(version, fairness, champion)
    check_faithfulness(candidate, champion)
    return give_role(registry, version, role=role, action="promote", holder=holder, reason=reason)


def _candidate(registry: ModelRegistry, version: RegisteredVersion) -> Candidate:
    return Candidate(
        version=version,
        evaluation=kept_report(registry, version, EvaluationRecord),
        fairness=kept_report(registry, version, FairnessRecord),
        faithfulness=kept_report(registry, version, FaithfulnessRecord),
    )
