"""What an evaluation measures on when it follows the configuration of a run: its held-out part."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from data_pipeline.examples import Example
from model_store.manifest import Manifest
from training.baselines import field_baselines, text_baselines
from training.baselines.tuned import TunedBaseline
from training.config import TrainingConfig
from training.errors import EvaluationError
from training.evaluation.answers import Answers
from training.evaluation.bootstrap import Estimate
from training.evaluation.cuts import resampling
from training.evaluation.labelled import LabelledTexts
from training.evaluation.report import Subject
from training.metrics import recall_at_k
from training.run_data import RunData, load_run_data
from training.run_data.parts import held_out_digests

BEST_REACHABLE = "best reachable"
"""Name of who knows all that can be known of a made text."""


class MakesBaselines(Protocol):
    """Makes baselines, as `training.baselines.text_baselines` does."""

    def __call__(self, *, encoder: str | None, seed: int) -> list[TunedBaseline]:
        """Returns them, not fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSplit:
    """The parts of a run as an evaluation needs them.

    Attributes:
        labelled: what is measured on.
        learnable: what a baseline may learn from: what the run learned from.
        as_it_comes: what it may learn from too and calibrates on: what the run calibrated on, and a
            second network learned from (`optimisation.refit`), but for a run that measures on just
            that.
        baselines: makes the baselines, those that read fields too where there are any.
        best: works out what could be answered at best; None where nobody knows.
        calibrates: whether the model was calibrated on what is measured on.
    """

    labelled: LabelledTexts
    learnable: Sequence[Example]
    as_it_comes: Sequence[Example]
    baselines: MakesBaselines
    best: Callable[[], Answers] | None
    calibrates: bool


def run_split(config: TrainingConfig, manifest: Manifest) -> RunSplit:
    """Splits the texts of a run once more, as the run did.

    Args:
        config: the run.
        manifest: that of the model to be measured.

    Raises:
        EvaluationError: the model was trained on another split of the same kind of data.
        ConfigError: the configuration names no files, or a fold that does not exist.
        DataError: the texts cannot be read, or the split leaks.
    """
    data = load_run_data(config)
    require_same_split(data, manifest)

    def baselines(*, encoder: str | None, seed: int) -> list[TunedBaseline]:
        by_fields = field_baselines(data.applications, seed=seed) if data.applications else []
        return [*text_baselines(encoder=encoder, seed=seed), *by_fields]

    return RunSplit(
        labelled=data.test,
        learnable=data.train,
        as_it_comes=() if data.origin.calibrates else data.calibration,
        baselines=baselines,
        best=data.best,
        calibrates=data.origin.calibrates,
    )


def require_same_split(data: RunData, manifest: Manifest) -> None:
    """Refuses texts that a model may have learned from as those held out.

    Raises:
        EvaluationError: the model was trained on another split of the same kind of data.
    """
    is_unread = data.source not in manifest.data_digests
    if not is_unread and held_out_digests(manifest).get(data.source) != data.test_digest:
        raise EvaluationError(
            f"{manifest.model_version} was trained on another split of {data.source}, so it may "
            "have read what is held out here: give the configuration and the files of its own run"
        )


def best_subject(split: RunSplit) -> Iterator[Subject]:
    """Yields who knows all that can be known, where there is such a one."""
    if split.best is not None:
        yield Subject(name=BEST_REACHABLE, answers=split.best())


def share_of_best(labelled: LabelledTexts, subjects: Sequence[Subject], *, seed: int) -> list[str]:
    """Says how much of the recall that can be reached the model reaches; nothing where unknown.

    Args:
        labelled: the texts.
        subjects: who answered, the model first.
        seed: decides the draws of the interval.
    """
    best = next((s for s in subjects if s.name == BEST_REACHABLE), None)
    if best is None:
        return []
    target_NC, (_, resamples) = labelled.truth.target_NC, resampling(labelled.facts, seed=seed)
    ours = subjects[0].answers
    share = resamples.estimate(
        lambda w: (
            recall_at_k(ours.probability_NC, target_NC, weight_BN=w)
            / recall_at_k(best.answers.probability_NC, target_NC, weight_BN=w)
        )
    )
    note = (
        f"Recall at 4 is {_shown(share)} of the best reachable, which is that of an oracle that "
        "knows facts, limits and policy, but not the noise of a decision. Causes that a decision "
        "states by chance count as omitted, too."
    )
    return [note]


def _shown(share: Estimate) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "not defined"
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"
