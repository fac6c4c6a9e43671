"""The edge: every failure is problem+json, every answer has its headers, nothing personal is logged."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy.exc import DBAPIError

from monitor.serve import answer, connection
from monitor.serve.problem import MEDIA_TYPE, TABLE
from tests.serve.school import COHORT, School, school


async def raw(place: School, sent: bytes) -> bytes:
    """What the server says to these bytes, until it closes."""
    host, port = place.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    async with asyncio.timeout(20):
        found = await reader.read()
    writer.close()
    return found


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/cohorts/", 404, "not_found"),
        ("GET", "/docs/secret.txt", 404, "not_found"),
        ("GET", "/docs/..%2f..%2fetc%2fpasswd", 404, "not_found"),
        ("PUT", "/v1/cohorts", 405, "method_not_allowed"),
        ("GET", "/v1/ingest/main", 405, "method_not_allowed"),
        ("TRACE", "/v1/cohorts", 405, "method_not_allowed"),
        ("GET", "/v1/cohorts?colour=red", 400, "bad_parameter"),
        ("GET", "/v1/cohorts?limit=1&limit=2", 400, "bad_parameter"),
        ("GET", "/v1/cohorts?limit=0", 400, "bad_parameter"),
        ("GET", "/v1/cohorts?limit=x", 400, "bad_parameter"),
        ("GET", "/v1/cohorts?cursor=%00", 404, "position_unknown"),
        ("GET", "/v1/inbox?cursor=abcd", 404, "position_unknown"),
        ("GET", "/v1/cohorts?token=x", 400, "bad_parameter"),
        ("POST", "/v1/cohorts", 415, "unsupported_media"),
    ],
)
async def test_every_refusal_is_a_problem(
    place: School, method: str, path: str, status: int, reason: str
) -> None:
    found, problem, headers = await place.ask(method, path, "admin")
    assert (found, problem["reason"]) == (status, reason)
    assert headers["Content-Type"] == MEDIA_TYPE
    assert problem["status"] == status
    assert problem["type"] == f"/problems#{reason}"
    assert problem["request_id"] == headers["X-Request-Id"]


async def test_405_says_what_is_allowed(place: School) -> None:
    _, _, headers = await place.ask("DELETE", "/v1/cohorts", "admin")
    assert headers["Allow"] == "GET,HEAD,POST"


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        (b"nonsense\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "bad_request"),
        (b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 10_000 + b"\r\n\r\n", 431, "headers_too_large"),
    ],
)
async def test_what_is_no_request_is_a_problem_too(
    place: School, sent: bytes, status: int, reason: str
) -> None:
    head, _, body = (await raw(place, sent)).partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == str(status).encode()
    assert b"Server: monitor\r\n" in head
    assert f"Content-Type: {MEDIA_TYPE}".encode() in head
    assert json.loads(body)["reason"] == reason


async def test_a_failure_inside_says_nothing_of_what_failed(place: School, monkeypatch: Any) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("张三 was here")

    monkeypatch.setattr(place.parts.live, "answer", broken)
    status, problem, _ = await place.get(f"/v1/cohorts/{COHORT}/attendance")
    assert (status, problem["reason"]) == (500, "failed")
    assert "张三" not in json.dumps(problem, ensure_ascii=False)


def refused_by_sqlite(statement: str) -> Exception:
    """What SQLite raises at a statement, in a database without room."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t (x)")
    db.execute("PRAGMA max_page_count=2")
    with pytest.raises(sqlite3.OperationalError) as found:
        db.execute(statement)
    db.close()
    return found.value


FULL = refused_by_sqlite("INSERT INTO t VALUES (zeroblob(100000))")


