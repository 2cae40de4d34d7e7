"""What the framework refuses by itself, in plain text, told as problem documents."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.problems import HTTP_PROBLEMS, PLAIN_REFUSAL, problem_response

_OF_THE_BODY = frozenset({"content-length", "content-type"})


class PlainRefusals:
    """Puts a problem document in place of a refusal in plain text; its other headers stay.

    Such are a preflight request of a page that may not call, and a range of a file that the file
    does not have.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wraps an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and _is_plain_refusal(message):
                is_replaced = True
                problem = _problem(message, request_id=scope["state"]["request_id"])
                await problem(scope, receive, send)
            elif not is_replaced:
                await send(message)

        await self._app(scope, receive, send_problem)


def _is_plain_refusal(start: Message) -> bool:
    is_plain = Headers(raw=start["headers"]).get("content-type", "").startswith("text/plain")
    return is_plain and start["status"] >= HTTPStatus.BAD_REQUEST


def _problem(start: Message, *, request_id: str) -> ASGIApp:
    code, detail = HTTP_PROBLEMS.get(start["status"], PLAIN_REFUSAL)
    kept = Headers(raw=start["headers"]).items()
    return problem_response(
        status=start["status"],
        code=code,
        detail=detail,
        request_id=request_id,
        headers={name: value for name, value in kept if name not in _OF_THE_BODY},
    )
