"""From which probability on a token is quoted: where quotes come nearest to the labelled ones.

Arrays: T tokens of a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_store.calibration import Calibration
from model_store.evidence import select_spans

_THRESHOLDS = tuple(float(t) for t in np.round(np.arange(0.05, 1.0, 0.05), 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTokens:
    """What a text's author quoted for a category, and what the evidence head says of it.

    Attributes:
        probability_T: probability that each token carries the category.
        inside_T: true inside a labelled quote.
    """

    probability_T: NDArray[np.float64]
    inside_T: NDArray[np.bool_]


def best_quote_threshold(labelled: Sequence[LabelledTokens]) -> float:
    """Returns the threshold whose quotes agree best with the labelled ones.

    Agreement is the mean F1 in tokens of the quotes as a prediction gives them, joined over gaps
    and within their budget; of equals the lowest threshold. A threshold that is best for single
    tokens is higher and quotes a few figures where authors quote the statement around them.

    Args:
        labelled: categories of texts held out; the default threshold for none.
    """
    if not labelled:
        return Calibration().evidence_threshold
    return max(_THRESHOLDS, key=lambda threshold: _agreement(labelled, threshold))


def _agreement(labelled: Sequence[LabelledTokens], threshold: float) -> float:
    return float(np.mean([_f1(each, threshold) for each in labelled]))


def _f1(labelled: LabelledTokens, threshold: float) -> float:
    spans = select_spans(labelled.probability_T, threshold=threshold)
    agreed = sum(int(labelled.inside_T[span.start : span.stop].sum()) for span in spans)
    quoted = sum(span.stop - span.start for span in spans)
    return 2 * agreed / (quoted + int(labelled.inside_T.sum()))
