import copy
import sys

import numpy as np
import pytest
import torch
from transformers import RobertaModel

from data_pipeline.domain.taxonomy import CATEGORIES
from data_pipeline.errors import MissingExtraError
from model_store.explain import gradients
from model_store.explain.attribution import summed
from model_store.explain.gradients import integrated_gradients
from model_store.explain.layout import lay_out
from model_store.explain.replica import OpenNetwork, lexical_contributions
from model_store.explain.rollout import attention_rollout, rolled_out
from model_store.explain.shapley import partition_shap, word_tree
from model_store.explain.targets import TARGETS, text_targets
from model_store.lexical import LexicalLogits


def rows(read):
    ids = torch.tensor([read.windows[0].ids])
    return ids, torch.ones_like(ids, dtype=torch.bool)


def test_lexical_contributions_add_up_to_the_reading_without_its_bias(artifact, read):
    ids_BT, mask_BT = rows(read)
    lexical = artifact.network.lexical
    contribution_BTO = lexical_contributions(lexical, ids_BT, mask_BT)
    outcome_BO = contribution_BTO.sum(dim=1) + lexical.bias_O
    found, expected = LexicalLogits.of(outcome_BO), lexical(ids_BT, mask_BT)
    torch.testing.assert_close(found.category_BC, expected.category_BC, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found.risk_B, expected.risk_B, rtol=1e-4, atol=1e-4)
    assert not contribution_BTO[:, [0, -1]].any()


def test_an_open_network_says_what_the_network_says_and_leaves_it_alone(artifact, predictor, read):
    before = predictor.engine.logits([w.ids for w in read.windows])
    opened = OpenNetwork(artifact.network)
    ids_BT, mask_BT = rows(read)
    with torch.no_grad():
        found_BX = opened.targets(*opened.inputs(ids_BT, mask_BT), ids_BT, mask_BT)
    expected_NX, _ = text_targets(before, [read.windows])
    np.testing.assert_allclose(found_BX.numpy(), expected_NX, rtol=1e-4, atol=1e-4)
    after = predictor.engine.logits([w.ids for w in read.windows])
    assert (before.category_WC == after.category_WC).all()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["collateral", "bankruptcy", "risk"])
def test_integrated_gradients_are_complete_up_to_the_gap_they_state(artifact, read, target):
    def found(num_steps):
        return integrated_gradients(
            artifact.network,
            read,
            mask_id=artifact.tokenizer.mask_id,
            targets=[target],
            num_steps=num_steps,
        )

    fine = found(200)
    difference = fine.full_X - fine.baseline_X
    # The markers carry nothing: their embeddings are the same at both ends of the path.
    assert abs(fine.gap_X[0]) <= 0.03 * max(abs(difference[0]), 0.5)
    np.testing.assert_allclose(fine.value_UX.sum(axis=0), difference + fine.gap_X, atol=1e-4)
    assert fine.targets == (target,)
    assert fine.is_evidence


@pytest.mark.slow
def test_points_are_doubled_until_the_values_add_up_or_often_enough(artifact, read, monkeypatch):
    tried = []
    values = gradients._Path._values

    def counted(path, text, weights, target, *, num_steps):
        tried.append(num_steps)
        return values(path, text, weights, target, num_steps=num_steps)

    def gap(**options):
        tried.clear()
        found = integrated_gradients(
            artifact.network,
            read,
            mask_id=artifact.tokenizer.mask_id,
            targets=["collateral"],
            num_steps=1,
            **options,
        )
        return abs(found.gap_X[0]) / max(abs(found.full_X[0] - found.baseline_X[0]), 0.5)

    monkeypatch.setattr(gradients._Path, "_values", counted)
    monkeypatch.setattr(gradients, "MAX_GAP_RATIO", 0.02)
    assert gap(max_steps=1) > 0.02
    assert tried == [1]
    assert gap(max_steps=128) <= 0.02
    assert tried == [2**n for n in range(len(tried))]
    monkeypatch.setattr(gradients, "MAX_GAP_RATIO", 0.0)
    smallest = gap(max_steps=8)
    assert tried == [1, 2, 4, 8]
    assert smallest == min(gap(max_steps=n) for n in (1, 2, 4, 8))


@pytest.mark.slow
def test_a_network_of_bare_words_alone_gets_exactly_their_contributions(new_network, read):
    network = new_network(seed=1)
    fill = lexical_only(network)
    found = integrated_gradients(
        network, read, mask_id=4, targets=[str(c) for c in CATEGORIES], num_steps=3
    )
    contribution_TC = fill(read)
    expected_UC = [
        contribution_TC[w.first_token : w.stop_token].sum(axis=0) for w in lay_out(read).words
    ]
    np.testing.assert_allclose(found.value_UX, expected_UC, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.gap_X, 0, atol=1e-4)


