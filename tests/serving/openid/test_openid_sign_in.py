"""Signing in at a real issuer on a port of its own, and every way in which one is deceived."""

import base64
import hmac
import json
import time
from contextlib import suppress
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry
from typer.testing import CliRunner

from serving.adapters.identity.opening import issuer_of
from serving.api.cookies import FLOW_COOKIE, SESSION_COOKIE
from serving.errors import SettingsError
from serving.identity.errors import IssuerRefusedError
from serving.identity.flow import Flow
from serving.identity.issuer import IssuerRules, is_safe_address, roles_of_setting
from serving.identity.scopes import Role
from serving.settings import Settings
from serving.user_commands import app as command


def reasons_of(logs):
    return [log["reason"] for log in logs if log["event"] == "issuer_refused"]


def refused(visit, path=None, *, because):
    """Comes back from the issuer in vain: no session begins, and the log alone says why."""
    with structlog.testing.capture_logs() as logs:
        answer = visit.client.get(path or visit.begin())
    assert (answer.status_code, answer.json()["code"]) == (401, "issuer_refused"), answer.text
    assert reasons_of(logs) == [because]
    assert SESSION_COOKIE not in visit.client.cookies
    assert visit.me().status_code == 401
    assert visit.app.state.sign_in.people.account("dana") is None


def changed(path, **fields):
    """The same return with other parameters; None takes one out."""
    found = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(found.query).items()} | fields
    return found.path + "?" + "&".join(f"{k}={v}" for k, v in query.items() if v is not None)


def public(key):
    return key.as_dict(private=False)


