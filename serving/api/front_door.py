"""What a request passes before it reaches a route, from the outside in."""

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from serving.api.context import RequestContext
from serving.api.plain_refusals import PlainRefusals
from serving.api.time_limits import TimeLimits
from serving.settings import Settings

_METHODS = ("GET", "POST", "DELETE")
_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "X-API-Key", "X-Request-ID")
_TOLD = ("Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID")


def add_front_door(app: FastAPI, settings: Settings) -> None:
    """Adds what every request passes; what is added last is the outermost."""
    app.add_middleware(
        TimeLimits,
        read_seconds=settings.read_timeout_seconds,
        answer_seconds=settings.request_timeout_seconds,
    )
    if settings.cors_origins is not None:
        # Without cookies: a page elsewhere acts with what it was given, not as who is signed in.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins.split(","),
            allow_methods=_METHODS,
            allow_headers=_HEADERS,
            expose_headers=_TOLD,
        )
    app.add_middleware(PlainRefusals)
    app.add_middleware(RequestContext)
    if settings.trusted_proxies is not None:
        proxies = [proxy.strip() for proxy in settings.trusted_proxies.split(",")]
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=proxies)
