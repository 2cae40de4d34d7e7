import numpy as np
import pytest

from data_pipeline.examples import UNKNOWN
from model_store.calibration import Calibration
from training.coarse_labels import CoarseLabels, together
from training.evaluation.answers import truth_of_examples
from training.partial_calibration import fit_partial_calibration


@pytest.fixture
def labelled(new_example):
    """80 examples: half denied for one of two categories, half not denied."""
    return [
        new_example(f"file {n}", id=str(n), categories=(n % 4,) if n % 4 < 2 else (), risk=0.1)
        for n in range(80)
    ]


@pytest.fixture
def unexplained(new_example):
    """40 examples that were denied for any of the 12 categories."""
    return [
        new_example(
            f"denied {n}",
            id=f"denied {n}",
            category_targets=(UNKNOWN,) * 12,
            coarse_sets=(tuple(range(12)),),
            category_order=(),
        )
        for n in range(40)
    ]


def logits_of(truth, *, seed=0):
    """Logits of each text by itself that tell its labels, and those of its risk."""
    generator = np.random.default_rng(seed)
    noise_NC = generator.normal(size=truth.target_NC.shape, scale=1.5)
    category_NC = np.where(truth.target_NC, 1.0, -2.0) + noise_NC
    return category_NC.astype(np.float32), noise_NC[:, 0].astype(np.float32)


def test_a_denied_text_that_names_no_reason_teaches_nothing_of_the_categories(
    labelled, unexplained
):
    truth = truth_of_examples([*labelled, *unexplained])
    category_NC, risk_N = logits_of(truth)
    known_N = truth.labelled_N
    assert known_N.tolist() == [True] * 80 + [False] * 40
    found = fit_partial_calibration(category_NC, risk_N, truth)
    alone = fit_partial_calibration(category_NC[known_N], risk_N[known_N], truth.at(known_N))
    assert found == alone
    assert found.num_texts == 80


def test_a_text_without_logits_is_left_out(labelled):
    truth = truth_of_examples(labelled)
    category_NC, risk_N = logits_of(truth)
    told_N = np.arange(80) >= 20
    missing = np.where(told_N, risk_N, np.nan).astype(np.float32)
    found = fit_partial_calibration(np.where(told_N[:, None], category_NC, np.nan), missing, truth)
    assert found == fit_partial_calibration(category_NC[told_N], risk_N[told_N], truth.at(told_N))


def test_each_head_keeps_the_texts_that_have_its_logits(labelled):
    truth = truth_of_examples(labelled)
    category_NC, risk_N = logits_of(truth)
    whole = fit_partial_calibration(category_NC, risk_N, truth)
    no_risk = fit_partial_calibration(category_NC, np.full_like(risk_N, np.nan), truth)
    assert no_risk.categories == whole.categories
    assert no_risk.risk == Calibration().risk
    no_category = fit_partial_calibration(np.full_like(category_NC, np.nan), risk_N, truth)
    assert no_category.risk == whole.risk
    assert no_category.num_texts == 80


def test_logits_that_share_a_coarse_label_give_it_its_frequency_together(new_example):
    group = (3, 4, 5, 6)
    open_targets = tuple(UNKNOWN if c in group else 0.0 for c in range(12))
    examples = [
        new_example(
            f"file {n}", id=str(n), category_targets=open_targets, coarse_sets=(group,),
            category_order=(),
        )
        if n % 5 < 2
        else new_example(f"file {n}", id=str(n), categories=(0,) if n % 5 < 4 else ())
        for n in range(2000)
    ]  # fmt: skip
    truth = truth_of_examples(examples)
    category_NC, risk_N = logits_of(truth)
    shared = fit_partial_calibration(
        category_NC, risk_N, truth, coarse=CoarseLabels.of(examples)
    ).category_probabilities(category_NC)
    each = fit_partial_calibration(category_NC, risk_N, truth).category_probabilities(category_NC)
    assert together(shared, group).mean() == pytest.approx(0.4, abs=0.02)
    assert together(each, group).mean() > 0.5
