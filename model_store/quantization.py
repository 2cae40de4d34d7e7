"""Weights as 8-bit integers with a scale for each group of columns.

Storage only: weights are decoded to fp32 on load, and the arithmetic is what it was.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

GROUP_SIZE = 64
"""Columns that share a scale; 2 bytes of scale for 64 bytes of weights."""

_SCALE_SUFFIX = "::scale"
_LARGEST = 127
_MATRIX = 2


def encode_int8(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns the tensors with every matrix as int8 and its scales, other fractions as fp32.

    Whole numbers stay what they are.

    A matrix of R x C becomes int8 of the same shape and, under its name with a suffix, fp16 scales
    of R x ceil(C / group). The largest value of a group is kept exactly up to the rounding of its
    scale.
    """
    encoded: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            encoded[name] = tensor
        elif tensor.ndim == _MATRIX and tensor.numel() >= GROUP_SIZE:
            encoded[name], encoded[name + _SCALE_SUFFIX] = _encode(tensor.float())
        else:
            encoded[name] = tensor.float()
    return encoded


def decode(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns fractions as fp32, int8 matrices multiplied by their scales, and other numbers."""
    return {
        name: _decode(tensor, tensors[name + _SCALE_SUFFIX])
        if name + _SCALE_SUFFIX in tensors
        else tensor.float()
        if tensor.is_floating_point()
        else tensor
        for name, tensor in tensors.items()
        if not name.endswith(_SCALE_SUFFIX)
    }


def _encode(matrix: Tensor) -> tuple[Tensor, Tensor]:
    grouped = _grouped(matrix)
    scale = grouped.abs().amax(dim=2) / _LARGEST
    scale = scale.clamp(min=torch.finfo(torch.float16).tiny).to(torch.float16)
    rounded = (grouped / scale.float()[:, :, None]).round().clamp(-_LARGEST, _LARGEST)
    return _ungrouped(rounded, matrix.shape[1]).to(torch.int8), scale


def _decode(matrix: Tensor, scale: Tensor) -> Tensor:
    return _ungrouped(_grouped(matrix.float()) * scale.float()[:, :, None], matrix.shape[1])


def _grouped(matrix: Tensor) -> Tensor:
    rows, columns = matrix.shape
    padding = -columns % GROUP_SIZE
    padded = torch.nn.functional.pad(matrix, (0, padding))
    return padded.view(rows, -1, GROUP_SIZE)


def _ungrouped(grouped: Tensor, columns: int) -> Tensor:
    return grouped.reshape(grouped.shape[0], -1)[:, :columns].contiguous()
