"""What the benchmark of the masker measures on, and what its page tells apart."""

import json

import pytest
from bench_masking import MEASURED, TUNED_ON, history_lines, markdown, measure

OWES = {
    "id": "one",
    "text": "Borrower Marisol Delgadillo owes. " * 60,
    "spans": [{"start": 9, "end": 27, "kind": "name"}],
}
NOBODY = {"id": "two", "text": "Nobody owes anything. " * 60, "spans": []}


@pytest.fixture
def folder(tmp_path):
    def write(name, rows):
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (tmp_path / name).write_text(lines, encoding="utf-8")

    write(MEASURED, [OWES, {**OWES, "id": "three"}])
    for name in TUNED_ON:
        write(name, [NOBODY])
    step = {"what": "first", "texts": "old.jsonl", "numbers": [0.5, 0.6], "name": [0.7, 0.8]}
    history = json.dumps({"steps": [step], "note": "As it was."})
    (tmp_path / "history.json").write_text(history, encoding="utf-8")
    return tmp_path


def test_the_headline_is_measured_on_the_texts_nothing_was_tuned_on(folder):
    result = measure(folder)
    assert result["measured_on"] == "second_measured.jsonl"
    assert result["texts"] == 2
    assert result["measured"]["name"]["recall"]["of"] == 2
    assert set(result["tuned_on"]) == set(TUNED_ON)
    assert all(found["name"]["recall"]["of"] == 0 for found in result["tuned_on"].values())


def test_the_page_tells_texts_tuned_on_from_those_measured(folder):
    page = markdown(measure(folder))
    measured, *tuned = page.partition("## History")[0].split("## Tuned on: ")
    assert "2 texts of second_measured.jsonl" in measured
    assert [part.splitlines()[0] for part in tuned] == list(TUNED_ON)


def test_every_step_of_the_history_names_the_texts_it_was_measured_on(folder):
    lines = history_lines(json.loads((folder / "history.json").read_text("utf-8")))
    assert "| first | old.jsonl | 0.5 / 0.6 | 0.7 / 0.8 |" in lines
    assert lines[-1] == "As it was."
