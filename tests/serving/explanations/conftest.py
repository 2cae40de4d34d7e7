"""The tiny model, stating every category, behind the API."""

from dataclasses import replace

import pytest
from fake_service import app_of_fakes
from fastapi.testclient import TestClient
from pydantic import SecretStr

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.artifact import load_artifact, save_artifact
from model_store.calibration import Calibration, CategoryCalibration
from model_store.predictor import Predictor
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
    app = app_of_fakes(settings, predictor=stating_predictor)
    with TestClient(app, headers={"X-API-Key": KEY}) as client:
        yield client
