"""What the explanations of a version must show before it may serve: no less than the champion's."""

from collections.abc import Iterator

from model_store.registry.registered import RegisteredVersion
from training.errors import PromotionError
from training.evaluation.bootstrap import Resamples
from training.evaluation.faithfulness.figures import FAITHFULNESS_FIGURES
from training.promotion.comparison import PairedDifference, paired_difference
from training.promotion.gate import Candidate, require_same_model
from training.promotion.records import DataSetRecord, FaithfulnessRecord

_SEED = 20261120


def check_faithfulness(candidate: Candidate, champion: Candidate | None) -> None:
    """Refuses a version whose explanations are less faithful than the champion's.

    A champion without a faithfulness report asks for none; the first version that brings one sets
    the measure.

    Args:
        candidate: the version that is to be promoted.
        champion: the version that serves now; None where none does.

    Raises:
        PromotionError: a report is of another model; the champion has a report and the version has
            none, or one on other texts; or a compared figure is worse with its whole paired
            interval.
    """
    reference, ours = candidate.version.reference, candidate.faithfulness
    if ours is not None:
        require_same_model(candidate.version, ours, kind="faithfulness")
    if champion is None or champion.faithfulness is None:
        return
    theirs = champion.faithfulness
    require_same_model(champion.version, theirs, kind="faithfulness")
    if ours is None:
        raise PromotionError(
            f"{reference} has no faithfulness report, which {champion.version.reference}, which "
            "serves now, has: make one with `wherefore evaluate --faithfulness` on the same texts, "
            "and attach it with `wherefore register DIR --name NAME --faithfulness FILE`"
        )
    _require_same_texts(reference, ours, theirs, champion=champion.version)
    for part, data_set in theirs.data_sets.items():
        worse = [
            difference
            for difference in _differences(
                reference, ours.data_sets[part], data_set, champion=champion.version
            )
            if difference.is_worse
        ]
        if worse:
            raise PromotionError(
                f"{reference} explains less faithfully than {champion.version.reference}, which "
                f"serves now, by more than chance: {worse[0]}; expected an interval that reaches 0"
            )


def _require_same_texts(
    reference: str,
    ours: FaithfulnessRecord,
    theirs: FaithfulnessRecord,
    *,
    champion: RegisteredVersion,
) -> None:
    both = f"{reference} and {champion.reference}, which serves now,"
    if ours.samples != theirs.samples:
        raise PromotionError(
            f"{both} were not measured alike in faithfulness: expected {theirs.samples}, found "
            f"{ours.samples}; use the same sample sizes"
        )
    for part, expected in theirs.data_sets.items():
        found = ours.data_sets.get(part)
        if found is None or _texts(found) != _texts(expected):
            raise PromotionError(
                f"{both} were not measured in faithfulness on the same {part} texts: expected "
                f"digest {expected.digest[:12]}..., found "
                f"{found.digest[:12] + '...' if found else 'no such texts'}; measure both with one "
                "--data and --seed"
            )


def _texts(data_set: DataSetRecord) -> tuple[str, str]:
    return data_set.digest, data_set.order_digest


def _differences(
    reference: str, ours: DataSetRecord, theirs: DataSetRecord, *, champion: RegisteredVersion
) -> Iterator[PairedDifference]:
    """Compares the figures that the champion's report has."""
    resamples = Resamples(theirs.group_names(), seed=_SEED)
    for figure in FAITHFULNESS_FIGURES:
        before, now = theirs.metrics.get(figure.name), ours.metrics.get(figure.name)
        if not figure.is_compared or before is None:
            continue
        difference = now and paired_difference(
            figure.name,
            now,
            before,
            other=champion.reference,
            resamples=resamples,
            lower_is_better=figure.lower_is_better,
        )
        if not difference:
            raise PromotionError(
                f"the faithfulness report of {reference} does not give {figure.name} with its "
                "scores, which that of the champion does: measure it in the same way"
            )
        yield difference
