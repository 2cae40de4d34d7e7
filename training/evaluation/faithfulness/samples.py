"""Which texts faithfulness is measured on: drawn by the seed, whatever the model says of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np

from data_pipeline.corpus.narratives import corpus_path
from data_pipeline.generator.simulation import GENERATOR_VERSION
from model_store.artifact import Artifact, load_artifact, read_manifest
from model_store.explain.explainer import EXPLAINER_VERSION
from model_store.manifest import Manifest
from model_store.registry import resolve_model
from training.config import TrainingConfig
from training.errors import EvaluationError
from training.evaluation.conditions import conditions
from training.evaluation.faithfulness.orderings import MAX_RANKED_CLAUSES
from training.evaluation.labelled import LabelledTexts, load_labelled
from training.evaluation.run_split import run_split
from training.evaluation.stored import read_before


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSizes:
    """How much is measured.

    Attributes:
        texts: denied labelled texts that are explained; 0 for all.
        orderings: of these, how many of at most `MAX_RANKED_CLAUSES` clauses have them ranked
            against the best ranking found.
        slow: of these, how many are explained by integrated gradients and SHAP, and replayed.
        simulated: denied simulated files; about two reasons are stated for each.
        beam_width: partial rankings kept in the search for the best ranking.
        steps: points on the path of integrated gradients at first.
        evaluations: coalitions of SHAP.
    """

    texts: int = 60
    orderings: int = 20
    slow: int = 10
    simulated: int = 600
    beam_width: int = 3
    steps: int = 20
    evaluations: int = 500

    def told(self, num_texts: int) -> str:
        """Returns the sizes in words, so many texts being there."""
        return (
            f"{num_texts} labelled texts, of at most {MAX_RANKED_CLAUSES} clauses up to "
            f"{min(self.orderings, num_texts)} ranked (beam {self.beam_width}), "
            f"{min(self.slow, num_texts)} slow ({self.steps} steps at first, {self.evaluations} "
            f"evaluations), {self.simulated} simulated; explainer {EXPLAINER_VERSION}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FaithfulnessRequest:
    """What is to be measured.

    Attributes:
        model: directory or registry reference of the model; None for the bundled one.
        data: labelled narratives; None for what `run` held out, else for the texts of the corpus
            by authors that the model has not read.
        other_seed: the same of a model trained with another seed; None for none.
        sizes: sample sizes.
        output: folder for the journal; None to keep none.
        seed: decides samples, random words and orderings, edits, and the intervals.
        command: the command, for the report.
        run: the run whose held-out texts are measured on, instead of `data`; None for none.
    """

    model: Path | None
    data: Path | None
    other_seed: Path | None
    sizes: SampleSizes
    output: Path | None
    seed: int
    command: str
    run: TrainingConfig | None = None


def require_texts(request: FaithfulnessRequest) -> None:
    """Refuses texts that faithfulness cannot be measured on, before anything is measured.

    Raises:
        ArtifactError: the directory holds no model that can be used.
        DataError: the texts cannot be read.
        EvaluationError: see `sampled_texts`.
    """
    sampled_texts(request, read_manifest(resolve_model(request.model)))


def sampled_texts(request: FaithfulnessRequest, manifest: Manifest) -> LabelledTexts:
    """Returns the denied, labelled texts, or so many of them, drawn by the seed.

    Raises:
        DataError: the texts cannot be read.
        EvaluationError: there is no labelled, denied text, no author that the model left out, or
            the model was trained on another split than that of the run.
    """
    denied = _denied(_texts(request, manifest))
    return denied.drawn(request.sizes.texts or len(denied), seed=request.seed)


def _texts(request: FaithfulnessRequest, manifest: Manifest) -> LabelledTexts:
    if request.run is None:
        labelled = load_labelled(request.data or corpus_path())
    else:
        labelled = run_split(request.run, manifest).labelled
    if labelled.narratives is None:
        raise EvaluationError(
            f"{labelled.name} holds no labelled quotes, which faithfulness is measured on: give "
            "narratives in --data, a run on the corpus in --config, or neither for the texts that "
            "the model left out"
        )
    if request.data is not None or request.run is not None:
        return labelled
    authors = manifest.config.get("held_out_authors")
    if not isinstance(authors, list) or not authors:
        raise EvaluationError(
            f"{manifest.model_version} names no author that it left out: give labelled "
            "texts that it has not read in --data"
        )
    chosen = labelled.at(
        np.array([i for i, t in enumerate(labelled.facts) if t.author in authors], dtype=np.intp)
    )
    return replace(chosen, name=f"the corpus's authors {', '.join(authors)}")


def _denied(labelled: LabelledTexts) -> LabelledTexts:
    denied = labelled.at(np.flatnonzero(labelled.truth.denied_N == 1))
    if not len(denied):
        raise EvaluationError(
            f"{labelled.name} holds no denied text: give labelled texts of which some are denied"
        )
    return denied


def drawn_order(num_texts: int, *, seed: int) -> list[int]:
    """Returns the positions of texts in an order drawn by the seed."""
    return Random(f"{seed}/order").sample(range(num_texts), num_texts)  # noqa: S311


def measured_under(
    request: FaithfulnessRequest, artifact: Artifact, labelled: LabelledTexts
) -> dict[str, object]:
    """Returns what the figures depend on, by name."""
    sizes = request.sizes
    return {
        **conditions(command=request.command),
        "model": artifact.manifest.model_version,
        "model_of_another_seed": _version(request.other_seed),
        "engine": "torch, fp32, CPU",
        "data": labelled.name,
        "data_sha256": labelled.sha256,
        "simulator": f"version {GENERATOR_VERSION}, seed {request.seed}",
        "samples": sizes.told(len(labelled)),
        "seed": request.seed,
    }


def _version(model: Path | None) -> str | None:
    return None if model is None else load_artifact(resolve_model(model)).manifest.model_version


def notes(
    request: FaithfulnessRequest, artifact: Artifact, labelled: LabelledTexts
) -> Iterator[str]:
    """Yields what a reader must know."""
    yield (
        "An explanation is faithful if it says what the model rests on. Whether that is what a "
        "person would name is another question: the section on labelled quotes asks it."
    )
    yield from read_before(labelled, artifact)
    if request.data is None:
        yield (
            "These texts also set the model's calibration and thresholds, so what is stated "
            "correctly flatters."
        )
    if request.other_seed is None:
        yield "Stability across seeds is not measured: give a model of another seed (--other-seed)."
