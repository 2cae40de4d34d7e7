import copy
from types import SimpleNamespace

import pytest
import torch
from transformers import RobertaModel

from model_store.engine.torch_backend import pad_rows
from training import packing
from training.config import AugmentationConfig, OptimisationConfig, TrainingConfig
from training.dataset import prepare
from training.loop import Trainer
from training.optimisation import parameter_groups
from training.packing import pack, pack_where_it_helps, unpack

LENGTHS = (5, 40, 1, 17)


@pytest.fixture
def network(new_network):
    return new_network().train()


@pytest.fixture(scope="module")
def texts(tiny_tokenizer, new_example):
    fact = "two cards 90 days past due"
    examples = [
        new_example(f"{fact}.{' Applicant requests an auto loan.' * n}", categories=(3,), risk=0.3)
        for n in range(6)
    ]
    return prepare(examples, tiny_tokenizer)


def batch():
    return pad_rows([[0, *range(5, 3 + n), 2][:n] for n in LENGTHS], 1)


def gradients(network):
    """Gradients of a sum of all that a network says, by name of the weights."""
    said = network(*batch())
    evidence = said.evidence_BTC[batch()[1]]
    parts = (said.category_BC, said.reason_BR, said.risk_B, evidence)
    sum(part.square().mean() for part in parts).backward()
    return {name: p.grad for name, p in network.named_parameters() if p.grad is not None}


def test_a_packed_network_says_and_learns_what_a_padded_one_does(network):
    packed = copy.deepcopy(network)
    pack(packed)
    said, expected = packed(*batch()), network(*batch())
    for field in ("category_BC", "reason_BR", "risk_B"):
        torch.testing.assert_close(
            getattr(said, field), getattr(expected, field), rtol=0, atol=2e-5
        )
    found, right = gradients(packed), gradients(network)
    assert found.keys() == right.keys()
    for name, gradient in right.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-5, msg=name)


def test_packing_moves_no_weight_and_no_name(network):
    before = dict(network.named_parameters())
    config = OptimisationConfig()
    rates = [(group["lr"], len(group["params"])) for group in parameter_groups(network, config)]
    pack(network)
    assert isinstance(network.encoder, RobertaModel)
    assert all(network.get_parameter(name) is weight for name, weight in before.items())
    assert list(network.state_dict()) == list(copy.deepcopy(network).state_dict())
    packed = parameter_groups(network, config)
    assert [(group["lr"], len(group["params"])) for group in packed] == rates
    unpack(network)
    assert type(network.encoder) is RobertaModel
    assert all(network.get_parameter(name) is weight for name, weight in before.items())
    assert network(*batch()).risk_B.isfinite().all()


def trained(network, tokenizer, texts):
    """What three steps make of a network, and what the trainer gives."""
    config = TrainingConfig(
        name="tiny",
        encoder="none",
        seed=1,
        precision="fp32",
        optimisation=OptimisationConfig(num_epochs=1, texts_per_step=2),
        augmentation=AugmentationConfig(head_dropout=0),
    )
    trainer = Trainer(network, tokenizer=tokenizer, texts=texts, config=config)
    trainer.run()
    return trainer.averaged_network


def test_a_packed_run_ends_where_a_padded_one_does(network, tiny_tokenizer, texts):
    packed = copy.deepcopy(network)
    pack(packed)
    found = trained(packed, tiny_tokenizer, texts)
    assert type(found.encoder) is RobertaModel
    for name, weight in trained(network, tiny_tokenizer, texts).state_dict().items():
        if name.endswith("key.bias"):
            continue  # shifts all scores of a token alike: its gradient is rounding alone
        torch.testing.assert_close(found.state_dict()[name], weight, rtol=0, atol=2e-5, msg=name)


def test_processors_pad(network):
    assert not pack_where_it_helps(network, device=torch.device("cpu"))
    assert type(network.encoder) is RobertaModel


@pytest.mark.parametrize("fault", ["differs", "raises", "is no number"])
def test_packed_attention_that_says_something_else_is_left_alone(network, monkeypatch, fault):
    def difference(*_, **__):
        if fault == "raises":
            raise RuntimeError("no kernel for this device")
        return 0.2 if fault == "differs" else float("nan")

    monkeypatch.setattr(packing, "_largest_difference", difference)
    assert not pack_where_it_helps(network, device=SimpleNamespace(type="cuda"))
    assert type(network.encoder) is RobertaModel


def test_packed_is_compared_with_padded_in_logits_and_gradients(network, monkeypatch):
    device = torch.device("cpu")
    assert packing._largest_difference(network, device=device) < 0.05
    right = packing._logits_and_gradients

    def without_gradients(*args, packed, **kwargs):
        logits, gradients = right(*args, packed=packed, **kwargs)
        return logits, gradients * (not packed)

    monkeypatch.setattr(packing, "_logits_and_gradients", without_gradients)
    assert packing._largest_difference(network, device=device) == pytest.approx(1.0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="wants a GPU")
def test_a_gpu_packs(network):
    assert pack_where_it_helps(network, device=torch.device("cuda"))
