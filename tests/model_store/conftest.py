"""A tiny random RoBERTa and its tokenizer, for tests in which the weights do not matter."""

import copy
import os
from collections.abc import Callable, Iterator

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import RobertaConfig

from model_store.artifact import Artifact
from model_store.calibration import Calibration
from model_store.manifest import Manifest
from model_store.network import Network
from model_store.windows import TextTokenizer

SENTENCES = (
    "Applicant requests a $24,500 auto loan over 72 months; monthly income is $3,100.",
    "Back-end DTI of 51.2% is over the 45% limit, and two cards are 30 days past due.",
    "Employed for only 3 months, temporary contract; income could not be verified.",
    "Bankruptcy in 2022, one collection of $1,250.50 and six inquiries in the last 90 days.",
    "Appraisal came in at $310,000, below the price; reserves cover one month of payment.",
    "No pay stubs, no tax return: the file is incomplete and we don't have a bank statement.",
)


def last_linear(head: torch.nn.Module) -> torch.nn.Linear:
    """The layer that gives the logits of a head."""
    return [layer for layer in head.modules() if isinstance(layer, torch.nn.Linear)][-1]


@pytest.fixture(autouse=True)
def single_thread() -> Iterator[None]:
    """One torch thread, as on tensors this small more only get in each other's way; full precision.

    A training that ended in an error leaves a lower one behind.
    """
    before = torch.get_num_threads(), torch.get_float32_matmul_precision()
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    yield
    torch.set_num_threads(before[0])
    torch.set_float32_matmul_precision(before[1])


@pytest.fixture(scope="session")
def tiny_tokenizer() -> TextTokenizer:
    """A byte-level BPE tokenizer built like RoBERTa's, with 400 tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        show_progress=False,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), add_prefix_space=False
    )
    return TextTokenizer(tokenizer)


@pytest.fixture(scope="session")
def tiny_config() -> RobertaConfig:
    """The configuration of an encoder with 2 layers of 32 numbers."""
    return RobertaConfig(
        vocab_size=400,
        num_lexical_slots=512,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=514,
        type_vocab_size=1,
        initializer_range=0.2,  # with RoBERTa's 0.02 all texts would get nearly the same answers
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )


@pytest.fixture(scope="session")
def new_network(tiny_config: RobertaConfig) -> Callable[..., Network]:
    """Builds a tiny network with random weights, the same for the same seed."""

    def build(*, seed: int = 0, head_dropout: float = 0.0) -> Network:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            # Of its own configuration: transformers notes there which attention a model uses.
            network = Network(copy.deepcopy(tiny_config), head_dropout=head_dropout)
            # As after training: what starts at nothing takes part, evidence is no longer rare, and
            # there are reasons to name.
            for parameter in network.parameters():
                if parameter.ndim > 1 and not parameter.any():
                    torch.nn.init.normal_(parameter, std=0.2)
            torch.nn.init.zeros_(last_linear(network.evidence_head).bias)
            torch.nn.init.constant_(last_linear(network.denial_head).bias, 5.0)
            return network.eval()

    return build


@pytest.fixture(scope="session")
def new_artifact(
    new_network: Callable[..., Network], tiny_tokenizer: TextTokenizer
) -> Callable[..., Artifact]:
    """Builds a tiny model as it would be stored."""

    def build(
        *,
        seed: int = 0,
        calibration: Calibration | None = None,
        network: Network | None = None,
        tokenizer: TextTokenizer | None = None,
    ) -> Artifact:
        return Artifact(
            network=network or new_network(seed=seed),
            tokenizer=tokenizer or tiny_tokenizer,
            calibration=calibration or Calibration(),
            manifest=Manifest(name="tiny", version="0.0.1", created="2026-01-01"),
            card="# tiny\n\nRandom weights.\n",
        )

    return build
