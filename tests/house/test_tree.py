"""What lies in the repository, and what it must not name."""

import re

TOP_LEVEL = {
    "README.md", "pyproject.toml", "Makefile", "CHANGELOG.md", "LICENSE",
    "data_pipeline", "training", "model_store", "serving", "configs", "k8s", "tests",
}  # fmt: skip
MACHINE_PATH = re.compile(r"(?<![\w.~)}$/-])/(?:home|root|work|Users|farm|opt/(?:wheels|pypi))/")


def test_the_top_level_holds_only_what_the_design_lists(repository_files):
    visible = {path.parts[0] for path in repository_files if not path.parts[0].startswith(".")}
    assert visible - TOP_LEVEL == set()


def test_no_file_names_a_path_of_somebodys_machine(repository_files, root):
    found = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path in repository_files
        if b"\0" not in (content := (root / path).read_bytes())[:8192]
        for number, line in enumerate(content.decode(errors="replace").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_no_test_folder_is_a_package(repository_files):
    assert not [path for path in repository_files if path.match("tests/**/__init__.py")]
