"""Author-grouped cross-validation of the network and of the baselines, on the same splits.

Every author is held out once, whole. Inside a fold's training texts another group of authors is
kept apart for calibration, so that nothing about the held-out authors enters a model. What a fold
gave is stored and never computed again::

    fold-0/network.json       answers on the held-out texts, and how long it took
    fold-0/model/             the fold's model, as it would be served
    fold-0/network_fp32.json  answers of another form of it
    fold-0/<baseline>.json
    data_set.json             the network's part of a record (see training.evaluation.record)
    report.json, report.html, report.md
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from data_pipeline.corpus.narratives import Narrative, corpus_path, load_narratives
from data_pipeline.domain.masking import MASKING_VERSION
from data_pipeline.example_store import file_digest
from data_pipeline.examples import examples_from_narratives
from data_pipeline.splits import SplitError, author_folds, require_no_leak
from training.baselines import text_baselines
from training.config import TrainingConfig
from training.errors import ConfigError
from training.evaluation.answers import joined
from training.evaluation.answers_file import StoredAnswers
from training.evaluation.labelled import LabelledTexts, labelled_narratives
from training.evaluation.record import data_set_record, write_cross_validation
from training.evaluation.report import EvaluationReport, Subject, build_report
from training.fold import (
    NETWORK,
    Fold,
    baseline_answers,
    drop_checkpoint,
    form_answers,
    network_answers,
)
from training.fold_processes import OnFoldStep, train_folds
from training.forms import Form
from training.identity import CALIBRATION_VERSION, RECIPE_VERSION
from training.metrics import micro_f1
from training.precision import fitted_to_machine
from training.run import set_up_torch
from training.starting import encoder_identity, recipe_identity, require_start_unread

_NOTE = (
    "Every text was answered by a model that had read no text of its author. Answers of the models "
    "of different folds are ranked together."
)
_FORMS = frozenset(form.subject for form in Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is told how far a cross-validation is.

    Attributes:
        on_stage: called with a sentence when a new stage begins.
        on_step: called after each optimiser step of a fold's network.
    """

    on_stage: Callable[[str], None] = lambda _: None
    on_step: OnFoldStep = lambda *_: None


def cross_validate(
    config: TrainingConfig,
    *,
    num_folds: int,
    output: Path,
    only_baselines: bool = False,
    forms: Sequence[Form] = (),
    at_once: int = 1,
    conditions: Mapping[str, object] | None = None,
    watch: Watch | None = None,
) -> EvaluationReport:
    """Measures the network and the text baselines on authors that they have not read.

    A finished part of a fold is read from its file; a network that was killed goes on from its
    checkpoint.

    Args:
        config: the run of each fold; `data.num_folds` parts a fold's training authors, and the
            group `data.held_out_fold` of these parts calibrates.
        num_folds: folds of authors.
        output: folder of the results.
        only_baselines: leave the network out.
        forms: other forms of the network to compare it with.
        at_once: networks trained at the same time, each in a process of its own.
        conditions: more of what the figures depend on, for the report.
        watch: told how far it is.

    Raises:
        ResumeError: the folder holds results of another configuration or corpus.
        ConfigError: encoder or corpus cannot be read, or the run starts from a model that has
            learned from a corpus, or trains a second network (`optimisation.refit`).
        BackendError: a form of the network cannot be computed on this machine.
        DataError: the corpus cannot be split as asked.
    """
    require_start_unread(config, source="corpus", test_digest=None)
    if config.optimisation.refit:
        raise ConfigError(
            "folds are not trained anew on the texts that calibrate: leave `optimisation.refit` out"
        )
    set_up_torch(config)
    watch = watch or Watch()
    config, changed = fitted_to_machine(config)
    if changed and not only_baselines:
        watch.on_stage(changed)
    path = config.data.corpus or corpus_path()
    narratives = load_narratives(path)
    folds = _folds(config, narratives, num_folds=num_folds, output=output, digest=file_digest(path))
    if at_once > 1 and not only_baselines:
        watch.on_stage(f"{num_folds} folds, {at_once} at once: {NETWORK}")
        train_folds(config, folds, forms=forms, at_once=at_once, on_step=watch.on_step)
    answered: dict[str, list[StoredAnswers]] = {}
    baselines = text_baselines(encoder=config.encoder, seed=config.seed)
    for fold in folds:
        for baseline in baselines:
            watch.on_stage(f"fold {fold.number + 1} of {num_folds}: {baseline.name}")
            answered.setdefault(baseline.name, []).append(baseline_answers(baseline, fold))
        if not only_baselines:
            watch.on_stage(f"fold {fold.number + 1} of {num_folds}: {NETWORK}")
            found = network_answers(config, fold, on_step=partial(watch.on_step, fold.number))
            answered.setdefault(NETWORK, []).append(found)
            for form in forms:
                watch.on_stage(f"fold {fold.number + 1} of {num_folds}: {form.subject}")
                answered.setdefault(form.subject, []).append(form_answers(config, fold, form))
    watch.on_stage("counting")
    report = _report(
        config, folds, answered, conditions={"corpus": path.name, **(conditions or {})}
    )
    for fold in folds:
        drop_checkpoint(fold)
    return report


