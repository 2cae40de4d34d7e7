"""Measuring how far a stored model's explanations hold, text by text."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from random import Random

from rich.console import Console

from data_pipeline.corpus.narratives import Narrative
from data_pipeline.domain.taxonomy import DenialCategory
from data_pipeline.generator.simulation import GENERATOR_VERSION, SyntheticFile
from model_store.artifact import Artifact, load_artifact
from model_store.predictor import Predictor
from model_store.registry import resolve_model
from training.evaluation.cuts import group_names
from training.evaluation.faithfulness.asked import Asked, RememberingEngine, ask
from training.evaluation.faithfulness.figures import Part
from training.evaluation.faithfulness.journal import JOURNAL, Journal
from training.evaluation.faithfulness.labelled_text import (
    compared,
    correctly_stated,
    judge_edits,
    judge_labelled,
)
from training.evaluation.faithfulness.orderings import is_rankable, judge_orderings
from training.evaluation.faithfulness.record import faithfulness_record
from training.evaluation.faithfulness.report import (
    FaithfulnessReport,
    MeasuredTexts,
    build_faithfulness_report,
)
from training.evaluation.faithfulness.samples import (
    FaithfulnessRequest,
    drawn_order,
    measured_under,
    notes,
    sampled_texts,
)
from training.evaluation.faithfulness.simulated_text import (
    best_four,
    denied_files,
    judge_simulated,
    text_of,
)
from training.evaluation.faithfulness.slow_methods import judge_attributions, judge_replay
from training.evaluation.faithfulness.tally import Tally, merged
from training.evaluation.labelled import LabelledTexts
from training.progress import text_progress
from training.promotion.records import FaithfulnessRecord


def measure_faithfulness(
    request: FaithfulnessRequest, *, console: Console
) -> tuple[FaithfulnessReport, FaithfulnessRecord]:
    """Measures a stored model and says on the console how far it is.

    A run that ended early goes on where it stopped when it is asked for again with the same output.

    Returns:
        The report for people, and the record by which `wherefore promote` judges.

    Raises:
        ArtifactError: a directory holds no model that can be used.
        RegistryError: the registry does not give the model.
        DataError: the texts cannot be read.
        EvaluationError: there is no labelled, denied text, or no author that the model left out.
        MissingExtraError: captum or shap is not installed.
    """
    artifact = load_artifact(resolve_model(request.model))
    labelled = sampled_texts(request, artifact.manifest)
    files = denied_files(request.sizes.simulated, seed=request.seed)
    told = measured_under(request, artifact, labelled)
    journal = Journal(
        None if request.output is None else request.output / JOURNAL,
        conditions={name: value for name, value in told.items() if name not in _PASSING},
    )
    if len(journal):
        console.print(f"going on after {len(journal):,} measurements of an earlier run")
    run = _Run(request, artifact, journal, console=console)
    texts: dict[Part, MeasuredTexts] = {"labelled": run.labelled(labelled)}
    if files:
        texts["simulated"] = run.simulated(files)
    report = build_faithfulness_report(
        texts,
        title=f"Faithfulness of {artifact.manifest.model_version} on {labelled.name}",
        seed=request.seed,
        conditions=told,
        notes=tuple(notes(request, artifact, labelled)),
    )
    return report, faithfulness_record(artifact.manifest, texts, report)


_PASSING = ("date", "command", "hardware")
"""Conditions that may change while a run is interrupted."""


class _Run:
    """Takes text by text what the journal does not hold."""

    def __init__(
        self,
        request: FaithfulnessRequest,
        artifact: Artifact,
        journal: Journal,
        *,
        console: Console,
    ) -> None:
        self._request = request
        self._sizes = request.sizes
        self._artifact = artifact
        self._journal = journal
        self._console = console
        self._predictor = _remembering(artifact)
        other = request.other_seed
        self._other = None if other is None else _remembering(load_artifact(resolve_model(other)))

    def labelled(self, labelled: LabelledTexts) -> MeasuredTexts:
        """Measures the labelled texts."""
        narratives = labelled.narratives or ()
        order = drawn_order(len(labelled), seed=self._request.seed)
        rankable = [i for i in order if is_rankable(labelled.texts[i])]
        ranked, slow = (
            {labelled.facts[i].id for i in drawn}
            for drawn in (rankable[: self._sizes.orderings], order[: self._sizes.slow])
        )
        replays = self._replays(labelled, slow)
        tallies = []
        with text_progress(self._console, "explaining", total=len(labelled)) as on_texts:
            for text, narrative in zip(labelled.texts, narratives, strict=True):
                steps = self._steps(
                    text,
                    narrative,
                    is_ranked=narrative.id in ranked,
                    is_slow=narrative.id in slow,
                )
                tallies.append(merged([*steps, replays.get(narrative.id, Tally())]))
                on_texts(1)
        drawn_by, groups = group_names(labelled.facts)
        return MeasuredTexts(
            name=labelled.name,
            digest=labelled.sha256 or "",
            ids=tuple(text.id for text in labelled.facts),
            groups=tuple(groups),
            drawn_by=drawn_by,
            tallies=tuple(tallies),
        )

    def simulated(self, files: Sequence[SyntheticFile]) -> MeasuredTexts:
        """Measures simulated files."""
        tallies = []
        with text_progress(self._console, "simulated files", total=len(files)) as on_texts:
            for file, best in zip(files, best_four(files), strict=True):

                def judge(file: SyntheticFile = file, best: set[DenialCategory] = best) -> Tally:
                    asked = self._ask(self._predictor, text_of(file), exact=False)
                    return judge_simulated(asked, file, best)

                tallies.append(self._kept("simulated", file.id, judge))
                on_texts(1)
        settings = f"simulator {GENERATOR_VERSION}/{self._request.seed}/{len(files)}"
        return MeasuredTexts(
            name="denied files of the simulator's held-out families",
            digest=hashlib.sha256(settings.encode()).hexdigest(),
            ids=tuple(file.id for file in files),
            groups=tuple(file.id for file in files),
            drawn_by="text",
            tallies=tuple(tallies),
        )

    def _steps(
        self, text: str, narrative: Narrative, *, is_ranked: bool, is_slow: bool
    ) -> Iterator[Tally]:
        """Yields what one text tells, step by step; it is read only where a step is missing."""
        held: list[Asked] = []

        def asked() -> Asked:
            if not held:
                held.append(self._ask(self._predictor, text))
            return held[0]

        def random() -> Random:
            return Random(f"{self._request.seed}/{narrative.id}")  # noqa: S311

        name = narrative.id
        yield self._kept(
            "quotes", name, lambda: judge_labelled(asked(), narrative, random=random())
        )
        yield self._kept(
            "edits", name, lambda: judge_edits(self._predictor, asked(), random=random())
        )
        if is_ranked:
            yield self._kept(
                "orderings", name, lambda: self._orderings(asked(), narrative, random())
            )
        if is_slow:
            yield self._kept("attributions", name, lambda: self._attributions(asked(), narrative))
        if self._other is not None:
            other = self._other
            yield self._kept("seed", name, lambda: self._seeds(asked(), other, text))

    def _orderings(self, asked: Asked, narrative: Narrative, random: Random) -> Tally:
        """The rankings for the first of the right categories."""
        return merged(
            judge_orderings(
                asked,
                category,
                network=self._artifact.network,
                width=self._sizes.beam_width,
                random=random,
            )
            for category in correctly_stated(asked, narrative)[:1]
        )

    def _attributions(self, asked: Asked, narrative: Narrative) -> Tally:
        return judge_attributions(
            self._predictor,
            asked,
            correctly_stated(asked, narrative),
            network=self._artifact.network,
            num_steps=self._sizes.steps,
            max_evaluations=self._sizes.evaluations,
        )

    def _seeds(self, asked: Asked, other: Predictor, text: str) -> Tally:
        clauses = [(clause.start, clause.end) for clause in asked.layout.clauses]
        return compared(asked, self._ask(other, text), clauses, name="seed")

    def _replays(self, labelled: LabelledTexts, chosen: set[str]) -> dict[str, Tally]:
        """Explains some texts by two loads of the model, on engines that remember nothing."""
        again: list[Predictor] = []

        def judge(text: str) -> Tally:
            if not again:
                loaded = load_artifact(resolve_model(self._request.model))
                again.append(Predictor.from_artifact(loaded))
            return judge_replay(Predictor.from_artifact(self._artifact), again[0], text)

        with text_progress(self._console, "replaying", total=len(chosen)) as on_texts:
            found = {}
            for facts, text in zip(labelled.facts, labelled.texts, strict=True):
                if facts.id in chosen:
                    found[facts.id] = self._kept("replay", facts.id, lambda text=text: judge(text))  # type: ignore[misc]
                    on_texts(1)
        return found

    def _ask(self, predictor: Predictor, text: str, *, exact: bool = True) -> Asked:
        if isinstance(predictor.engine, RememberingEngine):
            predictor.engine.forget()
        return ask(predictor, text, exact=exact)

    def _kept(self, part: str, text: str, judge: Callable[[], Tally]) -> Tally:
        """What the journal holds, else what is judged now, which it then holds."""
        found = self._journal.get(part, text)
        if found is None:
            found = judge()
            self._journal.keep(part, text, found)
        return found


def _remembering(artifact: Artifact) -> Predictor:
    predictor = Predictor.from_artifact(artifact)
    predictor.engine = RememberingEngine(predictor.engine)
    return predictor
