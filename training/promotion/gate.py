"""What a version must show before it may serve.

Each check refuses with a sentence of its own: what was found, what was expected, what to do.
"""

from dataclasses import dataclass

from model_store.artifact import Artifact
from model_store.manifest import Manifest
from model_store.registry.registered import RegisteredVersion
from training.errors import PromotionError
from training.promotion.comparison import (
    BASELINE_METRICS,
    against_baselines,
    against_champion,
    grown_disparities,
)
from training.promotion.records import (
    CROSS_VALIDATION,
    DataSetRecord,
    EvaluationRecord,
    FairnessRecord,
    FaithfulnessRecord,
)
from training.swap_test import MASKED, REMOVED, SWAPPED, UNMASKED

SWAP_LIMITS = {"mean_risk_change": 1.0, "p99_risk_change": 5.0, "category_flip_rate": 0.01}
"""How far answers may move when words of prohibited bases are swapped or removed.

Risk changes are in percentage points; the rate is the share of pairs of changed text and category.
"""

SWAP_TESTS = tuple(f"{how}, {read}" for how in (SWAPPED, REMOVED) for read in (MASKED, UNMASKED))
"""The tests that must be there: what the masker misses reaches the network, so without it too."""

NOT_VALIDATED = "## Not validated on"
"""The heading that every model card must have, with something below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version that is to be promoted, or the champion it is compared with.

    Attributes:
        version: the registered version.
        evaluation: its evaluation; None where none is attached.
        fairness: its fairness report; None likewise.
        faithfulness: its faithfulness report; None likewise.
    """

    version: RegisteredVersion
    evaluation: EvaluationRecord | None = None
    fairness: FairnessRecord | None = None
    faithfulness: FaithfulnessRecord | None = None


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
            f"{reference} has no fairness report: make one with `wherefore evaluate --fairness "
            "REGISTER`, and attach it with `wherefore register DIR --name NAME --fairness FILE`"
        )
    for kind, report in (("evaluation", candidate.evaluation), ("fairness", candidate.fairness)):
        require_same_model(candidate.version, report, kind=kind)
    return candidate.evaluation, candidate.fairness


def require_same_model(
    version: RegisteredVersion,
    report: EvaluationRecord | FairnessRecord | FaithfulnessRecord,
    *,
    kind: str,
) -> None:
    """Refuses a report of another model.

    Raises:
        PromotionError: the digest of the model differs from the one in the report.
    """
    require_digest(report, version.digest or "", name=version.reference, kind=kind)


def require_digest(
    report: EvaluationRecord | FairnessRecord | FaithfulnessRecord,
    digest: str,
    *,
    name: str,
    kind: str,
) -> None:
    """Refuses a report of a model with another digest.

    Args:
        report: the report.
        digest: sha256 of the model, as its manifest gives it.
        name: what the model is called in the refusal.
        kind: what the report is called there.

    Raises:
        PromotionError: the digest differs from the one in the report.
    """
    if report.model_digest != digest:
        raise PromotionError(
            f"the {kind} report of {name} is of another model: expected digest {digest[:12]}..., "
            f"found {report.model_digest[:12]}... ({report.model_version}); evaluate this version"
        )


def check_not_trained_on(
    version: RegisteredVersion, evaluation: EvaluationRecord, manifest: Manifest
) -> None:
    """Refuses an evaluation on a file that the model was trained on, or first of all calibrated on.

    What a run held out may come from the same file. So may a cross-validation: each fold was read
    by a model that had not seen it.

    Raises:
        PromotionError: the digest of a data set is one of the training data, or the texts that
            count first calibrated the model.
    """
    headline = evaluation.data_sets[evaluation.headline]
    if headline.calibrates:
        raise PromotionError(
            f"the evaluation of {version.reference} is on {evaluation.headline} first of all, on "
            "which its thresholds and weights were fitted while those of the baselines were not: "
            "evaluate it on other texts (--data), or give the cross-validation of its recipe "
            "(--cross-validation)"
        )
    trained_on = {digest: name for name, digest in manifest.data_digests.items()}
    for name, data_set in evaluation.data_sets.items():
        if data_set.was_read:
            raise PromotionError(
                f"the evaluation of {version.reference} on {name} is on texts by authors whose "
                "texts the model was trained on: expected authors that it has not read, "
                "what its run held out (--config), or `wherefore cross-validate`"
            )
        is_held_out = data_set.held_out or name == CROSS_VALIDATION
        if not is_held_out and data_set.digest in trained_on:
            raise PromotionError(
                f"the evaluation of {version.reference} on {name} is on a file that the model was "
                f"trained on: found digest {data_set.digest[:12]}... of its "
                f"{trained_on[data_set.digest]!r}; evaluate it on texts that it has not read, on "
                "what its run held out (--config), or by `wherefore cross-validate`"
            )


