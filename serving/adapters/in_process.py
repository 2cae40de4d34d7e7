"""The model in this very process."""

import torch

from model_store.predictor import Predictor
from model_store.registry import resolve_model
from serving.settings import Settings


def load_predictor(settings: Settings) -> Predictor:
    """Loads the model that the settings name, or the bundled one, for this process.

    Raises:
        ArtifactError: the model is not whole, was changed, or is of another version of the code.
        RegistryError: the registry does not have the model, or cannot be reached.
    """
    if settings.torch_threads is not None:
        torch.set_num_threads(settings.torch_threads)
    return Predictor.load(resolve_model(settings.model, cache_dir=settings.cache_dir))
