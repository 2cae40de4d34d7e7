from itertools import islice

import pytest

from data_pipeline.generator.simulation import simulate

SEED = 11


@pytest.fixture(scope="session")
def synthetic_files():
    """A thousand synthetic files of both splits, in order of their index."""
    return list(islice(simulate(1_000, seed=SEED), 1_000))