def check_fairness_not_trained_on(
    version: RegisteredVersion, fairness: FairnessRecord, manifest: Manifest
) -> None:
    """Refuses a fairness report on a register that the model learned from.

    Raises:
        PromotionError: the digest of the register is one of the training data.
    """
    if fairness.data_digest in manifest.data_digests.values():
        raise PromotionError(
            f"the fairness report of {version.reference} is on a register that the model was "
            f"trained on: found digest {fairness.data_digest[:12]}...; measure it on a register of "
            "other years or lenders"
        )


def check_fairness(version: RegisteredVersion, fairness: FairnessRecord) -> None:
    """Refuses a fairness report in which no group was compared with another.

    Raises:
        PromotionError: every group was too small, or none was the reference group.
    """
    if not fairness.compared():
        raise PromotionError(
            f"the fairness report of {version.reference} compares no group of applicants with "
            f"another: expected at least two large enough, found {fairness.num_examples} rows in "
            "all; measure again with more rows (--fairness-rows)"
        )


def check_swaps(version: RegisteredVersion, evaluation: EvaluationRecord) -> None:
    """Refuses a model whose answers move with words of prohibited bases, or were not tested so.

    Raises:
        PromotionError: one of `SWAP_TESTS` is missing, or a figure is over its limit in
            `SWAP_LIMITS`.
    """
    for test in SWAP_TESTS:
        figures = evaluation.swaps.get(test, {})
        if missing := [name for name in SWAP_LIMITS if name not in figures]:
            raise PromotionError(
                f"the evaluation of {version.reference} does not tell whether answers move with "
                f"words of prohibited bases: expected {missing[0]} of the test {test!r}, found "
                "none; evaluate it with --swap-texts on texts that state such a basis, and attach "
                "that record as well"
            )
        for name, limit in SWAP_LIMITS.items():
            if figures[name].value > limit:
                raise PromotionError(
                    f"the answers of {version.reference} move with words that state a prohibited "
                    f"basis ({test}): {name} {figures[name].value:.3f}, expected at most {limit:g};"
                    " train against it or extend the masker, and evaluate again"
                )


def check_baselines(version: RegisteredVersion, evaluation: EvaluationRecord) -> None:
    """Refuses a model that what a lender could run instead does better, or as well.

    On the headline data set the gain over the best baseline must lie above 0 with its whole
    paired interval, for each of `BASELINE_METRICS`; nowhere may a listed figure be worse, with its
    whole interval, than that of the baselines that are best at these.

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


def check_disparities_against_champion(
    version: RegisteredVersion, fairness: FairnessRecord, champion: Candidate
) -> None:
    """Refuses a model with a disparity that the champion does not have to that degree.

    Raises:
        PromotionError: the champion has no fairness report, the reports are on other rows, a
            group was not judged, or a disparity has grown by more than both intervals.
    """
    theirs = champion.fairness
    if theirs is None:
        raise PromotionError(
            f"{champion.version.reference}, which serves now, has no fairness report to compare "
            "with: measure it on the same register and attach the record with `wherefore register`"
        )
    require_same_model(champion.version, theirs, kind="fairness")
    found, expected = (f"{r.data_digest[:12]}.../{r.order_digest[:8]}" for r in (fairness, theirs))
    if found != expected:
        raise PromotionError(
            f"{version.reference} and {champion.version.reference}, which serves now, were not "
            f"measured on the same rows of one register: expected digests {expected}, found "
            f"{found}; measure both with one --fairness, --fairness-rows and --seed"
        )
    if grown := list(grown_disparities(fairness, theirs)):
        raise PromotionError(
            f"{version.reference} has a larger disparity than {champion.version.reference}, which "
            f"serves now: {grown[0]}; expected intervals that overlap"
        )


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
