"""The multitask network: a RoBERTa encoder with category, reason, risk and evidence heads.

Any RoBERTa checkpoint of transformers serves as encoder, by path or by name. Shape suffixes:

    B  windows in a batch          C  denial categories (12)
    T  token positions             R  denial reasons (29)
    H  hidden size of the encoder  K  ranges of a kind of figure

The category logit is the sum of what the first token says about the whole window and of what the
most telling tokens say: the evidence head gives one logit per token and category, trained on
labelled quotes; the mean of its largest values, and a reading of the hidden states weighted by
them, enter that of the category given a denial. The denial head says whether there is a denial at
all, and a category is a denial times a category given one: a file that mentions a debt is no file
denied for it. What the bare words say, of categories and of risk, is added once the network is
trained (see `model_store.lexical`). A reason is its category times a conditional probability, so
that a category is never less likely than its likeliest reason; which of the reasons of a category
it is stands in the words that carry the category, so the reason head reads those too.

The evidence head reads the layer at two thirds of the encoder's depth. In an encoder trained for
sentence embeddings the last layer's tokens all say what the whole text says: a linear probe for
quoted tokens reaches average precision 0.10 on the last of six layers and 0.21 on layers 3 and 4,
where 7 % of the tokens are quoted (granite-embedding-30m-english, 2026-11-20).
"""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional
from transformers import RobertaConfig, RobertaModel

from data_pipeline.domain.quantities import QUANTITY_KINDS
from data_pipeline.domain.taxonomy import CATEGORIES, REASON_CATEGORY_INDEX, REASONS
from model_store.figure_tokens import FigureRanges
from model_store.last_layer import keep_first_token
from model_store.lexical import NUM_SLOTS, LexicalReading
from model_store.log_odds import logit_of_log_probability
from model_store.windows import TextTokenizer

NUM_CATEGORIES = len(CATEGORIES)
NUM_REASONS = len(REASONS)

_NUM_EVIDENCE_TOKENS = 8  # a labelled quote has a median of 9 tokens
_EVIDENCE_DEPTH = 2 / 3  # see the docstring of the module
_RARE_LOGIT = -4.0  # where evidence starts from: 1 token in 50 carries a category
_MASKED_LOGIT = -1e4  # far below any logit, and still finite in bfloat16 and float16


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLogits:
    """What the network says of each window.

    Attributes:
        category_BC: category logits.
        reason_BR: logits of the joint probability of category and reason, never above the
            category's.
        risk_B: logit of the probability of default within 12 months.
        evidence_BTC: logit that a token belongs to the words that carry the category.
        denial_B: logit that there is a reason for denial at all, as the encoder alone reads it; it
            is part of the category logits.
        given_denial_BC: category logits given a denial, as the encoder alone reads them; likewise.
    """

    category_BC: Float[Tensor, "B C"]
    reason_BR: Float[Tensor, "B R"]
    risk_B: Float[Tensor, " B"]
    evidence_BTC: Float[Tensor, "B T C"]
    denial_B: Float[Tensor, " B"]
    given_denial_BC: Float[Tensor, "B C"]


