"""Exports a classifier for onnxruntime, in fp32 and quantised to int8, beside its other files."""

import argparse
import shutil
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForSequenceClassification

PRODUCTS = ("MatMul", "Gemm")
"""What int8 pays for; a table of embeddings in 8 bits would only lose accuracy."""


class LogitsOnly(torch.nn.Module):
    """The classifier as a function of two tensors."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Returns the logits."""
        logits: torch.Tensor = self.model(input_ids, attention_mask=attention_mask).logits
        return logits


def classifier_nodes(model: onnx.ModelProto) -> list[str]:
    """Returns the names of the two products after the encoder; this project spares them, too."""
    names = [node.name for node in model.graph.node if node.op_type in PRODUCTS][-2:]
    # A Gemm is made a MatMul of this name before it is quantised.
    return [*names, *(f"{name}_MatMul" for name in names)]


def export(source: Path, target: Path) -> None:
    """Writes fp32.onnx, int8.onnx and the tokenizer into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    model = AutoModelForSequenceClassification.from_pretrained(
        source, dtype=torch.float32, attn_implementation="eager"
    )
    ids = torch.randint(5, 1000, (2, 40))
    with tempfile.TemporaryDirectory(dir=target) as folder:
        whole, prepared = Path(folder) / "whole.onnx", Path(folder) / "prepared.onnx"
        torch.onnx.export(
            LogitsOnly(model.eval()),
            (ids, torch.ones_like(ids)),
            whole,
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_shapes=({0: "rows", 1: "tokens"}, {0: "rows", 1: "tokens"}),
            external_data=False,
            dynamo=True,
        )
        onnx.checker.check_model(whole)
        model_without_shapes = onnx.load(whole)
        # torch names the shapes of weights before it transposed them; quantisation infers its own.
        del model_without_shapes.graph.value_info[:]
        onnx.save(model_without_shapes, prepared)
        quantize_dynamic(
            prepared,
            Path(folder) / "int8.onnx",
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=list(PRODUCTS),
            nodes_to_exclude=classifier_nodes(model_without_shapes),
        )
        (Path(folder) / "int8.onnx").rename(target / "int8.onnx")
        whole.rename(target / "fp32.onnx")
    shutil.copy(source / "tokenizer.json", target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="folder that transformers reads")
    parser.add_argument("target", type=Path, help="folder to write")
    asked = parser.parse_args()
    export(asked.source, asked.target)
