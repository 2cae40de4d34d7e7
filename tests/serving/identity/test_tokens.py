"""Access tokens: what is taken, and every way of making one that must not be."""

import base64
import hmac
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from serving.adapters.identity.tokens import TokenRefusedError, Tokens, is_token
from serving.identity.machines import CLOCK_SKEW
from serving.identity.scopes import OF_MACHINES, Scope

SCORE = frozenset({Scope.SCORE})


def decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def parts_of(text):
    header, claims, signature = text.split(".")
    return decoded(header), decoded(claims), signature


@pytest.fixture
def client(store, made):
    found = made.client()
    store.add_client(found, secret_sha256="0" * 64)
    return found


@pytest.fixture
def text(tokens, client):
    return tokens.issue(client, client.scopes)[0]


@pytest.fixture
def key(text, store):
    """The very key that signed: what an attacker is never to have, and tests need."""
    [found] = store.signing_keys()
    return ECKey.import_key(found.private_pem)


def signed(key, header, claims, *, algorithm="ES256"):
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    return jwt.encode(header, claims, key, registry=registry, default_type=None)


def refused(tokens, text, *, because):
    with pytest.raises(TokenRefusedError) as caught:
        tokens.read(text)
    assert str(caught.value) == because
    assert tokens.principal_of(text) is None


def test_a_token_speaks_for_its_program(tokens, client, text):
    found = tokens.principal_of(text)
    assert (found.principal_id, found.role) == ("client:loan-system", "batch")
    assert found.scopes == client.scopes == OF_MACHINES
    header, claims, _ = parts_of(text)
    assert set(header) == {"alg", "typ", "kid"}
    assert claims["exp"] - claims["iat"] == 600
    assert (claims["iss"], claims["aud"]) == ("wherefore", "wherefore/api/v1")


def test_a_token_can_be_for_less(tokens, client):
    narrow = tokens.issue(client, SCORE)[0]
    assert tokens.principal_of(narrow).scopes == SCORE


def test_a_token_is_taken_within_its_time_give_or_take_the_skew(tokens, text, clock, made):
    ends = made.start.replace(microsecond=0) + made.lifetime
    clock[0] = ends + CLOCK_SKEW - timedelta(seconds=1)
    assert tokens.principal_of(text) is not None
    clock[0] = ends + CLOCK_SKEW
    refused(tokens, text, because="time")
    clock[0] = made.start - CLOCK_SKEW - timedelta(seconds=1)
    refused(tokens, text, because="time")
    clock[0] = made.start - CLOCK_SKEW + timedelta(seconds=1)
    assert tokens.principal_of(text) is not None


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_that_says_it_is_not_signed_is_refused(tokens, text, algorithm):
    header, claims, signature = parts_of(text)
    for ending in ("", signature):
        forged = f"{encoded(header | {'alg': algorithm})}.{encoded(claims)}.{ending}"
        refused(tokens, forged, because="header")


def test_the_public_key_is_no_secret_to_sign_with(tokens, text, key):
    """HS256 with the bytes of the public key, as a library may be talked into."""
    header, claims, _ = parts_of(text)
    for secret in (key.as_pem(private=False), key.as_der(private=False)):
        for name, because in (("HS256", "header"), ("ES256", "signature")):
            content = f"{encoded(header | {'alg': name})}.{encoded(claims)}"
            mac = hmac.digest(secret, content.encode(), "sha256")
            for ending in (mac, mac + mac):
                signature = base64.urlsafe_b64encode(ending).rstrip(b"=").decode()
                refused(tokens, f"{content}.{signature}", because=because)


def test_another_kind_of_key_is_refused(tokens, text):
    header, claims, _ = parts_of(text)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    forged = signed(RSAKey.import_key(pem), header | {"alg": "RS256"}, claims, algorithm="RS256")
    refused(tokens, forged, because="header")


