import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.examples import EvidenceSpan
from training.config import AugmentationConfig
from training.dataset import collate, epoch_steps, mask_tokens, microbatches, prepare

TEXT = "Back-end DTI of 51.2% is over the 45% limit; two cards past due."
LONG = "Income of $3,100 a month. " * 80 + "One collection of $1,250.50. " + "Rent is paid. " * 60


def quoted(text, tokens, evidence_TC, category):
    """The text under the tokens labelled with a category."""
    labelled = [tokens.offsets[position] for position in np.flatnonzero(evidence_TC[:, category])]
    return text[min(start for start, _ in labelled) : max(end for _, end in labelled)]


def test_quotes_are_mapped_onto_the_tokens_that_overlap_them(tiny_tokenizer, new_example):
    example = new_example(
        TEXT, categories=(1, 3), quotes=((1, "DTI of 51.2%"), (3, "two cards past due"))
    )
    (text,) = prepare([example], tiny_tokenizer)
    (tokens,) = tiny_tokenizer.encode([TEXT])
    assert text.evidence_TC.shape == (len(tokens.ids), 12)
    assert quoted(TEXT, tokens, text.evidence_TC, 1) == "DTI of 51.2%"
    assert quoted(TEXT, tokens, text.evidence_TC, 3) == "two cards past due"
    assert set(np.flatnonzero(text.evidence_TC.any(axis=0))) == {1, 3}


@given(st.data())
def test_a_token_is_evidence_just_when_it_overlaps_the_quote(tiny_tokenizer, new_example, data):
    start = data.draw(st.integers(0, len(TEXT) - 1))
    end = data.draw(st.integers(start + 1, len(TEXT)))
    span = EvidenceSpan(start=start, end=end, category_index=7)
    (text,) = prepare([new_example(TEXT, categories=(7,), evidence=(span,))], tiny_tokenizer)
    (tokens,) = tiny_tokenizer.encode([TEXT])
    for (token_start, token_end), labels in zip(tokens.offsets, text.evidence_TC, strict=True):
        inside = set(range(token_start, token_end)) & set(range(start, end))
        assert labels[7] == bool(inside)
        assert not labels[:7].any()


def test_an_empty_text_is_one_window_without_evidence(tiny_tokenizer, new_example):
    (text,) = prepare([new_example("")], tiny_tokenizer)
    assert text.num_tokens == 2
    assert text.evidence_TC.shape == (0, 12)


def test_a_batch_carries_the_labels_of_its_texts(tiny_tokenizer, new_example):
    unknown = (-1.0,) * 12
    texts = prepare(
        [
            new_example(TEXT, categories=(3, 1), quotes=((1, "51.2%"),), risk=0.25),
            new_example("Approved.", risk=0.01),
            new_example(
                "An old record.", category_targets=unknown, coarse_sets=((0, 1), (4, 5, 6))
            ),
        ],
        tiny_tokenizer,
    )
    batch = collate(texts, padding_id=1)
    assert batch.num_texts == 3
    assert batch.text_W.tolist() == [0, 1, 2]
    assert batch.num_tokens_W.tolist() == [text.num_tokens for text in texts]
    assert batch.mask_WT.sum(dim=1).tolist() == batch.num_tokens_W.tolist()
    assert (batch.ids_WT[~batch.mask_WT] == 1).all()
    assert [row.nonzero().flatten().tolist() for row in batch.category_NC == 1] == [[1, 3], [], []]
    assert (batch.category_NC[2] == -1).all()
    assert batch.order_NK.tolist() == [[3, 1], [-1, -1], [-1, -1]]
    assert batch.coarse_text_G.tolist() == [2, 2]
    assert [row.nonzero().flatten().tolist() for row in batch.coarse_GC] == [[0, 1], [4, 5, 6]]
    assert batch.risk_N[:2].tolist() == pytest.approx([0.25, 0.01])
    assert math.isnan(batch.risk_N[2])


def test_evidence_is_known_inside_the_text_only_and_only_where_quotes_are(
    tiny_tokenizer, new_example
):
    texts = prepare(
        [
            new_example(TEXT, categories=(1,), quotes=((1, "51.2%"),)),
            new_example("Approved."),
            new_example("Denied, no quote.", categories=(2,)),
            new_example("Near.", category_targets=(0.4,) + (0.0,) * 11),
            new_example("Passed.", category_targets=(0.6,) + (0.0,) * 11),
        ],
        tiny_tokenizer,
    )
    labels_WTC = collate(texts, padding_id=1).evidence_WTC
    num_tokens = texts[0].num_tokens
    assert (labels_WTC[0, 0] == -1).all()  # the first-token marker
    assert (labels_WTC[0, num_tokens - 1 :] == -1).all()  # the end marker and padding
    assert set(labels_WTC[0, 1 : num_tokens - 1].unique().tolist()) == {0.0, 1.0}
    assert (labels_WTC[1, 1 : texts[1].num_tokens - 1] == 0).all()
    assert (labels_WTC[2] == -1).all()
    assert (labels_WTC[3, 1 : texts[3].num_tokens - 1] == 0).all()
    assert (labels_WTC[4] == -1).all()


