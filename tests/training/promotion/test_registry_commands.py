"""`wherefore register`, `models`, `promote` and `rollback` as the command line runs them."""

import dataclasses
import json

import pytest

from model_store.artifact import read_manifest, save_artifact
from model_store.registry.models import ModelRegistry
from model_store.registry.registration import attached_report
from training.promotion.gate import SWAP_LIMITS, SWAP_TESTS
from training.promotion.records import EvaluationRecord

CARD = "# tiny\n\n## Not validated on\n\n- anything.\n"
DIGEST = "0" * 64


@pytest.fixture(scope="module")
def directories(new_artifact, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored")
    for seed in (0, 1):
        artifact = dataclasses.replace(new_artifact(seed=seed), card=CARD)
        save_artifact(artifact, folder / str(seed), storage="fp32")
    return [folder / "0", folder / "1"]


@pytest.fixture(autouse=True)
def _in_a_registry_of_its_own(mlflow_uri):
    pass


def figure(num_right):
    hits = [1] * num_right + [0] * (50 - num_right)
    scores = {"kind": "ratio", "numerators": hits, "denominators": [1] * 50}
    return {"value": num_right / 50, "scores": scores}


def written(path, content):
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def reports(tmp_path):
    """Writes the reports of a model and gives the options that name them."""

    def write(directory, *, swapped=True):
        manifest = read_manifest(directory)
        about = {
            "schema_version": 1,
            "model_digest": manifest.digest,
            "model_version": manifest.model_version,
            "created": "2026-11-20",
        }
        names = ["primary_accuracy", "micro_f1"]
        texts = {
            "digest": DIGEST,
            "order_digest": DIGEST,
            "num_examples": 50,
            "metrics": {name: figure(45) for name in names},
            "baselines": {"tfidf": {name: figure(20) for name in names}},
        }
        swaps = {test: {name: {"value": 0.0} for name in SWAP_LIMITS} for test in SWAP_TESTS}
        evaluation = {
            **about,
            "headline": "texts",
            "data_sets": {"texts": texts},
            "swaps": swaps if swapped else {},
        }
        ratio = {"adverse_impact_ratio": {"value": 0.8, "low": 0.7, "high": 0.9}}
        groups = {
            "Female": {"num_examples": 60, "metrics": ratio},
            "Male": {"num_examples": 60, "is_reference": True, "metrics": {}},
            "Joint": {"num_examples": 9, "is_judged": False, "metrics": {}},
        }
        fairness = {
            **about,
            "data_digest": DIGEST,
            "order_digest": DIGEST,
            "num_examples": 129,
            "attributes": {"sex": groups},
        }
        explained = {
            "digest": DIGEST,
            "order_digest": DIGEST,
            "num_examples": 50,
            "metrics": {"flip_rate_exact": figure(40)},
        }
        faithfulness = {**about, "samples": "50 texts", "data_sets": {"labelled": explained}}
        return [
            "--evaluation", written(tmp_path / "evaluation.json", evaluation),
            "--fairness", written(tmp_path / "fairness.json", fairness),
            "--faithfulness", written(tmp_path / "faithfulness.json", faithfulness),
        ]  # fmt: skip

    return write


def test_models_are_registered_listed_promoted_and_rolled_back(run, directories, reports):
    for number, directory in enumerate(directories, start=1):
        code, printed, _ = run("register", directory, *reports(directory))
        assert code == 0
        assert printed.startswith(f"models:/tiny/{number} is tiny-0.0.1+")
        promotion = ["promote", "tiny", "--version", number, "--reason", "it is time"]
        code, printed, _ = run(*promotion)
        before = "nobody" if number == 1 else "version 1"
        assert (code, printed) == (0, f"models:/tiny/{number} is champion now; before: {before}\n")
    code, printed, _ = run("rollback", "tiny", "--reason", "it was not")
    assert (code, printed) == (0, "models:/tiny/1 is champion again; before: version 2\n")
    code, printed, _ = run("models")
    assert code == 0
    second, first = (line for line in printed.splitlines() if "tiny" in line)
    assert "challenger" in second
    assert "champion" in first
    assert read_manifest(directories[0]).digest[:12] in first
    assert "primary_accuracy 0.900" in printed


def test_a_promotion_without_a_reason_is_refused_with_exit_code_2(run, directories):
    run("register", directories[0], "--name", "other")
    code, printed, told = run("promote", "other", "--version", 1)
    assert (code, printed) == (2, "")
    assert told.startswith("wherefore: no reason is given: say in --reason why")
    assert told.count("\n") == 1


def test_a_model_that_nobody_registered_is_told_in_one_sentence(run):
    for command in (["models", "big"], ["promote", "big", "--version", 1, "--reason", "x"],
                    ["rollback", "big", "--reason", "x"]):  # fmt: skip
        code, _, told = run(*command)
        assert code == 2
        assert told.startswith("wherefore: no registered model 'big' in the registry")


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "no report at "), ("[]", " is no EvaluationRecord (")],
)
def test_a_report_that_is_none_registers_nothing(run, directories, tmp_path, content, told):
    if content is not None:
        (tmp_path / "e.json").write_text(content)
    code, _, error = run("register", directories[0], "--evaluation", tmp_path / "e.json")
    assert code == 2
    assert told in error
    assert ModelRegistry.open().versions() == []


