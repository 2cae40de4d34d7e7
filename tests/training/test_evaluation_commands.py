import json
from pathlib import Path

import pytest

from data_pipeline.corpus.narratives import corpus_path, load_corpus
from model_store.artifact import save_artifact
from training.evaluation.figures import FIGURES
from training.evaluation.labelled import labelled_narratives
from training.evaluation.stored import baseline_examples
from training.promotion.records import EvaluationRecord, read_record

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def model(new_artifact, tmp_path_factory):
    directory = tmp_path_factory.mktemp("stored") / "model"
    save_artifact(new_artifact(), directory, storage="fp32")
    return directory


def lines_of(path, number):
    with path.open(encoding="utf-8") as file:
        return "".join(next(file) for _ in range(number))


@pytest.fixture
def few(tmp_path):
    path = tmp_path / "few.jsonl"
    path.write_text(lines_of(DATA / "narratives_dev.jsonl", 12))
    return path


def test_a_model_is_measured_and_the_report_written(run, model, few, tmp_path):
    code, printed, told = run(
        "evaluate", "--model", model, "--data", few, "--output", tmp_path / "out"
    )
    assert code == 0, told
    assert "Primary accuracy" in printed
    assert "AUC of the risk" not in printed  # the texts carry no default probability
    content = json.loads((tmp_path / "out" / "report.json").read_text())
    (name,) = content["figures"]
    assert list(content["figures"][name]) == [figure.name for figure in FIGURES]
    assert content["num_texts"] == 12
    assert set(content["swaps"]) == {
        f"words {change}, {reading}"
        for change in ("swapped", "removed")
        for reading in ("as served, masked", "without the masker")
    }
    assert content["conditions"]["command"].startswith("wherefore evaluate --model model")
    page = (tmp_path / "out" / "report.html").read_text()
    assert str(tmp_path) not in page
    assert "report written to" in told


def test_the_record_is_one_that_a_promotion_reads(run, model, few, tmp_path):
    run("evaluate", "--model", model, "--data", few, "--swap-texts", 0, "--output", tmp_path / "o")
    content = (tmp_path / "o" / "record.json").read_bytes()
    record = read_record(EvaluationRecord, content, origin="record.json")
    assert record.headline == "few.jsonl"
    assert record.data_sets["few.jsonl"].num_examples == 12


def test_without_an_output_nothing_is_written(run, model, few, tmp_path):
    code, printed, _ = run("evaluate", "--model", model, "--data", few, "--swap-texts", 0)
    assert code == 0
    assert "AUC of denial" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["few.jsonl"]


def test_rows_of_a_register_are_measured_on_what_they_tell(run, model, tmp_path):
    code, _, told = run(
        *("evaluate", "--model", model, "--data", DATA / "hmda_sample.csv"),
        *("--swap-texts", 0, "--output", tmp_path / "out"),
    )
    assert code == 0, told
    content = json.loads((tmp_path / "out" / "report.json").read_text())
    (figures,) = content["figures"].values()
    assert figures["any_listed_accuracy"]["value"] is not None
    assert figures["denied_auc"]["value"] is not None
    assert figures["micro_f1"]["value"] is None
    assert "lender" in {cut["by"] for cut in content["cuts"]}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--data", "none.jsonl"], "does not exist"),
        (["--data", DATA / "narratives_dev.jsonl", "--model", "none"], "no model at none"),
        (["--data", DATA / "narratives_dev.jsonl", "--output", "x.json"], "expected a folder"),
        (["--data", DATA / "hmda_sample.csv", "--format", "what"], "what"),
        (
            ["--data", DATA / "narratives_dev.jsonl", "--cross-validation", "none"],
            "no finished cross-validation",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run, model, arguments, sentence):
    given = arguments if "--model" in arguments else [*arguments, "--model", model]
    code, _, told = run("evaluate", *given, "--swap-texts", 0)
    assert code == 2
    assert sentence in told
    assert "Traceback" not in told


def test_baselines_never_learn_from_authors_or_twins_of_the_texts_measured():
    corpus = load_corpus()
    measured = labelled_narratives([n for n in corpus if n.author == "auto"], name="auto")
    kept = baseline_examples(measured)
    assert kept
    assert "auto" not in {example.author for example in kept}
    groups = {text.group for text in measured.facts}
    assert not groups & {example.group for example in kept}


def test_near_copies_of_the_texts_measured_are_left_out_with_their_twins():
    corpus = load_corpus()
    twin = next(n for n in corpus if n.contrast_of)
    copied = labelled_narratives(
        [type(twin)(**{**_fields(twin), "id": "copy", "author": None, "contrast_of": None})],
        name="a copy",
    )
    kept = {example.id for example in baseline_examples(copied)}
    assert not {twin.id, twin.contrast_of} & kept
    assert len(kept) > len(corpus) - 10


def _fields(narrative):
    return {name: getattr(narrative, name) for name in type(narrative).__slots__}


def test_texts_of_every_author_leave_nothing_to_learn_from(run, model, tmp_path):
    by_author = {n.author: n for n in load_corpus() if not n.contrast_of}
    ids = {n.id for n in by_author.values()}
    lines = corpus_path().read_text().splitlines()
    path = tmp_path / "all.jsonl"
    path.write_text("\n".join(line for line in lines if json.loads(line)["id"] in ids))
    code, _, told = run("evaluate", "--model", model, "--data", path, "--baselines")
    assert code == 2
    assert "cross-validate" in told


def test_cross_validation_is_a_command(run, tmp_path):
    code, _, told = run(
        *("cross-validate", "--config", tmp_path / "none.yaml", "--output", tmp_path / "out"),
    )
    assert code == 2
    assert "no configuration at" in told
