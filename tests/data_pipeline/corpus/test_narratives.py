import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

import data_pipeline.corpus
from data_pipeline.corpus.narratives import (
    NarrativeError,
    contrast_groups,
    load_corpus,
    load_narratives,
    read_narratives,
)

DATA = Path(__file__).parents[2] / "data"
DEV_PATH, NOTES_PATH = DATA / "narratives_dev.jsonl", DATA / "narratives_notes.jsonl"
PROVENANCE = Path(data_pipeline.corpus.__file__).with_name("PROVENANCE.md")

VALID = {
    "id": "a-1",
    "author": "a",
    "product": "auto",
    "style": "los_notes",
    "text": "DTI is 61 percent, LTV fine.",
    "denied": True,
    "categories": ["excessive_obligations"],
    "reasons": ["excessive_obligations_to_income"],
    "evidence": [{"category": "excessive_obligations", "quote": "61 percent"}],
    "distractors": ["collateral"],
    "protected_mention": False,
    "default_probability": 0.2,
    "mitigants": ["LTV fine"],
    "contrast_of": None,
}


def line(**changes):
    return json.dumps(VALID | changes).encode()


@pytest.fixture(scope="module")
def corpus():
    return load_corpus()


def test_the_bundled_corpus_is_valid_and_complete(corpus):
    assert len(corpus) == 4135
    assert len({n.author for n in corpus}) == 48
    assert sum(n.denied for n in corpus) == 2616


def test_the_provenance_names_the_digest_of_the_file_and_its_counts(corpus):
    page = PROVENANCE.read_text()
    digest = hashlib.sha256(PROVENANCE.with_name("narratives.jsonl").read_bytes()).hexdigest()
    assert digest in page
    for author, count in Counter(n.author for n in corpus).items():
        assert f"| {author} | {count} |" in page
    for style, count in Counter(n.style for n in corpus).items():
        assert f"| {style} | {count} |" in page


def test_the_test_sets_are_valid_and_their_digests_stand_in_the_readme():
    assert len(load_narratives(DEV_PATH)) == 60
    assert len(load_narratives(NOTES_PATH)) == 200
    page = (DATA / "README.md").read_text()
    for path in [DEV_PATH, NOTES_PATH, *DATA.glob("*.csv")]:
        assert hashlib.sha256(path.read_bytes()).hexdigest() in page


@pytest.mark.parametrize("path", [DEV_PATH, NOTES_PATH])
def test_no_text_of_a_test_set_stands_in_the_corpus(corpus, path):
    assert not {n.text for n in corpus} & {n.text for n in load_narratives(path)}


def test_contrast_twins_share_a_group_and_others_stand_alone(corpus):
    groups = contrast_groups(corpus)
    assert Counter(Counter(groups.values()).values()) == {1: 3343, 2: 396}
    for narrative in corpus:
        if narrative.contrast_of:
            assert groups[narrative.id] == groups[narrative.contrast_of]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"evidence": [{"category": "excessive_obligations", "quote": "62 percent"}]}, "substring"),
        ({"evidence": []}, "evidence must cover"),
        ({"mitigants": ["nowhere"]}, "substring"),
        ({"reasons": ["bankruptcy"]}, "cover each other"),
        ({"reasons": []}, "cover each other"),
        ({"denied": False}, "denied must agree"),
        ({"distractors": ["excessive_obligations"]}, "distractor"),
        ({"default_probability": 1.5}, "0 to 1"),
        ({"categories": ["no_such"]}, "categories"),
        ({"product": "yacht"}, "product"),
        ({"surprise": 1}, "surprise"),
        ({"text": "  "}, "blank"),
        ({"contrast_of": "a-1"}, "itself"),
        ({"contrast_of": "a-2"}, "does not point back"),
    ],
)
def test_a_line_that_contradicts_itself_is_refused_with_its_number(changes, problem):
    with pytest.raises(NarrativeError, match=problem) as caught:
        read_narratives([line(id="a-0"), line(**changes)])
    assert caught.value.line_number == 2
    assert "DTI is 61" not in str(caught.value)


def test_a_repeated_id_is_refused():
    with pytest.raises(NarrativeError, match="repeats"):
        read_narratives([line(), line()])


def test_a_line_that_is_not_json_is_refused_without_quoting_it():
    with pytest.raises(NarrativeError, match="line 1: Invalid JSON") as caught:
        read_narratives([b"{canary"])
    assert "canary" not in str(caught.value)


def test_a_chain_of_twins_is_one_group_named_after_its_first_member():
    first, second = read_narratives([line(id="x", contrast_of="y"), line(id="y", contrast_of="x")])
    third = read_narratives([line(id="z")])[0]
    object.__setattr__(third, "contrast_of", "x")
    assert contrast_groups([third, second, first]) == dict.fromkeys("xyz", "z")
    assert contrast_groups([third, second]) == {"z": "z", "y": "y"}