def test_every_window_of_a_long_text_knows_its_own_evidence(tiny_tokenizer, new_example):
    quote = "One collection of $1,250.50"
    (text,) = prepare([new_example(LONG, categories=(4,), quotes=((4, quote),))], tiny_tokenizer)
    (tokens,) = tiny_tokenizer.encode([LONG])
    assert len(text.windows) > 2
    batch = collate([text], padding_id=1)
    assert batch.text_W.tolist() == [0] * len(text.windows)
    found = 0
    for window, labels_TC in zip(text.windows, batch.evidence_WTC, strict=True):
        inside_T = (labels_TC[1:-1, 4] == 1).numpy()
        expected_T = text.evidence_TC[window.start : window.start + window.num_text_tokens, 4]
        assert np.array_equal(inside_T[: len(expected_T)], expected_T)
        found += inside_T.any()
    assert found >= 1
    assert quoted(LONG, tokens, text.evidence_TC, 4) == quote


@pytest.fixture(scope="module")
def many_texts(tiny_tokenizer, new_example):
    sizes = np.random.default_rng(0).integers(1, 30, 83)
    return prepare(
        [new_example(f"{i}: " + "income " * size) for i, size in enumerate(sizes)], tiny_tokenizer
    )


@pytest.mark.parametrize("texts_per_step", [1, 2, 16, 83, 200])
def test_an_epoch_visits_every_text_once_in_steps_of_the_size_asked(many_texts, texts_per_step):
    steps = epoch_steps(many_texts, texts_per_step=texts_per_step, seed=5)
    visited = [text.example.text for step in steps for text in step]
    assert sorted(visited) == sorted(text.example.text for text in many_texts)
    assert len(steps) == math.ceil(len(many_texts) / texts_per_step)
    assert all(1 <= len(step) <= texts_per_step for step in steps)


def test_epochs_of_one_seed_are_alike_and_those_of_two_are_not(many_texts):
    def order(seed):
        steps = epoch_steps(many_texts, texts_per_step=4, seed=seed)
        return [[text.example.text for text in step] for step in steps]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_the_texts_of_a_step_are_of_similar_length(many_texts):
    def spread(steps):
        return sum(max(t.num_tokens for t in s) - min(t.num_tokens for t in s) for s in steps)

    in_given_order = [many_texts[i : i + 4] for i in range(0, len(many_texts), 4)]
    sorted_steps = epoch_steps(many_texts, texts_per_step=4, seed=0)
    assert spread(sorted_steps) < 0.5 * spread(in_given_order)


def test_microbatches_hold_every_text_of_a_step_once_and_stay_in_the_budget(
    many_texts, tiny_tokenizer, new_example
):
    long = prepare([new_example(LONG), new_example(LONG * 2)], tiny_tokenizer)
    step = [*many_texts[:20], *long]
    batches = list(microbatches(step, padding_id=1, max_tokens=1024))
    assert len(batches) >= 3
    assert sum(batch.num_texts for batch in batches) == len(step)
    assert sum(int(batch.mask_WT.sum()) for batch in batches) == sum(t.num_tokens for t in step)
    for batch in batches:
        assert batch.ids_WT.numel() <= 1024 or batch.num_texts == 1


@pytest.fixture(scope="module")
def quoted_batch(many_texts, tiny_tokenizer, new_example):
    example = new_example(TEXT, categories=(1,), quotes=((1, "51.2% is over"),))
    return collate([*prepare([example], tiny_tokenizer), *many_texts[:30]], padding_id=1)


def masked(batch, *, seed=0, **config):
    values = {"masked_texts_ratio": 1.0, "max_masked_tokens_ratio": 1.0, **config}
    return mask_tokens(
        batch,
        mask_id=4,
        config=AugmentationConfig(**values),
        generator=torch.Generator().manual_seed(seed),
    )


def test_masking_spares_quotes_first_tokens_and_padding(quoted_batch):
    inside_WT = (quoted_batch.evidence_WTC == 1).any(dim=2)
    spared_WT = inside_WT | ~quoted_batch.mask_WT
    spared_WT[:, 0] = True
    replaced_WT = torch.zeros_like(spared_WT)
    for seed in range(50):
        ids_WT = masked(quoted_batch, seed=seed)
        changed_WT = ids_WT != quoted_batch.ids_WT
        assert (ids_WT[changed_WT] == 4).all()
        assert not (changed_WT & spared_WT).any()
        replaced_WT |= changed_WT
    assert inside_WT.any()
    assert torch.equal(replaced_WT, ~spared_WT)  # every other token goes sooner or later


def test_masking_follows_from_the_generator_alone(quoted_batch):
    before = quoted_batch.ids_WT.clone()
    assert torch.equal(masked(quoted_batch, seed=3), masked(quoted_batch, seed=3))
    assert not torch.equal(masked(quoted_batch, seed=3), masked(quoted_batch, seed=4))
    assert torch.equal(quoted_batch.ids_WT, before)


@pytest.mark.parametrize("off", ["masked_texts_ratio", "max_masked_tokens_ratio"])
def test_masking_can_be_turned_off(quoted_batch, off):
    assert torch.equal(masked(quoted_batch, **{off: 0.0}), quoted_batch.ids_WT)


def test_masking_takes_the_share_of_texts_and_tokens_asked_for(quoted_batch):
    changed_texts, changed_tokens = [], []
    for seed in range(200):
        ids_WT = masked(
            quoted_batch, seed=seed, masked_texts_ratio=0.5, max_masked_tokens_ratio=0.4
        )
        changed_WT = ids_WT != quoted_batch.ids_WT
        changed_tokens.append(changed_WT.sum() / quoted_batch.mask_WT.sum())
        changed_texts.append(changed_WT.any(dim=1).float().mean())
    assert np.mean(changed_tokens) == pytest.approx(0.5 * 0.2, abs=0.02)
    assert 0.3 < np.mean(changed_texts) <= 0.5
