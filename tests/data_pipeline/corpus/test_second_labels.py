"""The second, blind labels agree with the first as far as the provenance page says."""

import json
from importlib.resources import files

import pytest
from sklearn.metrics import cohen_kappa_score

from data_pipeline.corpus.narratives import load_corpus
from data_pipeline.domain.taxonomy import DenialCategory


@pytest.fixture(scope="module")
def second_labels():
    text = (files("data_pipeline.corpus") / "second_labels.jsonl").read_text(encoding="utf-8")
    return {row["id"]: row for row in map(json.loads, text.splitlines())}


def primary(categories):
    return str(categories[0]) if categories else "not denied"


@pytest.fixture(scope="module")
def first_labels(second_labels):
    """The first reading: as it was where a third one settled, else what the corpus says."""
    corpus = {narrative.id: narrative.categories for narrative in load_corpus()}
    return {id_: row["first"] or corpus[id_] for id_, row in second_labels.items()}


def test_every_narrative_has_a_second_label_of_the_taxonomy(second_labels):
    kept = [id_ for id_, row in second_labels.items() if row["settled"] != "neither"]
    assert [narrative.id for narrative in load_corpus()] == kept
    used = {category for row in second_labels.values() for category in row["categories"]}
    assert used == {str(category) for category in DenialCategory}


def test_the_readings_agree_on_the_primary_category(first_labels, second_labels):
    first = [primary(categories) for categories in first_labels.values()]
    second = [primary(row["categories"]) for row in second_labels.values()]
    assert sum(a == b for a, b in zip(first, second, strict=True)) == 4078
    assert cohen_kappa_score(first, second) == pytest.approx(0.98, abs=0.01)


def test_every_disagreement_is_settled_and_nothing_else(first_labels, second_labels):
    for id_, row in second_labels.items():
        differs = primary(first_labels[id_]) != primary(row["categories"])
        assert (row["settled"] in {"first", "second", "neither"}) == differs, id_


def test_the_corpus_says_what_was_settled(first_labels, second_labels):
    for narrative in load_corpus():
        row = second_labels[narrative.id]
        winner = row["categories"] if row["settled"] == "second" else first_labels[narrative.id]
        assert primary(narrative.categories) == primary(winner), narrative.id
