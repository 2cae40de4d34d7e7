"""The four names, and what a package may hold in its `__init__.py`."""

import ast
import os
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

PACKAGES = ["data_pipeline", "training", "model_store", "serving"]


def test_no_other_installed_distribution_claims_one_of_the_four_names():
    owners = packages_distributions()
    assert {name: set(owners[name]) for name in PACKAGES} == {
        name: {"wherefore"} for name in PACKAGES
    }


def test_outside_the_repository_the_four_names_are_still_ours(tmp_path, root):
    names = ", ".join(PACKAGES)
    code = f"import {names}\nfor package in ({names}): print(package.__file__)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", code]
    found = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, check=True, text=True
    )
    assert found.stdout.splitlines() == [str(root / name / "__init__.py") for name in PACKAGES]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_init_file_of_a_package_is_its_docstring(root, package):
    module = ast.parse((root / package / "__init__.py").read_text())
    assert ast.get_docstring(module)
    assert len(module.body) == 1


@pytest.mark.parametrize("package", PACKAGES)
def test_the_init_file_of_a_folder_holds_a_docstring_and_at_most_the_names_it_offers(root, package):
    for path in (root / package).rglob("__init__.py"):
        module = ast.parse(path.read_text())
        assert ast.get_docstring(module), path
        kinds = {type(statement) for statement in module.body[1:]}
        assert kinds <= {ast.ImportFrom, ast.Assign}, path


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_with_code_is_a_package_so_that_a_wheel_carries_it(root, package):
    folders = {path.parent for path in (root / package).rglob("*.py")}
    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_the_layers_between_packages_hold(root):
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as lint; lint()",
    ]
    linted = subprocess.run(
        [*command, "--no-cache"], cwd=root, capture_output=True, check=False, text=True
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
