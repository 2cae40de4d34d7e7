import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.identity.principal import Principal, PrincipalKind
from serving.limits.clients import address_name, principal_name
from serving.limits.quota import QUOTA_PATTERN, Quota, parse_quota, units_of


@pytest.mark.parametrize(
    ("text", "quota"),
    [
        ("1200/minute", Quota(units=1200, seconds=60)),
        ("5/second", Quota(units=5, seconds=1)),
        ("120/hour", Quota(units=120, seconds=3600)),
        ("1/day", Quota(units=1, seconds=86_400)),
        ("off", None),
    ],
)
def test_a_quota_is_read_as_it_is_written(text, quota):
    assert re.match(QUOTA_PATTERN, text)
    assert parse_quota(text) == quota


@pytest.mark.parametrize(
    "text", ["", "0/minute", "10", "10/week", "10/minute ", "-1/day", "1.5/day"]
)
def test_what_is_no_quota_does_not_match(text):
    assert not re.match(QUOTA_PATTERN, text)


@given(st.integers(0, 100_000))
def test_a_text_costs_one_unit_for_each_512_tokens_begun(num_tokens):
    units = units_of(num_tokens)
    assert units >= 1
    assert (units - 1) * 512 <= max(num_tokens - 1, 0) < units * 512


def test_a_person_and_a_program_of_one_name_are_two_clients():
    person = Principal(principal_id="dana", role="batch", scopes=frozenset())
    program = Principal(
        principal_id="dana", role="batch", scopes=frozenset(), kind=PrincipalKind.MACHINE
    )
    assert principal_name(person) != principal_name(program)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "address:192.0.2.7"),
        ("::ffff:192.0.2.7", "address:192.0.2.7"),
        ("2001:db8::1", "address:2001:db8::/64"),
        ("2001:db8::ffff:1", "address:2001:db8::/64"),
        ("2001:db8:0:1::1", "address:2001:db8:0:1::/64"),
        ("fe80::1%eth0", "address:fe80::/64"),
        ("testclient", "address:unknown"),
        (None, "address:unknown"),
    ],
)
def test_an_address_is_one_client_and_so_is_a_network_of_ipv6(host, name):
    assert address_name(host) == name
