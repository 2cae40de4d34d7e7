"""Measuring a stored model through the same predictor that serves."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from data_pipeline.corpus.narratives import Narrative
from model_store.predictor import Prediction
from training.evaluation.answers import (
    Answers,
    answers_of_predictions,
    with_quotes,
)
from training.evaluation.figures import FIGURES
from training.evaluation.labelled import LabelledTexts, labelled_narratives
from training.evaluation.merging import merged_answers

_TEXTS_PER_CALL = 32


class PredictsTexts(Protocol):
    """Anything that reads texts as `model_store.predictor.Predictor` does."""

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Returns one prediction per text, in order."""


def evaluate(
    predictor: PredictsTexts, texts: LabelledTexts | Sequence[Narrative]
) -> dict[str, object]:
    """Returns the figures of a model on labelled texts, by name.

    Returns:
        `num_texts`, `num_denied` and every figure of `training.evaluation.figures`; None where a
        figure is not defined.
    """
    labelled = (
        texts if isinstance(texts, LabelledTexts) else labelled_narratives(texts, name="narratives")
    )
    answers = ask(predictor, labelled)
    once = np.ones((1, len(labelled)))
    values = {f.name: float(f.of(labelled.truth, answers, once)[0]) for f in FIGURES}
    return {
        "num_texts": len(labelled),
        "num_denied": int((labelled.truth.denied_N == 1).sum()),
        **{name: None if np.isnan(value) else value for name, value in values.items()},
    }


def ask(
    predictor: PredictsTexts,
    labelled: LabelledTexts,
    *,
    on_texts: Callable[[int], None] = lambda _: None,
) -> Answers:
    """Returns what a model answers on labelled texts.

    Args:
        predictor: the model.
        labelled: the texts; quotes are judged where they are narratives.
        on_texts: called with the number of texts of every call.
    """
    predictions: list[Prediction] = []
    for start in range(0, len(labelled), _TEXTS_PER_CALL):
        texts = labelled.texts[start : start + _TEXTS_PER_CALL]
        predictions += predictor.predict(texts)
        on_texts(len(texts))
    answers = answers_of_predictions(predictions)
    if labelled.groups:
        # Of several categories the best place says little of all together: their chance does.
        answers = replace(answers, naming_NC=None)
    answers = merged_answers(answers, labelled.groups)
    if labelled.narratives is None:
        return answers
    return with_quotes(answers, predictions, labelled.narratives)
