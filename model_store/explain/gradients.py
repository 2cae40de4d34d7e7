"""Integrated gradients: what each word adds on the way from a text of masked words to the text.

The path runs through the output of the whole embeddings module (word, position and type, summed
and normalised) and, at the same time, through what each word adds lexically; attribution to word
embeddings alone would leave out what normalisation makes of them. The baseline has the mask token
in place of every word: positions stay, and the encoder has seen masked words in training. A text
longer than a window is explained in the window that decided the target; for the risk, in all.

Only torch has a backward pass, so this needs the network itself.

Source: Sundararajan, Taly, Yan: Axiomatic attribution for deep networks, 2017.

Shape suffixes: B rows, T tokens, H hidden size, O lexical outcomes, X targets.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data_pipeline.cli import needs_extra
from model_store.explain.attribution import Attribution
from model_store.explain.layout import Unit, lay_out
from model_store.explain.replica import OpenNetwork
from model_store.explain.targets import RISK, TARGETS, target_index
from model_store.network import Network
from model_store.predictor import ReadText
from model_store.windows import Window

DEFAULT_STEPS = 20
MAX_STEPS = 80
"""Up to so many points on a path are doubled while the values miss their sum."""

MAX_GAP_RATIO = 0.05
"""Largest gap that is left, as a share of what the values should add up to."""

MIN_DIFFERENCE_LOGIT = 0.5
"""Where text and baseline differ by less, a share of the difference tells nothing."""

_ROWS_AT_ONCE = 4


def integrated_gradients(
    network: Network,
    text: ReadText,
    *,
    mask_id: int,
    targets: Sequence[str],
    num_steps: int = DEFAULT_STEPS,
    max_steps: int = MAX_STEPS,
) -> Attribution:
    """Returns what each word adds to some targets, and how far the sum is from complete.

    Some paths are rougher than others, so the points of each target are doubled until its values
    add up to within `MAX_GAP_RATIO`, or the most points are reached; the smallest gap counts.

    Args:
        network: the network; it stays as it is.
        text: a text that a predictor has read.
        mask_id: token id of the mask token.
        targets: names of categories, reasons or `risk`; each is explained on its own.
        num_steps: points on the path at first, at least 1; more make the gap smaller.
        max_steps: they are doubled as long as they do not exceed this.

    Raises:
        MissingExtraError: captum is not installed.
        ValueError: a target is unknown.
    """
    words = lay_out(text).words
    path = _Path(network, mask_id=mask_id, num_steps=num_steps, max_steps=max_steps)
    columns = [path.along(text, target_index(target)) for target in targets]
    value_UX = np.array([_per_word(words, value_T) for value_T, _, _ in columns]).reshape(
        len(targets), len(words)
    )
    full_X = np.array([full for _, full, _ in columns])
    baseline_X = np.array([baseline for _, _, baseline in columns])
    total_X = np.array([value_T.sum() for value_T, _, _ in columns])
    return Attribution(
        method="integrated_gradients",
        units=words,
        targets=tuple(targets),
        value_UX=value_UX.T,
        full_X=full_X,
        baseline_X=baseline_X,
        gap_X=total_X - (full_X - baseline_X),
    )


class _Path:
    """Integrates along the way from the baseline of a window to the window."""

    def __init__(self, network: Network, *, mask_id: int, num_steps: int, max_steps: int) -> None:
        with needs_extra("explain"):
            from captum.attr import IntegratedGradients  # noqa: PLC0415
        self._open = OpenNetwork(network)
        self._device = next(network.parameters()).device
        self._mask_id = mask_id
        self._num_steps, self._max_steps = num_steps, max_steps
        self._method = IntegratedGradients(self._open.targets)

    def along(self, text: ReadText, target: int) -> tuple[NDArray[np.float64], float, float]:
        """Returns what each token of a text adds, and the target with and without them.

        With as few points as are enough for the values to add up, else with the best.
        """
        ends = [self._ends(window, target) for window in text.windows]
        weights = _weights(text.windows, [full for full, _ in ends], target)
        full, baseline = (float(np.dot(weights, end)) for end in zip(*ends, strict=True))

        def gap_ratio(value_T: NDArray[np.float64]) -> float:
            due = full - baseline
            return float(abs(value_T.sum() - due) / max(abs(due), MIN_DIFFERENCE_LOGIT))

        num_steps = self._num_steps
        best_T = self._values(text, weights, target, num_steps=num_steps)
        while gap_ratio(best_T) > MAX_GAP_RATIO and num_steps * 2 <= self._max_steps:
            num_steps *= 2
            value_T = self._values(text, weights, target, num_steps=num_steps)
            best_T = min(best_T, value_T, key=gap_ratio)
        return best_T, full, baseline

    def _values(
        self, text: ReadText, weights: NDArray[np.float64], target: int, *, num_steps: int
    ) -> NDArray[np.float64]:
        value_T = np.zeros(len(text.tokens.ids))
        for window, weight in zip(text.windows, weights, strict=True):
            if weight:
                inside = slice(window.start, window.start + window.num_text_tokens)
                value_T[inside] += weight * self._window(window, target, num_steps=num_steps)
        return value_T

    def _tokens(self, window: Window) -> tuple[Tensor, Tensor, Tensor]:
        ids_BT = torch.tensor([window.ids], device=self._device)
        baseline_BT = torch.full_like(ids_BT, self._mask_id)
        baseline_BT[:, [0, -1]] = ids_BT[:, [0, -1]]
        return ids_BT, baseline_BT, torch.ones_like(ids_BT, dtype=torch.bool)

    @torch.no_grad()
    def _ends(self, window: Window, target: int) -> tuple[float, float]:
        ids_BT, baseline_BT, mask_BT = self._tokens(window)
        full, baseline = (
            self._open.targets(*self._open.inputs(row_BT, mask_BT), ids_BT, mask_BT)[0, target]
            for row_BT in (ids_BT, baseline_BT)
        )
        return float(full), float(baseline)

    def _window(self, window: Window, target: int, *, num_steps: int) -> NDArray[np.float64]:
        ids_BT, baseline_BT, mask_BT = self._tokens(window)
        embedding_BTH, lexical_BTO = self._method.attribute(
            self._open.inputs(ids_BT, mask_BT),
            baselines=self._open.inputs(baseline_BT, mask_BT),
            target=target,
            additional_forward_args=(ids_BT, mask_BT),
            n_steps=num_steps,
            internal_batch_size=_ROWS_AT_ONCE,
        )
        value_T = embedding_BTH[0].sum(dim=1).double() + lexical_BTO[0].sum(dim=1).double()
        return np.asarray(value_T[1:-1].detach().cpu().numpy(), dtype=np.float64)


def _weights(windows: Sequence[Window], full: Sequence[float], target: int) -> NDArray[np.float64]:
    """How much each window has in the text's target: all, nothing, or its share of the tokens."""
    if TARGETS[target] == RISK:
        lengths = np.array([len(window.ids) for window in windows], dtype=np.float64)
        shares: NDArray[np.float64] = lengths / lengths.sum()
        return shares
    weights = np.zeros(len(windows))
    weights[int(np.argmax(full))] = 1.0
    return weights


def _per_word(words: Sequence[Unit], value_T: NDArray[np.float64]) -> list[float]:
    return [float(value_T[word.first_token : word.stop_token].sum()) for word in words]