def run(*arguments):
    done = CliRunner().invoke(command, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception


def test_who_signs_in_at_the_issuer_has_a_session_like_any_other(visit):
    answer = visit.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")
    told = visit.me().json()
    assert (told["principal_id"], told["role"], told["proof"]) == ("dana", "underwriter", "session")
    cookies = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        cookies.load(line)
    assert cookies[SESSION_COOKIE]["samesite"].lower() == "strict"
    assert cookies[FLOW_COOKIE].value == ""
    left = visit.client.post("/api/v1/logout", headers={"X-CSRF-Token": told["csrf_token"]})
    assert left.status_code == 204
    assert visit.me().status_code == 401


def test_the_browser_takes_nothing_along_that_would_open_the_way(visit):
    sent = visit.client.get("/api/v1/login/oidc")
    address = urlsplit(sent.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert asked["redirect_uri"] == "https://wherefore.example/api/v1/login/oidc/callback"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert {"state", "nonce", "code_challenge", "scope", "client_id"} <= set(asked)
    secret = visit.client.cookies[FLOW_COOKIE]
    flow = Flow(secret)
    assert flow.state == asked["state"]
    for kept in (secret, flow.verifier):
        assert kept not in sent.headers["location"]
    [(_, cookie)] = SimpleCookie(sent.headers["set-cookie"]).items()
    assert cookie["secure"] is cookie["httponly"] is True
    assert (cookie["samesite"].lower(), cookie["path"], cookie["domain"]) == ("lax", "/", "")


def test_each_sign_in_has_state_nonce_and_verifier_of_its_own(visit):
    flows = []
    for _ in range(2):
        visit.begin()
        flows.append(Flow(visit.client.cookies[FLOW_COOKIE]))
    values = {value for flow in flows for value in (flow.state, flow.nonce, flow.verifier)}
    assert len(values) == 6
    assert "secret" not in repr(flows)


@pytest.mark.parametrize("state", [None, "", "x", "a" * 43, "%00", "%ED%A0%80"])
def test_a_return_with_another_state_is_refused(visit, state):
    refused(visit, changed(visit.begin(), state=state), because="state")


def test_a_return_in_another_browser_is_refused(visit):
    path = visit.begin()
    visit.client.cookies.clear()
    refused(visit, path, because="state")
    visit.begin()  # That browser has begun a sign-in of its own.
    refused(visit, path, because="state")


def test_a_return_comes_once(visit):
    path = visit.begin()
    cookie = visit.client.cookies[FLOW_COOKIE]
    assert visit.client.get(path).status_code == 303
    visit.client.cookies.clear()
    with structlog.testing.capture_logs() as logs:
        again = visit.client.get(path, headers={"Cookie": f"{FLOW_COOKIE}={cookie}"})
    assert again.status_code == 401
    assert reasons_of(logs) == ["a sign-in that is over"]


def test_a_code_of_somebody_else_is_refused_by_the_issuer(visit):
    """Injected into a sign-in of one's own: the verifier is not the one of its challenge."""
    stolen = parse_qs(urlsplit(visit.begin()).query)["code"][0]
    visit.client.cookies.clear()
    refused(visit, changed(visit.begin(), code=stolen), because="code")


def test_a_code_that_was_used_is_refused_by_the_issuer(visit, issuer):
    path = visit.begin()
    issuer.codes.clear()
    refused(visit, path, because="code")


def test_a_return_after_ten_minutes_is_refused(visit):
    path, sign_in = visit.begin(), visit.app.state.sign_in
    before = sign_in.now
    sign_in.now = lambda: before() + timedelta(minutes=11)
    refused(visit, path, because="a sign-in that is over")


@pytest.mark.parametrize("fields", [{"error": "access_denied"}, {"code": None}, {"code": ""}])
def test_what_the_issuer_refuses_is_refused(visit, fields):
    refused(visit, changed(visit.begin(), **fields), because="the issuer's refusal")


@pytest.mark.parametrize("iss", ["https://attacker.example", None, ""])
def test_a_return_of_another_issuer_is_refused_before_the_code_goes_anywhere(visit, issuer, iss):
    issuer.asked.clear()
    refused(visit, changed(visit.begin(), iss=iss), because="another issuer")
    assert "token" not in issuer.asked


def test_an_issuer_that_does_not_name_itself_in_returns_is_taken(visit, issuer):
    issuer.metadata["authorization_response_iss_parameter_supported"] = False
    assert visit.client.get(changed(visit.begin(), iss=None)).status_code == 303


@pytest.mark.parametrize(
    ("lies", "because"),
    [
        ({"nonce": "another"}, "InvalidClaimError"),
        ({"nonce": None}, "MissingClaimError"),
        ({"nonce": ["a"]}, "InvalidClaimError"),
        ({"iss": "https://attacker.example"}, "InvalidClaimError"),
        ({"iss": None}, "MissingClaimError"),
        ({"aud": "another-client"}, "InvalidClaimError"),
        ({"aud": ["another-client"]}, "InvalidClaimError"),
        ({"aud": []}, "InvalidClaimError"),
        ({"aud": None}, "MissingClaimError"),
        ({"aud": ["wherefore-tests", "another-client"]}, "MissingClaimError"),
        ({"azp": "another-client"}, "InvalidClaimError"),
        ({"exp": 1}, "ExpiredTokenError"),
        ({"exp": int(time.time()) - 60}, "ExpiredTokenError"),
        ({"exp": None}, "MissingClaimError"),
        ({"exp": "4102444800"}, "InvalidClaimError"),
        ({"iat": None}, "MissingClaimError"),
        ({"nbf": 4102444800}, "InvalidClaimError"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "InvalidClaimError"),
        ({"sub": None}, "MissingClaimError"),
    ],
)
def test_even_the_issuers_own_key_does_not_make_other_claims_good(visit, issuer, lies, because):
    issuer.lies = lies
    refused(visit, because=f"token: {because}")


@pytest.mark.parametrize("sub", ["", 7, "a b", "\u00e9", "x" * 256, "a\0"])
def test_a_subject_that_is_none_is_refused(visit, issuer, sub):
    issuer.lies = {"sub": sub}
    with structlog.testing.capture_logs() as logs:
        assert visit.sign_in().status_code == 401
    assert reasons_of(logs)[0].startswith(("subject", "token: "))


def unsigned(claims):
    return f"{part({'alg': 'none', 'kid': 'k-1'})}.{part(claims)}."


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "", "HS256", "RS1", None, 7])
def test_a_token_that_is_not_signed_by_a_key_of_the_issuer_alone_is_refused(
    visit, issuer, algorithm
):
    header = part({"alg": algorithm, "kid": "k-1"})
    issuer.sign = lambda claims: f"{header}.{part(claims)}.AAAA"
    with structlog.testing.capture_logs() as logs:
        assert visit.sign_in().status_code == 401
    assert reasons_of(logs)[0] in {"algorithm", "header"}


