import re

import numpy as np
import pytest

from data_pipeline.domain.taxonomy import CATEGORIES, CATEGORY_REASONS, REASONS
from model_store.engine import int8
from model_store.engine.choice import EngineChoice, open_engine
from model_store.engine.int8 import FLOAT_LAYERS, GateFigures, GateLimits, compare, quantize
from model_store.engine.outputs import EngineLogits
from model_store.engine.runtime import openvino_core
from model_store.errors import QuantizationRefusedError

TEXTS = [
    "Applicant requests a $24,500 auto loan over 72 months; monthly income is $3,100.",
    "Back-end DTI of 51.2% is over the 45% limit, and two cards are 30 days past due.",
    "Employed for only 3 months, temporary contract; income could not be verified.",
    "No pay stubs, no tax return: the file is incomplete and we have no bank statement.",
]
NO_LIMITS = GateLimits(
    min_primary_agreement=0.0,
    min_stated_agreement=0.0,
    min_reason_agreement=0.0,
    max_omission=1.0,
    max_listed_omission=1.0,
    max_mean_risk_difference=100.0,
)
PERFECT = {
    "primary_agreement": 1.0,
    "stated_agreement": 1.0,
    "reason_agreement": 1.0,
    "omission": 0.0,
    "listed_omission": 0.0,
    "mean_risk_difference": 0.0,
}


class FixedEngine:
    """An engine that gives text i the category and reason logits of row i."""

    def __init__(self, rows, risk=0.0, reasons=0.0):
        self.rows, self.risk, self.reasons = rows, risk, reasons

    def logits(self, ids):
        found = EngineLogits.empty([len(row) for row in ids])
        found.category_WC[:] = self.rows
        found.reason_WR[:] = self.reasons
        found.risk_W[:] = self.risk
        return found


def rows(*stated):
    """Logits of texts for which just these categories are stated."""
    return [[9.0 if c in each else -9.0 for c in range(12)] for each in stated]


def quantized_products(kept):
    """Names of the matrix products of the encoder that are computed in int8."""
    return {
        op.get_friendly_name().partition("/")[0].partition("encoder.layer.")[2]
        for op in openvino_core().read_model(kept.xml).get_ordered_ops()
        if op.get_type_name() == "MatMul"
        and op.input_value(0).get_node().get_type_name() == "FakeQuantize"
    }


def test_the_gate_counts_what_changed(tiny_stored):
    right = FixedEngine(rows({0}, {1, 2}, {3}, {4}))
    found = FixedEngine(rows({0}, {1}, {3}, {5}), risk=1.0)
    figures = compare(tiny_stored, reference=right, candidate=found, texts=TEXTS)
    assert figures.primary_agreement == 3 / 4
    assert figures.stated_agreement == 2 / 4
    assert figures.omission == 2 / 5
    assert figures.mean_risk_difference == pytest.approx(100 * (1 / (1 + 2.718281828**-1) - 0.5))


def test_what_is_up_for_review_is_not_omitted(tiny_stored):
    right, found = rows({0}, {1}, {2}, {3}), rows({0}, {1}, {2}, set())
    found[3][3] = -1.0  # probability 0.27: above review, below state
    figures = compare(
        tiny_stored, reference=FixedEngine(right), candidate=FixedEngine(found), texts=TEXTS
    )
    assert (figures.stated_agreement, figures.omission) == (3 / 4, 0)


def test_other_reasons_of_the_same_categories_are_counted(tiny_stored):
    category = next(c for c in CATEGORIES if len(CATEGORY_REASONS[c]) > 1)
    c = CATEGORIES.index(category)
    first, second, *_ = (REASONS.index(reason) for reason in CATEGORY_REASONS[category])
    stated = rows({c}, {c}, {c}, set())
    right, found = np.full((2, 4, len(REASONS)), -9.0)
    right[:3, first] = 9.0
    found[:2, first] = found[2, second] = 9.0
    figures = compare(
        tiny_stored,
        reference=FixedEngine(stated, reasons=right),
        candidate=FixedEngine(stated, reasons=found),
        texts=TEXTS,
    )
    assert figures == GateFigures(**PERFECT | {"reason_agreement": 3 / 4})


