import dataclasses

import numpy as np
import torch

from data_pipeline.domain.masking import mask
from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.artifact import load_artifact, save_artifact
from model_store.known_answer import KNOWN_TEXT, difference, known_answer
from model_store.predictor import Predictor


class Wrong:
    """An engine that has the categories one place off."""

    def __init__(self, engine):
        self._engine = engine

    def logits(self, ids):
        found = self._engine.logits(ids)
        return dataclasses.replace(found, category_WC=np.roll(found.category_WC, 1, axis=1))


def test_a_model_is_stored_with_the_answer_that_it_gives(new_artifact, tmp_path):
    save_artifact(new_artifact(), tmp_path / "model", storage="int8")
    artifact = load_artifact(tmp_path / "model")
    answer = artifact.manifest.known_answer
    [found] = Predictor.from_artifact(artifact).predict([answer.text])
    assert answer.text == KNOWN_TEXT
    assert len(answer.category_probabilities) == len(CATEGORIES)
    assert difference(answer, categories=found.categories, risk_score=found.risk_score) is None


def test_another_model_gives_another_answer(new_artifact, tmp_path):
    save_artifact(new_artifact(seed=0), tmp_path / "model", storage="fp32")
    answer = load_artifact(tmp_path / "model").manifest.known_answer
    [found] = Predictor.from_artifact(new_artifact(seed=1)).predict([answer.text])
    assert difference(answer, categories=found.categories, risk_score=found.risk_score) is not None


def test_an_engine_that_mixes_labels_up_gives_another_answer(new_artifact):
    artifact = new_artifact()
    engine = Predictor.from_artifact(artifact).engine
    given = {"tokenizer": artifact.tokenizer, "calibration": artifact.calibration}
    right, wrong = known_answer(engine, **given), known_answer(Wrong(engine), **given)
    categories = dict(zip(CATEGORIES, wrong.category_probabilities, strict=True))
    assert difference(right, categories=categories, risk_score=wrong.risk_score) is not None


def test_storing_leaves_a_network_in_training_as_it_was(new_artifact, tmp_path):
    artifact = new_artifact()
    artifact.network.train()
    save_artifact(artifact, tmp_path / "model", storage="fp32")
    assert artifact.network.training


def test_a_model_that_says_no_numbers_is_stored_without_an_answer(new_artifact, tmp_path):
    artifact = new_artifact()
    with torch.no_grad():
        next(artifact.network.risk_head.parameters()).fill_(float("nan"))
    save_artifact(artifact, tmp_path / "model", storage="fp32")
    assert load_artifact(tmp_path / "model").manifest.known_answer is None


def test_nothing_in_the_known_text_is_masked():
    assert mask(KNOWN_TEXT).text == KNOWN_TEXT
