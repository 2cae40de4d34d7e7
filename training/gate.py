"""What a version must show before it may serve.

Each check refuses with a sentence of its own: what was found, what was expected, what to do.
"""

from dataclasses import dataclass

from model_store.artifact import Artifact
from model_store.registered import RegisteredVersion
from training.comparison import BASELINE_METRICS, against_baselines, against_champion
from training.errors import PromotionError
from training.promotion import DataSetRecord, EvaluationRecord, FairnessRecord

NOT_VALIDATED = "## Not validated on"
"""The heading that every model card must have, with something below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version that is to be promoted, or the champion it is compared with.

    Attributes:
        version: the registered version.
        evaluation: its evaluation; None where none is attached.
        fairness: its fairness report; None likewise.
    """

    version: RegisteredVersion
    evaluation: EvaluationRecord | None = None
    fairness: FairnessRecord | None = None


def check_identity(version: RegisteredVersion, artifact: Artifact) -> None:
    """Refuses a version whose files are not those that it says it holds.

    Raises:
        PromotionError: the digest of its files is another than that of its tag.
    """
    if artifact.manifest.digest != version.digest:
        raise PromotionError(
            f"{version.reference} is registered with digest {(version.digest or 'none')[:12]}..., "
            f"its files have {artifact.manifest.digest[:12]}...: register the model again"
        )


def check_card(version: RegisteredVersion, artifact: Artifact) -> None:
    """Refuses a model whose card does not say what it was not validated on.

    Raises:
        PromotionError: the section is missing or empty.
    """
    _, found, section = artifact.card.partition(f"{NOT_VALIDATED}\n")
    if not found or not section.partition("\n## ")[0].strip():
        raise PromotionError(
            f"the model card of {version.reference} does not say what the model was not validated "
            f"on: expected a section {NOT_VALIDATED.strip('# ')!r} in MODEL_CARD.md; train or "
            "store the model again with this version of wherefore"
        )


def check_reports(candidate: Candidate) -> tuple[EvaluationRecord, FairnessRecord]:
    """Refuses a version without reports of its own.

    Raises:
        PromotionError: a report is missing, or of another model.
    """
    reference = candidate.version.reference
    if candidate.evaluation is None:
        raise PromotionError(
            f"{reference} has no evaluation: run `wherefore evaluate` on it, and attach the record "
            "with `wherefore register DIR --name NAME --evaluation FILE`"
        )
    if candidate.fairness is None:
        raise PromotionError(
            f"{reference} has no fairness report: make one with `wherefore evaluate`, and attach "
            "it with `wherefore register DIR --name NAME --fairness FILE`"
        )
    for kind, report in (("evaluation", candidate.evaluation), ("fairness", candidate.fairness)):
        require_same_model(candidate.version, report, kind=kind)
    return candidate.evaluation, candidate.fairness


def require_same_model(
    version: RegisteredVersion, report: EvaluationRecord | FairnessRecord, *, kind: str
) -> None:
    """Refuses a report of another model.

    Raises:
        PromotionError: the digest of the model differs from the one in the report.
    """
    if report.model_digest != version.digest:
        raise PromotionError(
            f"the {kind} report of {version.reference} is of another model: expected digest "
            f"{(version.digest or '')[:12]}..., found {report.model_digest[:12]}... "
            f"({report.model_version}); evaluate this version"
        )


def check_baselines(version: RegisteredVersion, evaluation: EvaluationRecord) -> None:
    """Refuses a model that what a lender could run instead does better, or as well.

    On the headline data set the gain over the best baseline must lie above 0 with its whole
    paired interval, for each of `BASELINE_METRICS`; on any other, no listed figure may be worse
    with its whole interval.

    Raises:
        PromotionError: the model does not beat the best baseline, or was not compared with any.
    """
    headline = {d.metric: d for d in against_baselines(evaluation.data_sets[evaluation.headline])}
    missing = [metric for metric in BASELINE_METRICS if metric not in headline]
    if missing:
        raise PromotionError(
            f"the evaluation of {version.reference} compares {missing[0]} on "
            f"{evaluation.headline} with no baseline: evaluate it with the baselines"
        )
    for metric in BASELINE_METRICS:
        if not headline[metric].is_better:
            raise PromotionError(
                f"{version.reference} does not beat the best baseline on {evaluation.headline}: "
                f"{headline[metric]}; expected an interval above 0"
            )
    for name, data_set in evaluation.data_sets.items():
        worse = [d for d in against_baselines(data_set) if d.is_worse]
        if worse:
            raise PromotionError(
                f"{version.reference} is worse than the best baseline on {name}: {worse[0]}"
            )


def check_against_champion(
    version: RegisteredVersion, evaluation: EvaluationRecord, champion: Candidate
) -> None:
    """Refuses a model that was measured on other data than the champion, or falls behind it.

    Raises:
        PromotionError: the data sets differ, or a listed figure is worse with its whole paired
            interval.
    """
    if champion.evaluation is None:
        raise PromotionError(
            f"{champion.version.reference}, which serves now, has no evaluation to compare with: "
            "evaluate it on the same data and attach the record with `wherefore register`"
        )
    require_same_model(champion.version, champion.evaluation, kind="evaluation")
    for name, theirs in champion.evaluation.data_sets.items():
        ours = evaluation.data_sets.get(name)
        if ours is None or not _same_examples(ours, theirs):
            raise PromotionError(
                f"{version.reference} and {champion.version.reference}, which serves now, were not "
                f"evaluated on the same {name}: expected digest {theirs.digest[:12]}..., found "
                f"{ours.digest[:12] + '...' if ours else 'no such data set'}; evaluate both on one "
                "file, in one order, and attach both records"
            )
        _check_figures(version, ours, champion=champion.version, theirs=theirs, name=name)


def _check_figures(
    version: RegisteredVersion,
    ours: DataSetRecord,
    *,
    champion: RegisteredVersion,
    theirs: DataSetRecord,
    name: str,
) -> None:
    try:
        differences = list(against_champion(ours, theirs, name=champion.reference))
    except KeyError as error:
        raise PromotionError(
            f"the evaluation of {version.reference} does not give {error.args[0]} on {name} with "
            "its scores, which that of the champion does: evaluate it in the same way"
        ) from error
    worse = [difference for difference in differences if difference.is_worse]
    if worse:
        raise PromotionError(
            f"{version.reference} falls behind on {name} by more than chance: {worse[0]}; expected "
            "an interval that reaches 0"
        )


def _same_examples(ours: DataSetRecord, theirs: DataSetRecord) -> bool:
    return (ours.digest, ours.order_digest) == (theirs.digest, theirs.order_digest)
