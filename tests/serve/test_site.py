"""The board's files: served as they were built, and nothing beside them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.serve import site
from monitor.serve.problem import MEDIA_TYPE
from tests.serve.school import School

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "site"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>board</title>", "utf-8")
    (folder / "assets" / "main-1a2b.js").write_text("let board = 1\n" * 100, "utf-8")
    (folder / "assets" / "main-1a2b.js.gz").write_bytes(gzip.compress(b"let board = 1\n" * 100))
    (folder / "mark.svg").write_text("<svg/>", "utf-8")
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    monkeypatch.setattr(site, "SITE", folder)
    yield folder
    site._files.cache_clear()


@pytest.mark.parametrize("path", ["/", "/index.html", "/link", "/cohorts/bj-cnc-01/now", "/sign-in?to=%2F"])
async def test_an_address_of_a_page_is_answered_with_the_board(built: Path, place: School, path: str) -> None:
    status, body, headers = await place.ask("GET", path, None, headers=HTML)
    assert (status, body) == (200, b"<!doctype html><title>board</title>")
    assert headers["Content-Type"].startswith("text/html")
    assert headers["Cache-Control"] == "no-cache"


async def test_the_policy_lets_nothing_in_from_elsewhere_and_no_script_inline(
    built: Path, place: School
) -> None:
    _, _, headers = await place.ask("GET", "/", None, headers=HTML)
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    for part in ("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "script-src 'self'"):
        assert part in policy.split("; ")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"


async def test_a_file_with_a_hash_in_its_name_is_kept_for_ever_and_others_are_asked_for_again(
    built: Path, place: School
) -> None:
    status, body, headers = await place.ask("GET", "/assets/main-1a2b.js", None)
    assert (status, len(body)) == (200, 1400)
    assert headers["Content-Type"].startswith("text/javascript")
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    status, _, headers = await place.ask("GET", "/mark.svg", None)
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    again = {"If-None-Match": headers["ETag"]}
    assert (await place.ask("GET", "/mark.svg", None, headers=again))[0] == 304


async def test_a_packed_file_goes_out_where_it_is_taken(built: Path, place: School) -> None:
    async with place.http.get(f"{place.url}/assets/main-1a2b.js", headers={"Accept-Encoding": "gzip"}) as got:
        assert got.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in got.headers["Vary"]
        assert len(await got.read()) == 1400
    async with place.http.get(
        f"{place.url}/assets/main-1a2b.js", headers={"Accept-Encoding": "identity"}
    ) as got:
        assert "Content-Encoding" not in got.headers


@pytest.mark.parametrize(
    "path",
    [
        "/assets/main-0000.js",
        "/v1/nothing",
        "/v1",
        "/nothing.js",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/..%5c..%5csecret.txt",
        "//etc/passwd",
        "/assets/main-1a2b.js.gz",
    ],
)
async def test_what_was_not_built_is_not_found(built: Path, place: School, path: str) -> None:
    status, told, headers = await place.ask("GET", path, None, headers={"Accept": "*/*"})
    assert (status, headers["Content-Type"], told["reason"]) == (404, MEDIA_TYPE, "not_found")


async def test_no_door_is_hidden_by_the_board(built: Path, place: School) -> None:
    assert (await place.ask("GET", "/healthz", None, headers=HTML))[1] == {"status": "ok"}
    assert (await place.ask("GET", "/v1/cohorts", None, headers=HTML))[0] == 401
    assert b"swagger" in (await place.ask("GET", "/docs", None, headers=HTML))[1]


async def test_where_nothing_was_built_a_page_says_how(
    tmp_path: Path, place: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "SITE", tmp_path / "nothing")
    status, body, headers = await place.ask("GET", "/", None, headers=HTML)
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    for words in ("make install", "看板尚未构建", "not built", 'href="/docs"'):
        assert words in body.decode()
