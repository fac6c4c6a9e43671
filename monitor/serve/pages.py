"""Pages about the doors: the OpenAPI document, Swagger UI served from the package, the table of problems.

In: nothing. Out: JSON, HTML, scripts. Never: anything from another host; /docs works without a network.
"""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from typing import Final

from aiohttp import web
from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped]

from monitor.serve import answer, openapi
from monitor.serve.door import Answer, Door
from monitor.serve.problem import TABLE, not_found

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'"
)
_FILES: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_START: Final = """\
window.onload = () => {
  SwaggerUIBundle({url: "/openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null});
};
"""
_PAGE: Final = """\
<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>monitor 接口 API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""


@cache
def _document() -> bytes:
    return answer.canonical(openapi.document())


@cache
def _file(name: str) -> bytes:
    return (Path(str(swagger_ui_path)) / name).read_bytes()


async def openapi_door(request: web.Request) -> web.StreamResponse:
    """The OpenAPI document."""
    return web.Response(body=_document(), content_type=answer.JSON, headers={"Cache-Control": "no-cache"})


async def docs_door(request: web.Request) -> web.StreamResponse:
    """The page at /docs."""
    return _html(_PAGE)


async def docs_file_door(request: web.Request) -> web.StreamResponse:
    """What the page needs."""
    name = request.match_info["file"]
    if name == "start.js":
        return web.Response(text=_START, content_type="text/javascript")
    if name not in _FILES:
        not_found("there is no such file")
    return web.Response(
        body=_file(name), content_type=_FILES[name], headers={"Cache-Control": "public, max-age=86400"}
    )


async def problems_door(request: web.Request) -> web.StreamResponse:
    """The table of problems: where `type` of a problem leads."""
    rows = "".join(
        f'<tr id="{reason}"><td><code>{reason}</code><td>{row.status}<td>{html.escape(row.zh)}'
        f"<td>{html.escape(row.en)}"
        for reason, row in sorted(TABLE.items())
    )
    return _html(
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>problems</title>'
        f"<h1>错误 Problems</h1><table><tr><th>reason<th>HTTP<th>说明<th>meaning{rows}</table></html>"
    )


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": _POLICY})


DOORS = [
    Door(
        "GET",
        "/openapi.json",
        openapi_door,
        "service",
        "This document 接口文档",
        answers={200: Answer("OpenAPI 3.0", {answer.JSON: {"type": "object"}})},
    ),
    Door("GET", "/docs", docs_door, "service", "The doors, to read and try 接口页面", page=True),
    Door("GET", "/docs/{file}", docs_file_door, "service", "Files of that page", page=True),
    Door("GET", "/problems", problems_door, "service", "The table of problems 错误一览", page=True),
]
