"""The command `wherefore what-if`.

What it runs is imported when it runs, so that `wherefore --help` stays quick.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data_pipeline.domain.taxonomy import DenialReason
from data_pipeline.errors import CommandError
from model_store.options import ModelOption

if TYPE_CHECKING:
    from rich.console import Console

    from data_pipeline.domain.application import LoanApplication
    from serving.rows import ScoredRow
    from serving.what_if.changes import ChangedApplication


def what_if(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="One application: .json with text and fields, or plain text in UTF-8; - reads "
            "text from stdin.",
        ),
    ],
    *,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A field to change; may be repeated."),
    ] = None,
    strike: Annotated[
        list[str] | None,
        typer.Option(metavar="START:END", help="A stretch of the text to leave out, code points."),
    ] = None,
    remove: Annotated[
        DenialReason | None,
        typer.Option(help="A stated reason: search for the smallest lawful change without it."),
    ] = None,
    model: ModelOption = None,
) -> None:
    """Scores one application again with lawful changes, or searches for the smallest that helps.

    Fields that an applicant cannot act on, and whatever states a prohibited
    basis, are refused by name. Nothing of it is ever part of a notice.
    """
    from rich.console import Console  # noqa: PLC0415

    from data_pipeline.sources import Row  # noqa: PLC0415
    from model_store.engine.choice import EngineChoice  # noqa: PLC0415
    from model_store.predictor import Predictor  # noqa: PLC0415
    from model_store.registry.models import resolve_model  # noqa: PLC0415
    from serving.rows import ScoredRow  # noqa: PLC0415
    from serving.scoring import ScoringService  # noqa: PLC0415
    from serving.what_if.changes import changed  # noqa: PLC0415

    application = _application(file)
    made = changed(application, _changes(changes or []), strike=_strikes(strike or []))
    predictor = Predictor.load(resolve_model(model), choice=EngineChoice())
    service = ScoringService(predictor=predictor)

    def score(applications: "list[LoanApplication]") -> list[ScoredRow]:
        rows = service.score(
            [Row(number=n, id=str(n), application=a) for n, a in enumerate(applications, start=1)]
        )
        scored = [row for row in rows if isinstance(row, ScoredRow)]
        if len(scored) < len(rows):
            raise CommandError("an application cannot be scored: its text is too long; shorten it")
        return scored

    console = Console(soft_wrap=True, highlight=False)
    if remove is None:
        before, after = score([application, made.application])
        _print_changes(console, made)
        _print_row(console, "before", before)
        _print_row(console, "after", after)
        return
    _print_recourse(console, made.application, remove, score=score)


def _print_recourse(
    console: "Console",
    application: "LoanApplication",
    reason: DenialReason,
    *,
    score: "Callable[[list[LoanApplication]], list[ScoredRow]]",
) -> None:
    from serving.what_if.recourse import find_recourse  # noqa: PLC0415

    [before] = score([application])
    found = find_recourse(application, before, reason, score=lambda many: score(list(many)))
    _print_row(console, "before", before)
    if not found.suggestions:
        console.print(f"Nothing that may be changed removes {reason} ({found.num_tried} tried).")
    for number, suggestion in enumerate(found.suggestions, start=1):
        console.print(f"{number}. {' '.join(suggestion.how)}", markup=False)
        _print_changes(console, suggestion.changed)
        _print_row(console, "after", suggestion.row)
    console.print("This would change the model's answer; it promises no approval.")


def _print_changes(console: "Console", made: "ChangedApplication") -> None:
    for change in made.changes:
        follows = ", follows" if change.is_derived else ""
        before = "none" if change.before is None else f"{change.before:,.10g}"
        console.print(f"   {change.field}: {before} -> {change.after:,.10g}{follows}", markup=False)
    if made.struck:
        places = ", ".join(f"{start}:{end}" for start, end in made.struck)
        console.print(f"   without {places} of the text", markup=False)


def _print_row(console: "Console", name: str, row: "ScoredRow") -> None:
    reasons = ", ".join(reason.reason for reason in row.principal_reasons) or "none stated"
    console.print(f"   {name}: risk {row.risk_score:.1f} ({row.risk_band.value}), {reasons}")


def _application(file: Path) -> "LoanApplication":
    import json  # noqa: PLC0415

    from data_pipeline.sources import RowValueError, application_from_mapping  # noqa: PLC0415
    from model_store.explain.text_file import read_text_file  # noqa: PLC0415

    text = read_text_file(file)
    if file.suffix.lower() != ".json":
        return application_from_mapping({"text": text})
    try:
        found = json.loads(text)
    except ValueError:
        # From nothing: the error would carry the applicant's text.
        raise CommandError(f"{file} is not JSON: expected one object with text or fields") from None
    if not isinstance(found, dict):
        raise RowValueError(
            "malformed_row", field=None, message=f"{file}: expected one JSON object"
        )
    return application_from_mapping(found)


def _changes(given: list[str]) -> dict[str, float | str]:
    changes: dict[str, float | str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise CommandError("--set: found no '=', expected FIELD=VALUE: correct it")
        try:
            changes[name.strip()] = float(value.replace(",", "").removeprefix("$"))
        except ValueError:
            changes[name.strip()] = value
    return changes


def _strikes(given: list[str]) -> list[tuple[int, int]]:
    try:
        return [(int(start), int(end)) for start, end in (one.split(":") for one in given)]
    except ValueError:
        raise CommandError(
            "--strike: found something else than two whole numbers, expected START:END"
        ) from None
