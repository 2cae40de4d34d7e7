"""The calibration of a trained network: maps, thresholds, order of reasons and length of quotes."""

from collections.abc import Sequence

import numpy as np

from model_store.calibration import Calibration
from model_store.engine.torch_backend import TorchEngine
from model_store.network import Network
from model_store.reading import Reading, read_texts
from training.coarse_labels import CoarseLabels
from training.dataset import TrainingText
from training.evaluation.answers import Truth, truth_of_examples
from training.partial_calibration import fit_partial_calibration
from training.precedence import fit_precedence
from training.quote_threshold import LabelledTokens, best_quote_threshold


def calibrate(network: Network, texts: Sequence[TrainingText], *, padding_id: int) -> Calibration:
    """Fits the calibration of a network on texts that it was not trained on."""
    engine = TorchEngine(network, padding_id=padding_id)
    reading = read_texts(engine, [text.windows for text in texts])
    examples = [text.example for text in texts]
    truth = truth_of_examples(examples)
    fitted = fit_partial_calibration(
        reading.category_NC,
        reading.risk_N,
        truth,
        coarse=CoarseLabels.of(examples),
        evidence_threshold=_evidence_threshold(reading, texts, truth),
    )
    orders = [example.category_order for example in examples]
    return fitted.model_copy(update={"precedence": fit_precedence(fitted, reading, orders)})


def _evidence_threshold(reading: Reading, texts: Sequence[TrainingText], truth: Truth) -> float:
    return best_quote_threshold(
        [
            LabelledTokens(probability_T=probability_TC[:, c], inside_T=text.evidence_TC[:, c])
            for probability_TC, text, target_C in zip(
                reading.evidence, texts, truth.target_NC, strict=True
            )
            if text.example.evidence
            for c in np.flatnonzero(target_C)
        ]
    )
