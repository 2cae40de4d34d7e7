"""Training texts as token windows with their targets, and batches of them.

Shape suffixes: W windows, T tokens, N texts, C categories, R reasons.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from data_pipeline.domain.taxonomy import CATEGORIES
from data_pipeline.examples import UNKNOWN, Example
from model_store.engine.batching import token_budget_batches
from model_store.engine.torch_backend import pad_rows
from model_store.windows import TextTokenizer, TokenizedText, Window
from training.config import AugmentationConfig
from training.excerpts import Excerpt

NUM_CATEGORIES = len(CATEGORIES)

LIKELY = 0.5
"""A category counts as one that holds, with quotes and reasons, above this chance, and as one that
does not below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingText:
    """An example, tokenized and cut into windows.

    Attributes:
        example: the example with its targets.
        windows: its windows, at least one.
        evidence_TC: tokens x categories, true where a token overlaps a labelled quote.
    """

    example: Example
    windows: tuple[Window, ...]
    evidence_TC: NDArray[np.bool_]

    @property
    def num_tokens(self) -> int:
        """Tokens of all windows, markers included."""
        return sum(len(window.ids) for window in self.windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Windows of some texts with the targets of those texts.

    Attributes:
        ids_WT: padded token ids.
        mask_WT: true where a token stands.
        text_W: position of the text of each window.
        num_tokens_W: tokens of each window.
        category_NC: 1 a principal reason, 0 not one, between them the chance of one, -1 unknown.
        coarse_GC: groups of categories of which at least one holds (each row one group).
        coarse_text_G: position of the text of each group.
        denial_N: 1 where there is a reason for denial, 0 where there is none, between them the
            chance of one, -1 unknown.
        reason_NR: 1 stated, 0 not, between them the chance of it, -1 unknown.
        order_NK: categories that hold, most important first, -1 behind the last; K the most that a
            text of the batch has. All -1 where none holds or the order is unknown.
        risk_N: probability of default within 12 months, NaN where unknown.
        evidence_WTC: 1 inside a quote, 0 outside, -1 where quotes are not labelled or at padding.
    """

    ids_WT: Int[Tensor, "W T"]
    mask_WT: Bool[Tensor, "W T"]
    text_W: Int[Tensor, " W"]
    num_tokens_W: Int[Tensor, " W"]
    category_NC: Float[Tensor, "N C"]
    coarse_GC: Bool[Tensor, "G C"]
    coarse_text_G: Int[Tensor, " G"]
    denial_N: Float[Tensor, " N"]
    reason_NR: Float[Tensor, "N R"]
    order_NK: Int[Tensor, "N K"]
    risk_N: Float[Tensor, " N"]
    evidence_WTC: Float[Tensor, "W T C"]

    @property
    def num_texts(self) -> int:
        """Texts in the batch."""
        return len(self.category_NC)

    def to(self, device: torch.device) -> "Batch":
        """Returns the batch with every tensor on a device."""
        return Batch(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def prepare(examples: Sequence[Example], tokenizer: TextTokenizer) -> list[TrainingText]:
    """Tokenizes examples and maps their quotes onto tokens."""
    tokenized = tokenizer.encode([example.text for example in examples])
    return [
        TrainingText(
            example=example,
            windows=tuple(tokenizer.windows(text.ids)),
            evidence_TC=_evidence(example, text),
        )
        for example, text in zip(examples, tokenized, strict=True)
    ]


def _evidence(example: Example, text: TokenizedText) -> NDArray[np.bool_]:
    evidence_TC = np.zeros((len(text.ids), NUM_CATEGORIES), dtype=np.bool_)
    starts = np.array([start for start, _ in text.offsets])
    stops = np.array([stop for _, stop in text.offsets])
    for span in example.evidence:
        evidence_TC[(starts < span.end) & (stops > span.start), span.category_index] = True
    return evidence_TC


def epoch_steps(
    texts: Sequence[TrainingText], *, texts_per_step: int, seed: int
) -> list[list[TrainingText]]:
    """Returns one epoch of steps, in random order, each of texts of similar length.

    Texts are shuffled, sorted by length inside pools of 16 steps and cut into steps, so that
    little is padded and no two epochs have the same steps.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(texts))
    pool_size = 16 * texts_per_step
    steps = []
    for start in range(0, len(order), pool_size):
        pool = sorted(order[start : start + pool_size], key=lambda i: texts[i].num_tokens)
        steps += [pool[i : i + texts_per_step] for i in range(0, len(pool), texts_per_step)]
    generator.shuffle(steps)
    return [[texts[i] for i in step] for step in steps]


