"""From texts to predictions: mask, tokenize, run the engine, calibrate, state reasons, quote."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data_pipeline.domain.application import MAX_TEXT_BYTES
from data_pipeline.domain.masking import MaskedText, mask
from data_pipeline.domain.taxonomy import (
    CATEGORIES,
    CATEGORY_REASONS,
    REASONS,
    DenialCategory,
    DenialReason,
)
from model_store.calibration import Calibration
from model_store.engine.outputs import Engine, EngineLogits
from model_store.errors import TextTooLongError
from model_store.evidence import select_spans, with_negations, word_bounds
from model_store.manifest import KnownAnswer, Manifest
from model_store.precedence import ranking
from model_store.reading import combine_texts
from model_store.stored import StoredModel, open_stored
from model_store.windows import TextTokenizer, TokenizedText, Window

if TYPE_CHECKING:
    from model_store.artifact import Artifact
    from model_store.engine.choice import EngineChoice

_IDENTIFIER_SHARE = 1e-6  # of its evidence, where an identifier stood
_MIN_REASON_SHARE = 0.5  # a further reason of a category is stated from this share of it on


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A quote that carries a reason.

    Attributes:
        start: first code point in the text as given.
        end: one past the last.
        quote: `text[start:end]`.
    """

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonPrediction:
    """A reason that a denial would rest on.

    Attributes:
        reason: the reason.
        category: its category.
        probability: probability of the reason, 0-1, never above its category's.
        evidence: one to three quotes, the weightiest first.
    """

    reason: DenialReason
    category: DenialCategory
    probability: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the model says of one text.

    Attributes:
        risk_score: chance of default within 12 months on the requested terms, percent (0-100).
        primary_category: category of the first principal reason; None when no reason is stated.
        categories: probability of each of the 12 categories, 0-1, in label order.
        ranked: all 12 categories as they are named: those stated, then those up for review, then
            the others, each part by likelihood and by how early it is told of.
        principal_reasons: reasons stated, in that order.
        review_reasons: reasons that a person must accept or dismiss, in that order.
        num_tokens: tokens of the masked text.
        num_windows: windows it was read in.
        model_version: name, version and digest of the model.
    """

    risk_score: float
    primary_category: DenialCategory | None
    categories: dict[DenialCategory, float]
    ranked: tuple[DenialCategory, ...]
    principal_reasons: tuple[ReasonPrediction, ...]
    review_reasons: tuple[ReasonPrediction, ...]
    num_tokens: int
    num_windows: int
    model_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadText:
    """A text on its way through.

    Attributes:
        masked: the text as given, its masked form, and the way back.
        tokens: the masked text as token ids.
        windows: what an engine reads of it, at least one window.
    """

    masked: MaskedText
    tokens: TokenizedText
    windows: tuple[Window, ...]

    def quotable(self, evidence_TC: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns evidence as quotes are chosen by it.

        White space weighs nothing, since a quote of it would be empty, and an identifier next to
        nothing, so that it is quoted only where nothing else is left. A negation weighs what
        follows it: "no funds" is not quoted as "funds".

        Args:
            evidence_TC: probability that each token carries each category, tokens x categories.
        """
        content, hidden = self.masked.text, np.zeros(len(self.masked.text), dtype=np.bool_)
        for replacement in self.masked.replacements:
            if replacement.is_placeholder:
                hidden[replacement.masked_start : replacement.masked_end] = True
        pieces = [content[start:end].strip() for start, end in self.tokens.offsets]
        start_T, end_T = np.array(self.tokens.offsets, dtype=np.intp).reshape(-1, 2).T
        num_hidden = np.concatenate([[0], np.cumsum(hidden)])
        share_T = np.where(num_hidden[end_T] > num_hidden[start_T], _IDENTIFIER_SHARE, 1.0)
        share_T[[not piece for piece in pieces]] = 0.0
        return with_negations(share_T[:, None] * evidence_TC, pieces)


