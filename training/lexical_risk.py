"""Fitting what the bare words say of the risk, and its weight beside the encoder.

Texts in which the chance of default is known count once as a default and once as none, by that
chance. How far single words are trusted, and the two weights, are what texts held out like best.

Arrays: N texts, K slots of the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression

from model_store.engine.torch_backend import TorchEngine, pad_rows
from model_store.lexical import LexicalReading
from model_store.network import Network
from model_store.reading import read_texts
from training.dataset import TrainingText

RISK_INVERSE_REGULARISATIONS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""What the words' risk chooses among, here and in baselines."""

_LEAST_KNOWN = 20
"""Texts of known risk, to learn from and held out: with fewer the words have no say."""


def add_lexical_risk(
    network: Network,
    vector_NK: csr_matrix,
    learned: Sequence[TrainingText],
    *,
    held_out: Sequence[TrainingText],
    padding_id: int,
    inverse_regularisations: Sequence[float] = RISK_INVERSE_REGULARISATIONS,
) -> float | None:
    """Fits the risk of the lexical reading and weighs it against the encoder's, in place.

    Args:
        network: a trained network whose lexical reading knows its words.
        vector_NK: the words and pairs of the texts learned from, by rarity, length one.
        learned: the texts it was trained on.
        held_out: texts that it was not trained on.
        padding_id: token id that fills short rows.
        inverse_regularisations: from which the best is taken; larger trusts single words more.

    Returns:
        The one taken; None where the words have no say.
    """
    lexical = network.lexical
    network.encoder_risk_weight.fill_(1.0)
    network.lexical_risk_weight.fill_(0.0)
    lexical.weight_OK[-1].zero_()
    target_N, known_held_out = _risks(learned), _known(held_out)
    known_N = ~np.isnan(target_N)
    if min(known_N.sum(), len(known_held_out)) < _LEAST_KNOWN or not _differs(target_N[known_N]):
        return None
    engine = TorchEngine(network, padding_id=padding_id)
    encoder_N = read_texts(engine, [text.windows for text in known_held_out]).risk_N

    def fitted(inverse_regularisation: float) -> _Fit:
        weight_K, bias = _fit_risk(
            vector_NK[known_N], target_N[known_N], inverse_regularisation=inverse_regularisation
        )
        _use(lexical, weight_K, bias)
        words_N = _lexical_risks(lexical, known_held_out, padding_id=padding_id)
        loss, weights = _fit_weights(encoder_N, words_N, _risks(known_held_out))
        return _Fit(
            loss=loss,
            weights=weights,
            weight_K=weight_K,
            bias=bias,
            inverse_regularisation=inverse_regularisation,
        )

    best = min(map(fitted, inverse_regularisations), key=lambda fit: fit.loss)
    _use(lexical, best.weight_K, best.bias)
    network.encoder_risk_weight.fill_(best.weights[0])
    network.lexical_risk_weight.fill_(best.weights[1])
    return best.inverse_regularisation


def refit_lexical_risk(
    network: Network,
    vector_NK: csr_matrix,
    learned: Sequence[TrainingText],
    *,
    inverse_regularisation: float,
) -> None:
    """Fits the risk of the lexical reading as it was found best before, in place.

    Args:
        network: a network whose lexical reading knows its words.
        vector_NK: the words and pairs of the texts learned from, by rarity, length one.
        learned: the texts, as many of known risk as before or more.
        inverse_regularisation: what `add_lexical_risk` took.
    """
    target_N = _risks(learned)
    known_N = ~np.isnan(target_N)
    weight_K, bias = _fit_risk(
        vector_NK[known_N], target_N[known_N], inverse_regularisation=inverse_regularisation
    )
    _use(network.lexical, weight_K, bias)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """What came of one regularisation; the weights are those of encoder and words."""

    loss: float
    weights: tuple[float, float]
    weight_K: NDArray[np.float64]
    bias: float
    inverse_regularisation: float


def _use(lexical: LexicalReading, weight_K: NDArray[np.float64], bias: float) -> None:
    lexical.weight_OK[-1].copy_(torch.from_numpy(weight_K))
    lexical.bias_O[-1] = bias


def _risks(texts: Sequence[TrainingText]) -> NDArray[np.float64]:
    return np.array([text.example.risk_probability for text in texts], dtype=np.float64)


def _known(texts: Sequence[TrainingText]) -> list[TrainingText]:
    return [text for text in texts if not np.isnan(text.example.risk_probability)]


def _differs(risk_N: NDArray[np.float64]) -> bool:
    return bool(risk_N.max() > risk_N.min())


def _fit_risk(
    vector_NK: csr_matrix, risk_N: NDArray[np.float64], *, inverse_regularisation: float
) -> tuple[NDArray[np.float64], float]:
    holds = np.repeat([1, 0], len(risk_N))
    chance = np.concatenate([risk_N, 1 - risk_N])
    counted = chance > 0
    fitted = LogisticRegression(
        C=inverse_regularisation, solver="liblinear", max_iter=1000, random_state=0
    ).fit(
        vstack([vector_NK, vector_NK]).tocsr()[counted],
        holds[counted],
        sample_weight=chance[counted],
    )
    return fitted.coef_[0], float(fitted.intercept_[0])


def _lexical_risks(
    lexical: LexicalReading, texts: Sequence[TrainingText], *, padding_id: int
) -> NDArray[np.float64]:
    """What the words say of each text: the mean over its windows, by their tokens."""
    risks = []
    for text in texts:
        rows = [window.ids for window in text.windows]
        ids_WT, mask_WT = pad_rows(rows, padding_id)
        risk_W = lexical(ids_WT, mask_WT).risk_B.double().numpy()
        risks.append(np.average(risk_W, weights=[len(row) for row in rows]))
    return np.array(risks)


def _fit_weights(
    encoder_N: NDArray[np.float32], words_N: NDArray[np.float64], risk_N: NDArray[np.float64]
) -> tuple[float, tuple[float, float]]:
    """The least cross-entropy, and the weights of encoder and words that give it."""

    def loss(parameters: NDArray[np.float64]) -> float:
        encoder, words = np.exp(parameters[:2])
        logit_N = encoder * encoder_N + words * words_N + parameters[2]
        return float(np.mean(np.logaddexp(0, logit_N) - risk_N * logit_N))

    fitted = minimize(loss, np.log([0.5, 0.5, 1.0]), method="L-BFGS-B")
    encoder, words = np.exp(fitted.x[:2])
    return float(fitted.fun), (float(encoder), float(words))
