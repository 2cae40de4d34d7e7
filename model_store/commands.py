"""The command of this package: `wherefore quantize`.

What it runs is imported when it runs, so that `wherefore --help` stays quick.
"""

from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from model_store.options import ModelOption

_SEED = 20261120


def quantize(
    *,
    model: ModelOption = None,
    calibration_texts: Annotated[
        int, typer.Option(min=1, max=1000, help="Texts of the corpus to take ranges from.")
    ] = 300,
    gate_texts: Annotated[
        int, typer.Option(min=1, max=1000, help="Other texts of the corpus to be judged by.")
    ] = 300,
    cache_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="WHEREFORE_CACHE_DIR",
            help="Where converted models are kept.",
            show_default="wherefore in the user's cache folder",
        ),
    ] = None,
) -> None:
    """Let this machine serve a model in 8-bit integers, if its answers stay the same.

    The ranges of the activations are taken from texts of the bundled corpus;
    answers for other texts of it are compared with those of fp32. What
    passes is served from then on where WHEREFORE_PRECISION is auto or int8.
    """
    from data_pipeline.corpus.narratives import load_corpus  # noqa: PLC0415
    from model_store.engine.int8 import quantize as quantize_stored  # noqa: PLC0415
    from model_store.registry.models import resolve_model  # noqa: PLC0415
    from model_store.stored import open_stored  # noqa: PLC0415

    stored = open_stored(resolve_model(model, cache_dir=cache_dir))
    texts = [narrative.text for narrative in load_corpus()]
    Random(_SEED).shuffle(texts)  # noqa: S311 - a draw of texts, no secret
    kept, figures = quantize_stored(
        stored,
        calibration_texts=texts[:calibration_texts],
        gate_texts=texts[calibration_texts:][:gate_texts],
        cache_dir=cache_dir,
    )
    for name, value in asdict(figures).items():
        typer.echo(f"{name}: {value:.4f}")
    typer.echo(f"{stored.manifest.model_version} is served in int8 from {kept.directory}")
