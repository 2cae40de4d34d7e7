"""The shared cache against a real server that is killed, restarted, slowed and made to lie."""

import asyncio
import socket
import threading
import time
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from serving.adapters.redis_cache import BUDGET_SECONDS, MAX_KEYS_AT_ONCE, TTL_JITTER_RATIO
from serving.errors import SettingsError

EVENTUALLY_S = 60


def eventually(condition):
    """Waits for something that comes about in threads of the cache."""
    give_up = time.monotonic() + EVENTUALLY_S
    while not (found := condition()):
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.02)
    return found


def fetch(cache, names):
    return asyncio.run(cache.fetch(names))


def names(codec, count):
    return [codec.name((0, i, 2)) for i in range(count)]


def fetched(cache, wanted):
    return eventually(lambda: found if len(found := fetch(cache, wanted)) == len(wanted) else None)


def stored(cache, wanted, logits, valkey):
    """Stores until all of it is there."""

    def is_there():
        with valkey.client() as client:
            if client.dbsize() >= len(wanted):
                return True
        for name in wanted:
            cache.store(name, logits)
        return False

    eventually(is_there)


def left_alone(cache, wanted, logits, valkey):
    """Stores, kills the server and waits until the cache asks it no more."""
    stored(cache, wanted, logits, valkey)
    valkey.kill()
    eventually(lambda: fetch(cache, wanted) == {} and not cache.is_available)


def test_what_one_process_stored_another_reads_to_the_bit(
    valkey, new_redis_cache, new_codec, random_logits, same_bits
):
    wanted = names(new_codec(), 3)
    logits = random_logits()
    stored(new_redis_cache(valkey.url), wanted, logits, valkey)
    found = fetched(new_redis_cache(valkey.url), wanted)
    assert all(same_bits(found[name], logits) for name in wanted)


def test_many_names_are_asked_for_in_several_goes(
    valkey, new_redis_cache, new_codec, random_logits
):
    wanted = names(new_codec(), MAX_KEYS_AT_ONCE + 5)
    cache = new_redis_cache(valkey.url)
    stored(cache, wanted, random_logits(), valkey)
    assert len(fetched(cache, wanted)) == len(wanted)


def test_the_first_answer_stays(valkey, new_redis_cache, new_codec, random_logits, same_bits):
    cache, (first, second) = new_redis_cache(valkey.url), names(new_codec(), 2)
    stored(cache, [first], random_logits(1), valkey)
    cache.store(first, random_logits(2))
    stored(cache, [first, second], random_logits(2), valkey)  # is written after it
    assert same_bits(fetched(cache, [first])[first], random_logits(1))


def test_entries_end_at_different_times_near_the_one_set(
    valkey, new_redis_cache, new_codec, random_logits
):
    wanted = names(new_codec(), 30)
    stored(new_redis_cache(valkey.url, ttl_seconds=1000), wanted, random_logits(), valkey)
    with valkey.client() as client:
        left = [client.pttl(key) / 1000 for key in client.scan_iter()]
    assert max(left) <= 1000 * (1 + TTL_JITTER_RATIO)
    assert min(left) >= 1000 * (1 - TTL_JITTER_RATIO) - EVENTUALLY_S
    assert max(left) - min(left) > 20


def test_another_version_sees_nothing_of_it(valkey, new_redis_cache, new_codec, random_logits):
    before, after = new_codec(), new_codec(masking="next")
    wanted = names(before, 2)
    stored(new_redis_cache(valkey.url), wanted, random_logits(), valkey)
    assert fetch(new_redis_cache(valkey.url, codec=after), names(after, 2)) == {}
    with valkey.client() as client:
        assert {key.split(b":")[1] for key in client.scan_iter()} == {before.namespace.encode()}


def test_garbage_is_a_miss_that_is_counted_and_then_overwritten(
    valkey, new_redis_cache, new_codec, random_logits, heard
):
    wanted, logits = names(new_codec(), 4), random_logits()
    stored(new_redis_cache(valkey.url), wanted, logits, valkey)
    with valkey.client() as client:
        keys = client.keys()
        values = client.mget(keys)
        # Cut, swapped with another's, replaced and emptied.
        lies = [values[0][:-1], values[0], b"\0" * len(values[2]), b""]
        for key, lie in zip(keys, lies, strict=True):
            client.set(key, lie)
    cache = new_redis_cache(valkey.url)
    eventually(lambda: fetch(cache, wanted) == {} and heard.failures.count("garbage") >= 4)

    def is_mended():
        for name in wanted:
            cache.store(name, logits)
        return len(fetch(cache, wanted)) == len(wanted)

    eventually(is_mended)
    found = fetched(cache, wanted).values()
    assert all(value.risk_W.tolist() == logits.risk_W.tolist() for value in found)


def test_another_kind_of_value_is_a_miss(valkey, new_redis_cache, new_codec, heard):
    codec = new_codec()
    [name] = names(codec, 1)
    with valkey.client() as client:
        client.lpush(f"wherefore:{codec.namespace}:".encode() + name, "a list")
    assert fetch(new_redis_cache(valkey.url), [name]) == {}
    assert "garbage" not in heard.failures


