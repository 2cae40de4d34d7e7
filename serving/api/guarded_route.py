"""A route whose access is checked before anything of a body is read."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from serving.api.security import require_access


class GuardedRoute(APIRoute):
    """A route that asks for what the table of `serving.api.access` says."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Returns the framework's handler with the check in front of it."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            await require_access(request)
            return await handle(self.prepared(request))

        return checked

    def prepared(self, request: Request) -> Request:
        """Returns the request as the framework is to read it, once access is given."""
        return request
