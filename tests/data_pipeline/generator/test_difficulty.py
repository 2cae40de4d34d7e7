"""The simulator must not be solvable by counting words; the full measurement is a benchmark."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from data_pipeline.domain.taxonomy import CATEGORIES
from data_pipeline.generator.oracle import best_reachable, recall_at_4
from data_pipeline.generator.simulation import HELD_OUT_FAMILIES, SimulationSplit, simulate


@pytest.fixture(scope="module")
def train():
    return list(simulate(1_200, seed=21, split=SimulationSplit.TRAIN))


@pytest.fixture(scope="module")
def held_out():
    files = simulate(900, seed=21, split=SimulationSplit.HELD_OUT)
    return [file for file in files if file.family in HELD_OUT_FAMILIES]


def tfidf_probability(train, files):
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    features = vectorizer.fit_transform([file.text for file in train])
    asked = vectorizer.transform([file.text for file in files])
    models = [
        LogisticRegression(C=10, solver="liblinear").fit(
            features, [c in f.categories for f in train]
        )
        for c in CATEGORIES
    ]
    return np.stack([model.predict_proba(asked)[:, 1] for model in models], axis=1)


def test_words_alone_stay_far_below_what_figures_tell(train, held_out):
    categories = [file.categories for file in held_out]
    recall = recall_at_4(tfidf_probability(train, held_out), categories)
    best = best_reachable([file.severities for file in held_out], categories)
    assert recall < 0.85
    assert best.recall_at_4 > 0.95
