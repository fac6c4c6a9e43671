"""The board: what is built from dashboard/ into monitor/site, served at /.

In: a path. Out: a file of the folder, or for a page's address its index.html, which finds out by itself what
to show; where nothing was built, a page that says how. Never: a file from anywhere else, a word about
anybody: what the page shows it asks for at the other doors.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from aiohttp import web

import monitor
from monitor.serve.door import Answer, Door
from monitor.serve.problem import not_found

SITE: Final = Path(monitor.__file__).parent / "site"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HASHED: Final = "assets/"
"""Files under it have a hash in their names: another content is another name."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_PACKED: Final = (".gz", ".br")
_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
    ".txt": "text/plain",
}
_NOT_BUILT: Final = """\
<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>学时在册</title>
<h1>看板尚未构建</h1>
<p>服务运行正常，看板还没有构建：请运行 <code>make install</code>，再重启服务。
接口照常可用：<a href="/docs">接口页面</a>。</p>
<h1 lang="en">The board is not built yet</h1>
<p lang="en">The service runs; run <code>make install</code> and start it again to have the board.
The doors are open all the same: <a href="/docs">/docs</a>.</p>
</html>
"""


async def site_door(request: web.Request) -> web.StreamResponse:
    """A file of the board, or its index for the address of a page."""
    name = request.match_info.get("path", "")
    files = _files(SITE)
    if name in files and name != "index.html":
        return _file(files[name], _FOR_EVER if name.startswith(_HASHED) else "no-cache")
    is_page = "text/html" in request.headers.get("Accept", "") and not name.startswith(_HASHED)
    if name and not is_page:
        not_found("there is no such door or file; /docs lists the doors")
    if "index.html" in files:
        return _file(files["index.html"], "no-cache")
    return web.Response(
        text=_NOT_BUILT,
        content_type="text/html",
        headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"},
    )


@cache
def _files(folder: Path) -> dict[str, Path]:
    """What was built, by its path: nothing else can be asked for, however a path is written."""
    return {path.relative_to(folder).as_posix(): path for path in _walk(folder)}


def _walk(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in _PACKED:
                yield path


def _file(path: Path, keep: str) -> web.FileResponse:
    """The file as it lies there, or packed beside it (.br, .gz) where the browser takes that."""
    response = web.FileResponse(path, headers={"Content-Security-Policy": POLICY, "Cache-Control": keep})
    response.content_type = _TYPES.get(path.suffix, "application/octet-stream")
    response.headers["Vary"] = "Accept-Encoding"
    return response


DOORS = [
    Door("GET", "/", site_door, "service", "The board 看板", page=True, answers={200: Answer("The board")}),
    Door("GET", "/{path:(?!v1(?:/|$)).+}", site_door, "service", "The board's files and pages", page=True),
]
