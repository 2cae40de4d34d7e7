"""A tiny network in every form an engine can run, each made once."""

import pytest
import torch

from model_store.artifact import save_artifact
from model_store.engine.conversion import write_converted
from model_store.engine.derived import MODEL_XML, DerivedModels, Origin
from model_store.stored import open_stored


@pytest.fixture(scope="session")
def new_worded_network(new_network):
    """Builds tiny networks whose words take part, too."""

    def build(*, seed=0, head_dropout=0.0):
        network = new_network(seed=seed, head_dropout=head_dropout)
        reading = network.lexical
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            reading.folded_V.copy_(torch.arange(len(reading.folded_V)) % 300)
            reading.rarity_K.uniform_(0.1, 3.0)
            reading.weight_OK.normal_(std=0.5)
            network.lexical_weight.fill_(1.0)
        return network

    return build


@pytest.fixture(scope="session")
def tiny_xml(new_worded_network, tmp_path_factory):
    """The file of the tiny network as OpenVINO runs it."""
    directory = tmp_path_factory.mktemp("converted")
    write_converted(new_worded_network(), directory)
    return directory / MODEL_XML


@pytest.fixture(scope="session")
def tiny_stored(new_artifact, new_worded_network, tmp_path_factory):
    """The tiny model as a checked directory."""
    directory = tmp_path_factory.mktemp("stored") / "tiny"
    save_artifact(new_artifact(network=new_worded_network()), directory, storage="fp32")
    return open_stored(directory)


@pytest.fixture
def cache_dir(tiny_stored, tiny_xml, tmp_path):
    """A cache in which the tiny model lies converted."""

    def copy(target):
        for file in tiny_xml.parent.iterdir():
            (target / file.name).write_bytes(file.read_bytes())

    origin = Origin.of(tiny_stored.manifest.digest, "float")
    DerivedModels(tmp_path / "cache").keep(origin, copy)
    return tmp_path / "cache"
