"""The page of problem codes says what the table of errors says."""

from pathlib import Path

from serving.api import problem_list
from serving.api.problems import PROBLEMS

PAGE = Path(problem_list.__file__).with_name("README.md")


def test_the_page_lists_every_code_with_its_status_and_meaning():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    missing = [row for row in problem_list.problem_table().splitlines() if row not in lines]
    assert missing == [], "run python -m serving.api.problem_list and put its rows into the page"


def test_the_page_lists_no_code_that_nobody_answers():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    known = {f"| `{code}` | {status} |" for status, code in PROBLEMS.values()}
    known |= {"| `not_found` | 404 |", "| `method_not_allowed` | 405 |"}
    listed = [line for line in lines if line.startswith("| `")]
    assert [line for line in listed if not any(line.startswith(row) for row in known)] == []


def test_every_code_has_a_meaning():
    rows = problem_list.problem_table().splitlines()[2:]
    assert all(len(row.split(" | ")[2]) > 15 for row in rows)