@pytest.mark.parametrize(
    ("error", "answered"),
    [
        (FULL, (503, "unavailable", "5")),
        (DBAPIError("INSERT", {}, FULL), (503, "unavailable", "5")),
        (refused_by_sqlite("SELECT * FROM nowhere"), (500, "failed", None)),
    ],
)
async def test_a_disk_that_refuses_is_503_and_says_when_to_come_again_a_mistake_of_ours_is_500(
    place: School, monkeypatch: Any, error: Exception, answered: tuple[int, str, str | None]
) -> None:
    async def broken(*_: Any) -> None:
        raise error

    monkeypatch.setattr(place.parts.live, "answer", broken)
    status, problem, headers = await place.get(f"/v1/cohorts/{COHORT}/attendance")
    assert answered == (status, problem["reason"], headers.get("Retry-After"))


async def test_every_answer_has_the_headers_browsers_need(place: School) -> None:
    for path in ("/healthz", "/nowhere", "/v1/cohorts", "/docs", f"/v1/cohorts/{COHORT}/attendance"):
        _, _, headers = await place.get(path)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Server"] == "monitor"
        assert "Strict-Transport-Security" not in headers


async def test_behind_tls_browsers_are_told_to_keep_to_it(tmp_path: Path) -> None:
    async with school(tmp_path / "data", public_url="https://hours.example.org") as place:
        _, _, headers = await place.get("/healthz")
        assert headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_a_request_id_is_ours_unless_a_trusted_proxy_gave_one(tmp_path: Path) -> None:
    async with school(tmp_path / "data", trusted_proxies=("127.0.0.0/8",)) as place:
        given = {"X-Request-Id": "from-proxy-1", "X-Forwarded-For": "203.0.113.9"}
        _, _, headers = await place.get("/healthz", None, **given)
        assert headers["X-Request-Id"] == "from-proxy-1"
        _, _, headers = await place.get("/healthz", None, **(given | {"X-Request-Id": "a b"}))
        assert headers["X-Request-Id"] != "a b"


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(answer, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.1)
    head = b"POST /v1/ingest/main HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    async with school(tmp_path / "data") as place:
        found = await raw(place, head)
    assert found.startswith(b"HTTP/1.1 408 ")
    assert b'"too_slow"' in found


async def test_half_a_request_is_not_waited_for(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.2)
    async with school(tmp_path / "data") as place:
        for sent in (b"", b"GET / HT", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A:"):
            assert await raw(place, sent) == b""


async def test_many_idle_connections_stop_nobody(place: School) -> None:
    host, port = place.url.removeprefix("http://").split(":")
    idle = [await asyncio.open_connection(host, int(port)) for _ in range(200)]
    status, _, _ = await place.get("/healthz")
    assert status == 200
    for _, writer in idle:
        writer.close()


async def test_healthy_and_ready_until_it_drains(place: School) -> None:
    found = [(await place.get(path, None))[0] for path in ("/healthz", "/readyz")]
    place.parts.drain.set()
    found += [(await place.get(path, None))[0] for path in ("/healthz", "/readyz")]
    assert found == [200, 200, 200, 503]


async def test_not_ready_while_the_log_can_not_be_written(place: School) -> None:
    place.parts.log.writable = False
    status, problem, _ = await place.get("/readyz", None)
    assert (status, problem["reason"]) == (503, "unavailable")


async def fetched(place: School) -> int:
    """With a client that does not end with the school."""
    where = f"{place.url}/v1/cohorts/{COHORT}/attendance"
    async with aiohttp.ClientSession() as http, http.get(where, headers=place.headers("admin")) as got:
        await got.read()
        return got.status


async def test_an_answer_under_way_is_finished_when_the_service_ends(
    tmp_path: Path, monkeypatch: Any
) -> None:
    async with school(tmp_path / "data") as place:
        begun = asyncio.Event()
        answer_of = place.parts.live.answer

        async def slowly(*asked: Any) -> Any:
            begun.set()
            await place.parts.drain.wait()
            return await answer_of(*asked)

        monkeypatch.setattr(place.parts.live, "answer", slowly)
        asked = asyncio.create_task(fetched(place))
        await begun.wait()
    assert await asked == 200


def test_titles_are_said_in_chinese_first() -> None:
    assert [
        reason
        for reason, row in TABLE.items()
        if not ("\u4e00" <= row.zh[0] <= "\u9fff" or row.zh[0] in "一")
    ] == []
