"""From a torch network to one that OpenVINO runs; the only place where both are needed.

Run as a program, it converts a stored model in a process of its own, so that a server needs neither
the time nor the memory of torch: `python -m model_store.engine.conversion MODEL TARGET`.
"""

import copy
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from model_store.engine.batching import WINDOW_LENGTHS
from model_store.engine.derived import MODEL_XML
from model_store.engine.openvino_backend import OpenVinoEngine
from model_store.engine.runtime import ATTENTION_MASK, INPUT_IDS, OUTPUTS, load_openvino
from model_store.engine.tables import TabledReading
from model_store.engine.torch_backend import TorchEngine
from model_store.errors import ConversionError
from model_store.network import Network

if TYPE_CHECKING:
    import openvino

_TOLERANCE = 0.01  # of a logit, fp32 against fp32; 0.0001 is usual


class _Outputs(nn.Module):
    """The network with a tuple as output: a dataclass cannot be traced."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        logits = self.network(input_ids, attention_mask)
        return logits.category_BC, logits.reason_BR, logits.risk_B, logits.evidence_BTC


def convert(network: Network) -> "openvino.Model":
    """Converts a network for batches of any number of rows and tokens, in fp32.

    Rows must be padded to at least `WINDOW_LENGTHS[0]` tokens: what the network does for shorter
    ones is decided in Python, which a trace does not keep.

    Args:
        network: the network; put into evaluation mode.

    Raises:
        ConversionError: the converted network says something else than the one given.
    """
    openvino: Any = load_openvino()
    example = {
        INPUT_IDS: torch.full((2, WINDOW_LENGTHS[0]), 5),
        ATTENTION_MASK: torch.ones((2, WINDOW_LENGTHS[0]), dtype=torch.bool),
    }
    shapes = [(INPUT_IDS, [-1, -1], openvino.Type.i64)]
    shapes += [(ATTENTION_MASK, [-1, -1], openvino.Type.boolean)]
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # tracing warns of every constant it keeps
        from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder  # noqa: PLC0415

        traced = TorchScriptPythonDecoder(
            _Outputs(_exportable(network.eval())),
            example_input=example,
            # What the trace computes is compared below, with torch and on other lengths.
            trace_kwargs={"check_trace": False},
        )
        converted = openvino.convert_model(traced, input=shapes)
    for output, name in zip(converted.outputs, OUTPUTS, strict=True):
        output.get_tensor().set_names({name})
    _check(network, converted)
    return converted


def _exportable(network: Network) -> Network:
    exportable = copy.deepcopy(network)
    exportable.lexical = TabledReading(network.lexical)
    return exportable


def write_converted(network: Network, directory: Path) -> None:
    """Converts a network and writes it, weights in fp32, into a directory.

    Raises:
        ConversionError: the converted network says something else than the one given.
    """
    converted = convert(network)
    load_openvino().save_model(converted, directory / MODEL_XML, compress_to_fp16=False)


def _check(network: Network, converted: "openvino.Model") -> None:
    """Compares both on windows of all kinds of lengths, alone and in company."""
    padding_id = network.config.pad_token_id
    known = range(padding_id + 1, network.config.vocab_size)
    lengths = (2, 3, 9, 33, 34, 40, 200, 512)
    rows = [[known[i * 7919 % len(known)] for i in range(n)] for n in lengths]
    found = OpenVinoEngine(converted, padding_id=padding_id).logits(rows)
    expected = TorchEngine(network, padding_id=padding_id).logits(rows)
    pairs = [
        (found.category_WC, expected.category_WC),
        (found.reason_WR, expected.reason_WR),
        (found.risk_W, expected.risk_W),
        *zip(found.evidence, expected.evidence, strict=True),
    ]
    # numpy's maximum, unlike Python's, is not a number where one of them is none.
    largest = float(np.max([np.abs(a - b).max() for a, b in pairs]))
    if not largest <= _TOLERANCE:
        raise ConversionError(
            f"the converted network differs by {largest:.3g} from torch, at most {_TOLERANCE} is "
            "accepted: run with WHEREFORE_ENGINE=torch"
        )


def main() -> None:
    """Converts the stored model named first into the directory named second."""
    from model_store.artifact import load_artifact  # noqa: PLC0415

    model, target = map(Path, sys.argv[1:])
    torch.set_num_threads(1)
    write_converted(load_artifact(model).network, target)


if __name__ == "__main__":
    main()
