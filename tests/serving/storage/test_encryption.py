"""Sealed values and the ring of keys."""

import base64
import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from serving.adapters.encryption.key_ring import ConfiguredKeyRing, KeyRingFile, RingKey, find_key
from serving.adapters.encryption.sealing import DataKey, Place, new_key
from serving.cases.store_errors import EncryptionKeyError, SealedValueError

PLACE = Place(table="applicants", column="name", row=("c-1", "p-1"))


@given(st.binary())
def test_a_sealed_value_opens_at_its_place_and_shows_nothing(value):
    key = DataKey(new_key())
    sealed = key.seal(value, PLACE)
    assert key.open(sealed, PLACE) == value
    assert len(value) < 4 or value not in sealed
    assert key.seal(value, PLACE) != sealed


@given(st.binary(min_size=1), st.data())
def test_no_bit_of_a_sealed_value_can_be_changed(value, data):
    key = DataKey(new_key())
    sealed = bytearray(key.seal(value, PLACE))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealedValueError):
        key.open(bytes(sealed), PLACE)


@pytest.mark.parametrize(
    "other",
    [
        Place(table="applicants", column="email", row=("c-1", "p-1")),
        Place(table="applicants", column="name", row=("c-1", "p-2")),
        Place(table="applicants", column="name", row=("c-2", "p-1")),
        Place(table="documents", column="name", row=("c-1", "p-1")),
        Place(table="applicants", column="name", row=("c-1p-1",)),
    ],
)
def test_a_value_moved_to_another_row_or_column_does_not_open(other):
    key = DataKey(new_key())
    with pytest.raises(SealedValueError, match=f"{other.table}.{other.column}"):
        key.open(key.seal(b"value", PLACE), other)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" + b"0" * 40])
def test_what_is_no_sealed_value_does_not_open(sealed):
    with pytest.raises(SealedValueError):
        DataKey(new_key()).open(sealed, PLACE)


def test_a_data_key_is_wrapped_for_one_case():
    ring_key, key = RingKey(new_key()), new_key()
    wrapped = ring_key.wrap(key, case_id="c-1")
    assert ring_key.unwrap(wrapped, case_id="c-1") == key
    for opener, case_id in ((ring_key, "c-2"), (RingKey(new_key()), "c-1")):
        with pytest.raises(EncryptionKeyError):
            opener.unwrap(wrapped, case_id=case_id)


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path):
    ring = KeyRingFile(tmp_path / "state" / "keys.json")
    ring.make()
    first = ring.keys()
    ring.make()
    assert ring.keys() == first
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600
    assert [p.name for p in ring.path.parent.iterdir()] == ["keys.json"]


def test_a_new_key_comes_first_and_old_ones_can_be_dropped(tmp_path):
    ring = KeyRingFile(tmp_path / "keys.json")
    ring.make()
    old = ring.keys()[0]
    new = ring.add()
    assert ring.keys() == (new, old)
    ring.drop([old.key_id, new.key_id])
    assert ring.keys() == (new,)
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600


def test_a_key_that_is_not_in_the_ring_is_told_with_those_that_are():
    text = base64.b64encode(new_key()).decode()
    ring = ConfiguredKeyRing(SecretStr(f"{text}, "))
    with pytest.raises(EncryptionKeyError) as told:
        find_key(ring, "0123456789abcdef")
    assert ring.keys()[0].key_id in str(told.value)
    assert "0123456789abcdef" in str(told.value)
    assert text not in str(told.value)
    assert text not in repr(ring.keys())


@pytest.mark.parametrize(
    "setting", ["", ",", "short", "ä" * 44, base64.b64encode(b"0" * 31).decode()]
)
def test_a_setting_without_keys_is_refused_and_not_repeated(setting):
    with pytest.raises(EncryptionKeyError, match="32 bytes in base64") as told:
        ConfiguredKeyRing(SecretStr(setting))
    assert len(setting) < 5 or setting not in str(told.value)


@pytest.mark.parametrize(
    "content", ["", "{}", '{"keys": [{"key": "AA==", "created_at": "x"}]}', "[]"]
)
def test_a_file_without_keys_is_refused(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(EncryptionKeyError):
        KeyRingFile(path).keys()


def test_a_key_file_that_others_may_read_is_refused(tmp_path):
    ring = KeyRingFile(tmp_path / "keys.json")
    ring.make()
    ring.path.chmod(0o640)
    with pytest.raises(EncryptionKeyError, match="chmod 600"):
        ring.keys()


def test_a_ring_says_when_each_key_was_made(tmp_path):
    ring = KeyRingFile(tmp_path / "keys.json")
    ring.make()
    assert json.loads(ring.path.read_text())["keys"][0]["created_at"].startswith("20")
