import math
from dataclasses import replace

import pytest
import torch
from accelerate.state import AcceleratorState

from training.checkpoint import CheckpointFolder
from training.config import (
    AugmentationConfig,
    LossConfig,
    OptimisationConfig,
    TrainingConfig,
)
from training.dataset import prepare
from training.errors import ResumeError
from training.loop import Trainer

FACTS = [
    ("DTI of 61% is over the limit", 1),
    ("employed for only 3 months", 2),
    ("two cards 90 days past due", 3),
    ("bankruptcy filed last year", 4),
    ("six inquiries in 90 days", 6),
    ("appraisal below the price", 7),
    ("no pay stubs in the file", 10),
]
PADDING = " Applicant requests an auto loan over 72 months."


@pytest.fixture(scope="module")
def texts(tiny_tokenizer, new_example):
    examples = [
        new_example(f"{fact}.{PADDING * n}", categories=(c,), quotes=((c, fact),), risk=0.3)
        for n in (0, 1)
        for fact, c in FACTS
    ]
    examples += [new_example(f"Approved.{PADDING * n}", risk=0.02) for n in (1, 2)]
    return prepare(examples, tiny_tokenizer)


def configured(*, checkpoint_every_steps=100, seed=1, **optimisation):
    values = {
        "num_epochs": 3,
        "texts_per_step": 5,
        "microbatch_tokens": 512,
        "encoder_learning_rate": 1e-3,
        "head_learning_rate": 5e-3,
        "train_word_embeddings": True,
        **optimisation,
    }
    return TrainingConfig(
        name="tiny",
        encoder="none",
        seed=seed,
        precision="fp32",
        checkpoint_every_steps=checkpoint_every_steps,
        optimisation=OptimisationConfig(**values),
        augmentation=AugmentationConfig(head_dropout=0.2),
    )


@pytest.fixture
def new_trainer(new_network, tiny_tokenizer, texts):
    def build(config, *, seed=0):
        network = new_network(seed=seed, head_dropout=config.augmentation.head_dropout)
        return Trainer(network, tokenizer=tiny_tokenizer, texts=texts, config=config), network

    return build


def folder(path, config):
    return CheckpointFolder(path, run={"config": config.model_dump(mode="json")})


def assert_equal_weights(found, expected):
    found, expected = found.state_dict(), expected.state_dict()
    assert found.keys() == expected.keys()
    different = [name for name in expected if not torch.equal(found[name], expected[name])]
    assert different == []


class KilledError(Exception):
    """The machine went down."""


def kill_at(step):
    def on_step(report):
        if report.step == step:
            raise KilledError

    return on_step


def test_training_on_sixteen_texts_lowers_the_loss(new_trainer, texts):
    assert len(texts) == 16
    reports = []
    trainer, _ = new_trainer(configured(num_epochs=15))
    trainer.run(on_step=reports.append)
    losses = [sum(report.losses.values()) for report in reports]
    assert len(losses) == trainer.num_steps == 15 * 4
    assert sum(losses[-8:]) < 0.7 * sum(losses[:8])
    for name in ["category", "order", "evidence"]:
        first, last = (sum(r.losses[name] for r in part) for part in (reports[:8], reports[-8:]))
        assert last < first, name
    assert not trainer.averaged_network.training


def test_a_report_tells_step_epoch_and_tokens(new_trainer, texts):
    reports = []
    trainer, _ = new_trainer(configured(num_epochs=2))
    trainer.run(on_step=reports.append)
    assert [report.step for report in reports] == list(range(1, 9))
    assert [report.epoch for report in reports] == [1] * 4 + [2] * 4
    assert {report.held_out_loss for report in reports} == {None}
    assert {report.num_steps for report in reports} == {8}
    tokens_of_epoch = sum(text.num_tokens for text in texts)
    assert sum(report.num_tokens for report in reports) == 2 * tokens_of_epoch
    assert {frozenset(r.losses) for r in reports} == {
        frozenset(["category", "denial", "order", "reason", "risk", "evidence"])
    }
    assert all(math.isfinite(value) for r in reports for value in r.losses.values())


