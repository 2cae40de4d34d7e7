"""Fitting the lexical reading of a trained network, and its weight beside the encoder.

The table is fitted by logistic regression on the texts that the network was trained on; the two
weights on texts held out, since on its own training texts either reading is nearly always right.

Arrays: N texts, C categories, K slots of the table.
"""

import json
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from model_store.engine.torch_backend import TorchEngine, pad_rows
from model_store.lexical import LexicalReading
from model_store.network import Network
from model_store.reading import read_texts
from model_store.windows import TextTokenizer
from training.coarse_labels import CoarseLabels
from training.config import LexicalConfig
from training.dataset import TrainingText
from training.evaluation.answers import truth_of_examples
from training.lexical_risk import add_lexical_risk, refit_lexical_risk
from training.lexical_vectors import presence, vectors

_LEADING_SPACE = "Ġ"  # how byte-level BPE writes a space before a token


def add_lexical_reading(
    network: Network,
    *,
    tokenizer: TextTokenizer,
    learned: Sequence[TrainingText],
    held_out: Sequence[TrainingText],
    config: LexicalConfig,
) -> float | None:
    """Fits the lexical reading of a network and weighs it against the encoder, in place.

    Args:
        network: a trained network.
        tokenizer: its tokenizer.
        learned: the texts it was trained on.
        held_out: texts that it was not trained on.
        config: whether and how; nothing is done where it says no.

    Returns:
        The inverse regularisation of the words' risk; None where they have no say in it.
    """
    if not config.enabled:
        return None
    vector_NK = _fit_words(network.lexical, learned, tokenizer=tokenizer, config=config)
    network.reset_weighting()
    weights = _fit_weights(network, held_out, padding_id=tokenizer.padding_id)
    network.encoder_weight.fill_(weights[0])
    network.lexical_weight.fill_(weights[1])
    return add_lexical_risk(
        network, vector_NK, learned, held_out=held_out, padding_id=tokenizer.padding_id
    )


def refit_lexical_reading(
    network: Network,
    *,
    weighed: Network,
    tokenizer: TextTokenizer,
    learned: Sequence[TrainingText],
    config: LexicalConfig,
    risk_inverse_regularisation: float | None,
) -> None:
    """Fits the lexical reading of a network that was trained like another, in place.

    Args:
        network: a network trained on more texts than `weighed`.
        weighed: one whose lexical reading has been weighed against its encoder: the weights stay.
        tokenizer: the tokenizer of both.
        learned: the texts that the network was trained on.
        config: as for `weighed`.
        risk_inverse_regularisation: what `add_lexical_reading` gave.
    """
    if not config.enabled:
        return
    vector_NK = _fit_words(network.lexical, learned, tokenizer=tokenizer, config=config)
    for name in ("encoder_weight", "lexical_weight", "encoder_risk_weight", "lexical_risk_weight"):
        getattr(network, name).copy_(getattr(weighed, name))
    if risk_inverse_regularisation is not None:
        refit_lexical_risk(
            network, vector_NK, learned, inverse_regularisation=risk_inverse_regularisation
        )


def _fit_words(
    lexical: LexicalReading,
    learned: Sequence[TrainingText],
    *,
    tokenizer: TextTokenizer,
    config: LexicalConfig,
) -> csr_matrix:
    """Fits vocabulary and table; returns the vectors of the texts, N x K."""
    lexical.folded_V.copy_(fold_vocabulary(tokenizer, vocabulary_size=len(lexical.folded_V)))
    return _fit_table(lexical, learned, config=config, padding_id=tokenizer.padding_id)


def fold_vocabulary(tokenizer: TextTokenizer, *, vocabulary_size: int) -> torch.Tensor:
    """Returns for each token id the first one that differs from it in case or leading space alone.

    0, which is a marker's, stands for markers and for ids without a token. The token of a figure is
    like no other.
    """
    content = json.loads(tokenizer.to_json())
    special = {token["id"] for token in content["added_tokens"]}
    folded_V = torch.zeros(vocabulary_size, dtype=torch.int32)
    first: dict[str, int] = {}
    for token, token_id in sorted(content["model"]["vocab"].items(), key=lambda item: item[1]):
        if token_id not in special:
            bare = token.removeprefix(_LEADING_SPACE).lower() or token
            folded_V[token_id] = first.setdefault(bare, token_id)
    figures = slice(tokenizer.num_words, tokenizer.vocabulary_size)
    folded_V[figures] = torch.arange(figures.start, figures.stop, dtype=torch.int32)
    return folded_V


