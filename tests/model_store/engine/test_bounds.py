"""The published bounds hold for every measurement in the result files."""

import json
from pathlib import Path

import pytest

from model_store.engine.bounds import COMPOSITION_BOUNDS

RESULTS = sorted((Path(__file__).parents[2] / "benchmarks" / "results").glob("*compositions.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_no_measured_difference_between_batches_is_over_its_bound(path):
    measured = json.loads(path.read_text())["differences"]
    assert measured
    for row in measured:
        backend, precision = row["system"].split("-")
        assert row["between_batches"] <= COMPOSITION_BOUNDS[backend, precision], row


def test_more_bits_never_promise_less():
    for (backend, precision), bound in COMPOSITION_BOUNDS.items():
        assert 0 < COMPOSITION_BOUNDS[backend, "fp32"] <= bound, precision
