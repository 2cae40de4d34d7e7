from contextlib import ExitStack

import pytest

from model_store.engine.streams import Streams


class Compiled:
    """A compiled network whose requests are numbers of its own."""

    def __init__(self, *requests):
        self._requests = iter(requests)

    def create_infer_request(self):
        return next(self._requests)


@pytest.fixture
def streams():
    return Streams(Compiled("share 1", "share 2"), 2, joined=Compiled("all cores"))


def content(requests):
    return [requests.get_nowait() for _ in range(requests.qsize())]


def test_a_batch_that_comes_alone_gets_all_cores(streams):
    for _ in range(2):
        with streams.lent(num_batches=1) as requests:
            found = content(requests)
            for request in found:
                requests.put(request)
        assert found == ["all cores"]


def test_a_call_beside_another_gets_a_share_also_once_that_one_has_ended(streams):
    with ExitStack() as second:
        with streams.lent(num_batches=1):
            shares = second.enter_context(streams.lent(num_batches=1))
        with streams.lent(num_batches=1) as third:
            assert third is shares
        assert content(shares) == ["share 1", "share 2"]


def test_several_batches_of_one_call_are_computed_side_by_side(streams):
    with streams.lent(num_batches=2) as requests:
        assert content(requests) == ["share 1", "share 2"]


def test_a_call_that_fails_is_under_way_no_longer(streams):
    with pytest.raises(ValueError, match="poison"), streams.lent(num_batches=1):
        raise ValueError("poison")
    with streams.lent(num_batches=1) as requests:
        assert content(requests) == ["all cores"]


def test_without_a_network_on_all_cores_every_call_gets_a_share():
    streams = Streams(Compiled("share 1", "share 2"), 2)
    with streams.lent(num_batches=1) as requests:
        assert content(requests) == ["share 1", "share 2"]