def test_a_killed_server_is_left_alone_and_found_again_when_it_is_back(
    valkey, new_redis_cache, new_codec, random_logits, heard
):
    cache, wanted = new_redis_cache(valkey.url), names(new_codec(), 2)
    left_alone(cache, wanted, random_logits(), valkey)
    assert {"unreachable", "timeout"} & set(heard.failures)
    assert fetch(cache, wanted) == {}
    valkey.start()
    stored(cache, wanted, random_logits(), valkey)
    assert len(fetched(cache, wanted)) == 2
    assert cache.is_available


def test_names_are_forgotten_however_many_and_whatever_redis_does_meanwhile(
    valkey, new_redis_cache, new_codec, random_logits
):
    cache = new_redis_cache(valkey.url, budget_seconds=0.05)
    wanted, kept = names(new_codec(), 1500), new_codec().name((0, 9999, 2))
    stored(new_redis_cache(valkey.url), [kept], random_logits(), valkey)
    with valkey.client() as client:
        for name in wanted:
            client.set(f"wherefore:{new_codec().namespace}:".encode() + name, b"wrong")
        client.execute_command("CLIENT", "PAUSE", "1500", "ALL")
    for name in wanted[:100]:
        cache.store(name, random_logits())  # waits to be stored when all is forgotten
    cache.forget(wanted)
    assert fetch(cache, wanted[:5]) == {}
    with valkey.client() as client:
        eventually(lambda: client.dbsize() == 1)
        time.sleep(1.0)
        assert client.dbsize() == 1
    stored(cache, [kept, *wanted[:3]], random_logits(), valkey)
    assert len(fetched(cache, wanted[:3])) == 3


def test_what_is_to_be_forgotten_is_removed_before_the_cache_closes(
    valkey, new_redis_cache, new_codec, random_logits
):
    cache, wanted = new_redis_cache(valkey.url), names(new_codec(), 3)
    stored(cache, wanted, random_logits(), valkey)
    cache.forget(wanted)
    cache.close()
    with valkey.client() as client:
        eventually(lambda: client.dbsize() == 0)


def test_names_that_could_not_be_removed_at_the_end_are_counted_in_an_error(
    valkey, new_redis_cache, new_codec, random_logits
):
    cache, wanted = new_redis_cache(valkey.url), names(new_codec(), 3)
    stored(cache, wanted, random_logits(), valkey)
    valkey.kill()
    with capture_logs() as logs:
        cache.forget(wanted)
        cache.close()
        (error,) = eventually(
            lambda: [entry for entry in logs if entry["event"] == "cache_names_not_removed"]
        )
    assert (error["log_level"], error["names"]) == ("error", 3)


def test_a_wall_clock_that_is_set_back_leaves_no_server_alone_for_longer(
    valkey, new_redis_cache, new_codec, random_logits, monkeypatch
):
    cache, wanted = new_redis_cache(valkey.url), names(new_codec(), 1)
    left_alone(cache, wanted, random_logits(), valkey)
    valkey.start()

    class Back(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - timedelta(days=1)

    monkeypatch.setattr("pybreaker.datetime", Back)
    stored(cache, wanted, random_logits(), valkey)
    assert len(fetched(cache, wanted)) == 1


def test_a_server_that_takes_two_seconds_is_not_waited_for(
    slow_proxy, new_redis_cache, new_codec, heard
):
    cache = new_redis_cache(slow_proxy.url, budget_seconds=BUDGET_SECONDS)
    wanted = names(new_codec(), 2)
    started = time.monotonic()
    assert all(fetch(cache, wanted) == {} for _ in range(20))
    assert time.monotonic() - started < 20  # half of what waiting for each answer would take
    eventually(lambda: fetch(cache, wanted) == {} and not cache.is_available)
    assert "timeout" in heard.failures


@pytest.mark.parametrize("lie", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"*1\r\n$-1\r\n", b":1\r\n"])
def test_a_server_that_is_no_redis_makes_misses(lie, new_redis_cache, new_codec, heard):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.sendall(lie * 100)

    server = threading.Thread(target=serve)
    server.start()
    cache = new_redis_cache(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
    eventually(lambda: fetch(cache, names(new_codec(), 3)) == {} and not cache.is_available)
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    server.join()


def test_stores_that_cannot_be_written_are_dropped_and_counted(
    valkey, new_redis_cache, new_codec, random_logits, heard
):
    valkey.kill()
    cache = new_redis_cache(valkey.url)
    for name in names(new_codec(), 2000):
        cache.store(name, random_logits())
    eventually(lambda: "skipped" in heard.failures)


def test_neither_keys_nor_values_tell_the_tokens(valkey, new_redis_cache, new_codec, random_logits):
    codec = new_codec()
    ids = (0, 1_234_567, 7_654_321, 2)
    stored(new_redis_cache(valkey.url), [codec.name(ids)], random_logits(), valkey)
    with valkey.client() as client:
        [key] = client.keys()
        content = key + client.get(key)
    for token in ids[1:3]:
        assert token.to_bytes(4, "little") not in content
        assert str(token).encode() not in content


def test_a_wrong_url_is_told_in_one_sentence_without_repeating_it(new_redis_cache):
    with pytest.raises(SettingsError, match="WHEREFORE_REDIS_URL") as caught:
        new_redis_cache("http://user:canary-password@host")
    assert "canary-password" not in str(caught.value)
