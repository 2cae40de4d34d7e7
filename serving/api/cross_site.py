"""Changes that a page of somebody else has a browser ask for, cookie and all (CSRF).

Three things are asked for: the cookie is sent to pages of this site alone (SameSite=Strict), what
the browser says of the page's origin is ours, and the request carries a token that only such a page
can have read. A request with an API key or a token has none of it to fear: no browser adds those.
"""

import hmac
from urllib.parse import urlsplit

from fastapi import Request

from serving.api.cookies import session_secret_of
from serving.identity.accounts import cross_site_token_of
from serving.identity.errors import CrossSiteError
from serving.settings import Settings

TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105  a name, no secret
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OF_OURS = frozenset({"same-origin", "none"})


def require_own_origin(request: Request) -> None:
    """Refuses what a browser says comes from a page of somebody else.

    Raises:
        CrossSiteError: it says so. A program that is no browser says nothing.
    """
    origin = request.headers.get("origin")
    if origin is not None:
        if not _is_own(request, origin):
            raise CrossSiteError
    elif request.headers.get("sec-fetch-site", "none") not in _OF_OURS:
        raise CrossSiteError


def require_own_page(request: Request) -> None:
    """Refuses a change that comes with a session, but not from a page that could read its token.

    Raises:
        CrossSiteError: it has another origin, or not the token of the session.
    """
    if request.method in _READING:
        return
    require_own_origin(request)
    expected = cross_site_token_of(session_secret_of(request))
    given = request.headers.get(TOKEN_HEADER, "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode()):
        raise CrossSiteError


def _is_own(request: Request, origin: str) -> bool:
    settings: Settings = request.app.state.settings
    if settings.public_url is not None:
        return origin == settings.public_url
    # Behind a proxy that ends TLS the scheme differs: host and port are what tells.
    host = _host_of(origin)
    return host is not None and host == request.headers.get("host")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
