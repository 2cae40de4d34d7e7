"""Quantisation to 8-bit integer compute, at build time, behind an accuracy gate.

The network in fp32 is the judge: a quantised one is kept only if it states the same reasons for
texts that took no part in its calibration.

Arrays: N texts, C categories, R reasons.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_pipeline.cli import needs_extra
from data_pipeline.domain.masking import mask
from data_pipeline.domain.taxonomy import CATEGORIES, DenialReason
from model_store.engine.batching import ShapedBatch, padded_length
from model_store.engine.choice import EngineChoice, converted
from model_store.engine.derived import MODEL_XML, DerivedModel, Origin
from model_store.engine.openvino_backend import OpenVinoEngine, padded_arrays
from model_store.engine.outputs import Engine
from model_store.engine.runtime import load_openvino, openvino_core
from model_store.errors import QuantizationRefusedError
from model_store.precedence import ranking
from model_store.predictor import reasons_of
from model_store.reading import read_texts
from model_store.stored import StoredModel
from model_store.windows import Window

if TYPE_CHECKING:
    import openvino

_OUTSIDE_ENCODER = r"^(?!.*network\.encoder\.).*$"

FLOAT_LAYERS: tuple[str, ...] = (
    r".*\.layer\.(0\.output\.dense|{last}\..*)/.*",
    r".*\.layer\.(\d+\.output\.dense|{last}\..*)/.*",
    r".*\.layer\.(0\..*|\d+\.output\.dense|{last}\..*)/.*",
    r".*\.layer\.([01]\..*|\d+\.output\.dense|{last}\..*)/.*",
)
"""What of the encoder stays in bf16 or fp32, as patterns of names: tried in this order.

