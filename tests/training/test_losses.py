import math
from random import Random

import pytest
import torch
from torch.nn.functional import logsigmoid

from data_pipeline.domain.taxonomy import (
    CATEGORIES,
    CATEGORY_REASONS,
    REASON_CATEGORY_INDEX,
    REASONS,
)
from model_store.combining import TextLogits, combine_windows
from model_store.network import WindowLogits
from training.augmentation import leave_out_reason
from training.config import LossConfig
from training.dataset import collate, microbatches, prepare
from training.losses import (
    category_loss,
    coarse_loss,
    denial_loss,
    evidence_loss,
    loss_parts,
    order_loss,
    reason_loss,
    risk_loss,
)

TEXT = "Back-end DTI of 51.2% is over the 45% limit; two cards past due."
UNKNOWN = (-1.0,) * 12
LOG_2 = math.log(2)


@pytest.fixture
def batch_of(tiny_tokenizer, new_example):
    """Builds a batch of one text per set of labels."""

    def build(*labels, text=TEXT):
        examples = [new_example(text, **known) for known in labels]
        return collate(prepare(examples, tiny_tokenizer), padding_id=1)

    return build


def logit(probability):
    return math.log(probability / (1 - probability))


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


def zeros(*shape):
    return torch.zeros(shape, requires_grad=True)


def test_each_known_category_costs_its_cross_entropy(batch_of):
    category_NC = leaf([2.0] + [0.0] * 11)
    loss = category_loss(category_NC, batch_of({"categories": (0,)}))
    assert loss.item() == pytest.approx(math.log1p(math.exp(-2)) + 11 * LOG_2)


def test_smoothing_draws_the_targets_towards_one_half_and_leaves_unknown_ones_out(batch_of):
    batch = batch_of({"category_targets": (1.0, 0.0, *UNKNOWN[2:])})
    category_NC = leaf([logit(0.95), logit(0.05)] + [3.0] * 10)
    category_loss(category_NC, batch, smoothing=0.1).backward()
    assert category_NC.grad[0].tolist() == pytest.approx([0.0] * 12, abs=1e-6)
    assert (category_NC.grad[0, 2:] == 0).all()


def test_an_unknown_category_costs_nothing_and_teaches_nothing(batch_of):
    targets = (1.0, -1.0, 0.0, *UNKNOWN[3:])
    category_NC = leaf([0.0, 5.0, 0.0] + [-7.0] * 9)
    loss = category_loss(category_NC, batch_of({"category_targets": targets}))
    assert loss.item() == pytest.approx(2 * LOG_2)
    loss.backward()
    assert category_NC.grad.tolist() == [[-0.5, 0.0, 0.5] + [0.0] * 9]


def test_a_text_without_any_label_has_no_gradient_at_all(new_network, batch_of):
    batch = batch_of({"category_targets": UNKNOWN, "reason_targets": (-1.0,) * 29})
    network = new_network()
    windows = network(batch.ids_WT, batch.mask_WT)
    texts = combined(windows, batch)
    parts = loss_parts(texts, windows, batch, LossConfig())
    assert {name: part.item() for name, part in parts.items()} == dict.fromkeys(parts, 0.0)
    sum(parts.values()).backward()
    assert all(p.grad is None or not p.grad.any() for p in network.parameters())


def test_a_text_that_lost_its_only_reason_and_all_words_has_a_finite_gradient(
    new_network, tiny_tokenizer, new_example
):
    whole = new_example(TEXT, categories=(1,), quotes=((1, TEXT),), risk=0.4)
    emptied = leave_out_reason(whole, Random(0))
    assert emptied.text == ""
    batch = collate(prepare([emptied, emptied], tiny_tokenizer), padding_id=1)
    network = new_network()
    windows = network(batch.ids_WT, batch.mask_WT)
    parts = loss_parts(combined(windows, batch), windows, batch, LossConfig())
    assert parts["risk"].item() == parts["order"].item() == 0.0
    assert parts["category"] > 0
    sum(parts.values()).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in network.parameters())


def combined(windows, batch):
    return combine_windows(
        category_WC=windows.category_BC,
        reason_WR=windows.reason_BR,
        risk_W=windows.risk_B,
        denial_W=windows.denial_B,
        given_denial_WC=windows.given_denial_BC,
        text_W=batch.text_W,
        num_tokens_W=batch.num_tokens_W,
        num_texts=batch.num_texts,
    )


