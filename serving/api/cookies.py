"""The cookies of people who sign in: of this host alone, over TLS alone, out of reach of scripts.

The names begin with `__Host-`, so a browser takes them from no other host and for no part of this
one (RFC 6265bis, section 4.1.3.2).
"""

from datetime import timedelta
from typing import Literal

from fastapi import Request, Response

SESSION_COOKIE = "__Host-wherefore-session"
"""Proves who has signed in."""

FLOW_COOKIE = "__Host-wherefore-sign-in"
"""Proves that a sign-in at the issuer began in this browser."""


def session_secret_of(request: Request) -> str:
    """Returns the secret of the session that a request carries; empty without one."""
    return request.cookies.get(SESSION_COOKIE, "")


def set_cookie(
    response: Response,
    name: str,
    value: str,
    *,
    lasts: timedelta,
    same_site: Literal["strict", "lax"] = "strict",
) -> None:
    """Gives the browser a cookie.

    Args:
        response: the answer that carries it.
        name: its name.
        value: its value.
        lasts: how long the browser keeps it at most.
        same_site: `lax` where the browser is to send it when it comes from another site.
    """
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite=same_site,
    )


def drop_cookie(response: Response, name: str) -> None:
    """Takes a cookie from the browser."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="strict")
