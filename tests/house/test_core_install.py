"""The core, installed alone, must be able to say what every command does."""

import json
from pathlib import Path

import pytest

RUN = "import sys; sys.argv[0] = 'wherefore'; from data_pipeline.cli import main; main()"


def test_the_environment_under_test_lacks_what_only_extras_bring(core_python):
    absent = ["sklearn", "datasets", "accelerate", "pytest", "hypothesis"]
    code = f"import importlib.util as u; print(*[m for m in {absent} if u.find_spec(m)])"
    assert core_python("-c", code).stdout.strip() == ""
    assert core_python("-c", "import torch, transformers, fastapi, mlflow").returncode == 0


def test_every_help_is_printed_by_the_core_alone(core_python):
    walked = core_python(Path(__file__).with_name("every_help.py"))
    assert walked.returncode == 0, walked.stderr
    assert {"wherefore score", "wherefore serve", "wherefore train"} <= set(
        walked.stdout.splitlines()
    )


def test_the_command_prints_its_help_and_leaves_nothing_on_stderr(core_python):
    printed = core_python("-c", RUN, "--help")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert "serve" in printed.stdout


@pytest.mark.parametrize("package", ["model_store", "serving", "data_pipeline.sources"])
def test_every_module_that_serving_stands_on_imports_with_the_core_alone(core_python, package):
    code = (
        "import importlib, pkgutil, sys; package = importlib.import_module(sys.argv[1]);"
        "walked = pkgutil.walk_packages(package.__path__, package.__name__ + '.');"
        "print(*[importlib.import_module(module.name).__name__ for module in walked], sep='\\n')"
    )
    imported = core_python("-c", code, package)
    assert imported.returncode == 0, imported.stderr
    assert len(imported.stdout.split()) > 1


def test_a_file_is_scored_by_the_core_alone(core_python, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "Asks for $9,000; income $4,100 a month."}\n')
    scored = core_python("-c", RUN, "score", tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert scored.returncode == 0, scored.stderr
    assert 0 <= json.loads((tmp_path / "out.jsonl").read_text())["risk_score"] <= 100


def test_training_without_its_extra_ends_with_the_advice_to_install_it(core_python, root):
    config = root / "configs" / "training" / "starter.yaml"
    refused = core_python("-c", RUN, "train", "--config", config)
    assert refused.returncode == 2, refused.stderr
    assert "make install EXTRAS=train" in refused.stderr
    assert "Traceback" not in refused.stderr
