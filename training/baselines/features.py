"""Features of examples for baselines.

Arrays: N examples, F features, H hidden size, T tokens.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import RobertaModel

from data_pipeline.domain.application import LoanApplication
from data_pipeline.examples import Example
from model_store.engine.batching import token_budget_batches
from model_store.engine.torch_backend import pad_rows
from training.baselines.field_table import FeatureTable, feature_table
from training.starting import load_tokenizer

_WORDS = r"(?u)\b\w+\b|[%$]"


class Features(Protocol):
    """Turns examples into rows of numbers, dense or sparse."""

    def fit(self, examples: Sequence[Example]) -> Any:
        """Learns what there is to learn from examples and returns their N x F features."""

    def transform(self, examples: Sequence[Example]) -> Any:
        """Returns the N x F features of other examples."""


class NoFeatures:
    """One column of zeros: whoever uses it cannot tell examples apart."""

    def fit(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Learns nothing."""
        return self.transform(examples)

    def transform(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Returns N x 1 zeros."""
        return np.zeros((len(examples), 1))


class TfidfFeatures:
    """Term frequencies, dampened, of words and word pairs that occur in two texts at least."""

    def __init__(self) -> None:
        """Sets up; nothing is known before `fit`."""
        self._vectorizer = TfidfVectorizer(
            ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=_WORDS
        )

    def fit(self, examples: Sequence[Example]) -> Any:
        """Learns the words and their rarity."""
        return self._vectorizer.fit_transform([e.text for e in examples])

    def transform(self, examples: Sequence[Example]) -> Any:
        """Returns N x F sparse features; words not learned are not seen."""
        return self._vectorizer.transform([e.text for e in examples])


class FieldFeatures:
    """Application-time fields; see `training.baselines.field_table`."""

    def __init__(self, applications: Mapping[str, LoanApplication], *, fill: bool = False) -> None:
        """Takes the applications.

        Args:
            applications: the application of every example, by the example's id.
            fill: whether missing numbers become medians, with a column that says so, and columns
                are scaled, as linear models need.
        """
        self._applications = applications
        self._table: FeatureTable | None = None
        self._filled = (
            make_pipeline(
                SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
                StandardScaler(),
            )
            if fill
            else None
        )

    def fit(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Learns the levels of fields in words, and medians and scales."""
        self._table = feature_table([self._applications[e.id] for e in examples])
        values_NF = self._table.values_NF
        return values_NF if self._filled is None else self._filled.fit_transform(values_NF)

    def transform(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Returns N x F features, the columns those of `fit`."""
        if self._table is None:
            raise RuntimeError("call fit first")
        applications = [self._applications[e.id] for e in examples]
        values_NF = feature_table(applications, levels=self._table.levels).values_NF
        return values_NF if self._filled is None else self._filled.transform(values_NF)


class FrozenEncoderFeatures:
    """Vectors of a pretrained encoder, scaled column by column."""

    def __init__(self, vectors: "EncoderVectors") -> None:
        """Takes the encoder's vectors, which may be shared: they depend on the text alone."""
        self._vectors = vectors
        self._scaler = StandardScaler()

    def fit(self, examples: Sequence[Example]) -> Any:
        """Learns mean and spread of every column; raises what `EncoderVectors.of` raises."""
        return self._scaler.fit_transform(self._vectors.of([e.text for e in examples]))

    def transform(self, examples: Sequence[Example]) -> Any:
        """Returns N x H features; raises what `EncoderVectors.of` raises."""
        return self._scaler.transform(self._vectors.of([e.text for e in examples]))


class EncoderVectors:
    """Mean of the last hidden states of a pretrained encoder over the tokens of a text.

    A text of several windows is the mean over the tokens of all. Each text is read once.
    """

    def __init__(self, encoder: str) -> None:
        """Names the encoder; it is loaded when first needed.

        Args:
            encoder: directory or name of a RoBERTa encoder.
        """
        self._encoder = encoder
        self._known: dict[bytes, NDArray[np.float32]] = {}

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns N x H vectors.

        Raises:
            ConfigError: the encoder cannot be loaded.
        """
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in texts]
        new = {key: t for key, t in zip(keys, texts, strict=True) if key not in self._known}
        if new:
            self._known.update(zip(new, self._read(list(new.values())), strict=True))
        return np.stack([self._known[key] for key in keys])

    @torch.inference_mode()
    def _read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        tokenizer = load_tokenizer(self._encoder)
        network = RobertaModel.from_pretrained(
            self._encoder, add_pooling_layer=False, dtype=torch.float32
        ).eval()
        windows = [
            (i, window.ids)
            for i, text in enumerate(tokenizer.encode(texts))
            for window in tokenizer.windows(text.ids)
        ]
        total_NH = np.zeros((len(texts), network.config.hidden_size))
        num_tokens_N = np.zeros(len(texts))
        for batch in token_budget_batches([len(ids) for _, ids in windows]):
            ids_BT, mask_BT = pad_rows([windows[k][1] for k in batch], tokenizer.padding_id)
            hidden_BTH = network(ids_BT, mask_BT.long()).last_hidden_state * mask_BT[..., None]
            text_B = [windows[k][0] for k in batch]
            np.add.at(total_NH, text_B, hidden_BTH.sum(dim=1).double().numpy())
            np.add.at(num_tokens_N, text_B, mask_BT.sum(dim=1).double().numpy())
        return (total_NH / num_tokens_N[:, None]).astype(np.float32)
