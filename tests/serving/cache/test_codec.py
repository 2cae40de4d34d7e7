import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_store.engine.derived import computing_code_sha256
from serving.cache.codec import CacheIdentity, GarbageError, engine_identity

IDS = (0, 17, 50_264, 2)


def test_logits_come_back_to_the_bit(new_codec, random_logits, same_bits):
    codec, logits = new_codec(), random_logits()
    name = codec.name(IDS)
    assert same_bits(codec.open(name, codec.seal(name, logits)), logits)


def test_a_window_without_text_comes_back_too(new_codec, random_logits, same_bits):
    codec, logits = new_codec(), random_logits(num_tokens=2)
    assert same_bits(codec.open(b"n", codec.seal(b"n", logits)), logits)


def test_what_was_read_cannot_be_changed(new_codec, random_logits):
    codec = new_codec()
    found = codec.open(b"n", codec.seal(b"n", random_logits()))
    with pytest.raises(ValueError, match="read-only"):
        found.category_WC[0, 0] = 1


def test_a_value_under_another_name_is_garbage(new_codec, random_logits):
    codec = new_codec()
    with pytest.raises(GarbageError):
        codec.open(codec.name((1, 2)), codec.seal(codec.name((1, 3)), random_logits()))


def test_a_value_sealed_under_another_secret_is_garbage(new_codec, random_logits):
    foreign = new_codec(secret=b"another secret, also of 32 bytes!!!")
    with pytest.raises(GarbageError):
        new_codec().open(b"n", foreign.seal(b"n", random_logits()))


@given(st.integers(0, 10**6), st.integers(0, 7))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_value_with_any_bit_turned_is_garbage(new_codec, random_logits, position, bit):
    codec = new_codec()
    sealed = bytearray(codec.seal(b"n", random_logits()))
    sealed[position % len(sealed)] ^= 1 << bit
    with pytest.raises(GarbageError):
        codec.open(b"n", bytes(sealed))


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_garbage_and_raise_nothing_else(new_codec, value):
    with pytest.raises(GarbageError):
        new_codec().open(b"n", value)


def test_the_code_that_computes_is_part_of_the_identity():
    identity = CacheIdentity(model_digest="m" * 64, engine="fake")
    assert identity.code == computing_code_sha256()


def test_names_depend_on_every_token_their_order_and_the_secret(new_codec):
    codec = new_codec()
    others = [(0, 17, 2), (17, 0, 50_264, 2), (0, 17, 50_265, 2), ()]
    names = {codec.name(ids) for ids in [IDS, *others]}
    assert len(names) == 5
    assert codec.name(IDS) == new_codec().name(list(IDS))
    assert new_codec(secret=b"x" * 32).name(IDS) not in names


@pytest.mark.parametrize(
    "changed",
    [
        {"model_digest": "n" * 64},
        {"engine": "fake-int8"},
        {"taxonomy": "2"},
        {"rendering": "2"},
        {"masking": "2"},
        {"format": 2},
    ],
)
def test_every_part_of_the_identity_makes_another_namespace(new_codec, changed):
    before, after = new_codec(), new_codec(**changed)
    assert before.namespace != after.namespace
    assert before.name(IDS) != after.name(IDS)


def test_an_identity_that_reads_alike_is_not_alike():
    first = CacheIdentity(model_digest="ab", engine="c")
    second = CacheIdentity(model_digest="a", engine="bc")
    assert first.namespace != second.namespace


def test_an_engine_may_name_itself_and_is_told_by_its_class_otherwise():
    class Named:
        identity = "openvino-int8-2026.4.1"

    class Plain:
        pass

    assert engine_identity(Named()) == "openvino-int8-2026.4.1"
    assert "Plain torch-" in engine_identity(Plain())
