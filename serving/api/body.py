"""Reading a request's body: who may send one, how large, in which encoding.

The framework would read and parse a body of any size before it looks at the key. A route of class
`JsonRoute` checks access first, then the declared type, counts the bytes as they come, and takes
strict JSON in UTF-8 only.
"""

import asyncio
import json
from typing import Any, NoReturn

from fastapi import Request

from serving.api.guarded_route import GuardedRoute
from serving.api.problems import CarriedError
from serving.errors import (
    BodyEncodingError,
    BodyTooLargeError,
    MalformedBodyError,
    UnsupportedMediaTypeError,
)

_MAX_BYTES_ON_LOOP = 64 * 1024  # parsed in a fraction of a millisecond; more goes to a thread


class JsonRequest(Request):
    """A request whose body must be strict JSON in UTF-8 and not too large."""

    async def body(self) -> bytes:
        """Returns the body.

        Raises:
            CarriedError: the body is larger than the settings accept.
        """
        if not hasattr(self, "_body"):
            self._body = await self._read(self.app.state.settings.max_body_bytes)
        return self._body

    async def json(self) -> Any:
        """Returns the body as Python objects.

        Raises:
            CarriedError: the body is not UTF-8 or not JSON.
        """
        body = await self.body()
        if len(body) > _MAX_BYTES_ON_LOOP:
            return await asyncio.to_thread(parse_json, body)
        return parse_json(body)

    async def _read(self, limit_bytes: int) -> bytes:
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit_bytes:
            raise CarriedError(BodyTooLargeError(limit_bytes=limit_bytes))
        body = bytearray()
        async for chunk in self.stream():
            body += chunk
            if len(body) > limit_bytes:
                raise CarriedError(BodyTooLargeError(limit_bytes=limit_bytes))
        return bytes(body)


def parse_json(body: bytes) -> Any:
    """Returns the objects of a JSON document.

    Raises:
        CarriedError: the bytes are not UTF-8, or not JSON (NaN and infinities are not).
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise CarriedError(BodyEncodingError(position=error.start)) from None
    except json.JSONDecodeError as error:
        found = f"{error.msg} at character {error.pos}"
        raise CarriedError(MalformedBodyError(found=found)) from None
    except RecursionError:
        raise CarriedError(MalformedBodyError(found="values nested too deeply")) from None
    except ValueError:
        raise CarriedError(MalformedBodyError(found="a number out of range")) from None


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


class JsonRoute(GuardedRoute):
    """A guarded route; where it takes a body, the body is strict JSON."""

    def prepared(self, request: Request) -> Request:
        """Returns the request as one whose body is strict JSON.

        Raises:
            UnsupportedMediaTypeError: the body is not declared as JSON.
        """
        if "POST" in (self.methods or ()):
            _require_json(request)
        return JsonRequest(request.scope, request.receive)


def declared_type(request: Request) -> str:
    """Returns what a body is declared as, without parameters."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def _require_json(request: Request) -> None:
    if declared_type(request) != "application/json":
        raise UnsupportedMediaTypeError
