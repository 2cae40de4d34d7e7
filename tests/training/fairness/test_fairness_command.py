"""`wherefore evaluate --fairness` as the command line runs it."""

import json

import pytest

from model_store.artifact import load_artifact, save_artifact
from model_store.predictor import Predictor
from training.fairness.measuring import outcomes_of
from training.fairness.register import read_register
from training.promotion.records import FairnessRecord, read_record


@pytest.fixture(scope="module")
def model(new_artifact, tmp_path_factory):
    directory = tmp_path_factory.mktemp("stored") / "model"
    save_artifact(new_artifact(), directory, storage="fp32")
    return directory


def test_disparities_of_a_stored_model_are_measured_and_reported(run, model, register, tmp_path):
    output = tmp_path / "out"
    code, printed, told = run(
        "evaluate", "--model", model, "--fairness", register, "--fairness-rows", 200,
        "--output", output,
    )  # fmt: skip
    assert code == 0, told
    assert "Native Hawaiian or Other Pacific Islander has" in printed
    assert "too few to judge" in printed
    assert "comparisons" in printed
    assert {path.name for path in output.iterdir()} == {
        "fairness_report.json",
        "fairness_report.html",
        "fairness_report.md",
        "fairness_record.json",
    }
    content = json.loads((output / "fairness_report.json").read_text())
    assert content["num_rows"] == 200
    assert content["drawn_by"] == "lender"
    assert content["conditions"]["register"] == "lar.csv"
    assert str(register.parent) not in (output / "fairness_report.html").read_text()
    record = read_record(
        FairnessRecord, (output / "fairness_record.json").read_bytes(), origin="the record"
    )
    assert record.model_digest == load_artifact(model).manifest.digest
    assert {"race", "sex"} <= set(record.attributes)


def test_the_model_is_asked_as_it_serves(model, register):
    rows = read_register(register, max_rows=40, seed=1)
    predictor = Predictor.load(model)
    told = []
    outcomes = outcomes_of(predictor, rows, on_texts=told.append)
    assert sum(told) == len(outcomes) == 40
    (one,) = predictor.predict(rows.texts[3:4])
    assert outcomes.risk_N[3] == pytest.approx(one.risk_score, abs=1e-3)
    assert outcomes.score_N[3] == pytest.approx(max(one.categories.values()), abs=1e-5)
    assert outcomes.favourable_N[3] == (not one.principal_reasons)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "found nothing to measure on"),
        (["--fairness", "none.csv"], "does not exist"),
        (["--fairness", "tests/data/narratives_dev.jsonl"], "is no HMDA register"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(run, model, arguments, sentence):
    code, _, told = run("evaluate", "--model", model, *arguments)
    assert code == 2
    assert sentence in told
    assert "Traceback" not in told
