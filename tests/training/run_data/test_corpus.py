"""A run on the corpus keeps whole authors apart: those named, or those of a fold."""

import pytest
from pydantic import ValidationError

from data_pipeline.splits import SplitError
from training.data_config import DataConfig, SimulatorData
from training.errors import ConfigError
from training.run_data.corpus import corpus_data


def authors_of(examples):
    return {example.author for example in examples}


def test_named_authors_are_held_out_whatever_the_folds():
    named = DataConfig(num_folds=5, held_out_fold=4, held_out_authors=("tx7", "hn1"))
    data = corpus_data(named, seed=1)
    assert authors_of(data.calibration) == {"tx7", "hn1"}
    assert not authors_of(data.train) & {"tx7", "hn1"}
    assert data.origin.held_out_authors == ("hn1", "tx7")


def test_without_names_the_fold_decides():
    first, second = (corpus_data(DataConfig(num_folds=5, held_out_fold=n), seed=1) for n in (0, 1))
    assert authors_of(first.calibration)
    assert not authors_of(first.calibration) & authors_of(second.calibration)


def test_authors_are_named_for_the_corpus_alone():
    with pytest.raises(ValidationError, match="simulator has no authors"):
        DataConfig(simulator=SimulatorData(), held_out_authors=("tx7",))


def test_a_fold_or_an_author_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match="expected 0 to 4"):
        corpus_data(DataConfig(num_folds=5, held_out_fold=5), seed=1)
    with pytest.raises(SplitError, match="no text by nobody"):
        corpus_data(DataConfig(held_out_authors=("nobody",)), seed=1)
