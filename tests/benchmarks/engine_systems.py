"""What the engine benchmarks measure: models, texts, and every way to run a model here."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from random_encoders import encoder_config
from transformers import (
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
    pipeline,
)
from unjudged_int8 import quantize_unjudged

from data_pipeline.corpus.narratives import load_corpus
from model_store.artifact import Artifact, load_artifact, save_artifact, starter_directory
from model_store.calibration import Calibration
from model_store.engine.choice import EngineChoice, open_engine
from model_store.engine.outputs import DescribedEngine
from model_store.errors import BackendError
from model_store.figure_tokens import FigureRanges
from model_store.manifest import Manifest
from model_store.network import Network
from model_store.stored import StoredModel, open_stored
from model_store.windows import TextTokenizer

SEED = 20261120
BACKENDS = ("torch-fp32", "torch-bf16", "openvino-fp32", "openvino-bf16", "openvino-int8")

MODELS = ("bundled", "base", "tiny")


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A way to run a model.

    Attributes:
        name: backend and precision.
        answer: computes the answers for texts.
        engine: the engine behind it; None for a peer.
    """

    name: str
    answer: Callable[[Sequence[str]], object]
    engine: DescribedEngine | None = None


def corpus_texts() -> list[str]:
    """Returns the texts of the bundled corpus in a seeded order."""
    texts = [narrative.text for narrative in load_corpus()]
    random.Random(SEED).shuffle(texts)
    return texts


def texts_of_length(tokenizer: TextTokenizer, num_tokens: int) -> list[str]:
    """Cuts the corpus, put end to end, into texts of so many tokens, markers included."""
    whole = "\n\n".join(corpus_texts()[:300])
    offsets = tokenizer.encode([whole])[0].offsets
    step = num_tokens - 2
    starts = range(0, len(offsets) - step, step)
    return [whole[offsets[start][0] : offsets[start + step - 1][1]] for start in starts]


def window_ids(tokenizer: TextTokenizer, texts: Sequence[str]) -> list[tuple[int, ...]]:
    """Returns the token ids of all windows of texts."""
    return [w.ids for t in tokenizer.encode(texts) for w in tokenizer.windows(t.ids)]


def stored_model(name: str, work: Path) -> StoredModel:
    """Returns the bundled model, or one of RoBERTa-base's size with seeded random weights.

    Args:
        name: bundled, base, or tiny, which only tests the programs.
        work: where the random one is written.
    """
    starter = load_artifact(starter_directory())
    if name == "bundled":
        return open_stored(starter_directory())
    torch.manual_seed(SEED)
    artifact = Artifact(
        network=Network(encoder_config(name)).eval(),
        tokenizer=starter.tokenizer.with_figures(FigureRanges()),
        calibration=Calibration(),
        manifest=Manifest(name=f"random-{name}", version="0", created="2026-11-20"),
        card="# Random weights, for speed only\n",
    )
    save_artifact(artifact, work / name, storage="fp32")
    return open_stored(work / name)


def systems(
    stored: StoredModel, names: Sequence[str], *, work: Path, num_threads: int | None
) -> Iterator[System]:
    """Opens every way to run a model that is to be had here, and tells of the others.

    Args:
        stored: the model.
        names: of `BACKENDS`, and `transformers-fp32`, `transformers-bf16`.
        work: where converted models go.
        num_threads: CPU threads; None for one per core.
    """
    if "openvino-int8" in names:
        texts = corpus_texts()
        figures = quantize_unjudged(
            stored,
            calibration_texts=texts[:100],
            gate_texts=texts[100:300],
            cache_dir=work,
        )
        print(f"# int8 of {stored.manifest.model_version} against fp32: {figures}")
    for name in names:
        try:
            yield _open(stored, name, work=work, num_threads=num_threads)
        except BackendError as error:
            print(f"# {name} is left out: {error}")


def _open(stored: StoredModel, name: str, *, work: Path, num_threads: int | None) -> System:
    backend, precision = name.split("-")
    if backend == "transformers":
        return _pipeline(stored, name)
    choice = EngineChoice(
        engine=backend,  # type: ignore[arg-type]
        precision=precision,  # type: ignore[arg-type]
        num_threads=num_threads,
        cache_dir=work,
    )
    engine = open_engine(stored, choice)
    tokenizer = stored.tokenizer
    return System(
        name=name, answer=lambda texts: engine.logits(window_ids(tokenizer, texts)), engine=engine
    )


def _pipeline(stored: StoredModel, name: str) -> System:
    """transformers' own pipeline on the same encoder, with a linear head of 12 categories."""
    config = RobertaConfig.from_dict(dict(stored.encoder_config) | {"num_labels": 12})
    config.problem_type = "multi_label_classification"
    dtype = torch.bfloat16 if name.endswith("bf16") else torch.float32
    model = RobertaForSequenceClassification(config).eval()
    network = load_artifact(stored.directory).network
    model.roberta.load_state_dict(network.encoder.state_dict())
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(stored.directory / "tokenizer.json"),
        pad_token="<pad>",
        model_max_length=512,
    )
    classify = pipeline("text-classification", model=model.to(dtype), tokenizer=tokenizer)

    def answer(texts: Sequence[str]) -> object:
        return classify(list(texts), batch_size=min(32, len(texts)), truncation=True, top_k=None)

    return System(name=name, answer=answer)
