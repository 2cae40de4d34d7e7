"""The model in this very process."""

from dataclasses import replace

from model_store.engine.choice import EngineChoice
from model_store.engine.processor import available_cores
from model_store.predictor import Predictor
from model_store.registry.models import resolve_model
from serving.settings import Settings

MAX_STREAMS = 4
"""Batches computed at once for those who wait: with more, each would have too few cores."""


def load_predictor(settings: Settings) -> Predictor:
    """Loads the model that the settings name, or the bundled one, for this process.

    Raises:
        BackendError: the engine that the settings name cannot be had.
        ArtifactError: the model is not whole, was changed, or is of another version of the code.
        RegistryError: the registry does not have the model, or cannot be reached.
    """
    model = resolve_model(settings.model, cache_dir=settings.cache_dir)
    if settings.torchserve_url is not None:
        from serving.adapters.torchserve import load_torchserve_predictor  # noqa: PLC0415

        return load_torchserve_predictor(settings, model=model)
    return Predictor.load(model, choice=online_choice(settings))


def online_choice(settings: Settings) -> EngineChoice:
    """Returns which engine the settings ask for where people wait for the answers."""
    num_streams = min(settings.threads or available_cores(), MAX_STREAMS)
    return replace(engine_choice(settings), num_streams=num_streams, joins_cores=True)


def engine_choice(settings: Settings) -> EngineChoice:
    """Returns which engine the settings ask for."""
    return EngineChoice(
        engine=settings.engine,
        precision=settings.precision,
        num_threads=settings.threads,
        cache_dir=settings.cache_dir,
    )