class Predictor:
    """A loaded model that reads texts.

    Attributes:
        engine: what computes the logits of windows.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        tokenizer: TextTokenizer,
        calibration: Calibration,
        manifest: Manifest,
        directory: Path | None = None,
    ) -> None:
        """Puts the parts together; `load` does so from a directory."""
        self.engine = engine
        self._tokenizer = tokenizer
        self._calibration = calibration
        self._manifest = manifest
        self._directory = directory
        # Asked for by every answer, and the digest of all files each time.
        self._model_version, self._digest = manifest.model_version, manifest.digest

    @classmethod
    def load(cls, directory: Path, *, choice: "EngineChoice | None" = None) -> "Predictor":
        """Loads a stored model.

        Args:
            directory: the model's directory.
            choice: the engine to run it on; None for plain torch in fp32 on the CPU, which every
                other engine is measured against.

        Raises:
            ArtifactError: the directory holds no model that can be used.
            BackendError: the engine chosen cannot be had.
        """
        # What an engine does not need is not imported: torch and transformers take seconds.
        stored = open_stored(directory)
        if choice is None:
            from model_store.artifact import load_weights  # noqa: PLC0415

            return cls.from_artifact(load_weights(stored), directory=stored.directory)
        from model_store.engine.choice import open_engine  # noqa: PLC0415

        return cls.from_stored(stored, engine=open_engine(stored, choice))

    @classmethod
    def from_stored(cls, stored: StoredModel, *, engine: Engine) -> "Predictor":
        """Returns a predictor on a checked model directory and the engine that runs its network."""
        return cls(
            engine=engine,
            tokenizer=stored.tokenizer,
            calibration=stored.calibration,
            manifest=stored.manifest,
            directory=stored.directory,
        )

    @classmethod
    def from_artifact(
        cls, artifact: "Artifact", *, device: str = "cpu", directory: Path | None = None
    ) -> "Predictor":
        """Returns a predictor on a model in memory, with the plain torch engine.

        Args:
            artifact: the model.
            device: what torch computes on.
            directory: where the model was read from; None for nowhere.
        """
        from model_store.engine.torch_backend import TorchEngine  # noqa: PLC0415

        return cls(
            engine=TorchEngine(
                artifact.network, padding_id=artifact.tokenizer.padding_id, device=device
            ),
            tokenizer=artifact.tokenizer,
            calibration=artifact.calibration,
            manifest=artifact.manifest,
            directory=directory,
        )

    @property
    def tokenizer(self) -> TextTokenizer:
        """The tokenizer of the encoder."""
        return self._tokenizer

    @property
    def calibration(self) -> Calibration:
        """Maps and thresholds that turn logits into answers."""
        return self._calibration

    @property
    def model_version(self) -> str:
        """Name, version and digest of the model."""
        return self._model_version

    @property
    def digest(self) -> str:
        """Identity of the model: sha256 over the names and digests of its files."""
        return self._digest

    @property
    def directory(self) -> Path | None:
        """Local directory of the model; None for one that was never read from any."""
        return self._directory

    @property
    def known_answer(self) -> KnownAnswer | None:
        """What the model must say of one text on any backend; None for a model without one."""
        return self._manifest.known_answer

    @property
    def evaluation(self) -> dict[str, object]:
        """Figures measured on texts that the model was not trained on, by data set."""
        return self._manifest.metrics

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Reads texts; the answers come in the order given.

        Args:
            texts: rendered applications, none longer than `MAX_TEXT_BYTES` of UTF-8.

        Raises:
            TextTooLongError: a text is over the limit; nothing is read then.
        """
        read = self.read(texts)
        if not read:
            return []
        return self.decode(read, self.engine.logits([w.ids for t in read for w in t.windows]))

    def read(self, texts: Sequence[str]) -> list[ReadText]:
        """Masks and tokenizes texts, and lays out their windows; the first step of `predict`.

        Args:
            texts: rendered applications, none longer than `MAX_TEXT_BYTES` of UTF-8.

        Raises:
            TextTooLongError: a text is over the limit; nothing is read then.
        """
        for text in texts:
            num_bytes = len(text.encode("utf-8", "surrogatepass"))
            if num_bytes > MAX_TEXT_BYTES:
                raise TextTooLongError(num_bytes=num_bytes, max_bytes=MAX_TEXT_BYTES)
        masked = [mask(text) for text in texts]
        tokens = self._tokenizer.encode([text.text for text in masked])
        return [
            ReadText(masked=m, tokens=t, windows=tuple(self._tokenizer.windows(t.ids)))
            for m, t in zip(masked, tokens, strict=True)
        ]

    def decode(self, read: Sequence[ReadText], logits: EngineLogits) -> list[Prediction]:
        """Turns what an engine said into predictions, in order; the last step of `predict`.

        Args:
            read: the texts.
            logits: the engine's logits of their windows, in order.
        """
        if not read:
            return []
        reading = combine_texts(logits, [text.windows for text in read])
        ranked_NC = ranking(self._calibration, reading)
        probability_NC = self._calibration.category_probabilities(reading.category_NC)
        reason_NR = self._calibration.reason_probabilities(reading.category_NC, reading.reason_NR)
        risk_N = self._calibration.risk_scores(reading.risk_N)
        return [
            self._prediction(
                text,
                risk_score=float(risk_N[i]),
                probability_C=probability_NC[i],
                ranked=ranked_NC[i],
                reason_R=reason_NR[i],
                evidence_TC=text.quotable(reading.evidence[i]),
            )
            for i, text in enumerate(read)
        ]

    def _prediction(
        self,
        text: ReadText,
        *,
        risk_score: float,
        probability_C: NDArray[np.float64],
        ranked: NDArray[np.intp],
        reason_R: NDArray[np.float64],
        evidence_TC: NDArray[np.float64],
    ) -> Prediction:
        stated_C = probability_C >= self._calibration.state_C
        review_C = (probability_C >= self._calibration.review_C) & ~stated_C

        def reasons(chosen_C: NDArray[np.bool_]) -> tuple[ReasonPrediction, ...]:
            return tuple(
                ReasonPrediction(
                    reason=reason,
                    category=CATEGORIES[c],
                    probability=float(reason_R[REASONS.index(reason)]),
                    evidence=self._quotes(text, evidence_TC[:, c]),
                )
                for c in ranked[chosen_C[ranked]]
                for reason in reasons_of(CATEGORIES[c], probability_C[c], reason_R)
            )

        principal = reasons(stated_C)
        return Prediction(
            risk_score=risk_score,
            primary_category=principal[0].category if principal else None,
            categories={
                category: float(p) for category, p in zip(CATEGORIES, probability_C, strict=True)
            },
            ranked=tuple(CATEGORIES[c] for c in ranked),
            principal_reasons=principal,
            review_reasons=reasons(review_C),
            num_tokens=len(text.tokens.ids),
            num_windows=len(text.windows),
            model_version=self.model_version,
        )

    def _quotes(self, text: ReadText, probability_T: NDArray[np.float64]) -> tuple[Evidence, ...]:
        spans = select_spans(probability_T, threshold=self._calibration.evidence_threshold)
        quotes: list[Evidence] = []
        for span in spans:
            start, _ = text.tokens.offsets[span.start]
            _, stop = text.tokens.offsets[span.stop - 1]
            start, stop = text.masked.original_span(*word_bounds(text.masked.text, start, stop))
            if start < stop and not any(q.start < stop and start < q.end for q in quotes):
                quote = text.masked.original[start:stop]
                quotes.append(Evidence(start=start, end=stop, quote=quote))
        return tuple(quotes)


def reasons_of(
    category: DenialCategory, probability: float, reason_R: NDArray[np.float64]
) -> list[DenialReason]:
    """Returns the likeliest reason of a category, and any other that holds more likely than not.

    Args:
        category: a category that is stated or up for review.
        probability: its own probability, 0-1.
        reason_R: probability of each reason, in label order.
    """
    ranked = sorted(CATEGORY_REASONS[category], key=lambda r: -reason_R[REASONS.index(r)])
    cut = probability * _MIN_REASON_SHARE
    return [
        reason
        for position, reason in enumerate(ranked)
        if position == 0 or reason_R[REASONS.index(reason)] >= cut
    ]
