"""The model in this very process."""

import torch

from model_store.artifact import starter_directory
from model_store.predictor import Predictor
from serving.settings import Settings


def load_predictor(settings: Settings) -> Predictor:
    """Loads the model that the settings name, or the bundled one, for this process.

    Raises:
        ArtifactError: the model directory is not a whole, unchanged model.
    """
    if settings.torch_threads is not None:
        torch.set_num_threads(settings.torch_threads)
    return Predictor.load(settings.model or starter_directory())