def lexical_only(network):
    """Makes a linear model of a network, and returns what each token adds in it."""
    generator = torch.Generator().manual_seed(3)
    lexical = network.lexical
    lexical.folded_V[5:] = torch.arange(1, len(lexical.folded_V) - 4, dtype=torch.int32)
    lexical.rarity_K.fill_(1.0)
    lexical.weight_OK.copy_(torch.randn(lexical.weight_OK.shape, generator=generator))
    lexical.weight_OK[0] = 0.0  # a sure denial: each category's logit is its outcome's
    lexical.bias_O[0] = 40.0
    network.encoder_weight.fill_(0.0)
    network.lexical_weight.fill_(1.0)

    def contributions(read):
        ids_BT, mask_BT = rows(read)
        return lexical_contributions(lexical, ids_BT, mask_BT)[0, 1:-1, 1:-1].numpy()

    return contributions


@pytest.mark.slow
def test_shapley_values_add_up_to_the_difference_from_the_text_without_words(predictor, read):
    found = partition_shap(predictor.engine, read, max_evaluations=200)
    np.testing.assert_allclose(
        found.value_UX.sum(axis=0), found.full_X - found.baseline_X, atol=1e-4
    )
    np.testing.assert_allclose(found.gap_X, 0, atol=1e-4)
    assert found.targets == TARGETS
    assert np.abs(found.value_UX).max() > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("target", ["collateral", "risk"])
def test_a_long_text_is_explained_through_its_windows(artifact, predictor, target):
    (text,) = predictor.read(["Income of $3,100 a month, six inquiries, one collection. " * 40])
    assert len(text.windows) >= 2
    found = integrated_gradients(
        artifact.network, text, mask_id=artifact.tokenizer.mask_id, targets=[target], num_steps=20
    )
    logits = predictor.engine.logits([window.ids for window in text.windows])
    expected_NX, _ = text_targets(logits, [text.windows])
    assert found.full_X[0] == pytest.approx(expected_NX[0, TARGETS.index(target)], abs=1e-3)
    np.testing.assert_allclose(
        found.value_UX.sum(), found.full_X - found.baseline_X + found.gap_X, atol=1e-4
    )


def test_missing_captum_is_named(artifact, read, monkeypatch):
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(MissingExtraError, match="make install EXTRAS=explain"):
        integrated_gradients(artifact.network, read, mask_id=4, targets=["risk"])


def test_missing_shap_is_named(predictor, read, monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(MissingExtraError, match="make install EXTRAS=explain"):
        partition_shap(predictor.engine, read)


def test_the_tree_of_words_joins_each_once_and_ends_in_one(read):
    layout = lay_out(read)
    tree = word_tree(layout)
    num_words = len(layout.words)
    assert tree.shape == (num_words - 1, 4)
    assert sorted(tree[:, :2].ravel()) == list(range(2 * num_words - 2))
    assert tree[-1, 3] == num_words


def test_a_rollout_gives_shares_and_calls_itself_no_evidence(artifact, read):
    found = attention_rollout(artifact.network, read)
    assert not found.is_evidence
    assert (found.value_UX >= 0).all()
    assert 0 < found.value_UX.sum() <= 1 + 1e-6
    assert found.full_X == found.value_UX.sum(axis=0)


def test_a_rollout_is_that_of_every_layer_of_the_encoder(artifact, read):
    network = artifact.network
    plain = RobertaModel(copy.deepcopy(network.config), add_pooling_layer=False)
    plain.load_state_dict(network.encoder.state_dict())
    plain.eval().set_attn_implementation("eager")
    with torch.no_grad():
        layers = plain(rows(read)[0], output_attentions=True).attentions
    expected_T = rolled_out([layer[0] for layer in layers])[0, 1:-1]
    found = attention_rollout(network, read)
    assert found.value_UX.sum() == pytest.approx(float(expected_T.sum()), abs=1e-5)
    first = lay_out(read).words[0]
    expected = float(expected_T[first.first_token : first.stop_token].sum())
    assert found.value_UX[0, 0] == pytest.approx(expected, abs=1e-6)


def test_attention_that_stays_in_place_rolls_out_to_the_identity():
    identity_TT = torch.eye(3)
    torch.testing.assert_close(rolled_out([identity_TT[None]] * 4), identity_TT)


def test_one_layer_of_even_attention_gives_half_to_the_token_itself_and_half_to_all():
    rolled_TT = rolled_out([torch.full((2, 4, 4), 0.25)])
    torch.testing.assert_close(rolled_TT, torch.eye(4) / 2 + 0.125)


def test_a_last_layer_for_the_first_token_alone_rolls_out_to_the_first_row():
    layers = [torch.full((2, 4, 4), 0.25), torch.eye(4).expand(2, 4, 4).roll(1, dims=1)]
    expected_TT = rolled_out(layers)
    first_QT = rolled_out([layers[0], layers[1][:, :1]])
    torch.testing.assert_close(first_QT, expected_TT[:1])


def test_values_of_words_add_up_to_those_of_their_clauses(artifact, read):
    layout = lay_out(read)
    found = attention_rollout(artifact.network, read)
    larger = summed(found, layout.clauses)
    assert larger.units == layout.clauses
    np.testing.assert_allclose(larger.value_UX.sum(), found.value_UX.sum())