def test_what_is_known_of_denial_is_what_the_categories_say_of_it(batch_of):
    half_known = (-1.0, 0.0, *UNKNOWN[2:])
    batch = batch_of(
        {"categories": (1, 4)},
        {},
        {"category_targets": (-1.0, 1.0, *UNKNOWN[2:])},
        {"category_targets": UNKNOWN, "coarse_sets": ((0, 1),)},
        {"category_targets": half_known},
        {"category_targets": UNKNOWN},
    )
    denial_N = zeros(6)
    loss = denial_loss(denial_N, batch)
    assert loss.item() == pytest.approx(4 * LOG_2)
    loss.backward()
    assert denial_N.grad.tolist() == pytest.approx([-0.5, 0.5, -0.5, -0.5, 0.0, 0.0])


def test_a_denial_is_as_likely_as_that_any_of_its_chances_comes_true(batch_of):
    batch = batch_of({"category_targets": (0.3, 0.5, *(0.0,) * 10)})
    assert batch.denial_N.tolist() == pytest.approx([0.65])


def test_smoothed_labels_keep_a_denial_from_certainty(batch_of):
    denial_N = leaf(logit(0.95), logit(0.05))
    denial_loss(denial_N, batch_of({"categories": (1,)}, {}), smoothing=0.1).backward()
    assert denial_N.grad.tolist() == pytest.approx([0.0, 0.0], abs=1e-6)


def test_a_coarse_label_means_at_least_one_of_its_categories(batch_of):
    batch = batch_of({"category_targets": UNKNOWN, "coarse_sets": ((0, 1),)})
    category_NC = leaf([0.0] * 12)
    loss = coarse_loss(category_NC, batch)
    assert loss.item() == pytest.approx(-math.log(1 - 0.5 * 0.5))
    loss.backward()
    assert (category_NC.grad[0, :2] < 0).all()
    assert (category_NC.grad[0, 2:] == 0).all()
    assert category_loss(category_NC, batch).item() == 0.0


def test_one_likely_category_satisfies_a_coarse_label(batch_of):
    batch = batch_of({"category_targets": UNKNOWN, "coarse_sets": ((0, 1, 2),)})
    loss = coarse_loss(leaf([-20.0, 12.0, -20.0] + [0.0] * 9), batch)
    assert loss.item() == pytest.approx(0.0, abs=1e-5)


def test_coarse_labels_of_one_category_cost_what_the_category_costs(batch_of):
    category_NC = leaf([0.7] + [0.0] * 11)
    batch = batch_of({"category_targets": UNKNOWN, "coarse_sets": ((0,),)})
    expected = -logsigmoid(torch.tensor(0.7)).item()
    assert coarse_loss(category_NC, batch).item() == pytest.approx(expected)


def test_coarse_labels_of_several_texts_add_up(batch_of):
    one = {"category_targets": UNKNOWN, "coarse_sets": ((0, 1),)}
    two = {"category_targets": UNKNOWN, "coarse_sets": ((2, 3), (4, 5))}
    assert coarse_loss(zeros(2, 12), batch_of(one, two)).item() == pytest.approx(
        -3 * math.log(0.75)
    )
    assert coarse_loss(zeros(1, 12), batch_of({})).item() == 0.0


def test_the_first_category_is_told_from_all_others_and_the_second_from_those_left(batch_of):
    category_NC = zeros(1, 12)
    loss = order_loss(category_NC, batch_of({"categories": (4, 2)}))
    assert loss.item() == pytest.approx(math.log(12) + math.log(11))
    loss.backward()
    gradient_C = category_NC.grad[0]
    assert gradient_C[4] == pytest.approx(1 / 12 - 1)
    assert gradient_C[2] == pytest.approx(1 / 12 + 1 / 11 - 1)
    others = [c for c in range(12) if c not in (4, 2)]
    assert gradient_C[others].tolist() == pytest.approx([1 / 12 + 1 / 11] * 10)


def test_the_right_order_costs_less_than_the_reverse(batch_of):
    category_NC = leaf([0.0, 2.0, 0.0, 4.0] + [-4.0] * 8)
    right = order_loss(category_NC, batch_of({"categories": (3, 1)}))
    reverse = order_loss(category_NC, batch_of({"categories": (1, 3)}))
    assert right.item() < reverse.item()