@pytest.mark.parametrize("kind", ["evaluation", "fairness", "faithfulness"])
def test_a_report_of_another_model_registers_nothing(run, directories, reports, tmp_path, kind):
    options = reports(directories[0])
    path = tmp_path / f"{kind}.json"
    written(path, json.loads(path.read_text()) | {"model_digest": DIGEST})
    code, _, told = run("register", directories[0], *options)
    assert code == 2
    assert f"the {kind} report of tiny-0.0.1+" in told
    assert "is of another model" in told
    assert ModelRegistry.open().versions() == []


def test_evaluations_of_several_data_sets_are_put_together(run, directories, reports, tmp_path):
    _, first, *_ = reports(directories[0])
    content = json.loads(first.read_text())
    content |= {"headline": "more", "data_sets": {"more": content["data_sets"]["texts"]}}
    second = written(tmp_path / "second.json", content)
    both = ["--evaluation", first, "--evaluation", second]
    assert run("register", directories[0], *both)[0] == 0
    registry = ModelRegistry.open()
    kept = attached_report(registry, registry.versions("tiny")[0], kind="evaluation")
    record = EvaluationRecord.model_validate_json(kept)
    assert (record.headline, list(record.data_sets)) == ("texts", ["texts", "more"])
    code, _, told = run("register", directories[0], *both, "--evaluation", second)
    assert code == 2
    assert "two evaluation records have the data set more" in told
    content["model_digest"] = DIGEST
    written(second, content)
    code, _, told = run("register", directories[0], *both)
    assert code == 2
    assert "are of different models" in told


def test_a_model_without_reports_is_listed_without_them(run, directories):
    run("register", directories[0])
    _, printed, _ = run("models", "tiny")
    (line,) = (line for line in printed.splitlines() if "tiny" in line)
    assert line.count("none") == 3


def test_the_card_of_a_version_tells_what_its_reports_found(run, directories, reports):
    run("register", directories[0], *reports(directories[0], swapped=False))
    code, printed, _ = run("models", "tiny", "--card", 1)
    assert code == 0
    assert "## Evaluated on texts" in printed
    assert "| primary_accuracy | 0.900 | 0.400 tfidf |" in printed
    assert "| Flipped without the quotes of “exact” | 0.800 | at least 0.8 |" in printed
    assert "| sex: Female | 60 | 0.800 (0.700 to 0.900) disparity measured |" in printed
    _, found, open_questions = printed.partition("## Not validated on")
    assert found
    assert "groups too small to judge: Joint (9 rows)" in open_questions
    assert "words of prohibited bases swapped or removed: no such test" in open_questions
    version = ModelRegistry.open().versions("tiny")[0]
    shown = ModelRegistry.open().client.get_model_version("tiny", str(version.version)).description
    assert shown.startswith("# tiny 0.0.1")


def test_the_card_of_a_version_without_reports_says_that_nothing_was_measured(run, directories):
    run("register", directories[0])
    _, printed, _ = run("models", "tiny", "--card", 1)
    assert "no disparity has been measured for this model" in " ".join(printed.split())
    assert "no evaluation is attached" in " ".join(printed.split())
    assert "no faithfulness has been measured for this model" in " ".join(printed.split())
    code, _, told = run("models", "--card", 1)
    assert code == 2
    assert "no model is named" in told