def _fit_table(
    lexical: LexicalReading,
    texts: Sequence[TrainingText],
    *,
    config: LexicalConfig,
    padding_id: int,
) -> csr_matrix:
    """Fits what speaks for denial and categories; returns the vectors of the texts, N x K."""
    present_NK = presence(lexical, texts, padding_id=padding_id)
    num_texts_K = np.asarray(present_NK.sum(axis=0)).ravel()
    rarity_K = np.log((1 + len(texts)) / (1 + num_texts_K)) + 1
    rarity_K[num_texts_K < config.min_texts] = 0
    lexical.rarity_K.copy_(torch.from_numpy(rarity_K))
    vector_NK = vectors(present_NK, rarity_K)
    for row, outcome_N in enumerate(_outcomes(texts)):
        weight_K, bias = _fit_outcome(vector_NK, outcome_N, config=config)
        lexical.weight_OK[row].copy_(torch.from_numpy(weight_K))
        lexical.bias_O[row] = bias
    return vector_NK


def _outcomes(texts: Sequence[TrainingText]) -> Iterator[NDArray[np.float64]]:
    """Yields per outcome its chance in each text, below 0 where it is not known.

    A category counts among denied texts alone.
    """
    target_NC = _targets(texts)
    denied_N = np.where((target_NC < 0).all(axis=1), -1.0, target_NC.max(axis=1))
    denied_N[[bool(text.example.coarse_sets) for text in texts]] = 1.0
    yield denied_N
    for target_N in target_NC.T:
        yield np.where(denied_N > 0.5, target_N, -1.0)  # noqa: PLR2004


def _targets(texts: Sequence[TrainingText]) -> NDArray[np.float64]:
    """Returns N x C: the chance of each category, below 0 where it is not known.

    Under a coarse label each of its categories counts as labelled. The weight beside the encoder
    and the calibration are fitted by what such a label says.
    """
    examples = [text.example for text in texts]
    chance_NC = np.array([example.category_targets for example in examples])
    return np.where(truth_of_examples(examples).target_NC, 1.0, chance_NC)


def _fit_outcome(
    vector_NK: csr_matrix, target_N: NDArray[np.float64], *, config: LexicalConfig
) -> tuple[NDArray[np.float64], float]:
    """Weights and bias of one outcome; a bias alone where all known labels are the same."""
    holds_N = target_N > 0.5  # noqa: PLR2004 (a chance below one half counts as none)
    known_N = target_N >= 0
    num_held, num_known = int(holds_N[known_N].sum()), int(known_N.sum())
    if num_held in {0, num_known}:
        odds = (num_held + 0.5) / (num_known - num_held + 0.5)
        return np.zeros(vector_NK.shape[1]), float(np.log(odds))
    fitted = LogisticRegression(
        C=config.inverse_regularisation,
        class_weight="balanced" if config.balanced else None,
        solver="liblinear",
        max_iter=1000,
    ).fit(vector_NK[known_N], holds_N[known_N])
    return fitted.coef_[0], float(fitted.intercept_[0])


def _fit_weights(
    network: Network, texts: Sequence[TrainingText], *, padding_id: int
) -> tuple[float, float]:
    """The weights of encoder and words with the best cross-entropy on texts held out.

    The encoder alone where no label is known. Each category has an intercept of its own, drawn
    towards a shared one, which is then dropped: the calibration has its own.
    """
    examples = [text.example for text in texts]
    coarse = CoarseLabels.of(examples)
    target_NC = np.array([example.category_targets for example in examples])
    known_NC = target_NC >= 0
    if not known_NC.any():
        return 1.0, 0.0
    engine = TorchEngine(network, padding_id=padding_id)
    encoder_NC = read_texts(engine, [text.windows for text in texts]).category_NC
    lexical_NC = _lexical_logits(network.lexical, texts, padding_id=padding_id)

    def loss(parameters: NDArray[np.float64]) -> float:
        encoder, words = np.exp(parameters[:2])
        logit_NC = encoder * encoder_NC + words * lexical_NC + parameters[2] + parameters[3:]
        error_NC = np.logaddexp(0, logit_NC) - target_NC * logit_NC
        pull = 2.0 * (parameters[3:] ** 2).sum()
        return float(error_NC[known_NC].sum() + pull) + coarse.loss(logit_NC)

    start = np.concatenate([np.log([0.5, 0.5]), np.zeros(1 + target_NC.shape[1])])
    fitted = minimize(loss, start, method="L-BFGS-B").x
    return float(np.exp(fitted[0])), float(np.exp(fitted[1]))


def _lexical_logits(
    lexical: LexicalReading, texts: Sequence[TrainingText], *, padding_id: int
) -> NDArray[np.float64]:
    """Per text and category the largest logit over the windows."""
    logits = []
    for text in texts:
        ids_WT, mask_WT = pad_rows([window.ids for window in text.windows], padding_id)
        logits.append(lexical(ids_WT, mask_WT).category_BC.amax(dim=0).double().numpy())
    return np.array(logits)