def test_two_runs_of_one_configuration_end_with_the_same_weights(new_trainer):
    (first, network), (second, other) = (new_trainer(configured()) for _ in range(2))
    first.run()
    torch.rand(7)  # what else the process draws does not matter
    second.run()
    assert_equal_weights(other, network)
    assert_equal_weights(second.averaged_network, first.averaged_network)


def test_another_seed_ends_with_other_weights(new_trainer):
    (first, network), (second, other) = new_trainer(configured()), new_trainer(configured(seed=2))
    first.run()
    second.run()
    weights = "category_head.1.weight"
    assert not torch.equal(network.state_dict()[weights], other.state_dict()[weights])


@pytest.mark.parametrize(("killed_at", "every"), [(2, 1), (6, 2), (8, 3), (12, 5)])
def test_a_killed_and_resumed_run_ends_bit_for_bit_like_an_uninterrupted_one(
    new_trainer, tmp_path, killed_at, every
):
    config = configured(checkpoint_every_steps=every)
    uninterrupted, expected = new_trainer(config)
    uninterrupted.run()

    killed, _ = new_trainer(config)
    with pytest.raises(KilledError):
        killed.run(checkpoints=folder(tmp_path, config), on_step=kill_at(killed_at))
    resumed, network = new_trainer(config, seed=9)  # its weights come from the checkpoint
    reports = []
    resumed.run(checkpoints=folder(tmp_path, config), on_step=reports.append)

    last_saved = (killed_at - 1) // every * every
    assert [report.step for report in reports] == list(range(last_saved + 1, 13))
    assert (resumed.seconds_before > 0) == (last_saved > 0)
    assert_equal_weights(network, expected)
    assert_equal_weights(resumed.averaged_network, uninterrupted.averaged_network)


def test_a_finished_run_is_not_run_again(new_trainer, tmp_path):
    config = configured(num_epochs=1)
    done, _ = new_trainer(config)
    seconds = []
    done.run(
        checkpoints=folder(tmp_path, config), on_step=lambda step: seconds.append(step.seconds)
    )
    again, _ = new_trainer(config, seed=9)
    again.run(checkpoints=folder(tmp_path, config), on_step=kill_at(1))
    assert again.seconds_before > 0.9 * sum(seconds)
    assert_equal_weights(again.averaged_network, done.averaged_network)


def test_a_run_with_another_configuration_does_not_resume(new_trainer, tmp_path):
    config = configured(num_epochs=1)
    trainer, _ = new_trainer(config)
    trainer.run(checkpoints=folder(tmp_path, config))
    other = configured(num_epochs=2)
    resumed, _ = new_trainer(other)
    with pytest.raises(ResumeError, match=r"config\.optimisation\.num_epochs:"):
        resumed.run(checkpoints=folder(tmp_path, other))


@pytest.fixture
def other_texts(tiny_tokenizer, new_example):
    """Texts whose labels contradict those learned from: the more is learned, the worse."""
    examples = [
        new_example(f"{fact}.{PADDING}", categories=((c + 5) % 12,), quotes=(((c + 5) % 12, fact),))
        for fact, c in FACTS
    ]
    return prepare(examples, tiny_tokenizer)


def losses_held_out(trainer, **given):
    """Losses on the texts held out after each epoch of a run."""
    reports = []
    trainer.run(**{"on_step": reports.append, **given})
    assert {r.step % 4 for r in reports if r.held_out_loss is not None} <= {0}
    return [r.held_out_loss for r in reports if r.held_out_loss is not None]


def patient(new_network, tokenizer, texts, held_out, config, *, seed=0):
    network = new_network(seed=seed, head_dropout=0.2)
    return Trainer(network, tokenizer=tokenizer, texts=texts, config=config, held_out=held_out)