def test_the_public_key_is_no_secret_to_sign_with(visit, issuer):
    """HS256 with the bytes of the public key, as a library may be talked into."""

    def sign(claims):
        content = f"{part({'alg': 'HS256', 'kid': 'k-1'})}.{part(claims)}"
        mac = hmac.digest(issuer.key.as_pem(private=False), content.encode(), "sha256")
        return f"{content}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    issuer.sign = sign
    refused(visit, because="algorithm")


def test_a_shared_secret_that_the_issuer_publishes_signs_nothing(visit, issuer):
    secret = OctKey.import_key("a-secret-of-32-characters-or-more", {"kid": "oct"})
    issuer.published.append(secret.as_dict(private=True))
    registry = JWSRegistry(algorithms=["HS256"])
    issuer.sign = lambda claims: jwt.encode(
        {"alg": "HS256", "kid": "oct"}, claims, secret, registry=registry
    )
    refused(visit, because="algorithm")


def test_another_key_under_a_known_name_is_refused(visit, issuer, issuer_tools):
    forged = issuer_tools.other_key
    issuer.sign = lambda claims: issuer.signed(claims, key=forged, kid="k-1")
    refused(visit, because="token: BadSignatureError")


@pytest.mark.parametrize("kid", ["k-2", "../../k-1", "", "K-1", "k-1' OR 1=1 --"])
def test_a_key_that_the_issuer_does_not_have_is_refused(visit, issuer, issuer_tools, kid):
    issuer.sign = lambda claims: issuer.signed(claims, key=issuer_tools.other_key, kid=kid)
    refused(visit, because="unknown key")


def test_a_key_that_a_token_brings_along_is_not_used(visit, issuer, issuer_tools):
    mine = issuer_tools.other_key
    for brought in ({"jwk": public(mine)}, {"jku": "http://127.0.0.1:9/keys"}):
        issuer.headers = brought
        issuer.sign = lambda claims: issuer.signed(claims, key=mine, kid="k-1")
        with structlog.testing.capture_logs() as logs:
            assert visit.sign_in().status_code == 401
        # A header as large as a key is not even read.
        assert reasons_of(logs)[0] in {"header", "token: BadSignatureError"}


def test_a_key_for_encryption_does_not_sign(visit, issuer, issuer_tools):
    issuer.published.append(public(issuer_tools.other_key) | {"use": "enc"})
    issuer.sign = lambda claims: issuer.signed(claims, key=issuer_tools.other_key)
    refused(visit, because="unknown key")


def test_claims_that_were_changed_on_the_way_are_refused(visit, issuer):
    def sign(claims):
        header, _, signature = issuer.signed(claims).split(".")
        return f"{header}.{part(claims | {'roles': ['compliance-team']})}.{signature}"

    issuer.sign = sign
    refused(visit, because="token: BadSignatureError")


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "..", "\u00e9.b.c", "a" * 70_000, None])
def test_what_is_no_token_is_refused(visit, issuer, text):
    issuer.sign = lambda _: text
    with structlog.testing.capture_logs() as logs:
        assert visit.sign_in().status_code == 401
    assert reasons_of(logs)[0] in {"no token", "header", "algorithm"}


def test_keys_that_rotate_are_looked_up_once_a_token_names_a_new_one(visit, issuer, issuer_tools):
    assert visit.sign_in().status_code == 303
    assert issuer.asked.count("keys") == 1
    assert visit.sign_in().status_code == 303
    assert issuer.asked.count("keys") == 1
    issuer.key = issuer_tools.other_key
    issuer.published = [public(issuer.key)]
    known = visit.app.state.issuer
    before = known._now
    known._now = lambda: before() + timedelta(seconds=11)
    assert visit.sign_in().status_code == 303
    assert issuer.asked.count("keys") == 2


