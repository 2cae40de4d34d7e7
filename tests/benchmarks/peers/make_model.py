"""Makes the model that all systems run: an encoder with one linear layer of 12 labels on it.

It is written twice, as a classifier of transformers and as a model directory of this project, and
both compute the same function. transformers' classifier applies tanh between two layers and this
project's head GELU, so both are given weights through which they are linear: tanh(e x) / e is x
for a small e, and gelu(x) - gelu(-x) is x. This project's network computes its other heads
(reasons, risk, evidence) all the same, so it does somewhat more than its peers.

Tokens of figures are left out on all sides, since only this project's tokenizer puts them in.

Sizes: `bundled` is the encoder of the bundled model, the layer fitted to what that model says of
its categories, so that an accuracy can be asked for; `base` is RoBERTa-base's size with seeded
random weights, for speed only; `tiny` is for tests of the benchmark.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch
from common_texts import CALIBRATION, FITTING, SEED, corpus_texts
from torch import Tensor, nn
from transformers import RobertaConfig, RobertaForSequenceClassification

from data_pipeline.domain.masking import mask
from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.artifact import Artifact, load_artifact, save_artifact, starter_directory
from model_store.calibration import Calibration
from model_store.engine.torch_backend import pad_rows
from model_store.errors import ModelError
from model_store.figure_tokens import FigureRanges
from model_store.manifest import Manifest
from model_store.network import Network
from model_store.stored import open_stored
from model_store.windows import TextTokenizer

sys.path.append(str(Path(__file__).parents[1]))
from random_encoders import encoder_config
from unjudged_int8 import quantize_unjudged

SIZES = ("tiny", "bundled", "base")
NUM_LABELS = len(CATEGORIES)
LARGEST_LOGIT = 8.0  # of the teacher: a probability of 0.9997
CERTAIN_LOGIT = 100.0
PENALTY = 10.0  # of the ridge regression, features standardised
TANH_SCALE = 1e-4  # tanh(x) is x to 7 digits below it


def make(size: str, folder: Path, *, cache_dir: Path) -> None:
    """Writes `folder`/transformers and `folder`/wherefore, and converts the latter to int8."""
    torch.manual_seed(SEED)
    starter = load_artifact(starter_directory())
    if size == "bundled":
        network = starter.network
        weight_CH, bias_C = fitted_layer(starter)
    else:
        network = Network(encoder_config(size)).eval()
        hidden = network.config.hidden_size
        weight_CH, bias_C = torch.randn(NUM_LABELS, hidden) * 2 / hidden**0.5, torch.zeros(12)
    write_classifier(network, starter, weight_CH, bias_C, folder / "transformers")
    make_linear(network, weight_CH, bias_C)
    artifact = replace(
        starter,
        network=network,
        tokenizer=starter.tokenizer.with_figures(FigureRanges()),
        calibration=Calibration(),
        manifest=Manifest(name=f"benchmark-{size}", version="0", created="2026-11-20"),
        card="# A model for benchmarks: it is not meant to be right\n",
    )
    save_artifact(artifact, folder / "wherefore", storage="fp32")
    try:
        texts = corpus_texts(CALIBRATION)
        quantize_unjudged(
            open_stored(folder / "wherefore"),
            calibration_texts=texts,
            gate_texts=texts[:8],
            cache_dir=cache_dir,
        )
    except ModelError as error:
        print(f"# int8 is left out: {error}")


def fitted_layer(starter: Artifact) -> tuple[Tensor, Tensor]:
    """Returns the linear layer on the first token that says most nearly what the model says."""
    words_alone = starter.tokenizer.with_figures(FigureRanges())
    texts = [mask(text).text for text in corpus_texts(FITTING)]
    slope_C = torch.tensor([c.slope for c in starter.calibration.categories])
    intercept_C = torch.tensor([c.intercept for c in starter.calibration.categories])
    first_NH, logit_NC = [], []
    with torch.inference_mode():
        for text in texts:
            ids_BT, mask_BT = _first_window(words_alone, text)
            first_NH.append(starter.network.first_token(ids_BT, mask_BT)[0])
            ids_BT, mask_BT = _first_window(starter.tokenizer, text)
            found_C = starter.network(ids_BT, mask_BT).category_BC[0] * slope_C + intercept_C
            logit_NC.append(found_C.clamp(-LARGEST_LOGIT, LARGEST_LOGIT))
    feature_NH, target_NC = torch.stack(first_NH).double(), torch.stack(logit_NC).double()
    mean_H, spread_H = feature_NH.mean(0), feature_NH.std(0) + 1e-6
    standard_NH, mean_C = (feature_NH - mean_H) / spread_H, target_NC.mean(0)
    gram_HH = standard_NH.T @ standard_NH + PENALTY * torch.eye(standard_NH.shape[1])
    weight_CH = torch.linalg.solve(gram_HH, standard_NH.T @ (target_NC - mean_C)).T / spread_H
    return weight_CH.float(), (mean_C - weight_CH @ mean_H).float()


def _first_window(tokenizer: TextTokenizer, text: str) -> tuple[Tensor, Tensor]:
    [tokens] = tokenizer.encode([text])
    return pad_rows([tokenizer.windows(tokens.ids)[0].ids], tokenizer.padding_id)


def write_classifier(
    network: Network, starter: Artifact, weight_CH: Tensor, bias_C: Tensor, folder: Path
) -> None:
    """Writes transformers' classifier of the same encoder and layer, with its tokenizer."""
    described = network.config.to_dict()
    for name in ("id2label", "label2id"):  # of two labels
        described.pop(name, None)
    config = RobertaConfig.from_dict(described | {"num_labels": NUM_LABELS})
    config.problem_type = "multi_label_classification"
    classifier = RobertaForSequenceClassification(config).eval()
    classifier.roberta.load_state_dict(network.encoder.state_dict())
    dense, output = classifier.classifier.dense, classifier.classifier.out_proj
    with torch.no_grad():
        for parameter in (dense.weight, dense.bias, output.weight):
            parameter.zero_()
        dense.weight[:NUM_LABELS] = weight_CH * TANH_SCALE
        output.weight[:, :NUM_LABELS] = torch.eye(NUM_LABELS) / TANH_SCALE
        output.bias.copy_(bias_C)
    classifier.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(starter.tokenizer.to_json(), encoding="utf-8")
    # By hand: what transformers 5 writes, transformers 4 does not read.
    tokenizer = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": 512,
        "bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>",
        "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>",
        "model_input_names": ["input_ids", "attention_mask"],
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer, indent=2))


