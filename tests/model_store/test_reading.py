import numpy as np
import pytest

from model_store.calibration import expit
from model_store.engine.outputs import EngineLogits
from model_store.reading import read_texts
from model_store.windows import Window


class CountingEngine:
    """An engine whose evidence at a token is its id, and whose logits are the last text id."""

    def logits(self, ids):
        logits = EngineLogits.empty([len(row) for row in ids])
        for position, row in enumerate(ids):
            logits.category_WC[position] = row[-2]
            logits.reason_WR[position] = row[-2] - 1
            logits.risk_W[position] = row[-2]
            logits.evidence[position][:] = np.array(row, np.float32)[:, None]
        return logits


def windows(*rows):
    return [Window(ids=(9, *ids, 9), start=start) for start, ids in rows]


def test_windows_of_each_text_are_combined_and_markers_left_out():
    first = windows((0, [1, 2, 3]), (1, [-2, 5, -4]))  # four tokens, two of them read twice
    second = windows((0, [7]))
    found = read_texts(CountingEngine(), [first, second])
    assert found.category_NC[:, 0].tolist() == [3, 7]
    assert found.reason_NR[:, 28].tolist() == [2, 6]
    assert found.risk_N.tolist() == pytest.approx([(3 - 4) / 2, 7])
    np.testing.assert_allclose(found.evidence[0][:, 3], expit(np.array([1.0, 2.0, 5.0, -4.0])))
    assert found.evidence[1].shape == (1, 12)


def test_a_text_without_tokens_has_no_evidence():
    (empty, other) = (windows((0, [])), windows((0, [4])))
    found = read_texts(CountingEngine(), [empty, other])
    assert [evidence.shape for evidence in found.evidence] == [(0, 12), (1, 12)]
