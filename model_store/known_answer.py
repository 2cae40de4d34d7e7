"""The known answer of a model: one text by which a server sees that its backend computes rightly.

It is computed once, when a model is stored, by plain torch in fp32, and lies in the manifest. A
server that runs the same model on another backend, in another precision or in another process
reads the same text before it calls itself ready, and again while it runs.
"""

from collections.abc import Mapping

import numpy as np

from data_pipeline.domain.masking import mask
from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from model_store.calibration import Calibration
from model_store.engine.outputs import Engine
from model_store.manifest import KnownAnswer
from model_store.reading import read_texts
from model_store.windows import TextTokenizer

KNOWN_TEXT = (
    "Asks for $24,000 to consolidate cards. Chapter 7 discharged last spring; debts take 61% of "
    "monthly income, and two of the cards are 60 days past due."
)
"""The text whose answer is kept: synthetic, with nothing in it to mask."""

PROBABILITY_TOLERANCE = 0.1
"""Largest difference of a category probability: 8-bit storage and compute stay far below it, a
wrong model, wrong labels or broken arithmetic do not."""

RISK_TOLERANCE_PERCENT = 5.0
"""Largest difference of the risk score, percentage points."""


def known_answer(
    engine: Engine, *, tokenizer: TextTokenizer, calibration: Calibration
) -> KnownAnswer | None:
    """Returns what an engine says of the known text; None where that is no number.

    Args:
        engine: plain torch in fp32, where a model is to be stored.
        tokenizer: tokenizer of its encoder.
        calibration: maps of the model.
    """
    [tokens] = tokenizer.encode([mask(KNOWN_TEXT).text])
    reading = read_texts(engine, [tokenizer.windows(tokens.ids)])
    if not (np.isfinite(reading.category_NC).all() and np.isfinite(reading.risk_N).all()):
        return None
    probability_C = calibration.category_probabilities(reading.category_NC)[0]
    return KnownAnswer(
        text=KNOWN_TEXT,
        category_probabilities=tuple(float(p) for p in probability_C),
        risk_score=float(calibration.risk_scores(reading.risk_N)[0]),
    )


def difference(
    known: KnownAnswer, *, categories: Mapping[DenialCategory, float], risk_score: float
) -> str | None:
    """Returns in which figure an answer is not the known one; None where it is.

    Args:
        known: the known answer.
        categories: probability of each category as found.
        risk_score: risk score as found, percent.
    """
    for category, expected in zip(CATEGORIES, known.category_probabilities, strict=True):
        # Not a number is a difference too.
        if not abs(categories[category] - expected) <= PROBABILITY_TOLERANCE:
            return f"{category}: found {categories[category]:.3f}, expected {expected:.3f}"
    if not abs(risk_score - known.risk_score) <= RISK_TOLERANCE_PERCENT:
        return f"risk score: found {risk_score:.2f}, expected {known.risk_score:.2f}"
    return None
