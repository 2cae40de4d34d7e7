"""The API's documentation page and the document behind it, served without any other host.

The page's script and style come from the installed package `fastapi_swagger`, not from a content
delivery network: a bank's machine often has no way out.
"""

import asyncio
import base64
import hashlib
import json
import re
from functools import cache

from fastapi import Depends, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from serving.api.limited import charge
from serving.limits.quota import LimitClass

_ASSETS = "/docs/assets"
_POLICY = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)


async def _charge(request: Request) -> None:
    await charge(request, LimitClass.OTHER)


class _Assets(StaticFiles):
    """The page's script and style; who asks for them counts like who asks for anything."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        await _charge(Request(scope))
        return await super().get_response(path, scope)


def add_docs(app: FastAPI) -> None:
    """Adds GET /docs with its assets, and GET /openapi.json."""
    app.mount(_ASSETS, _Assets(packages=[("fastapi_swagger", "resources")]), name="docs-assets")
    page = get_swagger_ui_html(
        openapi_url="./openapi.json",
        title=app.title,
        swagger_js_url=f".{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f".{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f".{_ASSETS}/favicon-32x32.png",
    )
    content = bytes(page.body).decode()
    policy = _POLICY.format(scripts=_hashes(content))

    @cache
    def document() -> bytes:
        return json.dumps(app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()

    @app.get("/docs", include_in_schema=False, dependencies=[Depends(_charge)])
    async def docs() -> HTMLResponse:
        return HTMLResponse(content, headers={"Content-Security-Policy": policy})

    @app.get("/openapi.json", include_in_schema=False, dependencies=[Depends(_charge)])
    async def openapi() -> Response:
        # It is put together at the first request, which takes a while.
        return Response(await asyncio.to_thread(document), media_type="application/json")


def _hashes(page: str) -> str:
    """The scripts that stand in a page, as its policy names them; others do not run."""
    found = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()) for script in found]
    return " ".join(f"'sha256-{digest.decode()}'" for digest in digests)
