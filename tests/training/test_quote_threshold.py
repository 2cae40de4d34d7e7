import numpy as np
import pytest

from model_store.calibration import Calibration
from training.quote_threshold import LabelledTokens, best_quote_threshold

TOKENS = 100


def labelled(probabilities, inside):
    """A text whose tokens have a probability of 0.01, save some stretches."""
    probability_T, inside_T = np.full(TOKENS, 0.01), np.zeros(TOKENS, dtype=bool)
    for (start, stop), probability in probabilities.items():
        probability_T[start:stop] = probability
    for start, stop in inside:
        inside_T[start:stop] = True
    return LabelledTokens(probability_T=probability_T, inside_T=inside_T)


def test_what_lies_between_quotes_and_the_rest_parts_them():
    text = labelled({(10, 18): 0.72, (60, 70): 0.57}, [(10, 18)])
    assert best_quote_threshold([text]) == pytest.approx(0.6)


def test_the_statement_around_a_figure_counts_as_a_prediction_would_quote_it():
    """Its figures alone reach 0.9; what is said elsewhere is the longer stretch, token by token."""
    text = labelled({(10, 11): 0.9, (14, 15): 0.9, (40, 43): 0.5}, [(10, 15)])
    assert best_quote_threshold([text]) == pytest.approx(0.55)


def test_a_weak_stretch_is_quoted_where_authors_quote_it_too():
    strong = {(10, 14): 0.9, (30, 34): 0.4}
    both, one = labelled(strong, [(10, 14), (30, 34)]), labelled(strong, [(10, 14)])
    assert best_quote_threshold([both, both, one]) == pytest.approx(0.05)
    assert best_quote_threshold([both, one, one]) == pytest.approx(0.45)


def test_without_labels_there_is_nothing_to_choose_by():
    assert best_quote_threshold([]) == Calibration().evidence_threshold
