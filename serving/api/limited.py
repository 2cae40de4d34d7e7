"""What each request takes from the quota of its client, and what its answer says of it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fastapi import Request
from starlette.types import Scope

from data_pipeline.sources import Row, RowError
from serving.api.access import PUBLIC, name_of
from serving.batching.admission import estimated_tokens
from serving.errors import TooManyRequestsError
from serving.identity.principal import Principal
from serving.limits.clients import address_name, principal_name
from serving.limits.limiter import ClientLimits, Verdict
from serving.limits.quota import LimitClass, units_of

UNLIMITED = frozenset({"GET /health", "GET /ready"})
"""Probes: a server that refused them would be ended for being busy."""

LIMITS: Mapping[str, LimitClass] = MappingProxyType(
    {
        "POST /api/v1/predict": LimitClass.PREDICT,
        "POST /api/v1/explanations": LimitClass.PREDICT,
        "POST /api/v1/what-if": LimitClass.PREDICT,
        "POST /api/v1/what-if/recourse": LimitClass.PREDICT,
        "POST /api/v1/backlogs": LimitClass.BACKLOGS,
    }
)
"""The quota of routes that have one of their own. What anybody may post to is a sign-in; all else,
the requests that carry batches too, is `other`. The rows of a batch count when they are known."""


async def charge_request(request: Request) -> None:
    """Takes one unit for a request whose access was looked at, before its body is read.

    Raises:
        TooManyRequestsError: the quota of its client is used up.
    """
    route = name_of(request.method, str(getattr(request.scope.get("route"), "path", "")))
    if route not in UNLIMITED:
        await charge(request, _limit_of(route))


async def charge(request: Request, limit: LimitClass, *, cost: int = 1) -> None:
    """Takes units from a quota of the client that a request comes from.

    Raises:
        TooManyRequestsError: there are not as many.
    """
    limits: ClientLimits = request.app.state.limits
    verdict = await limits.take(_client_of(request), limit, cost=cost)
    if verdict is None:
        return
    told: dict[LimitClass, Verdict] = request.scope["state"].setdefault("verdicts", {})
    told[limit] = verdict
    if not verdict.is_allowed:
        raise TooManyRequestsError(limit=limit, retry_after_seconds=verdict.retry_after_seconds)


async def charge_texts(
    request: Request, limit: LimitClass, rows: Sequence[Row | RowError], *, paid: int = 0
) -> None:
    """Takes one unit for each 512 tokens begun of each text, less what was taken before.

    Raises:
        TooManyRequestsError: there are not as many.
    """
    cost = sum(units_of(estimated_tokens([row])) for row in rows) - paid
    if cost > 0:
        await charge(request, limit, cost=cost)


def quota_headers(scope: Scope) -> dict[str, str]:
    """Returns the header fields on quotas that a request took from; none where it took none.

    Source: draft-ietf-httpapi-ratelimit-headers-10, with q and r in units, w and t in seconds.
    """
    told: dict[LimitClass, Verdict] = scope["state"].get("verdicts", {})
    if not told:
        return {}
    policies = [f'"{k}";q={v.quota.units};w={v.quota.seconds}' for k, v in told.items()]
    left = [f'"{k}";r={v.remaining};t={round(v.full_after_seconds)}' for k, v in told.items()]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(left)}


def _limit_of(route: str) -> LimitClass:
    if route in PUBLIC and route.startswith("POST "):
        return LimitClass.SIGN_IN
    return LIMITS.get(route, LimitClass.OTHER)


def _client_of(request: Request) -> str:
    principal: Principal | None = getattr(request.state, "principal", None)
    if principal is not None:
        return principal_name(principal)
    return address_name(request.client.host if request.client else None)
