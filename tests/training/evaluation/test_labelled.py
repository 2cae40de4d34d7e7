import hashlib
from pathlib import Path

import numpy as np
import pytest

from data_pipeline.domain.masking import mask
from data_pipeline.errors import DataError
from training.counterfactuals import counterfactuals, removals
from training.errors import EvaluationError
from training.evaluation.labelled import load_labelled

DATA = Path(__file__).parents[2] / "data"


def test_narratives_are_known_by_their_columns_and_given_unmasked():
    path = DATA / "narratives_dev.jsonl"
    labelled = load_labelled(path)
    assert len(labelled) == len(labelled.facts) == len(labelled.truth) == 60
    assert labelled.narratives is not None
    assert [n.text for n in labelled.narratives] == list(labelled.texts)
    assert labelled.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert int(labelled.truth.denied_N.sum()) == 39
    assert np.isnan(labelled.truth.default_probability_N).all()


def test_rows_of_a_register_carry_their_partial_labels_and_lender():
    labelled = load_labelled(DATA / "hmda_sample.csv")
    assert len(labelled) == 40
    assert labelled.narratives is None
    denied_N = labelled.truth.denied_N
    assert 0 < np.nansum(denied_N) < 40
    assert not labelled.truth.complete_N.any()  # a denied row does not say what it leaves out
    assert labelled.truth.target_NC[denied_N == 1].any(axis=1).mean() > 0.8
    assert not labelled.truth.target_NC[denied_N == 0].any()
    assert len({text.lender for text in labelled.facts}) > 1
    assert [mask(text).text for text in labelled.texts] == [e.text for e in labelled.examples]


def test_words_of_prohibited_bases_in_rows_are_there_to_be_swapped(tmp_path):
    text = (
        "My husband is disabled and receives SSDI. I am a divorced woman, 62 years old, Catholic."
    )
    path = tmp_path / "loans.csv"
    row = f'5000,"{text}",One payment,50000,2010-07-01,2011-09-01,Fully Paid'
    path.write_text(f"loan_amnt,desc,title,annual_inc,issue_d,last_pymnt_d,loan_status\n{row}\n")
    labelled = load_labelled(path)
    assert text in labelled.texts[0]
    assert text not in labelled.examples[0].text
    assert mask(labelled.texts[0]).text == labelled.examples[0].text
    assert {c.basis for c in counterfactuals(labelled.texts, seed=0)} >= {"age", "sex"}
    assert removals(labelled.texts)


def test_rows_that_cannot_be_read_are_counted(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a"}\n{broken\n{"text": "b"}\n')
    labelled = load_labelled(path)
    assert (len(labelled), labelled.num_left_out) == (2, 1)
    assert np.isnan(labelled.truth.denied_N).all()


def test_a_file_without_a_readable_row_is_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("{broken\n")
    with pytest.raises((EvaluationError, DataError)):
        load_labelled(path)


def test_another_format_than_the_file_has_is_refused():
    with pytest.raises(DataError):
        load_labelled(DATA / "hmda_sample.csv", format="narratives")
