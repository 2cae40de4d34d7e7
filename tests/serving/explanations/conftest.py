"""The tiny model, stating every category, behind the API."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.artifact import load_artifact, save_artifact
from model_store.calibration import Calibration, CategoryCalibration
from model_store.predictor import Predictor
from serving.adapters.memory_cases import MemoryStorage
from serving.app import create_app
from serving.keys import open_api_keys
from serving.settings import Settings

KEY = "a-key-for-tests-of-32-characters"


@pytest.fixture(scope="session")
def stating_model(tiny_model, tmp_path_factory):
    """The directory of a tiny model that states every category of any text."""
    scale = CategoryCalibration(state=1e-6, review=1e-6)
    artifact = replace(
        load_artifact(tiny_model), calibration=Calibration(categories=(scale,) * len(CATEGORIES))
    )
    directory = tmp_path_factory.mktemp("models") / "stating"
    save_artifact(artifact, directory, storage="fp32")
    return directory


@pytest.fixture(scope="session")
def stating_predictor(stating_model):
    return Predictor.load(stating_model)


@pytest.fixture(scope="session")
def stating_client(stating_model, stating_predictor, tmp_path_factory):
    """A client of the service with that model, for tests that ask it many times."""
    settings = Settings(
        api_key=SecretStr(KEY),
        model=str(stating_model),
        state_dir=tmp_path_factory.mktemp("state"),
    )
    app = create_app(
        settings,
        predictor=stating_predictor,
        keys=open_api_keys(settings.state_dir, configured=settings.api_key),
        storage=lambda: nullcontext(MemoryStorage()),
    )
    with TestClient(app, headers={"X-API-Key": KEY}) as client:
        yield client