def test_a_key_that_the_issuer_gave_up_is_not_taken_for_long(visit, issuer, issuer_tools):
    assert visit.sign_in().status_code == 303
    issuer.published = [public(issuer_tools.other_key)]
    visit.client.cookies.clear()
    known = visit.app.state.issuer
    before = known._now
    known._now = lambda: before() + timedelta(minutes=10)
    # Their time is over too: what is asked here is the key alone.
    issuer.lies = {"exp": 4102444800}
    with structlog.testing.capture_logs() as logs:
        assert visit.sign_in().status_code == 401
    assert reasons_of(logs) == ["unknown key"]


def test_names_of_keys_that_are_made_up_do_not_make_us_ask_and_ask(visit, issuer, issuer_tools):
    issuer.sign = lambda claims: issuer.signed(
        claims, key=issuer_tools.other_key, kid=f"made-up-{len(issuer.asked)}"
    )
    for _ in range(4):
        assert visit.sign_in().status_code == 401
    assert issuer.asked.count("keys") == 1


def test_a_token_without_the_name_of_a_key_is_taken_where_there_is_one(visit, issuer, issuer_tools):
    def sign(claims):
        registry = JWSRegistry(algorithms=["RS256"])
        return jwt.encode({"alg": "RS256"}, claims, issuer.key, registry=registry)

    issuer.sign = sign
    assert visit.sign_in().status_code == 303
    issuer.published.append(public(issuer_tools.other_key))
    visit.app.state.issuer._keys = {}
    visit.app.state.issuer._looked_at -= timedelta(hours=1)
    assert visit.sign_in().status_code == 401


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://attacker.example"},
        {"issuer": None},
        {"token_endpoint": "http://attacker.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://192.0.2.1/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://user@attacker.example/"},
        {"token_endpoint": ["https://issuer.example"]},
    ],
)
def test_an_issuer_that_tells_of_itself_what_cannot_be_is_not_gone_to(visit, issuer, metadata):
    issuer.metadata = metadata
    answer = visit.client.get("/api/v1/login/oidc")
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unreachable")
    assert "location" not in answer.headers


def test_an_issuer_that_is_down_is_told_and_keys_go_on(visit, issuer):
    issuer.is_down = True
    answer = visit.client.get("/api/v1/login/oidc")
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unreachable")
    assert int(answer.headers["retry-after"]) >= 1
    issuer.is_down = False
    assert visit.sign_in().status_code == 303


def test_of_several_groups_the_first_of_the_setting_counts_and_without_one_nobody_gets_in(
    visit, issuer
):
    issuer.claims["roles"] = ["others", "compliance-team", "loan-officers-abroad"]
    visit.sign_in()
    assert visit.me().json()["role"] == "compliance"


@pytest.mark.parametrize("roles", [[], ["others"], None, "underwriter", {"loan-officers": 1}, 7])
def test_who_has_no_group_with_a_role_cannot_sign_in(visit, issuer, roles):
    issuer.claims["roles"] = roles
    refused(visit, because="no role in the claim roles")


@pytest.mark.parametrize("name", ["", None, "Dana Whitlow", "dana@example.org", "../x", ["dana"]])
def test_who_has_no_usable_id_cannot_sign_in(visit, issuer, name):
    issuer.claims["preferred_username"] = name
    refused(visit, because="no usable id in the claim preferred_username")


def test_a_person_is_the_subject_whatever_it_is_called_today(visit, issuer):
    visit.sign_in()
    issuer.claims["preferred_username"] = "dana.whitlow"
    visit.sign_in()
    assert visit.me().json()["principal_id"] == "dana"
    assert len(visit.app.state.sign_in.people.accounts()) == 1


def test_another_subject_of_the_same_name_does_not_become_that_person(visit, issuer):
    visit.sign_in()
    visit.client.cookies.clear()
    issuer.claims["sub"] = "s-2"
    with structlog.testing.capture_logs() as logs:
        assert visit.sign_in().status_code == 401
    assert reasons_of(logs) == ["the id of somebody else"]


def test_nobody_becomes_who_signs_in_with_a_password_unless_linked(visit, issuer):
    run("add", "lee", "--role", "admin")
    issuer.claims["preferred_username"] = "lee"
    with structlog.testing.capture_logs() as logs:
        assert visit.sign_in().status_code == 401
    assert reasons_of(logs) == ["the id of somebody else"]
    run("link", "lee", "s-1")
    assert visit.sign_in().status_code == 303
    told = visit.me().json()
    assert (told["principal_id"], told["role"]) == ("lee", "underwriter")


