"""A run on the corpus keeps whole authors apart: those named, or those of a fold."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from data_pipeline.splits import LeakError, SplitError
from training.data_config import DataConfig, SimulatorData
from training.errors import ConfigError
from training.run_data.corpus import corpus_data

NOTES = Path(__file__).parents[2] / "data" / "narratives_notes.jsonl"


def authors_of(examples):
    return {example.author for example in examples}


def config(**given):
    return DataConfig(corpus=NOTES, num_folds=3, **given)


def test_named_authors_are_held_out_whatever_the_folds():
    data = corpus_data(config(held_out_fold=2, held_out_authors=("rk8", "dw8")), seed=1)
    assert authors_of(data.calibration) == {"rk8", "dw8"}
    assert not authors_of(data.train) & {"rk8", "dw8"}
    assert data.origin.held_out_authors == ("dw8", "rk8")


def test_without_names_the_fold_decides():
    first, second = (corpus_data(config(held_out_fold=n), seed=1) for n in (0, 1))
    assert authors_of(first.calibration)
    assert not authors_of(first.calibration) & authors_of(second.calibration)


def test_twins_of_two_authors_may_not_stand_on_both_sides(tmp_path):
    rows = [json.loads(line) for line in NOTES.read_text(encoding="utf-8").splitlines()]
    rows = [row | {"contrast_of": None} for row in rows]
    apart = {row["author"]: row for row in rows}
    one, other = apart["rk8"], apart["dw8"]
    one["contrast_of"], other["contrast_of"] = other["id"], one["id"]
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = DataConfig(corpus=path, num_folds=3, held_out_authors=("rk8",))
    with pytest.raises(LeakError, match="group"):
        corpus_data(config, seed=1)


def test_authors_are_named_for_the_corpus_alone():
    with pytest.raises(ValidationError, match="simulator has no authors"):
        DataConfig(simulator=SimulatorData(), held_out_authors=("tx7",))


def test_a_fold_or_an_author_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match="expected 0 to 2"):
        corpus_data(config(held_out_fold=3), seed=1)
    with pytest.raises(SplitError, match="no text by nobody"):
        corpus_data(config(held_out_authors=("nobody",)), seed=1)
