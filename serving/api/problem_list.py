"""The stable codes of errors as tables; `python -m serving.api.problem_list` prints them."""

import inspect
import re

from serving.api.problems import HTTP_PROBLEMS, PROBLEMS
from serving.backlog.texts import DUPLICATE_ID, NOT_EXPLAINED
from serving.scoring import NOT_SCORED

_OF_ROWS = {
    "empty_application": "There is neither text nor a field.",
    "invalid_field": "A field or the id holds what it cannot.",
    "invalid_json": "A line is not JSON, or a nested field of .csv is not.",
    "invalid_utf8": "A line is not UTF-8, or a text holds half of a surrogate pair.",
    "line_too_long": "A line has more bytes than are read.",
    "malformed_row": "What should be an application is none: no object, or too many cells.",
    "nul_byte": "A text holds the character U+0000.",
    "text_too_long": "A text is over the limit.",
}
_OF_SCORING = {
    DUPLICATE_ID: "A file has another row with this id before.",
    NOT_EXPLAINED: "The model fails at parts of a text that `--explain` has it read; files only.",
    NOT_SCORED: "The server failed to score it, through no fault of the row.",
}


def row_table() -> str:
    """Returns code and meaning of what keeps single applications from a verdict, as Markdown."""
    meanings = sorted((_OF_ROWS | _OF_SCORING).items())
    rows = [f"| `{code}` | {meaning} |" for code, meaning in meanings]
    return "\n".join(["| code | meaning |", "|---|---|", *rows])


def problem_table() -> str:
    """Returns code, status and meaning of every error as a Markdown table, by status."""
    found: dict[str, tuple[int, str]] = {}
    for kind, (status, code) in PROBLEMS.items():
        meaning = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0]
        found.setdefault(code, (status, re.sub(r"\s+", " ", meaning)))
    for status, (code, meaning) in HTTP_PROBLEMS.items():
        found[code] = (status, f"{meaning[0].upper()}{meaning[1:]}.")
    rows = [
        f"| `{code}` | {status} | {meaning} |"
        for code, (status, meaning) in sorted(found.items(), key=lambda item: (item[1][0], item[0]))
    ]
    return "\n".join(["| code | status | meaning |", "|---|---|---|", *rows])


if __name__ == "__main__":
    print(problem_table(), row_table(), sep="\n\n")  # noqa: T201  the program's answer
