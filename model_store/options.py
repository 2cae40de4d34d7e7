"""Options that several commands share."""

from typing import Annotated

import typer

ModelOption = Annotated[
    str | None,
    typer.Option(
        envvar="WHEREFORE_MODEL",
        help="Directory of the model, or models:/NAME@ALIAS of the MLflow registry.",
        show_default="the bundled starter model",
    ),
]
"""Which model to take; None for the one that comes with the package."""
