import ast
import sys
from pathlib import Path

import serving.cases

OURS = ("serving.cases", "serving.errors", "data_pipeline.domain", "data_pipeline.errors")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_cases_know_the_standard_library_and_the_domain_only():
    modules = list(Path(serving.cases.__file__).parent.glob("**/*.py"))
    assert len(modules) > 10
    strange = {
        (path.name, name)
        for path in modules
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(OURS)
    }
    assert strange == set()
