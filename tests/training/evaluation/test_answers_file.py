import json
from dataclasses import fields, replace

import numpy as np
import pytest

from training.errors import ResumeError
from training.evaluation.answers import Answers
from training.evaluation.answers_file import StoredAnswers, load_answers, save_answers

IDENTITY = {"fold": 1, "config": {"losses": (1, 2)}}


@pytest.fixture
def stored(new_answers):
    answers = replace(
        new_answers(noise=0.3, risk=False),
        reason_probability_NR=np.where(np.arange(48 * 29).reshape(48, 29) % 7, np.nan, 0.25),
        reason_stated_NR=np.arange(48 * 29).reshape(48, 29) % 7 == 0,
    )
    ids = tuple(f"id {i}" for i in range(48))
    return StoredAnswers(identity=IDENTITY, ids=ids, answers=answers, seconds=12.5)


def test_what_is_stored_comes_back_bit_for_bit(tmp_path, stored):
    path = tmp_path / "fold-0" / "network.json"
    save_answers(path, stored)
    found = load_answers(path, identity=IDENTITY)
    assert (found.ids, found.seconds) == (stored.ids, 12.5)
    for field in fields(Answers):
        left, right = (getattr(a, field.name) for a in (found.answers, stored.answers))
        if right is None:
            assert left is None, field.name
        else:
            assert left.dtype == right.dtype, field.name
            assert np.array_equal(left, right, equal_nan=left.dtype == np.float64), field.name


def test_the_file_is_strict_json_and_nothing_unfinished_is_left(tmp_path, stored):
    path = tmp_path / "network.json"
    save_answers(path, stored)
    json.loads(path.read_text(), parse_constant=pytest.fail)
    assert [p.name for p in tmp_path.iterdir()] == ["network.json"]


def test_no_file_means_nothing_was_computed(tmp_path):
    assert load_answers(tmp_path / "network.json", identity=IDENTITY) is None


def test_answers_of_another_configuration_are_refused(tmp_path, stored):
    path = tmp_path / "network.json"
    save_answers(path, stored)
    with pytest.raises(ResumeError, match="another configuration"):
        load_answers(path, identity={**IDENTITY, "fold": 2})


@pytest.mark.parametrize("content", ["", "{}", '{"identity": {}, "ids": [], "answers": {"x": 1}}'])
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "network.json"
    path.write_text(content)
    with pytest.raises(ResumeError, match="delete it"):
        load_answers(path, identity=IDENTITY)