def microbatches(
    step: Sequence[TrainingText], *, padding_id: int, max_tokens: int
) -> Iterator[Batch]:
    """Yields the texts of a step as batches that fit a forward pass."""
    lengths = [max(len(w.ids) for w in text.windows) * len(text.windows) for text in step]
    for positions in token_budget_batches(lengths, max_tokens=max_tokens):
        yield collate([step[i] for i in positions], padding_id=padding_id)


def collate(texts: Sequence[TrainingText], *, padding_id: int) -> Batch:
    """Puts texts into one batch."""
    windows = [(i, window) for i, text in enumerate(texts) for window in text.windows]
    ids_WT, mask_WT = pad_rows([window.ids for _, window in windows], padding_id)
    examples = [text.example for text in texts]
    groups = [(i, group) for i, example in enumerate(examples) for group in example.coarse_sets]
    return Batch(
        ids_WT=ids_WT,
        mask_WT=mask_WT,
        text_W=torch.tensor([i for i, _ in windows]),
        num_tokens_W=torch.tensor([len(window.ids) for _, window in windows]),
        category_NC=torch.tensor([e.category_targets for e in examples], dtype=torch.float32),
        coarse_GC=_coarse([group for _, group in groups]),
        coarse_text_G=torch.tensor([i for i, _ in groups], dtype=torch.int64),
        denial_N=torch.tensor([_denial(example) for example in examples]),
        reason_NR=torch.tensor([e.reason_targets for e in examples], dtype=torch.float32),
        order_NK=order_table([e.category_order for e in examples]),
        risk_N=torch.tensor([e.risk_probability for e in examples], dtype=torch.float32),
        evidence_WTC=_window_evidence(texts, shape=ids_WT.shape),
    )


def _denial(example: Example) -> float:
    """Whether there is a reason for denial, as in `Batch.denial_N`."""
    if isinstance(example, Excerpt):
        return UNKNOWN
    if example.coarse_sets or 1.0 in example.category_targets:
        return 1.0
    if UNKNOWN in example.category_targets:
        return UNKNOWN
    return 1.0 - math.prod(1.0 - target for target in example.category_targets)


def order_table(orders: Sequence[Sequence[int]]) -> Int[Tensor, "N K"]:
    """Returns orders as the rows of a table, -1 behind the last category of each."""
    order_NK = torch.full((len(orders), max(map(len, orders))), -1)
    for row, order in enumerate(orders):
        order_NK[row, : len(order)] = torch.tensor(order, dtype=torch.int64)
    return order_NK


def _coarse(groups: Sequence[Sequence[int]]) -> Bool[Tensor, "G C"]:
    coarse_GC = torch.zeros((len(groups), NUM_CATEGORIES), dtype=torch.bool)
    for row, group in enumerate(groups):
        coarse_GC[row, list(group)] = True
    return coarse_GC


def _window_evidence(
    texts: Sequence[TrainingText], *, shape: tuple[int, ...]
) -> Float[Tensor, "W T C"]:
    evidence_WTC = torch.full((*shape, NUM_CATEGORIES), -1.0)
    row = 0
    for text in texts:
        for window in text.windows:
            if _evidence_known(text.example):
                stop = window.start + window.num_text_tokens
                labels_TC = text.evidence_TC[window.start : stop].astype(np.float32)
                labels_TC[:, [t == UNKNOWN for t in text.example.category_targets]] = UNKNOWN
                evidence_WTC[row, 1 : 1 + len(labels_TC)] = torch.from_numpy(labels_TC)
            row += 1
    return evidence_WTC


def _evidence_known(example: Example) -> bool:
    """Tells whether tokens outside the quotes are known to carry nothing."""
    return bool(example.evidence) or all(0 <= t < LIKELY for t in example.category_targets)


def mask_tokens(
    batch: Batch, *, mask_id: int, config: AugmentationConfig, generator: torch.Generator
) -> Int[Tensor, "W T"]:
    """Returns the token ids with some replaced by the mask token.

    Each chosen text loses a share of its tokens drawn evenly from 0 to the configured largest.
    Tokens inside a labelled quote are spared: without them the label would not be true.
    """
    chosen_N = torch.rand(batch.num_texts, generator=generator) < config.masked_texts_ratio
    ratio_N = torch.rand(batch.num_texts, generator=generator) * config.max_masked_tokens_ratio
    ratio_W = (chosen_N * ratio_N)[batch.text_W]
    draw_WT = torch.rand(batch.ids_WT.shape, generator=generator)
    inside_quote_WT = (batch.evidence_WTC == 1).any(dim=2)
    replaced_WT = (draw_WT < ratio_W[:, None]) & batch.mask_WT & ~inside_quote_WT
    replaced_WT[:, 0] = False
    return batch.ids_WT.masked_fill(replaced_WT, mask_id)
