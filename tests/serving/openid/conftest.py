"""A small issuer of OpenID Connect on a port of its own, and a service people reach through it.

The issuer does what the specification asks of one (code, PKCE, exact redirect address, a code once)
and, where a test says so, lies in one way.
"""

import base64
import hashlib
import secrets
import threading
import time
from contextlib import contextmanager
from copy import copy
from functools import partial
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode

import httpx2
import pytest
import uvicorn
from fake_service import app_of_fakes
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from serving.adapters.sql.engine import writing
from serving.adapters.sql.people_tables import (
    one_time_keys,
    people,
    sessions,
    sign_in_attempts,
    sign_in_flows,
)
from serving.adapters.sql.storage import open_identity
from serving.identity.person import Person
from serving.keys import add_key
from serving.server import address_of, listen
from serving.settings import Settings

CLIENT_ID, CLIENT_SECRET = "wherefore-tests", "a-secret-of-this-client"
SERVICE = "https://wherefore.example"
ROLES = "loan-officers=underwriter, compliance-team=compliance, loan-officers-abroad=batch"


class Issuer:
    """The issuer: who is signed in there, what it lies about, and what it was asked."""

    def __init__(self, key):
        self.url = ""
        self.tell_the_truth(key)

    def tell_the_truth(self, key):
        """Begins anew, with one key, nothing asked yet, and no lie."""
        self.claims = {"sub": "s-1", "preferred_username": "dana", "roles": ["loan-officers"]}
        self.lies, self.headers, self.metadata, self.returned = {}, {}, {}, {}
        self.key = key
        self.published = [public(key)]
        self.codes, self.asked, self.sign = {}, [], self.signed
        self.is_down = False

    def metadata_now(self):
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return told | self.metadata

    def signed(self, claims, *, key=None, algorithm="RS256", **header):
        key = key or self.key
        registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        fields = {"alg": algorithm, "kid": key.kid} | header | self.headers
        return jwt.encode(fields, claims, key, registry=registry)

    async def discovery(self, _request):
        self.asked.append("discovery")
        if self.is_down:
            return Response("<html>down</html>", status_code=503)
        return JSONResponse(self.metadata_now())

    async def keys(self, _request):
        self.asked.append("keys")
        return JSONResponse({"keys": self.published})

    async def authorize(self, request):
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        returned = {"code": code, "state": asked["state"], "iss": self.url} | self.returned
        told = {name: value for name, value in returned.items() if value is not None}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(told)}", status_code=302)

    async def token(self, request):
        self.asked.append("token")
        form = dict(parse_qsl((await request.body()).decode()))
        pair = base64.b64decode(request.headers["authorization"].partition(" ")[2]).decode()
        asked = self.codes.pop(form.get("code"), None)
        is_client = pair == f"{CLIENT_ID}:{CLIENT_SECRET}"
        if asked is None or not is_client or form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        if challenge_of(form.get("code_verifier", "")) != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "nonce": asked["nonce"]}
        claims |= {"iat": now, "exp": now + 300} | self.claims | self.lies
        claims = {name: value for name, value in claims.items() if value is not None}
        return JSONResponse(
            {
                "access_token": secrets.token_urlsafe(16),
                "token_type": "Bearer",
                "expires_in": 300,
                "id_token": self.sign(claims),
            }
        )

    def app(self):
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/keys", self.keys),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
            ]
        )


@contextmanager
def running(issuer):
    """Runs an issuer on a free port until the block ends."""
    with listen("127.0.0.1", 0) as listener:
        issuer.url = address_of(listener)
        server = uvicorn.Server(uvicorn.Config(issuer.app(), log_config=None, lifespan="off"))
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
        thread.start()
        yield issuer
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


def new_key(key_id):
    return RSAKey.generate_key(2048, {"kid": key_id, "use": "sig"}, private=True)


def public(key):
    return key.as_dict(private=False)


def challenge_of(verifier):
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture(scope="session")
def rsa_keys():
    """Two keys: to make one takes a while."""
    return new_key("k-1"), new_key("k-2")


@pytest.fixture(scope="session")
def running_issuer(rsa_keys):
    """The issuer, running."""
    with running(Issuer(rsa_keys[0])) as found:
        yield found


@pytest.fixture
def issuer(running_issuer, rsa_keys):
    """The issuer, as at its beginning."""
    running_issuer.tell_the_truth(rsa_keys[0])
    return running_issuer


@pytest.fixture
def issuer_tools(rsa_keys):
    """What tests make beside it."""
    return SimpleNamespace(other_key=rsa_keys[1], service=SERVICE, client_id=CLIENT_ID)


@pytest.fixture(scope="session")
def outside():
    """What the browser does elsewhere: the issuer's pages."""
    with httpx2.Client(verify=False, follow_redirects=False) as client:
        yield client


class Visit:
    """A browser of somebody who signs in at the service by way of the issuer."""

    def __init__(self, client, issuer, outside):
        self.client, self.issuer, self.outside = client, issuer, outside

    @property
    def app(self):
        return self.client.app

    def begin(self):
        """Goes to the service and on to the issuer; returns where that sends the browser back."""
        sent = self.client.get("/api/v1/login/oidc")
        assert sent.status_code == 303, sent.text
        back = self.outside.get(sent.headers["location"])
        assert back.status_code == 302
        return back.headers["location"].removeprefix(SERVICE)

    def sign_in(self):
        """Goes all the way."""
        return self.client.get(self.begin())

    def me(self):
        return self.client.get("/api/v1/me")


@pytest.fixture(scope="session")
def openid_service(running_issuer, tmp_path_factory):
    """A browser at the service, which knows the issuer and one person with an API key."""
    state = tmp_path_factory.mktemp("openid") / "state"
    add_key(state, Person(person_id="kim"))
    settings = Settings(
        state_dir=state,
        oidc_issuer=running_issuer.url,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_roles=ROLES,
        public_url=SERVICE,
    )
    app = app_of_fakes(settings, identity=partial(open_identity, settings))
    client = TestClient(
        app, base_url=SERVICE, raise_server_exceptions=False, follow_redirects=False
    )
    with client:
        yield client


@pytest.fixture
def visit(issuer, outside, openid_service, monkeypatch):
    """Somebody's browser at the service, where nobody has been yet."""
    app, sign_in = openid_service.app, openid_service.app.state.sign_in
    settings = app.state.settings
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(settings.state_dir))
    monkeypatch.setenv("WHEREFORE_OIDC_ISSUER", issuer.url)
    openid_service.cookies.clear()
    with writing(sign_in.people._engine) as connection:
        for table in (sessions, sign_in_flows, sign_in_attempts, one_time_keys, people):
            connection.execute(table.delete())
    unasked, now = app.state.issuer, sign_in.now
    app.state.issuer = copy(unasked)
    yield Visit(openid_service, issuer, outside)
    app.state.issuer, sign_in.now = unasked, now
