import json
import math
from dataclasses import replace

import pytest

from data_pipeline.corpus.narratives import load_corpus
from data_pipeline.example_store import (
    ExampleStoreError,
    content_digest,
    examples_of,
    open_examples,
    read_manifest,
    write_examples,
)
from data_pipeline.examples import UNKNOWN, EvidenceSpan, Example, examples_from_narratives
from data_pipeline.sources import RowError

EXAMPLE = Example(
    id="a",
    group="g",
    author="",
    product="auto",
    style="",
    text="DTI 61 — “high”",
    category_targets=(1.0, 0.0) + (UNKNOWN,) * 10,
    coarse_sets=((0, 1), (3, 4, 5)),
    reason_targets=(UNKNOWN,) * 29,
    category_order=(0,),
    risk_probability=0.123456789,
    evidence=(EvidenceSpan(start=0, end=6, category_index=0),),
)
ERROR = RowError(number=2, id="2", code="nul_byte", field="text", message="text: found")


def write(directory, *examples):
    return write_examples(examples, directory, source="test", source_sha256="0")


def test_examples_come_back_as_they_were_written(tmp_path):
    bare = replace(EXAMPLE, id="b", coarse_sets=(), category_order=(), evidence=())
    manifest = write(tmp_path / "out", EXAMPLE, bare)
    data = open_examples(tmp_path / "out")
    assert list(examples_of(data)) == [EXAMPLE, bare]
    assert manifest.sha256 == content_digest([EXAMPLE, bare])
    assert read_manifest(tmp_path / "out") == manifest


def test_the_corpus_comes_back_whole_and_memory_mapped(tmp_path):
    examples = examples_from_narratives(load_corpus())
    write(tmp_path / "out", *examples)
    data = open_examples(tmp_path / "out")
    assert data.cache_files
    assert content_digest(examples_of(data)) == content_digest(examples)


def test_an_unknown_risk_comes_back_unknown(tmp_path):
    write(tmp_path / "out", replace(EXAMPLE, risk_probability=math.nan))
    assert math.isnan(next(examples_of(open_examples(tmp_path / "out"))).risk_probability)


def test_building_twice_gives_the_same_digest_and_other_content_another(tmp_path):
    first = write(tmp_path / "first", EXAMPLE)
    assert write(tmp_path / "second", EXAMPLE) == first
    other = write(tmp_path / "other", replace(EXAMPLE, text="DTI 62"))
    assert other.sha256 != first.sha256


def test_rows_that_are_no_examples_are_kept_with_their_reason(tmp_path):
    manifest = write(tmp_path / "out", EXAMPLE, ERROR)
    assert (manifest.num_examples, manifest.num_row_errors) == (1, 1)
    stored = json.loads((tmp_path / "out" / "row_errors.jsonl").read_text())
    assert stored == {
        "number": 2,
        "id": "2",
        "code": "nul_byte",
        "field": "text",
        "message": "text: found",
    }


def test_no_examples_at_all_are_an_empty_data_set(tmp_path):
    write(tmp_path / "out")
    assert len(open_examples(tmp_path / "out")) == 0


def test_a_folder_that_holds_something_is_never_overwritten(tmp_path):
    (tmp_path / "precious").write_text("x")
    with pytest.raises(ExampleStoreError, match="not an empty folder"):
        write(tmp_path, EXAMPLE)
    with pytest.raises(ExampleStoreError, match="not an empty folder"):
        write(tmp_path / "precious", EXAMPLE)
    assert (tmp_path / "precious").read_text() == "x"


def test_a_source_that_breaks_off_leaves_nothing_behind(tmp_path):
    def breaking():
        yield EXAMPLE
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_examples(breaking(), tmp_path / "out", source="test", source_sha256="0")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_hold_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExampleStoreError, match="cannot be written to"):
        write(tmp_path / "file" / "out", EXAMPLE)


@pytest.mark.parametrize("name", ["taxonomy_version", "rendering_version", "masking_version"])
def test_a_data_set_made_by_another_version_is_refused(tmp_path, name):
    write(tmp_path / "out", EXAMPLE)
    path = tmp_path / "out" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: "another"}))
    with pytest.raises(ExampleStoreError, match=f"{name} another"):
        open_examples(tmp_path / "out")


@pytest.mark.parametrize("content", [None, "", "[]", '{"surprise": 1}'])
def test_a_folder_without_a_readable_manifest_is_refused(tmp_path, content):
    write(tmp_path / "out", EXAMPLE)
    path = tmp_path / "out" / "manifest.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(ExampleStoreError, match=r"no readable manifest\.json"):
        open_examples(tmp_path / "out")


def test_a_data_set_with_rows_missing_is_refused(tmp_path):
    write(tmp_path / "out", EXAMPLE)
    write(tmp_path / "other", EXAMPLE, EXAMPLE)
    (tmp_path / "other" / "examples.arrow").rename(tmp_path / "out" / "examples.arrow")
    with pytest.raises(ExampleStoreError, match="holds 2 examples"):
        open_examples(tmp_path / "out")
