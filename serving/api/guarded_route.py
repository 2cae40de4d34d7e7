"""A route whose access and quota are checked before anything of a body is read."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from serving.api.limited import charge_request
from serving.api.security import require_access
from serving.errors import RequestError


class GuardedRoute(APIRoute):
    """A route that asks for what the table of `serving.api.access` says, and counts who asks."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Returns the framework's handler with the check in front of it."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            await _require_access_within_quota(request)
            return await handle(self.prepared(request))

        return checked

    def prepared(self, request: Request) -> Request:
        """Returns the request as the framework is to read it, once access is given."""
        return request


async def _require_access_within_quota(request: Request) -> None:
    """Counts who is refused access, too: keys are not tried without end."""
    try:
        await require_access(request)
    except RequestError:
        await charge_request(request)
        raise
    await charge_request(request)
