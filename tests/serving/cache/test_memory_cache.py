from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.cache.logits_cache import MemoryCache


def test_the_first_logits_of_a_name_stay(random_logits):
    cache, first = MemoryCache(10**6), random_logits(1)
    assert cache.put(b"n", first) is first
    assert cache.put(b"n", random_logits(2)) is first
    assert cache.get(b"n") is first


def test_what_was_used_last_stays_when_room_runs_out(random_logits):
    cache = MemoryCache(3 * 3000)
    for name in (b"a", b"b", b"c"):
        cache.put(name, random_logits(num_tokens=20))
    cache.get(b"a")
    cache.put(b"d", random_logits(num_tokens=20))
    assert [cache.get(name) is not None for name in (b"a", b"b", b"d")] == [True, False, True]


def test_a_cache_without_room_keeps_nothing_and_gives_back_what_it_got(random_logits):
    cache, logits = MemoryCache(0), random_logits()
    assert cache.put(b"n", logits) is logits
    assert cache.get(b"n") is None


@given(st.lists(st.tuples(st.binary(max_size=1), st.integers(0, 60)), max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_bytes_kept_never_pass_the_limit(random_logits, given_entries):
    cache = MemoryCache(8_000)
    for name, num_tokens in given_entries:
        cache.put(name, random_logits(num_tokens=num_tokens))
        assert cache.num_bytes <= 8_000
