"""The fuzzers' targets with seeds, spoiled seeds and some bytes; `run_fuzzers.py` goes on."""

import pytest
from fuzz_targets import TARGETS, seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module", params=TARGETS)
def fuzzer(request):
    """A target, and what it begins with."""
    return TARGETS[request.param](), seeds(request.param)


def test_a_target_takes_its_seeds(fuzzer):
    target, corpus = fuzzer
    assert corpus
    for content in corpus:
        target(content)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_target_takes_spoiled_seeds(fuzzer, data):
    target, corpus = fuzzer
    content = bytearray(data.draw(st.sampled_from(corpus)))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 40))
        content[position : position + cut] = data.draw(st.binary(max_size=20))
    target(bytes(content))
