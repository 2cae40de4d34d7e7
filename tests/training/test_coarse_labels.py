import numpy as np
import pytest
import torch

from data_pipeline.examples import UNKNOWN
from training.coarse_labels import CoarseLabels, groups_of, spread, together
from training.dataset import collate, prepare
from training.losses import coarse_loss

GROUP = (3, 4, 5, 6)
EVERY = tuple(range(12))


@pytest.fixture
def examples(new_example):
    """One certain label, one coarse, one of both kinds, one of any category, one not denied."""
    targets = tuple(UNKNOWN if c in GROUP else 0.0 for c in range(12))
    certain = tuple(1.0 if c == 4 else t for c, t in enumerate(targets))
    return [
        new_example("a", categories=(0,)),
        new_example("b", category_targets=targets, coarse_sets=(GROUP,), category_order=()),
        new_example("c", category_targets=certain, coarse_sets=(GROUP,), category_order=()),
        new_example("d", category_targets=(UNKNOWN,) * 12, coarse_sets=(EVERY,), category_order=()),
        new_example("e", categories=()),
    ]


def test_a_label_is_coarse_where_no_certain_one_answers_it_and_it_tells_anything(examples):
    coarse = CoarseLabels.of(examples)
    assert coarse.text_S.tolist() == [1]
    assert np.argwhere(coarse.open_NC).tolist() == [[1, c] for c in GROUP]
    assert groups_of(examples) == (GROUP,)


def test_labels_go_with_their_texts(examples):
    coarse = CoarseLabels.of(examples * 2).at(np.array([False, True] + [True] * 5 + [False] * 3))
    assert coarse.text_S.tolist() == [0, 5]
    assert coarse.num_texts == 6


def test_the_loss_is_that_of_training(examples, tiny_tokenizer):
    logit_NC = np.random.default_rng(0).normal(size=(2, 12))
    batch = collate(prepare(examples[:2], tiny_tokenizer), padding_id=tiny_tokenizer.padding_id)
    expected = coarse_loss(torch.from_numpy(logit_NC), batch).item()
    assert CoarseLabels.of(examples[:2]).loss(logit_NC) == pytest.approx(expected)
    absent = 1 / (1 + np.exp(logit_NC[1, list(GROUP)]))
    assert expected == pytest.approx(-np.log(1 - absent.prod()))


def test_no_label_costs_nothing_and_one_surely_missed_is_still_a_number():
    assert CoarseLabels.none(3).loss(np.zeros((3, 12))) == 0
    coarse = CoarseLabels(text_S=np.array([0]), category_SC=np.ones((1, 12), bool), num_texts=1)
    assert np.isfinite(coarse.loss(np.full((1, 12), -800.0)))


def test_what_is_spread_over_a_group_is_together_what_it_was():
    given_NC = np.random.default_rng(0).uniform(size=(5, 12))
    given_NC[0] = 1.0
    given_NC[1] = 0.0
    given_NC[:, list(GROUP)] = given_NC[:, [3]]
    shared_NC = spread(given_NC, (GROUP,))
    np.testing.assert_allclose(together(shared_NC, GROUP), given_NC[:, 3])
    others = [c for c in range(12) if c not in GROUP]
    np.testing.assert_array_equal(shared_NC[:, others], given_NC[:, others])
    assert (shared_NC[2:, 3] < given_NC[2:, 3]).all()