def test_another_key_of_the_same_kind_is_refused(tokens, text):
    header, claims, _ = parts_of(text)
    refused(tokens, signed(ECKey.generate_key("P-256"), header, claims), because="signature")


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "score decide"},
        {"sub": "somebody-else", "client_id": "somebody-else"},
        {"exp": 4102444800},
    ],
)
def test_claims_that_were_changed_are_refused(tokens, text, change):
    header, claims, signature = parts_of(text)
    changed = f"{encoded(header)}.{encoded(claims | change)}.{signature}"
    refused(tokens, changed, because="signature")


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"aud": "elsewhere/api/v1"}, "issuer or audience"),
        ({"aud": ["wherefore/api/v1"]}, "issuer or audience"),
        ({"aud": "wherefore"}, "issuer or audience"),
        ({"aud": None}, "issuer or audience"),
        ({"iss": "elsewhere"}, "issuer or audience"),
        ({"iss": "wherefore/"}, "issuer or audience"),
        ({"sub": "other"}, "subject"),
        ({"jti": "../../etc/passwd"}, "subject"),
        ({"scope": "everything"}, "claims"),
        ({"scope": ["score"]}, "claims"),
        ({"series": "0"}, "claims"),
        ({"series": False}, "claims"),
        ({"exp": "4102444800"}, "claims"),
        ({"exp": True}, "claims"),
        ({"exp": 1e12}, "claims"),
        ({"exp": 10**18}, "claims"),
        ({"exp": 4102444800}, "time"),
        ({"iat": 0}, "time"),
        ({"nbf": 4102444800}, "time"),
        ({"jti": 7}, "claims"),
    ],
)
def test_even_our_own_key_does_not_make_other_claims_good(tokens, text, key, change, because):
    header, claims, _ = parts_of(text)
    refused(tokens, signed(key, header, claims | change), because=because)


@pytest.mark.parametrize(
    "name", ["iss", "aud", "sub", "client_id", "scope", "series", "iat", "nbf", "exp", "jti"]
)
def test_every_claim_is_needed(tokens, text, key, name):
    header, claims, _ = parts_of(text)
    del claims[name]
    refused(tokens, signed(key, header, claims), because="claims")


@pytest.mark.parametrize(
    "key_id",
    [
        "../../../../dev/null",
        "",
        "/etc/hosts",
        "' OR 1=1 --",
        "A" * 32,
        "a" * 33,
        7,
        None,
        ["a"],
        "http://attacker.example/key",
        "%2e%2e%2f",
        "\x00" * 32,
    ],
)
def test_a_key_id_is_a_name_among_ours_and_nothing_else(tokens, text, key_id):
    header, claims, signature = parts_of(text)
    forged = f"{encoded(header | {'kid': key_id})}.{encoded(claims)}.{signature}"
    with pytest.raises(TokenRefusedError, match=r"^(key id|header)$"):
        tokens.read(forged)


def test_a_key_id_that_nobody_made_is_refused(tokens, text, key):
    header, claims, _ = parts_of(text)
    refused(tokens, signed(key, header | {"kid": "f" * 32}, claims), because="unknown key")


@pytest.mark.parametrize(
    "more",
    [
        {"jku": "http://attacker.example/keys"},
        {"x5u": "http://attacker.example/cert"},
        {"crit": ["exp"]},
        {"cty": "JWT"},
        {"b64": False},
    ],
)
def test_a_header_with_more_than_ours_is_refused(tokens, text, key, more):
    header, claims, signature = parts_of(text)
    forged = f"{encoded(header | more)}.{encoded(claims)}.{signature}"
    refused(tokens, forged, because="header")


def test_a_key_that_a_token_brings_along_is_not_used(tokens, text):
    header, claims, _ = parts_of(text)
    mine = ECKey.generate_key("P-256")
    brought = header | {"jwk": mine.as_dict(private=False)}
    refused(tokens, signed(mine, brought, claims), because="header")


@pytest.mark.parametrize("kind", ["JWT", "dpop+jwt", ""])
def test_a_token_of_another_type_is_refused(tokens, text, key, kind):
    header, claims, _ = parts_of(text)
    refused(tokens, signed(key, header | {"typ": kind}, claims), because="header")


def test_tokens_of_another_deployment_are_refused(servers, client):
    """Even where both share a database, and with it the keys."""
    staging, production = servers(issuer="staging"), servers(issuer="production")
    refused(production, staging.issue(client, SCORE)[0], because="issuer or audience")


def test_a_token_with_more_time_than_is_given_is_refused(servers, client):
    generous, strict = servers(lifetime=timedelta(hours=1)), servers()
    refused(strict, generous.issue(client, SCORE)[0], because="time")


@given(st.text(max_size=200) | st.text("abc.-_=+/", max_size=80))
def test_whatever_is_sent_is_refused_and_breaks_nothing(text):
    tokens = Tokens(NoKeys(), issuer="w", lifetime=timedelta(1), rotation=timedelta(1))
    with pytest.raises(TokenRefusedError):
        tokens.read(text)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=4))
def test_whatever_header_is_sent_is_refused_and_breaks_nothing(header):
    tokens = Tokens(NoKeys(), issuer="w", lifetime=timedelta(1), rotation=timedelta(1))
    with pytest.raises(TokenRefusedError):
        tokens.read(f"{encoded(header)}.{encoded({})}.c2ln")


