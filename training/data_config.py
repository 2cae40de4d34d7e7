"""Where the texts of a run come from: the section `data` of its configuration."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data_pipeline.generator.families import FAMILIES
from data_pipeline.generator.simulation import HELD_OUT_FAMILIES
from training.errors import ConfigError

_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"


class Section(BaseModel):
    """A part of a configuration: it does not change, and knows no other keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SimulatorData(Section):
    """Synthetic files with planted causes, made for the run.

    Attributes:
        num_applications: files to learn from and to calibrate on.
        calibration_families: training families kept apart whole for calibration.
        with_fields_ratio: share of the files to learn from that show the application's fields
            behind their text.
        softness: of the targets of the files to learn from, which then say how nearly a limit is
            passed (`data_pipeline.generator.examples`); None for what was decided. Calibration and
            figures go by decisions.
        num_test_applications: held-out files that the figures are on.
        held_out: what of a test file was never in a training file: its family, the policy that
            decided it, or both.
        seed: decides every file.
    """

    num_applications: int = Field(default=8000, ge=2)
    calibration_families: tuple[str, ...] = ("loan_officer_email",)
    with_fields_ratio: float = Field(default=0.0, ge=0, le=1)
    softness: float | None = Field(default=None, gt=0)
    num_test_applications: int = Field(default=3000, ge=1)
    held_out: Literal["families", "policy", "both"] = "families"
    seed: int = Field(default=20261120, ge=0)

    @model_validator(mode="after")
    def _families_are_of_training(self) -> Self:
        of_training = {family.name for family in FAMILIES} - HELD_OUT_FAMILIES
        chosen = set(self.calibration_families)
        if not chosen or not chosen < of_training:
            raise ValueError(
                "calibration_families: expected some, and not all, of "
                + ", ".join(sorted(of_training))
            )
        return self


class _Files(Section):
    """Files of rows.

    Attributes:
        files: what `data_pipeline.sources` reads; empty where the command names them.
        max_train_rows: most rows to learn from and to calibrate on.
        max_test_rows: most rows that the figures are on; None for all.
        seed: decides what is drawn.
    """

    files: tuple[Path, ...] = ()
    max_train_rows: int = Field(default=8000, ge=2)
    max_test_rows: int | None = Field(default=None, ge=1)
    seed: int = Field(default=20261120, ge=0)


class HmdaData(_Files):
    """Public HMDA registers: denial reasons as partial labels, whole lenders held out.

    Attributes:
        test_ratio: share of the denied rows, those of dominant lenders aside, whose lenders are
            held out for the figures.
        calibration_ratio: the same for calibration.
        num_calibration: most rows to calibrate on, drawn evenly, so that they are denied as often
            as their lenders' rows are; None for the share of `max_train_rows` that the ratios give.
        dominant_lender_ratio: a lender with a larger share of all labelled rows is only learned
            from: held out, its habits would decide every figure.
        max_lender_rows: most denied rows, and most originated ones, of one lender to learn from;
            None for all.
        denied_ratio: share of denied rows among those to learn from, as far as there are enough.
        unlisted_target: chance that a reason which a denied row does not list, although it lists
            others, held all the same; None leaves it unknown.
    """

    test_ratio: float = Field(default=0.4, gt=0, lt=1)
    calibration_ratio: float = Field(default=0.12, gt=0, lt=1)
    num_calibration: int | None = Field(default=None, ge=1)
    dominant_lender_ratio: float = Field(default=0.2, gt=0, le=1)
    max_lender_rows: int | None = Field(default=None, ge=1)
    denied_ratio: float = Field(default=0.7, gt=0, le=1)
    unlisted_target: float | None = Field(default=0.05, ge=0, lt=1)

    @model_validator(mode="after")
    def _something_is_left(self) -> Self:
        if self.test_ratio + self.calibration_ratio >= 1:
            raise ValueError("test_ratio and calibration_ratio: expected less than 1 together")
        if self.num_calibration is not None and self.num_calibration >= self.max_train_rows:
            raise ValueError("num_calibration: expected less than max_train_rows")
        return self


class LendingClubData(_Files):
    """LendingClub loans: defaults as risk labels, split by time.

    The rows have no explicit licence: a run of them is for measurement, and no model made with them
    is published.

    Attributes:
        outcome: what counts as a default: one at any time of the loan's life, or within 12 months.
        calibration_from: first month of issue to calibrate on, "YYYY-MM"; earlier ones are learned
            from.
        test_from: first month of issue that the figures are on.
        default_ratio: share of defaults among the rows to learn from, as far as there are enough;
            None for the share that they have.
    """

    outcome: Literal["lifetime", "within_12_months"] = "lifetime"
    calibration_from: str = Field(default="2010-11", pattern=_MONTH)
    test_from: str = Field(default="2011-01", pattern=_MONTH)
    default_ratio: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        if self.calibration_from >= self.test_from:
            raise ValueError("calibration_from: expected a month before test_from")
        return self


Source = Literal["corpus", "simulator", "hmda", "lendingclub"]
"""The kinds of data that a run may be on."""


class DataConfig(Section):
    """What is trained on and what is held out: the corpus, or the one section that is given.

    Attributes:
        corpus: narratives, .jsonl; None for the corpus that comes with the package.
        num_folds: author folds that the corpus is cut into.
        held_out_fold: the fold kept for calibration and for the run's own figures.
        held_out_authors: authors of the corpus to keep for that instead, the same however it grows;
            folds of a cross-validation go by `held_out_fold` all the same.
        simulator: see `SimulatorData`.
        hmda: see `HmdaData`.
        lendingclub: see `LendingClubData`.
    """

    corpus: Path | None = None
    num_folds: int = Field(default=6, ge=2)
    held_out_fold: int = Field(default=0, ge=0)
    held_out_authors: tuple[str, ...] = ()
    simulator: SimulatorData | None = None
    hmda: HmdaData | None = None
    lendingclub: LendingClubData | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("simulator", "hmda", "lendingclub") if getattr(self, name)]
        if self.corpus is not None:
            given.insert(0, "corpus")
        if len(given) > 1:
            raise ValueError(f"found {' and '.join(given)}: expected one of them")
        if self.held_out_authors and self.source != "corpus":
            raise ValueError(f"held_out_authors: expected none, {self.source} has no authors")
        return self

    @property
    def source(self) -> Source:
        """The kind of data."""
        if self.simulator is not None:
            return "simulator"
        if self.hmda is not None:
            return "hmda"
        return "corpus" if self.lendingclub is None else "lendingclub"

    def with_files(self, files: Sequence[Path]) -> "DataConfig":
        """Returns the section with other files.

        Raises:
            ConfigError: the data is made, or is one file and several are given.
        """
        if not files:
            return self
        if self.source == "simulator":
            raise ConfigError("data.simulator makes its texts: leave --data out")
        if self.source == "corpus":
            if len(files) > 1:
                raise ConfigError(f"found {len(files)} files: expected one file of narratives")
            return self.model_copy(update={"corpus": files[0]})
        section = getattr(self, self.source).model_copy(update={"files": tuple(files)})
        return self.model_copy(update={self.source: section})

    def without_paths(self) -> "DataConfig":
        """Returns the section with files by name alone."""
        if self.corpus is not None:
            return self.with_files([Path(self.corpus.name)])
        section = getattr(self, self.source, None)
        files = getattr(section, "files", ())
        return self.with_files([Path(path.name) for path in files]) if files else self
