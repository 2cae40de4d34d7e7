"""The command `wherefore explain`.

What it runs is imported when it runs, so that `wherefore --help` stays quick.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from model_store.options import ModelOption


class Method(StrEnum):
    """How much is computed."""

    FAST = "fast"
    EXACT = "exact"


class Engine(StrEnum):
    """What computes."""

    AUTO = "auto"
    OPENVINO = "openvino"
    TORCH = "torch"


def explain(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="One application as text, UTF-8; - reads stdin.")
    ],
    *,
    method: Annotated[
        Method,
        typer.Option(
            help="fast asks what each clause says alone, exact also what is lost without."
        ),
    ] = Method.EXACT,
    html: Annotated[
        Path | None,
        typer.Option(help="Where the page goes.", show_default="FILE.html, none for stdin"),
    ] = None,
    model: ModelOption = None,
    engine: Annotated[
        Engine,
        typer.Option(envvar="WHEREFORE_ENGINE", help="What computes; auto takes the fastest here."),
    ] = Engine.AUTO,
) -> None:
    """Shows which words of an application carry each principal reason.

    Prints the text with highlights and writes them, with what every clause
    adds, to a self-contained HTML page. The page holds the text as given:
    keep it where the application may be kept.
    """
    from rich.console import Console  # noqa: PLC0415

    from model_store.engine.choice import EngineChoice  # noqa: PLC0415
    from model_store.explain.explainer import explain as explain_text  # noqa: PLC0415
    from model_store.explain.page import explanation_html  # noqa: PLC0415
    from model_store.explain.terminal import print_explanation  # noqa: PLC0415
    from model_store.explain.text_file import read_text_file, write_page  # noqa: PLC0415
    from model_store.predictor import Predictor  # noqa: PLC0415
    from model_store.registry.models import resolve_model  # noqa: PLC0415

    text = read_text_file(file)
    predictor = Predictor.load(resolve_model(model), choice=EngineChoice(engine=engine.value))
    explanation = explain_text(predictor, text, method=method.value)
    console = Console(soft_wrap=True)
    print_explanation(console, text, explanation)
    page = html if html is not None or str(file) == "-" else Path(f"{file}.html")
    if page is not None:
        write_page(page, explanation_html(text, explanation))
        console.print(f"Written to {page}", markup=False)
