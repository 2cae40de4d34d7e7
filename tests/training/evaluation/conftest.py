"""Labelled texts and answers made up for the tests of evaluation."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from data_pipeline.corpus.narratives import EvidenceQuote, Narrative
from data_pipeline.domain.application import LoanProduct
from data_pipeline.domain.taxonomy import CATEGORIES, CATEGORY_REASONS
from training.evaluation.answers import Answers
from training.evaluation.labelled import LabelledTexts, labelled_narratives

PRODUCTS = tuple(LoanProduct)
STYLES = ("los_notes", "applicant_letter", "branch_note")


def _narrative(number: int, *, categories: tuple[int, ...], **changes: object) -> Narrative:
    facts = [f"fact {c} of file {number}" for c in categories]
    values = {
        "id": f"t-{number:03d}",
        "product": PRODUCTS[number % 3],
        "style": STYLES[number % 3],
        "text": f"Applicant {number} asks for money. " + ". ".join(facts),
        "denied": bool(categories),
        "categories": tuple(CATEGORIES[c] for c in categories),
        "reasons": tuple(CATEGORY_REASONS[CATEGORIES[c]][0] for c in categories),
        "evidence": tuple(
            EvidenceQuote(category=CATEGORIES[c], quote=fact)
            for c, fact in zip(categories, facts, strict=True)
        ),
        "distractors": (),
        "protected_mention": False,
        "author": f"author {number % 12}",
        "default_probability": 0.3 if categories else 0.05,
    }
    return Narrative(**{**values, **changes})


@pytest.fixture(scope="session")
def new_narrative() -> Callable[..., Narrative]:
    """Builds a valid narrative of the given categories (positions)."""
    return _narrative


@pytest.fixture(scope="session")
def labelled() -> LabelledTexts:
    """48 narratives by twelve authors; every third is not denied."""
    narratives = [
        _narrative(n, categories=() if n % 3 == 0 else (n % 12, *((5,) if n % 12 == 4 else ())))
        for n in range(48)
    ]
    return labelled_narratives(narratives, name="made up", sha256="0" * 64)


@pytest.fixture(scope="session")
def new_answers(labelled: LabelledTexts) -> Callable[..., Answers]:
    """Builds answers on `labelled`: right ones with some noise, by seed."""

    def build(*, noise: float = 0.0, seed: int = 0, risk: bool = True) -> Answers:
        generator = np.random.default_rng(seed)
        clean_NC = np.where(labelled.truth.target_NC, 0.85, 0.05)
        drawn_NC = clean_NC + noise * generator.normal(size=clean_NC.shape)
        probability_NC = np.clip(drawn_NC, 0.001, 0.999)
        answers = Answers(
            probability_NC=probability_NC,
            stated_NC=probability_NC >= 0.5,
            listed_NC=probability_NC >= 0.2,
            default_probability_N=np.clip(probability_NC.max(axis=1) / 3, 0, 1),
        )
        if risk:
            return answers
        return replace(answers, default_probability_N=np.full(len(labelled), np.nan))

    return build
