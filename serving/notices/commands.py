"""The commands of this package: `wherefore notice check` and `wherefore notice render`.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, help="Check adverse action notices clause by clause, and print them."
)

EXIT_BLOCKED = 1
"""Exit code of a check that found a failure that blocks the release."""

NoticeFile = Annotated[
    Path, typer.Argument(help="JSON file with notice and record.", show_default=False)
]


@app.command()
def check(
    file: NoticeFile,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every verdict as JSON, passed ones too.")
    ] = False,
) -> None:
    """Check a notice against its decision record, clause by clause.

    Exit code 0: nothing blocks the release. 1: a check failed that blocks it. 2: no such check
    could be made.
    """
    from serving.notices.case_file import read_case  # noqa: PLC0415
    from serving.notices.checks.every_check import blocking, check_notice  # noqa: PLC0415
    from serving.notices.errors import NoticeFileError  # noqa: PLC0415
    from serving.notices.report import report_json, report_text  # noqa: PLC0415

    case = read_case(file)
    if case.record is None:
        raise NoticeFileError(
            "record is missing: expected the decision record (comment 9(b)(2)-2); add it"
        )
    verdicts = check_notice(case.notice, case.record)
    printed = json.dumps(report_json(verdicts), indent=2) if as_json else report_text(verdicts)
    typer.echo(printed)
    if blocking(verdicts):
        raise typer.Exit(EXIT_BLOCKED)


@app.command()
def render(
    file: NoticeFile,
    output: Annotated[
        Path, typer.Argument(help="File ending in .pdf, .html or .txt.", show_default=False)
    ],
) -> None:
    """Print a notice as a tagged PDF, an HTML page or plain text."""
    from serving.notices.case_file import read_case  # noqa: PLC0415
    from serving.notices.render import render_file  # noqa: PLC0415

    render_file(read_case(file).notice, output)
    typer.echo(f"wrote {output}", err=True)


@app.command()
def sample(
    form: Annotated[
        str, typer.Argument(help="C-1 to C-8, APPROVAL or REPORT-USED.", show_default=False)
    ],
    output: Annotated[Path, typer.Argument(help="JSON file to write.", show_default=False)],
) -> None:
    """Write a form filled in with invented data, as an example of a notice file."""
    from serving.notices.case_file import dump_case  # noqa: PLC0415
    from serving.notices.errors import NoticeFileError  # noqa: PLC0415
    from serving.notices.forms import NoticeForm  # noqa: PLC0415
    from serving.notices.samples import sample_case  # noqa: PLC0415

    if form.upper() not in set(NoticeForm):
        raise NoticeFileError(f"found no form {form!r}: name one of {', '.join(NoticeForm)}")
    try:
        output.write_text(dump_case(sample_case(NoticeForm(form.upper()))), encoding="utf-8")
    except OSError as error:
        raise NoticeFileError(
            f"cannot write {output} ({error.strerror}): name a file in an existing folder"
        ) from None
    typer.echo(f"wrote {output}", err=True)