def test_a_text_not_denied_has_no_order(batch_of):
    category_NC = zeros(2, 12)
    loss = order_loss(category_NC, batch_of({"categories": (4,)}, {}))
    assert loss.item() == pytest.approx(math.log(12))
    loss.backward()
    assert (category_NC.grad[1] == 0).all()
    assert order_loss(zeros(1, 12), batch_of({})).item() == 0.0


def test_an_order_is_learned_however_unlikely_the_denial_is_read(new_network, batch_of):
    batch = batch_of({"categories": (4, 1)})
    network = new_network()
    costs = []
    for bias in (8.0, -8.0):
        with torch.no_grad():
            network.denial_head[-1].bias.fill_(bias)
            windows = network(batch.ids_WT, batch.mask_WT)
        costs.append(loss_parts(combined(windows, batch), windows, batch, LossConfig())["order"])
    assert costs[0] > 0
    assert costs[0] == costs[1]


def text_logits(reason_NR):
    num_texts = len(reason_NR)
    return TextLogits(
        category_NC=zeros(num_texts, 12),
        reason_NR=reason_NR,
        risk_N=zeros(num_texts),
        denial_N=zeros(num_texts),
        given_denial_NC=zeros(num_texts, 12),
    )


def test_reasons_are_learned_inside_the_categories_that_hold(batch_of):
    reason_NR = zeros(2, 29)
    loss = reason_loss(text_logits(reason_NR), batch_of({"categories": (3,)}, {}))
    own = CATEGORY_REASONS[CATEGORIES[3]]
    assert loss.item() == pytest.approx(len(own) * LOG_2)
    loss.backward()
    touched = {REASONS[i] for i in reason_NR.grad[0].nonzero().flatten()}
    assert touched == set(own)
    assert reason_NR.grad[0, REASONS.index(own[0])] < 0  # the reason that is labelled
    assert (reason_NR.grad[1] == 0).all()


def test_an_unknown_reason_costs_nothing(batch_of):
    batch = batch_of({"categories": (3,), "reason_targets": (-1.0,) * 29})
    assert reason_loss(text_logits(zeros(1, 29)), batch).item() == 0.0


def test_reasons_are_learned_where_their_category_is_likelier_than_not(batch_of):
    chances = (0.6, 0.4, *(0.0,) * 10)
    batch = batch_of({"category_targets": chances, "reason_targets": (0.6,) * 29})
    reason_NR = zeros(1, 29)
    reason_loss(text_logits(reason_NR), batch).backward()
    taught = [-0.1 if category == 0 else 0.0 for category in REASON_CATEGORY_INDEX]
    assert reason_NR.grad[0].tolist() == pytest.approx(taught)


def test_the_risk_is_drawn_to_the_stated_probability_and_unknown_ones_count_nothing(batch_of):
    risk_N = leaf(0.0, 3.0, math.log(0.2 / 0.8))
    loss = risk_loss(risk_N, batch_of({"risk": 0.5}, {}, {"risk": 0.2}))
    entropy = -0.2 * math.log(0.2) - 0.8 * math.log(0.8)
    assert loss.item() == pytest.approx(LOG_2 + entropy, rel=1e-5)
    loss.backward()
    assert risk_N.grad.tolist() == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)
    assert risk_N.grad[1] == 0.0
    assert risk_loss(zeros(1), batch_of({})).item() == 0.0


def test_evidence_costs_the_mean_inside_the_quotes_and_the_mean_outside(batch_of):
    batch = batch_of({"categories": (1,), "quotes": ((1, "51.2%"),)}, {})
    inside_WTC = batch.evidence_WTC == 1
    evidence_WTC = torch.where(inside_WTC, 1.5, -0.5)
    num_inside, num_tokens = int(inside_WTC.sum()), int(batch.num_tokens_W[0]) - 2
    inside, outside = math.log1p(math.exp(-1.5)), math.log1p(math.exp(-0.5))
    quoted = 4 * inside + (12 * num_tokens - num_inside) / num_tokens * outside
    assert num_inside > 1
    loss = evidence_loss(evidence_WTC, batch, 4.0)
    assert loss.item() == pytest.approx(quoted + 12 * outside, rel=1e-5)