def _folds(
    config: TrainingConfig,
    narratives: Sequence[Narrative],
    *,
    num_folds: int,
    output: Path,
    digest: str,
) -> list[Fold]:
    splits = author_folds(narratives, num_folds=num_folds, seed=config.seed)
    num_left = min(len({narrative.author for narrative in split.train}) for split in splits)
    if num_left < 2:  # noqa: PLR2004 (one to learn from, one to calibrate on)
        raise SplitError(
            f"found {num_left} author left in a fold: expected 2, one to learn from and one to "
            "calibrate on; give texts of at least 3 authors, or more folds"
        )
    identity = {
        "corpus_sha256": digest,
        "encoder": Path(config.encoder).name,
        **encoder_identity(config.encoder),
        "num_folds": num_folds,
        "seed": config.seed,
    }
    for split in splits:
        require_no_leak(
            {
                "train": examples_from_narratives(split.train, among=narratives),
                "held_out": examples_from_narratives(split.held_out, among=narratives),
            },
            authors=True,
        )
    return [
        Fold(
            number=number,
            split=split,
            directory=output / f"fold-{number}",
            identity={**identity, "fold": number},
        )
        for number, split in enumerate(splits)
    ]


def _report(
    config: TrainingConfig,
    folds: Sequence[Fold],
    answered: Mapping[str, Sequence[StoredAnswers]],
    *,
    conditions: Mapping[str, object],
) -> EvaluationReport:
    held_out = [narrative for fold in folds for narrative in fold.split.held_out]
    digest = str(folds[0].identity["corpus_sha256"])
    labelled = labelled_narratives(held_out, name="corpus", sha256=digest)
    subjects = [
        Subject(
            name=name,
            answers=joined([part.answers for part in parts]),
            is_baseline=name not in {NETWORK, *_FORMS},
            is_form=name in _FORMS,
        )
        for name, parts in answered.items()
    ]
    subjects.sort(key=lambda s: _rank(s, labelled))
    report = build_report(
        labelled,
        subjects,
        title=f"{config.name}: cross-validation in {len(folds)} folds of authors",
        seed=config.seed,
        conditions={
            **conditions,
            "recipe": f"{config.name}, version {RECIPE_VERSION}, {config.precision}; calibration "
            f"version {CALIBRATION_VERSION}",
            "masking": MASKING_VERSION,
            "corpus_sha256": digest,
            "authors_held_out_by_fold": "; ".join(_authors(fold) for fold in folds),
            **{
                f"seconds by fold, {name}": ", ".join(f"{part.seconds:,.0f}" for part in parts)
                for name, parts in answered.items()
            },
        },
        notes=(_NOTE,),
    )
    if not subjects[0].is_baseline:
        data_set = data_set_record(labelled, subjects, report)
        write_cross_validation(
            data_set,
            folds[0].directory.parent,
            config={**config.model_dump(mode="json"), **recipe_identity(config)},
        )
    return report


def _rank(subject: Subject, labelled: LabelledTexts) -> tuple[bool, bool, float]:
    """The network first, then its forms, then the baselines, the best micro-F1 first."""
    first = subject.is_baseline, subject.is_form
    return *first, -micro_f1(subject.answers.stated_NC, labelled.truth.target_NC)[0]


def _authors(fold: Fold) -> str:
    return ", ".join(sorted({narrative.author or "" for narrative in fold.split.held_out}))
