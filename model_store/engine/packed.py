"""A RoBERTa encoder without padding: all tokens of a batch in one row, attention window by window.

`PackedEncoder` has the weights of a `RobertaModel` and stands in for it inside a `Network` that
answers, `packed_states` does the same on the weights where they are (see `training.packing`). The
heads stay what they are: padded token ids go in, padded hidden states come out, and in between no
padding is computed; of the last layer only the first token of each window, since nothing else of it
is read (`model_store.last_layer`). On a GPU attention is torch's variable-length kernel; elsewhere
one attention over all tokens with a mask of blocks, which is the same function and serves to test
the layout.

Shape suffixes:

    B  windows in a batch          H  hidden size of the encoder
    T  longest window              A  attention heads
    N  tokens of all windows       D  size of a head
    W  windows, the filling included
"""

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional
from transformers import RobertaConfig, RobertaModel


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedLayout:
    """Where the tokens of a batch stand, in one row.

    Attributes:
        slot_N: place of each token in the padded batch, row x T + column; one past the end for
            tokens that only fill up the row.
        column_N: place of each token in its window.
        window_N: window of each token.
        starts: first token of each window, and the number of tokens, int32.
        shape: windows and columns of the padded batch.
        longest: tokens of the longest window, the filling included.
    """

    slot_N: Int[Tensor, " N"]
    column_N: Int[Tensor, " N"]
    window_N: Int[Tensor, " N"]
    starts: Int[Tensor, " _"]
    shape: tuple[int, int]
    longest: int

    @property
    def first_W(self) -> Int[Tensor, " W"]:
        """Place in the row of the first token of each window, that of the filling included."""
        # A filling of nothing has no token: whatever stands last is read for it, by nobody.
        return self.starts[:-1].long().clamp(max=len(self.slot_N) - 1)

    @classmethod
    def of(
        cls,
        lengths: Sequence[int],
        *,
        num_columns: int,
        num_tokens: int | None = None,
        longest: int = 0,
    ) -> "PackedLayout":
        """Lays out windows one behind the other.

        Args:
            lengths: tokens of each window, at least 1.
            num_columns: length to which the padded batch is padded.
            num_tokens: length to fill the row up to, as a further window of nothing; None for no
                filling.
            longest: least length to be named as that of the longest window.
        """
        filled = [*lengths] if num_tokens is None else [*lengths, num_tokens - sum(lengths)]
        counts = torch.tensor(filled)
        window_N = torch.repeat_interleave(torch.arange(len(filled)), counts)
        starts = torch.tensor([0, *accumulate(filled)], dtype=torch.int32)
        column_N = torch.arange(int(counts.sum())) - starts[window_N].long()
        real_N = window_N < len(lengths)
        slot_N = (window_N * num_columns + column_N).where(
            real_N, torch.tensor(len(lengths) * num_columns)
        )
        return cls(
            slot_N=slot_N,
            column_N=column_N.where(real_N, torch.tensor(0)),
            window_N=window_N,
            starts=starts,
            shape=(len(lengths), num_columns),
            longest=max(longest, *filled),
        )

    @classmethod
    def of_mask(cls, attention_mask_BT: Int[Tensor, "B T"]) -> "PackedLayout":
        """Lays out the windows of a padded batch, on its device, without filling."""
        lengths = attention_mask_BT.sum(dim=1).tolist()
        layout = cls.of(lengths, num_columns=attention_mask_BT.shape[1])
        return layout.to(attention_mask_BT.device)

    def to(self, device: torch.device | str) -> "PackedLayout":
        """Returns the layout on a device."""
        return PackedLayout(
            slot_N=self.slot_N.to(device),
            column_N=self.column_N.to(device),
            window_N=self.window_N.to(device),
            starts=self.starts.to(device),
            shape=self.shape,
            longest=self.longest,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedOutput:
    """What stands in for the output of a `RobertaModel`.

    Attributes:
        hidden_states: hidden states after the embeddings and after each layer, B x T x H, not a
            number for layers that nobody asked for; after the last one those of the first tokens,
            B x 1 x H.
    """

    hidden_states: tuple[Float[Tensor, "B _ H"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedLayer:
    """A layer of a RoBERTa encoder over packed tokens; what reads the same goes in one product.

    Attributes:
        weight: weights of queries, keys and values, one below the other, 3H x H.
        bias: their biases.
        num_heads: attention heads.
        attended: what follows attention: product, sum, norm.
        widened: the product that widens, with its activation.
        narrowed: what follows it: product, sum, norm.
    """

    weight: Float[Tensor, "_ H"]
    bias: Float[Tensor, " _"]
    num_heads: int
    attended: Any  # transformers is not typed
    widened: Any
    narrowed: Any

    @classmethod
    def of(cls, layer: nn.Module, *, num_heads: int) -> "PackedLayer":
        """Returns a layer that computes with the weights of one of transformers, where they are."""
        parts: Any = layer
        reading = parts.attention.self
        read = [reading.query, reading.key, reading.value]
        return cls(
            weight=torch.cat([part.weight for part in read]),
            bias=torch.cat([part.bias for part in read]),
            num_heads=num_heads,
            attended=parts.attention.output,
            widened=parts.intermediate,
            narrowed=parts.output,
        )

    def of_all(
        self, hidden_NH: Float[Tensor, "N H"], attention: "_Attention"
    ) -> Float[Tensor, "N H"]:
        """Returns the hidden states of all tokens after this layer."""
        projected = functional.linear(hidden_NH, self.weight, self.bias)
        read_N3AD = projected.view(len(hidden_NH), 3, self.num_heads, -1)
        return self._fed_forward(hidden_NH, attention(*read_N3AD.unbind(1)))

    def of_first(
        self,
        hidden_NH: Float[Tensor, "N H"],
        attention: "_Attention",
        first_W: Int[Tensor, " W"],
    ) -> Float[Tensor, "W H"]:
        """Returns the hidden states of the first tokens after this layer."""
        size = hidden_NH.shape[1]
        first_WH = hidden_NH[first_W]
        query_WH = functional.linear(first_WH, self.weight[:size], self.bias[:size])
        query_WAD = query_WH.view(len(first_WH), self.num_heads, -1)
        key_value_NH = functional.linear(hidden_NH, self.weight[size:], self.bias[size:])
        key_NAD, value_NAD = key_value_NH.view(len(hidden_NH), 2, self.num_heads, -1).unbind(1)
        return self._fed_forward(first_WH, attention.of_first(query_WAD, key_NAD, value_NAD))

    def _fed_forward(
        self, hidden_NH: Float[Tensor, "N H"], attended_NAD: Float[Tensor, "N A D"]
    ) -> Float[Tensor, "N H"]:
        attended_NH = self.attended.dense(attended_NAD.flatten(1))
        hidden_NH = self.attended.LayerNorm(hidden_NH + attended_NH)
        narrowed_NH = self.narrowed.dense(self.widened(hidden_NH))
        normed: Tensor = self.narrowed.LayerNorm(hidden_NH + narrowed_NH)
        return normed


def packed_states(
    input_ids: Int[Tensor, "B T"],
    layout: PackedLayout,
    *,
    embeddings: nn.Module,
    padding_id: int,
    layers: Sequence[PackedLayer],
    kept_layers: Container[int],
) -> PackedOutput:
    """Returns the hidden states of a padded batch, without computing its padding.

    Args:
        input_ids: token ids, padded on the right.
        layout: where its tokens stand in one row.
        embeddings: of transformers' RoBERTa.
        padding_id: its id of padding, from which positions count.
        layers: the layers; the last one is computed for the first tokens alone.
        kept_layers: layers whose hidden states are wanted beside the last one's, 0 for the
            embeddings.
    """
    ids_N = functional.pad(input_ids.flatten(), (0, 1), value=padding_id)[layout.slot_N]
    hidden_NH: Tensor = embeddings(
        input_ids=ids_N[None], position_ids=(layout.column_N + padding_id + 1)[None]
    )[0]
    attention = _Attention(layout, on_gpu=hidden_NH.is_cuda)
    *lower, last = layers
    states = [_padded(hidden_NH, layout, wanted=0 in kept_layers)]
    for number, layer in enumerate(lower, start=1):
        hidden_NH = layer.of_all(hidden_NH, attention)
        states.append(_padded(hidden_NH, layout, wanted=number in kept_layers))
    first_WH = last.of_first(hidden_NH, attention, layout.first_W)
    states.append(first_WH[: layout.shape[0], None])
    return PackedOutput(hidden_states=tuple(states))


def _padded(
    hidden_NH: Float[Tensor, "N H"], layout: PackedLayout, *, wanted: bool
) -> Float[Tensor, "B T H"]:
    num_rows, num_columns = layout.shape
    shape = (num_rows, num_columns, hidden_NH.shape[1])
    if not wanted:
        return hidden_NH.new_full((), math.nan).expand(shape)
    # One place more than the batch has takes what only fills up the row.
    padded = hidden_NH.new_zeros(num_rows * num_columns + 1, hidden_NH.shape[1])
    return padded.index_copy(0, layout.slot_N, hidden_NH)[:-1].view(shape)


class PackedEncoder(nn.Module):
    """A RoBERTa encoder that computes no padding; for inference."""

    def __init__(self, encoder: RobertaModel, *, kept_layers: Sequence[int]) -> None:
        """Takes the weights of an encoder over.

        Args:
            encoder: the encoder.
            kept_layers: layers whose hidden states are wanted beside the last one's, 0 for the
                embeddings.
        """
        super().__init__()
        self.config: RobertaConfig = encoder.config
        self.embeddings = encoder.embeddings
        self.layers: Sequence[_FusedLayer] = nn.ModuleList(  # type: ignore[assignment]
            _FusedLayer(layer, num_heads=self.config.num_attention_heads)
            for layer in encoder.encoder.layer
        )
        self.kept_layers = frozenset(kept_layers)
        self.layout: PackedLayout | None = None

    def forward(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Int[Tensor, "B T"],
        output_hidden_states: bool = True,
    ) -> PackedOutput:
        """Returns the hidden states of a padded batch.

        Args:
            input_ids: token ids, padded on the right.
            attention_mask: 1 where a token stands, 0 at padding.
            output_hidden_states: always true.
        """
        del output_hidden_states
        return packed_states(
            input_ids,
            PackedLayout.of_mask(attention_mask) if self.layout is None else self.layout,
            embeddings=self.embeddings,
            padding_id=self.config.pad_token_id,
            layers=[layer.packed() for layer in self.layers],
            kept_layers=self.kept_layers,
        )


class _FusedLayer(nn.Module):
    """A layer whose weights of queries, keys and values are kept in one matrix."""

    def __init__(self, layer: nn.Module, *, num_heads: int) -> None:
        super().__init__()
        read = PackedLayer.of(layer, num_heads=num_heads)
        self.num_heads = num_heads
        self.weight = nn.Parameter(read.weight.detach())
        self.bias = nn.Parameter(read.bias.detach())
        self.attended, self.widened, self.narrowed = read.attended, read.widened, read.narrowed

    def packed(self) -> PackedLayer:
        """Returns the layer as it is computed."""
        return PackedLayer(
            weight=self.weight,
            bias=self.bias,
            num_heads=self.num_heads,
            attended=self.attended,
            widened=self.widened,
            narrowed=self.narrowed,
        )


class _Attention:
    """Attention of every token to the tokens of its own window."""

    def __init__(self, layout: PackedLayout, *, on_gpu: bool) -> None:
        self._layout = layout
        self._on_gpu = on_gpu
        self._block_NN: Bool[Tensor, "N N"] | None = None
        if not on_gpu:
            self._block_NN = layout.window_N[:, None] == layout.window_N[None]

    def __call__(
        self,
        query_NAD: Float[Tensor, "N A D"],
        key_NAD: Float[Tensor, "N A D"],
        value_NAD: Float[Tensor, "N A D"],
    ) -> Float[Tensor, "N A D"]:
        """Returns what every token takes up."""
        if self._on_gpu:
            starts, most = self._layout.starts, self._layout.longest
            return self._by_length(
                query_NAD, key_NAD, value_NAD, query_starts=starts, most_queries=most
            )
        return _masked(query_NAD, key_NAD, value_NAD, self._block_NN)

    def of_first(
        self,
        query_WAD: Float[Tensor, "W A D"],
        key_NAD: Float[Tensor, "N A D"],
        value_NAD: Float[Tensor, "N A D"],
    ) -> Float[Tensor, "W A D"]:
        """Returns what the first token of each window takes up."""
        if self._on_gpu:
            alone = torch.arange(len(query_WAD) + 1, dtype=torch.int32, device=query_WAD.device)
            return self._by_length(
                query_WAD, key_NAD, value_NAD, query_starts=alone, most_queries=1
            )
        block_WN = None if self._block_NN is None else self._block_NN[self._layout.first_W]
        return _masked(query_WAD, key_NAD, value_NAD, block_WN)

    def _by_length(
        self, query: Tensor, key: Tensor, value: Tensor, *, query_starts: Tensor, most_queries: int
    ) -> Tensor:
        from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415

        starts, longest = self._layout.starts, self._layout.longest
        # One split: the same window gives the same bits whatever windows stand beside it.
        found: Any = varlen_attn(
            query, key, value, query_starts, starts, most_queries, longest, num_splits=1
        )
        return torch.as_tensor(found)


def _masked(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    found = functional.scaled_dot_product_attention(
        query.transpose(0, 1)[None],
        key.transpose(0, 1)[None],
        value.transpose(0, 1)[None],
        attn_mask=mask,
    )
    return found[0].transpose(0, 1)