def test_a_run_stops_where_texts_held_out_gain_no_more_and_keeps_the_best(
    new_network, tiny_tokenizer, texts, other_texts
):
    config = configured(num_epochs=40, patience_epochs=3, average_decay=0.5)
    trainer = patient(new_network, tiny_tokenizer, texts, other_texts, config)
    losses = losses_held_out(trainer)
    best = losses.index(min(losses))
    assert len(losses) == best + 4 < 40
    kept, last = trainer.averaged_network, trainer._average.module
    weights = "category_head.4.weight"
    assert not torch.equal(kept.state_dict()[weights], last.state_dict()[weights])
    assert_equal_weights(trainer.averaged_network, kept)


def test_without_patience_all_epochs_are_run_and_nothing_is_measured(
    new_network, tiny_tokenizer, texts, other_texts
):
    trainer = patient(new_network, tiny_tokenizer, texts, other_texts, configured(num_epochs=5))
    assert losses_held_out(trainer) == []
    assert_equal_weights(trainer.averaged_network, trainer._average.module)


def test_a_killed_run_stops_where_an_uninterrupted_one_does(
    new_network, tiny_tokenizer, texts, other_texts, tmp_path
):
    config = configured(
        num_epochs=40, patience_epochs=3, average_decay=0.5, checkpoint_every_steps=3
    )

    def build(**given):
        return patient(new_network, tiny_tokenizer, texts, other_texts, config, **given)

    whole = build()
    losses = losses_held_out(whole)
    with pytest.raises(KilledError):
        build().run(
            checkpoints=folder(tmp_path, config), on_step=kill_at(4 * (len(losses) - 1) + 1)
        )
    resumed = build(seed=9)
    found = losses_held_out(resumed, checkpoints=folder(tmp_path, config))
    assert found == losses[-len(found) :]
    assert_equal_weights(resumed.averaged_network, whole.averaged_network)
    again = build(seed=9)
    again.run(checkpoints=folder(tmp_path, config), on_step=kill_at(1))
    assert_equal_weights(again.averaged_network, whole.averaged_network)