First the last layer, of which little but keys and values is computed
(`model_store.last_layer`), and the down projection of the first; then that of every layer; then the
first layer whole; then the second, which starter 0.8.1 needs. The inputs of down projections,
behind the activation, have a few values far larger than the rest, which one scale for all of them
cannot hold: with the first one in int8 too the risk moves twice as far, for 5 % of the time
(starter 0.4.0, 200 texts). `{last}` stands for the number of the last layer.
"""

_LAYER = re.compile(r"\.layer\.(\d+)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFigures:
    """How a quantised network answers, compared with fp32 on the same texts.

    Attributes:
        primary_agreement: share, of the texts for which fp32 states a category, with the same
            primary category, 0-1; 1 where it states none.
        stated_agreement: share of texts for which just the same categories are stated, 0-1.
        reason_agreement: share of texts for which just the same reasons are stated, 0-1.
        omission: share of what fp32 states that is neither stated nor up for review, 0-1.
        listed_omission: share of the categories that fp32 states or puts up for review that are
            neither stated nor up for review, 0-1.
        mean_risk_difference: mean absolute difference of the risk score, percentage points.
    """

    primary_agreement: float
    stated_agreement: float
    reason_agreement: float
    omission: float
    listed_omission: float
    mean_risk_difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLimits:
    """What a quantised network must keep to.

    Attributes:
        min_primary_agreement: see `GateFigures`.
        min_stated_agreement: see `GateFigures`.
        min_reason_agreement: see `GateFigures`.
        max_omission: see `GateFigures`.
        max_listed_omission: see `GateFigures`.
        max_mean_risk_difference: see `GateFigures`, percentage points.
    """

    min_primary_agreement: float = 0.97
    min_stated_agreement: float = 0.95
    min_reason_agreement: float = 0.95
    max_omission: float = 0.005
    max_listed_omission: float = 0.01
    max_mean_risk_difference: float = 0.5

    def broken_by(self, figures: GateFigures) -> list[str]:
        """Returns a phrase, found and expected, for each limit that the figures do not keep."""
        checks = [
            (
                "primary_agreement",
                figures.primary_agreement >= self.min_primary_agreement,
                f"{figures.primary_agreement:.3f}, at least {self.min_primary_agreement}",
            ),
            (
                "stated_agreement",
                figures.stated_agreement >= self.min_stated_agreement,
                f"{figures.stated_agreement:.3f}, at least {self.min_stated_agreement}",
            ),
            (
                "reason_agreement",
                figures.reason_agreement >= self.min_reason_agreement,
                f"{figures.reason_agreement:.3f}, at least {self.min_reason_agreement}",
            ),
            (
                "omission",
                figures.omission <= self.max_omission,
                f"{figures.omission:.4f}, at most {self.max_omission}",
            ),
            (
                "listed_omission",
                figures.listed_omission <= self.max_listed_omission,
                f"{figures.listed_omission:.4f}, at most {self.max_listed_omission}",
            ),
            (
                "mean_risk_difference",
                figures.mean_risk_difference <= self.max_mean_risk_difference,
                f"{figures.mean_risk_difference:.2f}, at most {self.max_mean_risk_difference}",
            ),
        ]
        return [f"{name} {phrase}" for name, kept, phrase in checks if not kept]


def quantize(
    stored: StoredModel,
    *,
    calibration_texts: Sequence[str],
    gate_texts: Sequence[str],
    cache_dir: Path | None = None,
    limits: GateLimits | None = None,
) -> tuple[DerivedModel, GateFigures]:
    """Quantises a model and keeps the result, if it passes the gate, for engines to find.

    Of what `FLOAT_LAYERS` names the least is spared that lets it pass.

    Args:
        stored: the model.
        calibration_texts: rendered applications that the ranges of activations are taken from.
        gate_texts: others, that the quantised network is judged on.
        cache_dir: where converted models are kept; None for the default.
        limits: what it must keep to; None for the usual.

    Raises:
        QuantizationRefusedError: it does not keep to the limits; nothing is kept.
        BackendError: the model cannot be converted or kept.
        MissingExtraError: nncf is not installed.
        ValueError: there are no texts.
    """
    if not calibration_texts or not gate_texts:
        raise ValueError("expected texts to calibrate on and others to judge by")
    models = EngineChoice(cache_dir=cache_dir).derived_models
    network = converted(stored, models)
    reference = OpenVinoEngine(network.xml, padding_id=stored.tokenizer.padding_id)
    broken: list[str] = []
    for float_layers in FLOAT_LAYERS:
        quantized = _quantized(network.xml, stored, calibration_texts, float_layers)
        figures = compare(
            stored,
            reference=reference,
            candidate=_int8_engine(quantized, stored),
            texts=gate_texts,
        )
        broken = (limits or GateLimits()).broken_by(figures)
        if not broken:
            break
    else:
        raise QuantizationRefusedError(
            f"in int8 {stored.manifest.model_version} answers too differently, its most sensitive "
            f"layers spared: {'; '.join(broken)}; serve it in bf16 or fp32"
        )
    kept = models.keep(
        Origin.of(stored.manifest.digest, "int8"),
        lambda target: load_openvino().save_model(
            quantized, target / MODEL_XML, compress_to_fp16=False
        ),
        gate=asdict(figures),
    )
    return kept, figures


def quantized_engine(
    stored: StoredModel, *, calibration_texts: Sequence[str], cache_dir: Path | None = None
) -> OpenVinoEngine:
    """Returns a model quantised, for measurements: it passes no gate and is not kept.

    As little is spared as `quantize` would try first.

    Args:
        stored: the model.
        calibration_texts: rendered applications that the ranges of activations are taken from.
        cache_dir: where the converted model is kept; None for the default.

    Raises:
        BackendError: the model cannot be converted.
        MissingExtraError: nncf is not installed.
    """
    network = converted(stored, EngineChoice(cache_dir=cache_dir).derived_models)
    return _int8_engine(_quantized(network.xml, stored, calibration_texts, FLOAT_LAYERS[0]), stored)


def compare(
    stored: StoredModel, *, reference: Engine, candidate: Engine, texts: Sequence[str]
) -> GateFigures:
    """Compares the answers of two engines for the same texts.

    Args:
        stored: the model that both run; its calibration turns logits into answers.
        reference: the engine that is taken to be right.
        candidate: the engine to judge.
        texts: rendered applications, at least one.
    """
    windows = _windows(stored, texts)
    right, found = (_answers(stored, engine, windows) for engine in (reference, candidate))
    state_C, review_C = stored.calibration.state_C, stored.calibration.review_C
    stated_NC, restated_NC = right.category_NC >= state_C, found.category_NC >= state_C
    listed_NC, relisted_NC = right.category_NC >= review_C, found.category_NC >= review_C
    denied_N = stated_NC.any(axis=1)
    same_primary_N = right.primary_N == found.primary_N
    same_N = (stated_NC == restated_NC).all(axis=1)
    reasons, again = right.reasons(stated_NC), found.reasons(restated_NC)
    return GateFigures(
        primary_agreement=float(1 - (denied_N & ~same_primary_N).sum() / max(1, denied_N.sum())),
        stated_agreement=float(same_N.mean()),
        reason_agreement=float(np.mean([r == f for r, f in zip(reasons, again, strict=True)])),
        omission=_share(stated_NC & ~relisted_NC, of=stated_NC),
        listed_omission=_share(listed_NC & ~relisted_NC, of=listed_NC),
        mean_risk_difference=float(np.abs(right.risk_N - found.risk_N).mean()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """Calibrated answers of an engine.

    Category and reason probabilities, the category named first of all, and risk scores.
    """

    category_NC: NDArray[np.float64]
    primary_N: NDArray[np.intp]
    reason_NR: NDArray[np.float64]
    risk_N: NDArray[np.float64]

    def reasons(self, chosen_NC: NDArray[np.bool_]) -> list[set[DenialReason]]:
        """The reasons that the predictor gives of the categories chosen, text by text."""
        return [
            {
                reason
                for c in np.flatnonzero(chosen_C)
                for reason in reasons_of(CATEGORIES[c], self.category_NC[i, c], self.reason_NR[i])
            }
            for i, chosen_C in enumerate(chosen_NC)
        ]


def _share(part_NC: NDArray[np.bool_], *, of: NDArray[np.bool_]) -> float:
    return float(part_NC.sum() / max(1, of.sum()))


def _int8_engine(quantized: "openvino.Model", stored: StoredModel) -> OpenVinoEngine:
    return OpenVinoEngine(quantized, padding_id=stored.tokenizer.padding_id, precision="int8")


def _answers(stored: StoredModel, engine: Engine, windows: Sequence[Sequence[Window]]) -> _Answers:
    reading = read_texts(engine, windows)
    calibration = stored.calibration
    return _Answers(
        primary_N=ranking(calibration, reading)[:, 0],
        category_NC=calibration.category_probabilities(reading.category_NC),
        reason_NR=calibration.reason_probabilities(reading.category_NC, reading.reason_NR),
        risk_N=calibration.risk_scores(reading.risk_N),
    )


def _windows(stored: StoredModel, texts: Sequence[str]) -> list[list[Window]]:
    tokens = stored.tokenizer.encode([mask(text).text for text in texts])
    return [stored.tokenizer.windows(tokenized.ids) for tokenized in tokens]


def _quantized(
    xml: Path, stored: StoredModel, texts: Sequence[str], float_layers: str
) -> "openvino.Model":
    load_openvino()
    with needs_extra("quantize"):
        import nncf  # noqa: PLC0415

    nncf.set_log_level(logging.ERROR)
    windows = [window for each in _windows(stored, texts) for window in each]
    inputs = list(_inputs(windows, padding_id=stored.tokenizer.padding_id))
    network = openvino_core().read_model(xml)
    float_layers = float_layers.replace("{last}", str(_last_layer(network)))
    model: openvino.Model = nncf.quantize(
        network,
        nncf.Dataset(inputs),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(inputs),
        # The heads are a hundredth of the work and the last to decide.
        ignored_scope=nncf.IgnoredScope(patterns=[_OUTSIDE_ENCODER, float_layers], validate=False),
    )
    return model


def _last_layer(network: "openvino.Model") -> int:
    names = (op.get_friendly_name() for op in network.get_ops())
    return max(int(number) for name in names for number in _LAYER.findall(name))


def _inputs(windows: Sequence[Window], *, padding_id: int) -> Iterator[dict[str, Any]]:
    for window in windows:
        batch = ShapedBatch(positions=(0,), num_tokens=padded_length(len(window.ids)))
        yield padded_arrays([window.ids], batch, padding_id)
