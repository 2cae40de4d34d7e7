"""Header fields that every answer carries, errors too."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import MutableHeaders
from starlette.types import Scope

from serving.api.limited import quota_headers

NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'"
"""Content security policy of what is no page; pages bring one of their own."""

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""Likewise of a letter shown as a page of its own: it runs nothing and loads nothing."""

ALWAYS: Mapping[str, str] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
"""What no route changes."""

UNLESS_GIVEN: Mapping[str, str] = MappingProxyType(
    {"Cache-Control": "no-store", "Content-Security-Policy": NOTHING_RUNS}
)
"""What a route may say otherwise."""

_HTTPS_ONLY = "max-age=31536000"  # a year


def add_headers(headers: MutableHeaders, scope: Scope) -> None:
    """Adds them to an answer; `Strict-Transport-Security` only to one over TLS.

    Args:
        headers: of the answer.
        scope: of the request, as trusted proxies tell it.
    """
    headers["X-Request-ID"] = scope["state"]["request_id"]
    headers.update({**ALWAYS, **quota_headers(scope)})
    for name, value in UNLESS_GIVEN.items():
        headers.setdefault(name, value)
    if scope.get("scheme") == "https":
        headers["Strict-Transport-Security"] = _HTTPS_ONLY
