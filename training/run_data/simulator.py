"""A run on the simulator: families, or a policy, that no training file is of, held out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.taxonomy import CATEGORIES
from data_pipeline.example_store import content_digest
from data_pipeline.examples import Example
from data_pipeline.generator.applications import application_of
from data_pipeline.generator.examples import examples_from_simulation
from data_pipeline.generator.limits import HELD_OUT_VARIANTS
from data_pipeline.generator.oracle import stated_shares
from data_pipeline.generator.simulation import (
    GENERATOR_VERSION,
    HELD_OUT_FAMILIES,
    SimulationSplit,
    SyntheticFile,
    simulate,
)
from data_pipeline.source_examples import LabelledRow
from data_pipeline.splits import require_disjoint, require_no_leak
from training.data_config import SimulatorData
from training.evaluation.answers import Answers
from training.evaluation.labelled import LabelledTexts, labelled_from_rows
from training.run_data.parts import Origin, RunData, listed

_IS_TEST: dict[str, Callable[[SyntheticFile], bool]] = {
    "families": lambda file: file.family in HELD_OUT_FAMILIES,
    "policy": lambda file: file.variant in HELD_OUT_VARIANTS,
    "both": lambda file: file.family in HELD_OUT_FAMILIES and file.variant in HELD_OUT_VARIANTS,
}
_ENDLESS = 10**12


def simulator_data(config: SimulatorData) -> RunData:
    """Makes the files of a run.

    Raises:
        LeakError: two parts share a family or a policy that they must not share.
    """
    made = list(simulate(config.num_applications, seed=config.seed, split=SimulationSplit.TRAIN))
    aside = set(config.calibration_families)
    learned = [file for file in made if file.family not in aside]
    calibrating = [file for file in made if file.family in aside]
    test = list(islice(_test_files(config), config.num_test_applications))
    parts = {"train": learned, "calibration": calibrating, "test": test}
    examples = {
        "train": _learned(learned, config),
        "calibration": list(examples_from_simulation(calibrating)),
        "test": list(examples_from_simulation(test)),
    }
    _require_no_leak(parts, held_out=config.held_out)
    # Files are laid out by few families, so their texts resemble one another by nature.
    require_no_leak(examples, texts=False)
    learnable = [*examples["train"], *examples["calibration"]]
    return RunData(
        source="simulator",
        train=examples["train"],
        calibration=examples["calibration"],
        refit=_learned(calibrating, config),
        test=_labelled(test, examples["test"], name=f"simulator, held-out {config.held_out}"),
        figures_name=f"held_out_{config.held_out}",
        digests={"simulator": content_digest(learnable)},
        origin=_origin(config, num_train=len(learned), test=test),
        applications={file.id: _application(file) for files in parts.values() for file in files},
        best=partial(_best, test),
    )


def _test_files(config: SimulatorData) -> Iterator[SyntheticFile]:
    held_out = simulate(_ENDLESS, seed=config.seed, split=SimulationSplit.HELD_OUT)
    return filter(_IS_TEST[config.held_out], held_out)


def _require_no_leak(parts: Mapping[str, Sequence[SyntheticFile]], *, held_out: str) -> None:
    families = {name: {file.id: file.family for file in files} for name, files in parts.items()}
    variants = {name: {file.id: file.variant for file in files} for name, files in parts.items()}
    require_disjoint({name: families[name] for name in ("train", "calibration")}, kind="family")
    for name in ("train", "calibration"):
        if held_out != "policy":
            require_disjoint({name: families[name], "test": families["test"]}, kind="family")
        if held_out != "families":
            require_disjoint({name: variants[name], "test": variants["test"]}, kind="policy")


def _learned(files: Sequence[SyntheticFile], config: SimulatorData) -> list[Example]:
    """The examples in order, a share of them, evenly spread, with their fields."""
    ratio = config.with_fields_ratio
    return [
        example
        for number, file in enumerate(files)
        for example in examples_from_simulation(
            [file],
            with_fields=int((number + 1) * ratio) > int(number * ratio),
            softness=config.softness,
        )
    ]


def _application(file: SyntheticFile) -> LoanApplication:
    return application_of(file.applicant, text=file.text)


def _labelled(
    files: Sequence[SyntheticFile], examples: Sequence[Example], *, name: str
) -> LabelledTexts:
    rows = [
        LabelledRow(application=_application(file), example=example)
        for file, example in zip(files, examples, strict=True)
    ]
    labelled = labelled_from_rows(
        rows, name=name, sha256=content_digest(examples), texts=[file.text for file in files]
    )
    facts = zip(labelled.facts, files, strict=True)
    return replace(
        labelled, facts=tuple(replace(text, lender=file.variant.value) for text, file in facts)
    )


def _best(files: Sequence[SyntheticFile]) -> Answers:
    """What an oracle answers that knows facts, limits and policy, but not the noise of it."""
    probability_NC = stated_shares([file.severities for file in files])
    return Answers(
        probability_NC=probability_NC,
        stated_NC=probability_NC >= 0.5,  # noqa: PLR2004 (likelier than not)
        listed_NC=probability_NC > 0,
        default_probability_N=np.array([file.default_probability for file in files]),
    )


def _origin(config: SimulatorData, *, num_train: int, test: Sequence[SyntheticFile]) -> Origin:
    what = {
        "families": f"of the families {listed(sorted(HELD_OUT_FAMILIES))}",
        "policy": f"decided by the policy {listed(sorted(HELD_OUT_VARIANTS))}",
        "both": f"of the families {listed(sorted(HELD_OUT_FAMILIES))} decided by the policy "
        f"{listed(sorted(HELD_OUT_VARIANTS))}",
    }[config.held_out]
    return Origin(
        trained_on=f"{num_train:,} texts of the project's simulator, version {GENERATOR_VERSION}, "
        f"with planted causes of denial in {len(CATEGORIES)} categories",
        held_out=f"{len(test):,} simulated texts {what}",
        not_validated_on=(
            (
                "real applications, real decisions and real defaults: every text is simulated, and "
                "its decision and default follow rules that the project wrote"
            ),
        ),
    )
