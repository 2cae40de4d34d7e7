"""What the systems of the comparison get: a model in all its forms, and texts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from measured import is_read_as_it_is, mixed_texts, texts_of_length
from peers.common_texts import JUDGING, corpus_texts
from peers.preparing import prepared

from data_pipeline.domain.masking import mask
from model_store.figure_tokens import FigureRanges
from model_store.stored import open_stored, starter_directory

SINGLE_TOKENS = (128, 512)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured of a size.

    Attributes:
        texts: mixed texts of a round.
        singles: single texts of a round, of each length.
        rounds: rounds that count; one more comes first.
        judged: texts that precisions are judged on.
    """

    texts: int
    singles: int
    rounds: int
    judged: int


PLANS = {
    "bundled": Plan(texts=64, singles=4, rounds=6, judged=200),
    "base": Plan(texts=16, singles=3, rounds=6, judged=24),
    "tiny": Plan(texts=6, singles=1, rounds=2, judged=6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the systems of a size get.

    Attributes:
        size: which model.
        plan: how much is measured.
        folder: the model in all its forms.
        mixed: texts of mixed lengths, enough for every round.
        singles: single texts by number of tokens, enough for every round.
        judged: texts that answers are compared on.
        mean_tokens: tokens of a mixed text, markers included.
    """

    size: str
    plan: Plan
    folder: Path
    mixed: list[str]
    singles: dict[int, list[str]]
    judged: list[str]
    mean_tokens: float

    @property
    def tuning(self) -> list[str]:
        """Texts on which systems choose their options."""
        return self.mixed[: max(8, self.plan.texts // 3)]


def material(size: str, *, rounds: int | None, say: Callable[[str], None]) -> Material:
    """Returns what the systems of a size get.

    Args:
        size: which model.
        rounds: rounds of each pass; None for the plan's.
        say: tells what takes time.
    """
    folder, plan = prepared(size, say=say), PLANS[size]
    plan = replace(plan, rounds=rounds or plan.rounds)
    tokenizer = open_stored(starter_directory()).tokenizer.with_figures(FigureRanges())
    wanted, count = (plan.rounds + 1) * plan.texts, (plan.rounds + 1) * plan.singles
    mixed = mixed_texts(tokenizer, wanted)
    judged = [mask(text).text for text in corpus_texts(JUDGING)]
    return Material(
        size=size,
        plan=plan,
        folder=folder,
        mixed=mixed,
        singles={n: texts_of_length(tokenizer, n - 2, count) for n in SINGLE_TOKENS},
        judged=[text for text in judged if is_read_as_it_is(tokenizer, text)][: plan.judged],
        mean_tokens=float(np.mean([len(each.ids) + 2 for each in tokenizer.encode(mixed)])),
    )
