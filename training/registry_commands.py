"""`wherefore models`, `register`, `promote` and `rollback`: the models of an MLflow registry."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from data_pipeline.cli import needs_extra
from data_pipeline.errors import CommandError

if TYPE_CHECKING:
    from model_store.registry.registered import RegisteredVersion

_ATTACHED = ("fairness", "faithfulness")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Registered name of the model.")]
Role = Annotated[str, typer.Option("--alias", help="The alias to give, or to give back.")]
Reason = Annotated[str, typer.Option(help="Why, in words; it is kept with the version.")]


def models(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Only this model.", show_default="all")
    ] = None,
    *,
    card: Annotated[
        int | None, typer.Option(metavar="VERSION", min=1, help="Print the card of this version.")
    ] = None,
) -> None:
    """List registered models: versions, aliases, digests, figures and reports.

    The registry is MLflow's at MLFLOW_TRACKING_URI, or runs/mlflow.db.
    """
    from model_store.registry.models import ModelRegistry  # noqa: PLC0415

    if card is not None:
        typer.echo(_card(name, version=card))
        return
    table = Table()
    for column in (
        *("model", "version", "aliases", "digest", "registered"),
        *("evaluation", "fairness", "faithfulness"),
    ):
        table.add_column(column, overflow="fold")
    for version in ModelRegistry.open().versions(name):
        table.add_row(*_row(version))
    Console().print(table)


def register(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of the model.")],
    *,
    name: Annotated[
        str | None, typer.Option(help="Registered name.", show_default="the name of the model")
    ] = None,
    evaluation: Annotated[
        list[Path] | None,
        typer.Option(
            help="Record of its evaluation, record.json of `wherefore evaluate`; several are put "
            "together; a cross-validation among them counts first of all, else what does in the "
            "first."
        ),
    ] = None,
    fairness: Annotated[
        Path | None, typer.Option(help="Its fairness report, .json, to keep with it.")
    ] = None,
    faithfulness: Annotated[
        Path | None,
        typer.Option(
            help="Its faithfulness report, faithfulness_record.json of `wherefore evaluate "
            "--faithfulness`, to keep with it."
        ),
    ] = None,
) -> None:
    """Register a model as a new version, and keep reports with it.

    A model that is registered already stays the version it is; reports given again replace the
    earlier ones. `wherefore train` registers what it makes.
    """
    with needs_extra("train"):
        from training.promotion.registered_reports import register_with_reports  # noqa: PLC0415

    version = register_with_reports(
        directory,
        name=name,
        evaluations=evaluation or [],
        fairness=fairness,
        faithfulness=faithfulness,
    )
    typer.echo(f"{version.reference} is {version.model_version}")


def promote(
    name: Name,
    *,
    version: Annotated[int, typer.Option(help="Number of the version.", min=1)],
    alias: Role = "champion",
    reason: Reason = "",
) -> None:
    """Make a version the champion, if its evaluation and fairness report allow it.

    Refused without both reports, without beating the baselines, and where a figure, or the
    faithfulness of explanations, falls behind the champion's by more than chance. A server that
    runs keeps its model until it is restarted.
    """
    with needs_extra("train"):
        from training.promotion.champion import promote as give_role  # noqa: PLC0415
    from model_store.registry.models import ModelRegistry  # noqa: PLC0415
    from model_store.registry.reference import ModelReference  # noqa: PLC0415

    wanted = ModelReference(name=name, version=version)
    change = give_role(ModelRegistry.open(), wanted, role=alias, reason=reason)
    before = f"version {change.previous_version}" if change.previous_version else "nobody"
    typer.echo(f"{wanted} is {alias} now; before: {before}")


def rollback(
    name: Name,
    *,
    alias: Role = "champion",
    reason: Reason = "",
) -> None:
    """Make the previous champion the champion again.

    A server that runs keeps its model until it is restarted.
    """
    from model_store.registry.models import ModelRegistry  # noqa: PLC0415
    from training.promotion.roles import rollback as give_back  # noqa: PLC0415

    change = give_back(ModelRegistry.open(), name, role=alias, reason=reason)
    typer.echo(
        f"models:/{name}/{change.version} is {alias} again; before: version "
        f"{change.previous_version}"
    )


def _card(name: str | None, *, version: int) -> str:
    if name is None:
        raise CommandError(
            "--card names a version but no model is named: expected `wherefore models NAME --card "
            "VERSION`"
        )
    with needs_extra("train"):
        from training.promotion.kept_reports import kept_card  # noqa: PLC0415
    from model_store.registry.models import ModelRegistry  # noqa: PLC0415
    from model_store.registry.reference import ModelReference  # noqa: PLC0415

    registry = ModelRegistry.open()
    return kept_card(registry, registry.find(ModelReference(name=name, version=version)))


def _row(version: "RegisteredVersion") -> list[str]:
    return [
        version.name,
        str(version.version),
        ", ".join(version.aliases),
        (version.digest or "not ours")[:12],
        f"{version.created:%Y-%m-%d %H:%M}",
        version.figures or "none",
        *("attached" if version.has_report(kind) else "none" for kind in _ATTACHED),
    ]
