"""Evaluating a stored model: read texts, ask the model and the baselines, count, swap words."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from data_pipeline.corpus.narratives import corpus_path, load_corpus
from data_pipeline.example_store import file_digest
from data_pipeline.examples import Example, examples_from_narratives
from data_pipeline.splits import near_duplicates
from model_store.artifact import Artifact, load_artifact
from model_store.manifest import Manifest
from model_store.predictor import Predictor
from model_store.registry import resolve_model
from training.baselines import text_baselines
from training.config import TrainingConfig
from training.errors import EvaluationError
from training.evaluation.conditions import conditions
from training.evaluation.labelled import LabelledTexts, load_labelled
from training.evaluation.measuring import ask
from training.evaluation.merging import merged_answers
from training.evaluation.record import (
    data_set_record,
    evaluation_record,
    read_cross_validation,
    with_swaps,
)
from training.evaluation.report import EvaluationReport, Subject, build_report
from training.evaluation.run_split import RunSplit, best_subject, run_split, share_of_best
from training.progress import text_progress
from training.promotion.records import CROSS_VALIDATION, EvaluationRecord
from training.swap_test import swap_tests

_CALIBRATES = (
    "The model's thresholds, weights and calibration were fitted on these very texts, those of the "
    "baselines were not: that flatters it, in micro-F1 and omission most of all."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRequest:
    """What is to be evaluated.

    Attributes:
        model: directory of the model; None for the bundled one.
        data: labelled texts; None for what `run` held out.
        format: see `training.evaluation.labelled.load_labelled`.
        baselines: whether to train baselines, on the corpus or on what `run` learned from, and
            compare with them.
        encoder: encoder of one more baseline; None for none.
        cross_validation: folder of a cross-validation that belongs into the record; None for none.
        swap_texts: most texts to swap words in; 0 for none.
        seed: decides draws and swapped words.
        command: the command, for the report.
        run: the run whose held-out texts are measured on, instead of `data`; None for none.
    """

    model: Path | None
    data: Path | None
    format: str
    baselines: bool
    encoder: str | None
    cross_validation: Path | None
    swap_texts: int
    seed: int
    command: str
    run: TrainingConfig | None = None


def evaluate_stored(
    request: EvaluationRequest, *, console: Console
) -> tuple[EvaluationReport, EvaluationRecord]:
    """Evaluates a stored model and says on the console how far it is.

    Returns:
        The report for people, and the record by which `wherefore promote` judges.

    Raises:
        ArtifactError: the directory holds no model that can be used.
        DataError: the texts cannot be read.
        EvaluationError: there is nothing to measure, nothing to train a baseline on, or the
            cross-validation is none of this model's configuration.
        ConfigError: the encoder of the baseline cannot be loaded.
    """
    computed_by = conditions(command=request.command)
    artifact = load_artifact(resolve_model(request.model))
    split = None if request.run is None else run_split(request.run, artifact.manifest)
    labelled = _texts(request) if split is None else split.labelled
    authors = {text.author for text in labelled.facts}
    calibrates = has_calibrated(artifact.manifest, authors) if split is None else split.calibrates
    data_sets = {}
    if request.cross_validation is not None:
        found = read_cross_validation(request.cross_validation, artifact.manifest)
        data_sets[CROSS_VALIDATION] = found
    predictor = Predictor.from_artifact(artifact)
    with text_progress(console, "reading", total=len(labelled)) as on_texts:
        answers = ask(predictor, labelled, on_texts=on_texts)
    subjects = [Subject(name=predictor.model_version, answers=answers)]
    if split is not None:
        subjects += best_subject(split)
    if request.baselines:
        subjects += _baselines(labelled, split, request, console=console)
    swaps = swap_tests(
        labelled.texts,
        predictor,
        artifact,
        max_texts=request.swap_texts,
        seed=request.seed,
        console=console,
    )
    report = build_report(
        labelled,
        subjects,
        title=f"{predictor.model_version} on {labelled.name}",
        seed=request.seed,
        conditions={
            **computed_by,
            "model": predictor.model_version,
            "data": labelled.name,
            "data_sha256": labelled.sha256,
        },
        swaps=swaps,
        notes=(
            *read_before(labelled, artifact),
            *([_CALIBRATES] if calibrates else []),
            *share_of_best(labelled, subjects, seed=request.seed),
        ),
        on_part=lambda part: console.print(f"counting {part}"),
    )
    data_sets[labelled.name] = data_set_record(
        labelled,
        subjects,
        report,
        held_out=split is not None,
        calibrates=calibrates,
        was_read=split is None and bool(corpus_authors_read(artifact.manifest, authors)),
    )
    return report, with_swaps(evaluation_record(artifact.manifest, data_sets), swaps)


def require_folder(output: Path | None) -> None:
    """Refuses an output that is, or looks like, a file.

    Raises:
        EvaluationError: it is not a folder.
    """
    if output is not None and (output.is_file() or output.suffix in {".json", ".html", ".md"}):
        raise EvaluationError(f"--output {output.name}: expected a folder, found a file; name one")


def baseline_examples(labelled: LabelledTexts) -> list[Example]:
    """Returns the corpus without authors, ids and near-duplicates of the texts measured on.

    Raises:
        EvaluationError: nothing is left.
    """
    authors = {text.author for text in labelled.facts} - {""}
    ids = {text.id for text in labelled.facts}
    left = [
        example
        for example in examples_from_narratives(load_corpus())
        if example.author not in authors and example.id not in ids
    ]
    repeated = set(near_duplicates(labelled.examples, left))
    groups = {example.group for example in left if example.id in repeated}
    left = [example for example in left if example.group not in groups]
    if not left:
        raise EvaluationError(
            f"{labelled.name} has texts of every author of the corpus, so no text is left to train "
            "a baseline on: use `wherefore cross-validate`"
        )
    return left


def _texts(request: EvaluationRequest) -> LabelledTexts:
    if request.data is None:
        raise EvaluationError("found nothing to measure on: give labelled texts or a run")
    return load_labelled(request.data, format=request.format)


def _baselines(
    labelled: LabelledTexts,
    split: RunSplit | None,
    request: EvaluationRequest,
    *,
    console: Console,
) -> list[Subject]:
    examples = baseline_examples(labelled) if split is None else split.learnable
    as_they_come = () if split is None else split.as_it_comes
    num_texts = len(examples) + len(as_they_come)
    make = text_baselines if split is None else split.baselines
    subjects = []
    for baseline in make(encoder=request.encoder, seed=request.seed):
        console.print(f"training the baseline {baseline.name!r} on {num_texts:,} texts")
        baseline.fit(examples, as_they_come=as_they_come)
        answers = merged_answers(baseline.answers(labelled.examples), labelled.groups)
        subjects.append(Subject(name=baseline.name, answers=answers, is_baseline=True))
    return subjects


def perhaps_read(manifest: Manifest, authors: Iterable[str]) -> set[str]:
    """Returns which authors' texts a model may have been trained on.

    Where it learned from nothing but the bundled corpus as it is now, these are the corpus's own
    but for those held out. Of a model that does not tell whom it held out, nothing is known.
    """
    held_out = manifest.config.get("held_out_authors")
    if not isinstance(held_out, list):
        return set()
    found = set(authors) - {"", *held_out}
    if manifest.data_digests == {"corpus": file_digest(corpus_path())}:
        found &= {narrative.author for narrative in load_corpus()}
    return found


def corpus_authors_read(manifest: Manifest, authors: Iterable[str]) -> set[str]:
    """Returns which of these authors write in the corpus and were not held out from a model of it.

    The corpus is the bundled one as it is now; a model of an older one may not have met them all.
    """
    if "corpus" not in manifest.data_digests:
        return set()
    return perhaps_read(manifest, authors) & {narrative.author for narrative in load_corpus()}


def has_calibrated(manifest: Manifest, authors: Iterable[str]) -> bool:
    """Tells whether a model was calibrated on texts of one of these authors."""
    held_out = manifest.config.get("held_out_authors")
    if not manifest.config.get("held_out_calibrates") or not isinstance(held_out, list):
        return False
    return not set(held_out).isdisjoint(authors)


def read_before(labelled: LabelledTexts, artifact: Artifact) -> list[str]:
    """Says so where a model may have been trained on texts of the same authors; else nothing."""
    authors = perhaps_read(artifact.manifest, (text.author for text in labelled.facts))
    if not authors:
        return []
    note = (
        f"The model may have been trained on texts by {', '.join(sorted(authors))}: its figures on "
        "them say nothing about authors that it has not read."
    )
    return [note]
