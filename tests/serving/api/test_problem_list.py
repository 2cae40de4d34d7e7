"""The page of problem codes says what the table of errors says."""

import re
from pathlib import Path
from typing import get_args

import pytest

from data_pipeline.sources.rows import ErrorCode
from serving.api import problem_list
from serving.api.problems import HTTP_PROBLEMS, PROBLEMS

PAGE = Path(problem_list.__file__).with_name("README.md")


def test_the_page_lists_every_code_with_its_status_and_meaning():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    missing = [row for row in problem_list.problem_table().splitlines() if row not in lines]
    assert missing == [], "run python -m serving.api.problem_list and put its rows into the page"


def test_the_page_lists_no_code_that_nobody_answers():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    known = {f"| `{code}` | {status} |" for status, code in PROBLEMS.values()}
    known |= {f"| `{code}` | {status} |" for status, (code, _) in HTTP_PROBLEMS.items()}
    listed = [line for line in lines if re.match(r"\| `\w+` \| \d", line)]
    assert [line for line in listed if not any(line.startswith(row) for row in known)] == []


def test_the_page_lists_the_codes_of_rows():
    assert problem_list.row_table() in PAGE.read_text(encoding="utf-8")
    codes = {line.split("`")[1] for line in problem_list.row_table().splitlines()[2:]}
    assert codes > set(get_args(ErrorCode))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"text": ""}', 422, "empty_application"),
        (b'{"text": "\\u0000"}', 422, "nul_byte"),
        (b'{"text": "\\ud800"}', 422, "invalid_utf8"),
        (b"[1]", 422, "malformed_row"),
        (b'{"debt_to_income_ratio": 43}', 422, "invalid_field"),
    ],
)
def test_an_application_that_stands_alone_is_a_problem_by_the_code_of_its_row(
    client, body, status, code
):
    answer = client.post(
        "/api/v1/predict", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert f"| `{code}` |" in problem_list.row_table()


def test_every_code_has_a_meaning():
    rows = problem_list.problem_table().splitlines()[2:]
    assert all(len(row.split(" | ")[2]) > 15 for row in rows)