def make_linear(network: Network, weight_CH: Tensor, bias_C: Tensor) -> None:
    """Makes the category logits of a network a linear layer on the first token.

    There is a denial for certain, so that what is given one is all there is to say.
    """
    first, second = network.category_head[1], network.category_head[4]
    if not isinstance(first, nn.Linear) or not isinstance(second, nn.Linear):
        raise TypeError("expected the category head to be two linear layers around a GELU")
    with torch.no_grad():
        for parameter in (first.weight, first.bias, second.weight):
            parameter.zero_()
        first.weight[:NUM_LABELS] = weight_CH
        first.weight[NUM_LABELS : 2 * NUM_LABELS] = -weight_CH
        second.weight[:, :NUM_LABELS] = torch.eye(NUM_LABELS)
        second.weight[:, NUM_LABELS : 2 * NUM_LABELS] = -torch.eye(NUM_LABELS)
        second.bias.copy_(bias_C)
        *_, denial_weight, denial_bias = network.denial_head.parameters()
        denial_weight.zero_()
        denial_bias.fill_(CERTAIN_LOGIT)
        for added in (network.evidence_scale, network.passage_weight_CH):
            added.zero_()
        network.lexical_weight.zero_()
        network.encoder_weight.fill_(1.0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("--cache-dir", type=Path, required=True, help="converted models")
    asked = parser.parse_args()
    make(asked.size, asked.folder, cache_dir=asked.cache_dir)
