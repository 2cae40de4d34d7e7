"""Reference populations: how far each factor of an answer stands from that of other applicants.

Comment 9(b)(2)-5 names two methods of selecting reasons in a scoring system: the factors on which
an applicant falls furthest below the average of those at or slightly above the minimum passing
score, or below the average of all applicants. Here a factor is a category, and its score the
calibrated log-odds that a denial would rest on it; higher is worse. An applicant passes where no
category is stated, and passes slightly where the worst category is near its threshold.

Averages belong to one model and to the applicants of one creditor: they are measured from its own
files, kept with a version and the model's digest, and refused for any other model.

Source: 12 CFR 1002, Supplement I, comment 9(b)(2)-5.

Arrays: N applicants, C categories.

Errors::

    ModelError
    └── ReferencesError      a file of reference populations cannot be used
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from model_store.calibration import Calibration
from model_store.engine.outputs import EngineLogits
from model_store.errors import ModelError
from model_store.predictor import Predictor, ReadText
from model_store.reading import combine_texts

PopulationName = Literal["slightly_above_approval", "all_applicants"]

NEAR_SHARE = 0.25
"""Share of those that pass, nearest to a threshold, that count as slightly above it."""

MIN_APPLICANTS = 30
"""Fewest applicants that an average is taken over."""

NUM_FURTHEST = 4
"""Categories that are named as furthest below; more reasons than four are not likely to help."""

_TEXTS_AT_ONCE = 16


class ReferencesError(ModelError):
    """A file of reference populations cannot be used, or applicants make none."""


class Population(BaseModel):
    """Averages over some applicants.

    Attributes:
        name: which of the two methods it serves.
        num_applicants: how many.
        mean_logit: average calibrated log-odds of each category.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: PopulationName
    num_applicants: int = Field(ge=MIN_APPLICANTS)
    mean_logit: dict[DenialCategory, float] = Field(
        min_length=len(CATEGORIES), max_length=len(CATEGORIES)
    )


class References(BaseModel):
    """The reference populations of a model.

    Attributes:
        version: what answers name them by.
        measured_on: day of the measurement.
        model_digest: the model that they were measured with.
        populations: one of each name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    version: str = Field(min_length=1, max_length=64)
    measured_on: date
    model_digest: str
    populations: tuple[Population, ...] = Field(min_length=2, max_length=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An applicant beside a population.

    Attributes:
        population: its name.
        version: version of the populations.
        num_applicants: how many it holds.
        shortfall_logit: by how much each category is likelier than on average, log-odds.
        furthest: the categories furthest above the average, worst first; at most four, and only
            those that are worse than it.
    """

    population: PopulationName
    version: str
    num_applicants: int
    shortfall_logit: dict[DenialCategory, float]
    furthest: tuple[DenialCategory, ...]


def factor_scores(
    calibration: Calibration, logits: EngineLogits, texts: Sequence[ReadText]
) -> NDArray[np.float64]:
    """Returns the calibrated log-odds of each category, N x C.

    Args:
        calibration: of the model.
        logits: what the engine said of the windows of the texts, in order.
        texts: at least one.
    """
    category_NC = combine_texts(logits, [text.windows for text in texts]).category_NC
    slope_C = np.array([scale.slope for scale in calibration.categories])
    intercept_C = np.array([scale.intercept for scale in calibration.categories])
    return np.asarray(category_NC.astype(np.float64) * slope_C + intercept_C)


def measure_references(
    predictor: Predictor, texts: Iterable[str], *, version: str, measured_on: date
) -> References:
    """Returns the reference populations of a creditor's applicants.

    Args:
        predictor: the model.
        texts: rendered applications, approved and denied alike.
        version: what answers are to name them by.
        measured_on: the day.

    Raises:
        ReferencesError: too few applicants, or too few of them pass.
        TextTooLongError: a text is over the limit.
    """
    score_NC = np.concatenate(
        [np.zeros((0, len(CATEGORIES))), *(_scores(predictor, part) for part in _parts(texts))]
    )
    near_NC = score_NC[_slightly_above(predictor.calibration, score_NC)]
    return References(
        version=version,
        measured_on=measured_on,
        model_digest=predictor.digest,
        populations=(
            _population("slightly_above_approval", near_NC),
            _population("all_applicants", score_NC),
        ),
    )


def compare(references: References, score_C: NDArray[np.float64]) -> tuple[Comparison, ...]:
    """Returns an applicant's factor scores beside each population."""
    version = references.version
    return tuple(_comparison(one, score_C, version=version) for one in references.populations)


def load_references(path: Path, *, model_digest: str) -> References:
    """Reads reference populations.

    Raises:
        ReferencesError: the file cannot be read, or is of another model.
    """
    try:
        found = References.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ReferencesError(
            f"the reference populations in {path} cannot be read ({type(error).__name__}): "
            "expected a file that `wherefore references` wrote; write it anew"
        ) from error
    if found.model_digest != model_digest:
        raise ReferencesError(
            f"the reference populations in {path} were measured with another model: found "
            f"{found.model_digest[:12]}, expected {model_digest[:12]}; measure them with this one "
            "by `wherefore references`"
        )
    return found


def _parts(texts: Iterable[str]) -> Iterator[list[str]]:
    following = iter(texts)
    while part := list(islice(following, _TEXTS_AT_ONCE)):
        yield part


def _scores(predictor: Predictor, texts: Sequence[str]) -> NDArray[np.float64]:
    read = predictor.read(texts)
    logits = predictor.engine.logits([window.ids for text in read for window in text.windows])
    return factor_scores(predictor.calibration, logits, read)


def _slightly_above(calibration: Calibration, score_NC: NDArray[np.float64]) -> NDArray[np.intp]:
    """Positions of those who pass with the least room to the nearest threshold."""
    state_C = np.clip(calibration.state_C, 0.0, 1 - 1e-12)
    margin_N = (score_NC - (np.log(state_C) - np.log1p(-state_C))).max(axis=1, initial=-np.inf)
    passing = np.flatnonzero(margin_N < 0)
    num_near = max(MIN_APPLICANTS, round(len(passing) * NEAR_SHARE))
    nearest = passing[np.argsort(-margin_N[passing], kind="stable")]
    return nearest[:num_near]


def _population(name: PopulationName, score_NC: NDArray[np.float64]) -> Population:
    if len(score_NC) < MIN_APPLICANTS:
        raise ReferencesError(
            f"too few applicants for the population {name}: found {len(score_NC):,}, expected at "
            f"least {MIN_APPLICANTS}; give more files, approved ones too"
        )
    means = zip(CATEGORIES, score_NC.mean(axis=0), strict=True)
    return Population(
        name=name,
        num_applicants=len(score_NC),
        mean_logit={category: round(float(mean), 6) for category, mean in means},
    )


def _comparison(
    population: Population, score_C: NDArray[np.float64], *, version: str
) -> Comparison:
    shortfall = {
        category: float(score) - population.mean_logit[category]
        for category, score in zip(CATEGORIES, score_C, strict=True)
    }
    ranked = sorted(CATEGORIES, key=lambda category: -shortfall[category])
    return Comparison(
        population=population.name,
        version=version,
        num_applicants=population.num_applicants,
        shortfall_logit=shortfall,
        furthest=tuple(c for c in ranked[:NUM_FURTHEST] if shortfall[c] > 0),
    )