def test_what_was_up_for_review_and_is_listed_nowhere_is_counted(tiny_stored):
    right, found = rows({0}, {1}, {2}, set()), rows({0}, {1}, {2}, set())
    right[3][3] = -1.0  # probability 0.27: above review, below state
    figures = compare(
        tiny_stored, reference=FixedEngine(right), candidate=FixedEngine(found), texts=TEXTS
    )
    assert figures == GateFigures(**PERFECT | {"listed_omission": 1 / 4})


def test_an_engine_agrees_with_itself(tiny_stored):
    engine = FixedEngine(rows({0}, {1}, {2}, set()))
    figures = compare(tiny_stored, reference=engine, candidate=engine, texts=TEXTS)
    assert figures == GateFigures(**PERFECT)
    assert GateLimits().broken_by(figures) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("primary_agreement", 0.96),
        ("stated_agreement", 0.94),
        ("reason_agreement", 0.94),
        ("omission", 0.01),
        ("listed_omission", 0.02),
        ("mean_risk_difference", 0.6),
    ],
)
def test_each_limit_can_be_broken(name, value):
    (broken,) = GateLimits().broken_by(GateFigures(**PERFECT | {name: value}))
    assert broken.startswith(name)


def test_texts_are_needed(tiny_stored, cache_dir):
    with pytest.raises(ValueError, match="texts to calibrate on"):
        quantize(tiny_stored, calibration_texts=[], gate_texts=TEXTS, cache_dir=cache_dir)


@pytest.mark.slow
def test_a_network_is_quantised_kept_and_found_or_refused_and_not_kept(tiny_stored, cache_dir):
    texts = {"calibration_texts": TEXTS[:3], "gate_texts": TEXTS[1:]}
    impossible = GateLimits(max_mean_risk_difference=-1.0)
    with pytest.raises(QuantizationRefusedError, match="mean_risk_difference"):
        quantize(tiny_stored, **texts, cache_dir=cache_dir, limits=impossible)
    choice = EngineChoice(cache_dir=cache_dir)
    assert "-int8" not in open_engine(tiny_stored, choice).identity
    kept, figures = quantize(tiny_stored, **texts, cache_dir=cache_dir, limits=NO_LIMITS)
    engine = open_engine(tiny_stored, choice)
    assert kept.digest[:12] in engine.identity
    assert kept.manifest.gate["omission"] == figures.omission
    found = quantized_products(kept)
    assert {"0.intermediate.dense", "0.attention.output.dense"} <= found
    assert "0.output.dense" not in found
    assert not any(name.startswith("1.") for name in found)  # the last layer


def spared(float_layers):
    """Products of a layer that stay out of int8, for four layers."""
    products = ("attention.self.key", "attention.output.dense", "intermediate.dense")
    names = [f"{layer}.{name}" for layer in range(4) for name in (*products, "output.dense")]
    pattern = re.compile(float_layers.replace("{last}", "3"))
    node = "__module.network.encoder.encoder.layer.{}/aten::linear/MatMul"
    return {name for name in names if pattern.fullmatch(node.format(name))}


def test_more_and_more_of_the_layers_is_spared():
    last = {f"3.{name}" for name in ("attention.self.key", "attention.output.dense")}
    last |= {"3.intermediate.dense", "3.output.dense"}
    first, second = ({name.replace("3.", f"{n}.", 1) for name in last} for n in (0, 1))
    down = {"1.output.dense", "2.output.dense"}
    assert [spared(float_layers) for float_layers in FLOAT_LAYERS] == [
        last | {"0.output.dense"},
        last | {"0.output.dense"} | down,
        last | first | down,
        last | first | second | down,
    ]


@pytest.mark.slow
def test_more_is_spared_where_what_is_tried_first_is_not_enough(
    tiny_stored, cache_dir, monkeypatch
):
    texts = {"calibration_texts": TEXTS[:3], "gate_texts": TEXTS[1:]}
    answers = (GateFigures(**PERFECT | {"mean_risk_difference": d}) for d in (0.6, 0.4))
    monkeypatch.setattr(int8, "compare", lambda *_, **__: next(answers))
    kept, figures = quantize(tiny_stored, **texts, cache_dir=cache_dir)
    assert figures.mean_risk_difference == 0.4
    assert next(answers, None) is None
    found = quantized_products(kept)
    assert "0.intermediate.dense" in found
    assert not found & {"0.output.dense", "1.output.dense"}