@pytest.fixture
def other_precision():
    """Lets accelerate, which keeps one for the whole process, be set up with another precision."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.usefixtures("other_precision")
def test_what_a_run_in_bf16_produces_computes_in_fp32(new_network, tiny_tokenizer, texts):
    config = configured(num_epochs=1).model_copy(update={"precision": "bf16"})
    trainer = Trainer(new_network(seed=0), tokenizer=tiny_tokenizer, texts=texts, config=config)
    trainer.run()
    made, plain = trainer.averaged_network, new_network(seed=1).eval()
    plain.load_state_dict(made.state_dict())
    ids_BT = torch.tensor([texts[0].windows[0].ids])
    is_token_BT = torch.ones_like(ids_BT, dtype=torch.bool)
    with torch.no_grad():
        found, expected = made(ids_BT, is_token_BT), plain(ids_BT, is_token_BT)
    assert torch.equal(found.category_BC, expected.category_BC)
    assert torch.equal(found.evidence_BTC, expected.evidence_BTC)


def test_the_average_follows_the_weights(new_trainer):
    trainer, network = new_trainer(configured(average_decay=0.0))
    trainer.run()
    assert_equal_weights(trainer.averaged_network, network)
    slow, moving = new_trainer(configured(average_decay=0.9))
    slow.run()
    weights = "category_head.1.weight"
    assert not torch.equal(
        slow.averaged_network.state_dict()[weights], moving.state_dict()[weights]
    )


def test_word_embeddings_stay_unless_asked_for_and_all_else_moves(new_trainer, new_network):
    trainer, network = new_trainer(configured(train_word_embeddings=False, num_epochs=1))
    trainer.run()
    before = dict(new_network().named_parameters())
    same = {n for n, value in network.named_parameters() if torch.equal(value, before[n])}
    assert same == {"encoder.embeddings.word_embeddings.weight"}


def learning_rates(trainer):
    """Peak rate and decay of each weight by name."""
    groups = trainer._optimizer.param_groups
    names = {id(p): name for name, p in trainer._network.named_parameters()}
    return {
        names[id(p)]: (group["initial_lr"], group["weight_decay"])
        for group in groups
        for p in group["params"]
    }


def test_lower_layers_learn_more_slowly_and_vectors_do_not_decay(new_trainer):
    trainer, network = new_trainer(
        configured(
            encoder_learning_rate=1e-3, head_learning_rate=1e-2, layer_decay=0.5, weight_decay=0.1
        )
    )
    rates = learning_rates(trainer)
    assert rates.keys() == {name for name, _ in network.named_parameters()}
    layer = "encoder.encoder.layer.{}.attention.self.query.{}"
    assert rates["category_head.1.weight"] == pytest.approx((1e-2, 0.1))
    assert rates["category_head.1.bias"] == pytest.approx((1e-2, 0.0))
    assert rates["evidence_scale"] == pytest.approx((1e-2, 0.0))
    assert rates[layer.format(1, "weight")] == pytest.approx((1e-3, 0.1))
    assert rates[layer.format(0, "weight")] == pytest.approx((5e-4, 0.1))
    assert rates[layer.format(0, "bias")] == pytest.approx((5e-4, 0.0))
    assert rates["encoder.embeddings.position_embeddings.weight"] == pytest.approx((2.5e-4, 0.1))
    assert rates["encoder.embeddings.LayerNorm.weight"] == pytest.approx((2.5e-4, 0.0))


def test_the_learning_rate_rises_to_its_peak_and_falls_to_zero(new_trainer):
    trainer, _ = new_trainer(configured(num_epochs=10, warmup_ratio=0.25, head_learning_rate=1.0))
    rates = [trainer._schedule.get_last_lr()[-1]]
    trainer.run(on_step=lambda _: rates.append(trainer._schedule.get_last_lr()[-1]))
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(1.0)
    assert 8 <= peak <= 10
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[0] > 0
    assert rates[-1] == 0


def test_a_part_of_weight_zero_moves_nothing_of_its_own(new_trainer, new_network):
    config = configured(num_epochs=1, weight_decay=0.0).model_copy(
        update={"losses": LossConfig(reason=0.0, risk=0.0)}
    )
    trainer, network = new_trainer(config)
    trainer.run()
    before = new_network().state_dict()
    moved = {
        name for name, value in network.state_dict().items() if not torch.equal(value, before[name])
    }
    assert not [name for name in moved if name.startswith(("reason_head", "risk_head"))]
    assert "category_head.1.weight" in moved


def test_a_run_goes_on_in_as_many_processes_as_it_was_begun_in(new_trainer, tmp_path):
    config = configured(num_epochs=1)
    trainer, _ = new_trainer(config)
    trainer.run(checkpoints=folder(tmp_path, config))
    state = folder(tmp_path, config).load()
    folder(tmp_path, config).save(replace(state, num_processes=2))
    resumed, _ = new_trainer(config)
    with pytest.raises(ResumeError, match="run in 2 processes, this one has 1"):
        resumed.run(checkpoints=folder(tmp_path, config))


def test_the_checkpoint_of_another_network_is_refused_with_a_way_out(new_trainer, tmp_path):
    config = configured(checkpoint_every_steps=1)
    trainer, _ = new_trainer(config)
    with pytest.raises(KilledError):
        trainer.run(checkpoints=folder(tmp_path, config), on_step=kill_at(3))
    state = folder(tmp_path, config).load()
    del state.network["risk_head.1.weight"]
    folder(tmp_path, config).save(state)
    resumed, _ = new_trainer(config)
    with pytest.raises(ResumeError, match="delete the checkpoint to start afresh"):
        resumed.run(checkpoints=folder(tmp_path, config))