def test_nobody_becomes_who_has_an_api_key(visit, issuer):
    issuer.claims["preferred_username"] = "kim"
    with structlog.testing.capture_logs() as logs:
        assert visit.sign_in().status_code == 401
    assert reasons_of(logs) == ["the id of somebody with a key"]


def test_a_disabled_person_is_disabled_whatever_the_issuer_says(visit):
    visit.sign_in()
    run("disable", "dana")
    assert visit.me().status_code == 401
    with structlog.testing.capture_logs() as logs:
        assert visit.sign_in().status_code == 401
    assert reasons_of(logs) == ["disabled"]


def test_another_group_is_another_role_at_the_next_sign_in_and_ends_other_sessions(visit, issuer):
    visit.sign_in()
    first = visit.client.cookies[SESSION_COOKIE]
    issuer.claims["roles"] = ["compliance-team"]
    visit.client.cookies.clear()
    visit.sign_in()
    assert visit.me().json()["role"] == "compliance"
    visit.client.cookies.clear()
    cookie = {"Cookie": f"{SESSION_COOKIE}={first}"}
    assert visit.client.get("/api/v1/me", headers=cookie).status_code == 401


def test_codes_states_and_tokens_reach_no_log(visit, issuer):
    texts = []
    issuer.sign = lambda claims: texts.append(issuer.signed(claims)) or texts[-1]
    with structlog.testing.capture_logs() as logs:
        path = visit.begin()
        secret = visit.client.cookies[FLOW_COOKIE]
        visit.client.get(path)
        visit.client.get(path)
    told = str(logs)
    flow = Flow(secret)
    code = parse_qs(urlsplit(path).query)["code"][0]
    for word in (secret, flow.state, flow.nonce, flow.verifier, code, texts[0], "s-1"):
        assert word not in told


@pytest.mark.parametrize(
    "given",
    [
        {"oidc_client_id": None},
        {"public_url": None},
        {"oidc_roles": None},
        {"oidc_roles": "loan-officers"},
        {"oidc_roles": "loan-officers=emperor"},
        {"oidc_issuer": "http://issuer.example"},
    ],
)
def test_settings_that_are_not_whole_stop_the_start(given):
    whole = {
        "oidc_issuer": "https://issuer.example",
        "oidc_client_id": "wherefore",
        "oidc_roles": "loan-officers=underwriter",
        "public_url": "https://wherefore.example",
    }
    with pytest.raises(SettingsError, match="expected"):
        issuer_of(Settings(**whole | given))


def test_without_an_issuer_there_is_none():
    assert issuer_of(Settings()) is None


def test_roles_are_read_in_their_order_and_groups_may_hold_what_they_like():
    found = roles_of_setting("cn=loans=underwriter, compliance team = compliance ,")
    assert list(found.items()) == [
        ("cn=loans", Role.UNDERWRITER),
        ("compliance team", Role.COMPLIANCE),
    ]


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://issuer.example/realm", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost/", True),
        ("http://[::1]:80/x", True),
        ("http://issuer.example", False),
        ("http://127.0.0.1.attacker.example", False),
        ("https://user@issuer.example", False),
        ("ftp://issuer.example", False),
        ("//issuer.example", False),
        ("https://", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_what_goes_to_an_issuer_goes_unseen(url, is_safe):
    assert is_safe_address(url) == is_safe


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
        max_leaves=9,
    ),
    st.sampled_from(["roles", "realm.roles", "a.b.c", "."]),
)
def test_whatever_a_claim_holds_is_read_or_refused(value, path):
    rules = IssuerRules(
        issuer="https://i.example",
        client_id="c",
        redirect_uri="https://s.example",
        roles_claim=path,
        roles={"x": Role.BATCH},
    )
    claims = {"sub": "s", "preferred_username": "dana", "roles": value, "realm": value, "a": value}
    with suppress(IssuerRefusedError):
        assert rules.person_of(claims).role is Role.BATCH
