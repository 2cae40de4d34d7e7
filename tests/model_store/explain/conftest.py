"""The tiny model, stating every category, read through the explaining code."""

import numpy as np
import pytest
import torch

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.calibration import Calibration, CategoryCalibration
from model_store.predictor import Predictor

TEXT = (
    "Back-end DTI of 51.2% is over the 45% limit, and two cards are 30 days past due. "
    "Employed for only 3 months; income could not be verified.\n"
    "Reserves cover one month of payment.\n\nCredit score: 540\nState: TX"
)


def fill_lexical(network, *, seed=0):
    """Gives the lexical reading random words and weights, and a part in the answer."""
    generator = torch.Generator().manual_seed(seed)
    lexical = network.lexical
    lexical.folded_V[5:] = torch.arange(1, len(lexical.folded_V) - 4, dtype=torch.int32) // 2 + 1
    lexical.rarity_K.copy_(torch.rand(lexical.rarity_K.shape, generator=generator) + 0.5)
    lexical.weight_OK.copy_(torch.randn(lexical.weight_OK.shape, generator=generator) * 3)
    lexical.bias_O.copy_(torch.randn(lexical.bias_O.shape, generator=generator))
    network.lexical_weight.fill_(0.7)
    network.lexical_risk_weight.fill_(0.6)
    network.encoder_weight.fill_(0.9)


@pytest.fixture(scope="session")
def artifact(new_artifact):
    """States every category; bare words have their part in it."""
    calibration = Calibration(
        categories=(CategoryCalibration(state=1e-6, review=1e-6),) * len(CATEGORIES)
    )
    artifact = new_artifact(calibration=calibration)
    fill_lexical(artifact.network)
    return artifact


@pytest.fixture(scope="session")
def predictor(artifact):
    return Predictor.from_artifact(artifact)


@pytest.fixture(scope="session")
def read(predictor):
    (text,) = predictor.read([TEXT])
    return text


@pytest.fixture
def rng():
    return np.random.default_rng(0)