def test_evidence_teaches_nothing_at_markers_padding_and_texts_without_quotes(batch_of):
    batch = batch_of({"categories": (1,), "quotes": ((1, "51.2%"),)}, {"categories": (2,)})
    evidence_WTC = zeros(*batch.evidence_WTC.shape)
    evidence_loss(evidence_WTC, batch, 4.0).backward()
    unknown_WT = (batch.evidence_WTC < 0).all(dim=2)
    assert (evidence_WTC.grad[unknown_WT] == 0).all()
    assert (evidence_WTC.grad[~unknown_WT] != 0).all()
    assert unknown_WT[1].all()


def test_a_long_text_counts_as_much_evidence_as_a_short_one(batch_of):
    short, long = batch_of({}, text=TEXT), batch_of({}, text=TEXT * 60)
    assert len(long.ids_WT) > 1
    for batch in (short, long):
        evidence_WTC = zeros(*batch.evidence_WTC.shape)
        assert evidence_loss(evidence_WTC, batch, 4.0).item() == pytest.approx(12 * LOG_2, rel=1e-4)


def test_the_weights_of_the_configuration_scale_the_parts(new_network, batch_of):
    batch = batch_of({"categories": (1,), "quotes": ((1, "51.2%"),), "risk": 0.3})
    network = new_network()
    with torch.inference_mode():
        windows = network(batch.ids_WT, batch.mask_WT)
    texts = combined(windows, batch)
    weights = {
        "category": 1.0, "denial": 1.5, "order": 2.0, "reason": 0.0, "risk": 3.0, "evidence": 0.5,
    }  # fmt: skip
    ones = loss_parts(texts, windows, batch, LossConfig(**dict.fromkeys(weights, 1.0)))
    scaled = loss_parts(texts, windows, batch, LossConfig(**weights))
    assert ones.keys() == scaled.keys() == weights.keys()
    for name, weight in weights.items():
        assert ones[name] > 0
        assert scaled[name].item() == pytest.approx(weight * ones[name].item())


@torch.inference_mode()
def test_a_step_costs_the_same_however_it_is_cut_into_batches(
    new_network, tiny_tokenizer, new_example
):
    examples = [
        new_example(TEXT, categories=(1, 3), quotes=((1, "51.2%"), (3, "past due")), risk=0.4),
        new_example("Approved. " * 30, risk=0.02),
        new_example(TEXT * 40, categories=(2,)),
        new_example("Old record.", category_targets=UNKNOWN, coarse_sets=((0, 1),)),
        new_example("No collateral at all.", categories=(7,), quotes=((7, "collateral"),)),
    ]
    step = prepare(examples, tiny_tokenizer)
    network = new_network()
    totals = []
    for max_tokens in (512, 10_000_000):
        total, batches = {}, list(microbatches(step, padding_id=1, max_tokens=max_tokens))
        for batch in batches:
            windows = network(batch.ids_WT, batch.mask_WT)
            parts = loss_parts(combined(windows, batch), windows, batch, LossConfig())
            for name, part in parts.items():
                total[name] = total.get(name, 0.0) + part.item()
        totals.append((len(batches), total))
    (num_small, small), (num_large, large) = totals
    assert num_small > num_large == 1
    assert small == pytest.approx(large, rel=1e-5)
    assert all(value > 0 for value in large.values())


def test_the_loss_stays_finite_for_logits_of_any_size(batch_of):
    batch = batch_of(
        {"categories": (1,), "quotes": ((1, "51.2%"),), "risk": 0.4, "coarse_sets": ((0, 1),)}
    )
    for size in (-1e4, 1e4):
        category_NC = torch.full((1, 12), size, requires_grad=True)
        texts = TextLogits(
            category_NC=category_NC,
            reason_NR=torch.full((1, 29), size),
            risk_N=torch.full((1,), size),
            denial_N=torch.full((1,), size),
            given_denial_NC=category_NC,
        )
        windows = WindowLogits(
            category_BC=category_NC,
            reason_BR=texts.reason_NR,
            risk_B=texts.risk_N,
            denial_B=texts.denial_N,
            given_denial_BC=category_NC,
            evidence_BTC=torch.full(batch.evidence_WTC.shape, size),
        )
        loss = sum(loss_parts(texts, windows, batch, LossConfig()).values())
        loss.backward()
        assert loss.isfinite()
        assert category_NC.grad.isfinite().all()