class Network(nn.Module):
    """Encoder and heads; `forward` is the only path from token ids to logits."""

    reason_category_R: Int[Tensor, " R"]
    encoder_weight: Float[Tensor, ""]
    lexical_weight: Float[Tensor, ""]
    encoder_risk_weight: Float[Tensor, ""]
    lexical_risk_weight: Float[Tensor, ""]

    def __init__(self, config: RobertaConfig, *, head_dropout: float = 0.0) -> None:
        """Builds the network with random weights.

        Args:
            config: configuration of the encoder.
            head_dropout: dropout before and inside the heads while training, 0 to 1.
        """
        super().__init__()
        hidden = config.hidden_size
        self.encoder = RobertaModel(config, add_pooling_layer=False)
        keep_first_token(self.encoder)
        self.category_head = _head(hidden, hidden // 2, NUM_CATEGORIES, head_dropout)
        self.reason_head = _head(hidden, hidden // 2, NUM_REASONS, head_dropout)
        self.risk_head = _head(hidden, hidden // 4, 1, head_dropout)
        self.denial_head = _head(hidden, hidden // 2, 1, head_dropout)
        # The last layer is computed for the first token alone: evidence is read below it.
        self.evidence_layer = min(
            round(config.num_hidden_layers * _EVIDENCE_DEPTH), config.num_hidden_layers - 1
        )
        self.evidence_head = _head(hidden, hidden // 2, NUM_CATEGORIES, head_dropout)
        with torch.no_grad():
            self.evidence_head.get_parameter("4.bias").fill_(_RARE_LOGIT)
        self.evidence_scale = nn.Parameter(torch.full((NUM_CATEGORIES,), 0.5))
        self.passage_weight_CH = nn.Parameter(torch.zeros(NUM_CATEGORIES, hidden))
        self.reason_passage_weight_RH = nn.Parameter(torch.zeros(NUM_REASONS, hidden))
        self.lexical = LexicalReading(
            vocabulary_size=config.vocab_size,
            num_categories=NUM_CATEGORIES,
            num_slots=getattr(config, "num_lexical_slots", NUM_SLOTS),
        )
        # Fitted on texts held out: what the encoder and what the words say, weighed against each
        # other.
        self.register_buffer("encoder_weight", torch.ones(()))
        self.register_buffer("lexical_weight", torch.zeros(()))
        self.register_buffer("encoder_risk_weight", torch.ones(()))
        self.register_buffer("lexical_risk_weight", torch.zeros(()))
        self.register_buffer(
            "reason_category_R", torch.tensor(REASON_CATEGORY_INDEX), persistent=False
        )

    def add_figures(self, tokenizer: TextTokenizer, *, known: FigureRanges) -> None:
        """Takes in tokens of figures that it has not got; words are to be fitted anew then.

        Args:
            tokenizer: what the network is to read with; its new kinds stand behind the known ones.
            known: the ranges that the network has learned.
        """
        _add_figures(self.encoder, tokenizer, known=known)
        num_new = self.config.vocab_size - len(self.lexical.folded_V)
        self.lexical.folded_V = functional.pad(self.lexical.folded_V, (0, num_new))

    def reset_weighting(self) -> None:
        """Lets the encoder speak alone, as before anything was weighed against it."""
        for weight in (self.encoder_weight, self.encoder_risk_weight):
            weight.fill_(1.0)
        for weight in (self.lexical_weight, self.lexical_risk_weight):
            weight.fill_(0.0)

    @classmethod
    def from_encoder(
        cls,
        encoder: str | Path,
        *,
        tokenizer: TextTokenizer | None = None,
        head_dropout: float = 0.0,
    ) -> "Network":
        """Returns a network on a pretrained encoder, its heads drawn at random.

        The encoder runs without dropout: drawing it takes more than half of a training step on a
        CPU (4,096 tokens, bf16, two EPYC cores, 2026-11-20: 1.8 s with, 0.75 s without).

        Args:
            encoder: directory of a RoBERTa checkpoint, or its name on a model hub.
            tokenizer: its tokenizer, whose tokens of figures get embeddings; None for none.
            head_dropout: dropout before and inside the heads while training, 0 to 1.

        Raises:
            OSError: nothing can be loaded from there.
        """
        pretrained = RobertaModel.from_pretrained(
            encoder,
            add_pooling_layer=False,
            dtype=torch.float32,
            attention_probs_dropout_prob=0.0,
            hidden_dropout_prob=0.0,
        )
        if tokenizer is not None:
            _add_figures(pretrained, tokenizer, known=FigureRanges())
        network = cls(pretrained.config, head_dropout=head_dropout)
        network.encoder.load_state_dict(pretrained.state_dict())
        return network

    @property
    def config(self) -> RobertaConfig:
        """The configuration of the encoder."""
        config: RobertaConfig = self.encoder.config
        return config

    def forward(
        self, input_ids_BT: Int[Tensor, "B T"], attention_mask_BT: Bool[Tensor, "B T"]
    ) -> WindowLogits:
        """Returns the logits of a batch of windows.

        Args:
            input_ids_BT: token ids, each row beginning with the first-token marker, padded.
            attention_mask_BT: true where a token stands, false at padding.
        """
        first_BH, token_BTH = self._states(input_ids_BT, attention_mask_BT)
        evidence_BTC = self.evidence_head(token_BTH)
        evidence_BTC = evidence_BTC.masked_fill(~attention_mask_BT[:, :, None], _MASKED_LOGIT)
        passage_BCH = evidence_BTC.softmax(dim=1).transpose(1, 2) @ token_BTH
        denial_B = self.denial_head(first_BH)[:, 0].float()
        given_denial_BC = (
            self.category_head(first_BH)
            + self.evidence_scale * _pool(evidence_BTC)
            + (passage_BCH * self.passage_weight_CH).sum(dim=2)
        ).float()
        category_BC = _joint(denial_B[:, None], given_denial_BC)
        risk_B = self.risk_head(first_BH)[:, 0]
        if not self.training:
            words = self.lexical(input_ids_BT, attention_mask_BT)
            risk_B = self.encoder_risk_weight * risk_B + self.lexical_risk_weight * words.risk_B
            category_BC = (
                self.encoder_weight * category_BC + self.lexical_weight * words.category_BC
            )
        conditional_BR = self.reason_head(first_BH) + (
            passage_BCH[:, self.reason_category_R] * self.reason_passage_weight_RH
        ).sum(dim=2)
        return WindowLogits(
            category_BC=category_BC.float(),
            reason_BR=_joint(
                category_BC[:, self.reason_category_R].float(), conditional_BR.float()
            ),
            risk_B=risk_B.float(),
            evidence_BTC=evidence_BTC.float(),
            denial_B=denial_B,
            given_denial_BC=given_denial_BC,
        )

    def first_token(
        self, input_ids_BT: Int[Tensor, "B T"], attention_mask_BT: Bool[Tensor, "B T"]
    ) -> Float[Tensor, "B H"]:
        """Returns what the encoder's last layer says of the first token of each window."""
        return self._states(input_ids_BT, attention_mask_BT)[0]

    def _states(
        self, input_ids_BT: Int[Tensor, "B T"], attention_mask_BT: Bool[Tensor, "B T"]
    ) -> tuple[Float[Tensor, "B H"], Float[Tensor, "B T H"]]:
        """Hidden states of the first tokens, and those of all tokens that evidence is read from."""
        layers = self.encoder(
            input_ids=input_ids_BT,
            attention_mask=attention_mask_BT.long(),
            output_hidden_states=True,
        ).hidden_states
        return layers[-1][:, 0], layers[self.evidence_layer]


def _add_figures(encoder: RobertaModel, tokenizer: TextTokenizer, *, known: FigureRanges) -> None:
    """Gives the tokens of figures embeddings in which ranges next to each other are alike.

    Those of a kind lie on a line through a point of its own near the mean of all words. Between
    two ranges of a quantity a limit may lie that only the text knows of, so that each step goes
    its own way beside the line, too.
    """
    words_VH = encoder.get_input_embeddings().weight.detach()
    mean_H, deviation_H = words_VH.mean(dim=0), words_VH.std(dim=0)
    rows = []
    for kind, edges in tokenizer.figures.edges.items():
        if kind in known.edges:
            continue
        middle_H = mean_H + torch.randn_like(mean_H) * deviation_H
        slope_H = torch.randn_like(mean_H) * deviation_H
        places_K = torch.linspace(-1, 1, len(edges) + 1)
        rows_KH = middle_H + places_K[:, None] * slope_H
        if kind in QUANTITY_KINDS:
            rows_KH += _walk(len(places_K), deviation_H)
        rows += list(rows_KH)
    if not rows:
        return
    end = tokenizer.vocabulary_size
    encoder.resize_token_embeddings(max(len(words_VH), end), mean_resizing=False)
    with torch.no_grad():
        encoder.get_input_embeddings().weight[end - len(rows) : end] = torch.stack(rows)


def _walk(num_places: int, deviation_H: Float[Tensor, " H"]) -> Float[Tensor, "K H"]:
    """Places each a step in a direction of its own from the one before, as far apart as words."""
    steps_KH = torch.randn(num_places, len(deviation_H)) * deviation_H
    return steps_KH.cumsum(dim=0) * math.sqrt(2 / num_places)


def _head(num_inputs: int, num_hidden: int, num_outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(dropout),
        nn.Linear(num_inputs, num_hidden),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(num_hidden, num_outputs),
    )


def _joint(
    condition_BX: Float[Tensor, "B _"], conditional_BX: Float[Tensor, "B X"]
) -> Float[Tensor, "B X"]:
    """Logit of the probability that the condition holds and, given it, what depends on it."""
    return logit_of_log_probability(
        functional.logsigmoid(condition_BX) + functional.logsigmoid(conditional_BX)
    )


def _pool(evidence_BTC: Float[Tensor, "B T C"]) -> Float[Tensor, "B C"]:
    """Mean of the largest evidence logits of each category, each limited from below.

    The limit keeps padding and windows shorter than the number of tokens from sinking the mean.
    Tokens that a short window lacks count as the limit, so that it says the same alone as padded.
    """
    missing = max(0, _NUM_EVIDENCE_TOKENS - evidence_BTC.shape[1])
    evidence_BTC = functional.pad(evidence_BTC, (0, 0, 0, missing), value=_MASKED_LOGIT)
    top_BKC = evidence_BTC.topk(_NUM_EVIDENCE_TOKENS, dim=1).values
    return top_BKC.clamp(min=-8.0).mean(dim=1)
