"""The stable codes of errors as a table; `python -m serving.api.problem_list` prints it."""

import inspect
import re

from serving.api.problems import HTTP_PROBLEMS, PROBLEMS


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
    print(problem_table())  # noqa: T201  the program's answer
