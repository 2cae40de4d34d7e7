"""Synthetic loan files: applicant, decision with its planted causes, default, and a text.

Every file follows from (seed, index) alone. The index decides the split, so the splits of one seed
share no applicant; no training file is of a held-out family or decided by a held-out variant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, islice
from random import Random

import numpy as np

from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory, DenialReason
from data_pipeline.generator.facts import SyntheticApplicant
from data_pipeline.generator.families import FAMILIES, Family
from data_pipeline.generator.hazard import default_probability
from data_pipeline.generator.limits import HELD_OUT_VARIANTS, LIMITS, PolicyVariant
from data_pipeline.generator.policy import decide
from data_pipeline.generator.population import draw_applicant, draw_latents
from data_pipeline.generator.severities import assess
from data_pipeline.generator.writing import render

GENERATOR_VERSION = "1"
"""Raised whenever the same seed and index may give another file."""

HELD_OUT_FAMILIES = frozenset(family.name for family in FAMILIES if family.is_held_out)
"""Families of which no training text is."""

_HELD_OUT_EVERY = 5
_TRAIN_FAMILIES = tuple(family for family in FAMILIES if not family.is_held_out)
_OTHER_FAMILIES = tuple(family for family in FAMILIES if family.is_held_out)
_TRAIN_VARIANTS = tuple(v for v in PolicyVariant if v not in HELD_OUT_VARIANTS)
_OTHER_VARIANTS = tuple(v for v in PolicyVariant if v in HELD_OUT_VARIANTS)
_HELD_OUT_SETTINGS = (
    (_OTHER_FAMILIES, _TRAIN_VARIANTS),
    (_OTHER_FAMILIES, _OTHER_VARIANTS),
    (_TRAIN_FAMILIES, _OTHER_VARIANTS),
)


class SimulationSplit(StrEnum):
    """What a synthetic file may be used for."""

    TRAIN = "train"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedEvidence:
    """A stretch of a text that carries a category, such as a planted cause.

    Attributes:
        start: first code point.
        end: one past the last.
        category: the category it carries.
    """

    start: int
    end: int
    category: DenialCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticFile:
    """One synthetic file with everything that is true of it.

    Attributes:
        id: unique for its seed and index.
        split: what it may be used for.
        family: the kind of paper.
        variant: whose limits decided.
        applicant: the latent facts.
        text: what an underwriter would paste.
        denied: whether it was denied.
        categories: planted causes, most severe first, at most four; empty when not denied.
        reasons: the reason of each of them, in the same order.
        random_categories: of `categories`, those that rest on chance and that no reader could
            find.
        facts: stretches on which a category turns, a cause or not, in order of position; a category
            on whose facts the text is silent has none.
        severities: by category in label order, for the oracle.
        default_probability: true chance of default within 12 months if the loan were made, 0-1.
        defaulted: the outcome drawn with it.
        protected_spans: stretches that mention a prohibited basis, drawn apart from everything.
    """

    id: str
    split: SimulationSplit
    family: str
    variant: PolicyVariant
    applicant: SyntheticApplicant
    text: str
    denied: bool
    categories: tuple[DenialCategory, ...]
    reasons: tuple[DenialReason, ...]
    random_categories: tuple[DenialCategory, ...]
    facts: tuple[PlantedEvidence, ...]
    severities: tuple[float, ...]
    default_probability: float
    defaulted: bool
    protected_spans: tuple[tuple[int, int], ...]

    @property
    def causes(self) -> frozenset[DenialCategory]:
        """The planted causes that rest on facts, not on chance: what a reader could find."""
        return frozenset(self.categories) - frozenset(self.random_categories)

    @property
    def evidence(self) -> tuple[PlantedEvidence, ...]:
        """The facts that carry these causes, in order of position; at least one for each."""
        causes = self.causes
        return tuple(fact for fact in self.facts if fact.category in causes)


def split_of(index: int) -> SimulationSplit:
    """Returns the split that a position belongs to, whatever the seed: every fifth is held out."""
    is_held_out = index % _HELD_OUT_EVERY == _HELD_OUT_EVERY - 1
    return SimulationSplit.HELD_OUT if is_held_out else SimulationSplit.TRAIN


def simulate(
    num_files: int, *, seed: int, split: SimulationSplit | None = None
) -> Iterator[SyntheticFile]:
    """Yields synthetic files, in order of their index.

    Args:
        num_files: how many, at least 0.
        seed: at least 0; files of two seeds have nothing in common.
        split: only files of this split; None for all.
    """
    indices = (index for index in count() if split is None or split_of(index) is split)
    return (simulate_file(index, seed=seed) for index in islice(indices, num_files))


def simulate_file(index: int, *, seed: int) -> SyntheticFile:
    """Returns the synthetic file at a position.

    Args:
        index: at least 0.
        seed: at least 0.
    """
    generator = np.random.default_rng((seed, index))
    random = Random(f"{seed}/{index}/facts")  # noqa: S311
    split = split_of(index)
    family, variant = _setting(split, random)
    applicant = draw_applicant(draw_latents(generator), random)
    limits = LIMITS[applicant.request.product, variant]
    assessment = assess(applicant, limits)
    decision = decide(assessment, generator=generator)
    causes = set(decision.categories) - set(decision.random_categories)
    subjects = dict(zip(CATEGORIES, assessment.subjects, strict=True))
    rendered = render(
        applicant,
        limits,
        family,
        decisive=frozenset(subjects[category] for category in causes),
        is_denied=bool(decision.categories),
        random=Random(f"{seed}/{index}/text"),  # noqa: S311
    )
    probability = default_probability(applicant)
    facts = tuple(
        PlantedEvidence(start=mark.start, end=mark.end, category=mark.category)
        for mark in rendered.marks
        if subjects[mark.category] == mark.subject
    )
    return SyntheticFile(
        id=f"sim-{seed}-{index}",
        split=split,
        family=family.name,
        variant=variant,
        applicant=applicant,
        text=rendered.text,
        denied=bool(decision.categories),
        categories=decision.categories,
        reasons=decision.reasons,
        random_categories=decision.random_categories,
        facts=facts,
        severities=assessment.severities,
        default_probability=probability,
        defaulted=bool(generator.random() < probability),
        protected_spans=rendered.protected_spans,
    )


def _setting(split: SimulationSplit, random: Random) -> tuple[Family, PolicyVariant]:
    """Returns family and variant; of a held-out file at least one of them is held out."""
    if split is SimulationSplit.TRAIN:
        return random.choice(_TRAIN_FAMILIES), random.choice(_TRAIN_VARIANTS)
    families, variants = random.choices(_HELD_OUT_SETTINGS, (0.6, 0.2, 0.2))[0]
    return random.choice(families), random.choice(variants)