class NoKeys:
    """A store before the first token."""

    def signing_keys(self):
        return ()


def test_keys_rotate_and_what_the_old_one_signed_is_taken_to_its_end(
    tokens, client, clock, made, store
):
    clock[0] = made.start + made.rotation - timedelta(minutes=1)
    assert len(store.signing_keys()) == 0
    clock[0] = made.start
    first = tokens.issue(client, SCORE)[0]
    clock[0] = made.start + made.rotation - timedelta(minutes=1)
    last = tokens.issue(client, SCORE)[0]
    clock[0] = made.start + made.rotation + timedelta(minutes=1)
    new = tokens.issue(client, SCORE)[0]
    names = [parts_of(text)[0]["kid"] for text in (first, last, new)]
    assert names[0] == names[1] != names[2]
    assert tokens.principal_of(last) is not None
    assert tokens.principal_of(new) is not None
    clock[0] = made.start + 2 * made.rotation + timedelta(minutes=2)
    tokens.issue(client, SCORE)
    assert names[0] not in {key.key_id for key in store.signing_keys()}


def test_another_server_takes_a_token_though_it_had_no_key_when_it_looked(servers, client, clock):
    first, second = servers(), servers()
    text = first.issue(client, SCORE)[0]
    assert second.principal_of(text) is not None
    clock[0] += timedelta(hours=30)
    later = first.issue(client, SCORE)[0]
    assert second.principal_of(later) is not None
    assert parts_of(second.issue(client, SCORE)[0])[0] == parts_of(later)[0]


def test_a_revoked_token_is_refused_by_every_server_and_others_are_not(servers, client):
    first, second = servers(), servers()
    text, other = (first.issue(client, SCORE)[0] for _ in range(2))
    first.revoke(text)
    assert first.principal_of(text) is second.principal_of(text) is None
    assert second.principal_of(other) is not None


def test_what_is_taken_from_a_program_is_taken_from_its_tokens(store, tokens, client, clock):
    text = tokens.issue(client, client.scopes)[0]
    store.change_client(client.client_id, is_disabled=True)
    assert tokens.principal_of(text) is None
    store.change_client(client.client_id, is_disabled=False)
    assert tokens.principal_of(text) is not None
    store.withdraw_tokens(client.client_id)
    assert tokens.principal_of(text) is None
    anew = tokens.issue(store.client(client.client_id), SCORE)[0]
    assert tokens.principal_of(anew) is not None
    store.change_client(client.client_id, expires_at=clock[0])
    assert tokens.principal_of(anew) is None


def test_withdrawn_are_tokens_too_of_a_server_whose_clock_is_ahead(store, servers, client, clock):
    first, second = servers(), servers()
    clock[0] += CLOCK_SKEW / 2
    ahead = first.issue(client, SCORE)[0]
    clock[0] -= CLOCK_SKEW / 2
    assert second.principal_of(ahead) is not None
    assert store.withdraw_tokens(client.client_id)
    late = first.issue(client, SCORE)[0]  # by who was looked up before
    assert second.principal_of(ahead) is second.principal_of(late) is None
    assert second.principal_of(first.issue(store.client(client.client_id), SCORE)[0]) is not None
    assert not store.withdraw_tokens("nobody")


def test_destroyed_keys_are_noticed_by_running_servers_within_a_minute(
    store, tokens, text, client, clock
):
    assert tokens.principal_of(text) is not None
    assert store.drop_signing_keys() == 1
    clock[0] += timedelta(seconds=61)
    assert tokens.principal_of(text) is None
    assert tokens.principal_of(tokens.issue(client, SCORE)[0]) is not None


def test_destroyed_keys_are_noticed_by_a_server_whose_clock_was_set_back(
    store, tokens, text, clock
):
    clock[0] += timedelta(minutes=9)
    assert tokens.principal_of(text) is not None
    clock[0] -= timedelta(minutes=8)
    store.drop_signing_keys()
    assert tokens.principal_of(text) is None


def test_nothing_of_a_token_or_key_is_told(tokens, text, store, capsys):
    [key] = store.signing_keys()
    assert "PRIVATE" not in repr(key)
    tokens.principal_of(text[:-4] + "AAAA")
    assert text.split(".")[1] not in capsys.readouterr().out


def test_an_api_key_is_not_mistaken_for_a_token():
    assert not is_token("wf_" + "aB-_9" * 8)
    assert not is_token("")
    assert is_token("a.b.c")
