"""Shapley values of words by SHAP's partition explainer, on any engine.

A coalition is a text with the other words left out. Words form a tree: neighbours within a clause
join first, then clauses, so that the explainer spends its evaluations where a clause matters.

Source: Lundberg, Lee: A unified approach to interpreting model predictions, 2017.

Arrays: U words, K coalitions, X targets.
"""

import warnings
from collections.abc import Iterator, Sequence
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from data_pipeline.cli import needs_extra
from model_store.engine.outputs import Engine
from model_store.explain.attribution import Attribution
from model_store.explain.layout import Layout, Unit, lay_out
from model_store.explain.omission import Omissions, drop_of
from model_store.explain.targets import TARGETS
from model_store.predictor import ReadText

DEFAULT_EVALUATIONS = 500
_COALITIONS_AT_ONCE = 16


def partition_shap(
    engine: Engine, text: ReadText, *, max_evaluations: int = DEFAULT_EVALUATIONS
) -> Attribution:
    """Returns what each word adds to every target, by Shapley values over a tree of words.

    The values add up to the difference between the text and the same text without any word.

    Args:
        engine: what computes.
        text: a text that a predictor has read.
        max_evaluations: coalitions tried; with fewer than the tree needs, words of a branch that
            was not opened share its value.

    Raises:
        MissingExtraError: shap is not installed.
    """
    layout, omissions = lay_out(text), Omissions(engine, text)
    words = layout.words
    nothing_X = omissions.without([drop_of(words)])[0]
    value_UX = np.zeros((len(words), len(TARGETS)))
    if len(words) == 1:
        value_UX[0] = omissions.full_X - nothing_X
    elif words:
        value_UX = _explained(omissions, layout, max_evaluations)
    return Attribution(
        method="shap",
        units=words,
        targets=TARGETS,
        value_UX=value_UX,
        full_X=omissions.full_X,
        baseline_X=nothing_X,
        gap_X=value_UX.sum(axis=0) - (omissions.full_X - nothing_X),
    )


def word_tree(layout: Layout) -> NDArray[np.float64]:
    """Returns the tree of words as SciPy writes linkages, one row per join.

    Each row holds the two joined nodes, the number of the join, and the words below it.
    """
    rows: list[tuple[float, float, float, float]] = []
    num_words = len(layout.words)
    place = {word.first_token: position for position, word in enumerate(layout.words)}

    def join(nodes: Sequence[tuple[int, int]]) -> tuple[int, int]:
        if len(nodes) == 1:
            return nodes[0]
        half = len(nodes) // 2
        (left, left_size), (right, right_size) = join(nodes[:half]), join(nodes[half:])
        size = left_size + right_size
        rows.append((left, right, len(rows) + 1.0, size))
        return num_words + len(rows) - 1, size

    leaves = [
        [(place[word.first_token], 1) for word in words] for words in _by_clause(layout) if words
    ]
    join([join(nodes) for nodes in leaves])
    return np.array(rows, dtype=np.float64)


def _by_clause(layout: Layout) -> Iterator[list[Unit]]:
    for clause in layout.clauses:
        yield [
            word
            for word in layout.words
            if clause.first_token <= word.first_token < clause.stop_token
        ]


def _explained(omissions: Omissions, layout: Layout, max_evaluations: int) -> NDArray[np.float64]:
    shap = _shap()
    words = layout.words

    class _Words(shap.maskers.Masker):  # type: ignore[misc,name-defined]
        """Gives each coalition to the model as it is."""

        shape = (None, len(words))
        clustering = word_tree(layout)

        def __call__(self, mask: NDArray[np.bool_], _: object) -> NDArray[np.bool_]:
            return np.asarray(mask, dtype=bool)[None]

    def answers(kept_KU: NDArray[np.bool_]) -> NDArray[np.float64]:
        return omissions.without(
            [
                drop_of([word for word, kept in zip(words, kept_U, strict=True) if not kept])
                for kept_U in kept_KU.astype(bool)
            ]
        )

    explainer = shap.PartitionExplainer(answers, _Words())
    found = explainer(
        np.ones((1, len(words)), dtype=bool),
        max_evals=max_evaluations,
        batch_size=_COALITIONS_AT_ONCE,
        silent=True,
    )
    value_UX: NDArray[np.float64] = np.asarray(found.values[0], dtype=np.float64)
    return value_UX


def _shap() -> ModuleType:
    """Imports shap; what it warns of while it loads concerns its own plots."""
    with needs_extra("explain"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap  # noqa: PLC0415
    module: ModuleType = shap
    return module
