"""The service with all it keeps in PostgreSQL, from an empty database on: the same doors, the same bytes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from monitor.hours.recount import summary, to_bytes
from monitor.store.place import Server
from tests.cli.command import Command
from tests.cohort_file import cohort_file
from tests.faults.sender import BATCH, proof
from tests.ingest.signing import batch, event
from tests.serve.test_command import done, ended, serving

ID = "bj-cnc-01"
SECRET = "whsec_dGhlIGZhdWx0cycgb3duIHNoYXJlZCBzZWNyZXQgMSE="  # as faults.sender signs
AS_OF = "2026-05-22T18:00:00+08:00"
BEATS = [
    f"2026-05-11T{minute // 60:02}:{minute % 60:02}:{second:02}+08:00"
    for minute in range(8 * 60 + 30, 9 * 60 + 15)
    for second in (0, 30)
]


@pytest.fixture
def where(tmp_path: Path, empty: Server) -> tuple[object, ...]:
    return ("--data", tmp_path / "data", "--database", empty.url)


@pytest.fixture
def monitor(tmp_path: Path, empty: Server, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, over that database."""
    return Command(capsys, str(tmp_path / "data"), empty.url)


async def push(http: aiohttp.ClientSession, url: str, name: str, *events: Any) -> dict[str, Any]:
    body = batch(*events)
    headers = {**proof(name, body), "content-type": BATCH}
    async with http.post(f"{url}/v1/ingest/main", data=body, headers=headers) as answer:
        assert answer.status == 202, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def attendance(http: aiohttp.ClientSession, url: str, token: str) -> bytes:
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{url}/v1/cohorts/{ID}/attendance"
    async with http.get(address, params={"as_of": AS_OF}, headers=headers) as answer:
        assert answer.status == 200
        return await answer.read()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_from_an_empty_database_to_a_recount_of_the_same_bytes(
    tmp_path: Path, where: tuple[object, ...], http: aiohttp.ClientSession, monitor: Command
) -> None:
    async def ok(*arguments: object) -> str:
        done = await asyncio.to_thread(monitor, *arguments, data=False)
        assert done.code == 0, done.err
        return done.out

    (tmp_path / "cohort.json").write_bytes(cohort_file())
    _, data, *database = where
    async with serving(data, *database) as (process, url):  # type: ignore[arg-type]
        await ok("source", "add", "main", "--kind", "native", "--secret", SECRET, *where)
        await ok("cohort", "import", tmp_path / "cohort.json", *where)
        token = (await ok("token", "add", "--role", "admin", *where)).strip()
        first = await push(http, url, "m1", *(event(f"b{n}", time=time) for n, time in enumerate(BEATS)))
        again = await push(http, url, "m1", *(event(f"b{n}", time=time) for n, time in enumerate(BEATS)))
        late = await push(http, url, "m2", event("b7", time=BEATS[7]), event("x", time=BEATS[0]))
        assert (first["accepted"], again["duplicate"], late["accepted"]) == (90, 90, 1)
        assert again["position"] == first["position"]
        served = await attendance(http, url, token)
        assert any(person["credited"] for person in json.loads(served)["people"])
        async with http.get(f"{url}/readyz") as answer:
            assert answer.status == 200
        told = json.loads(await ok("ledger", "export", ID, tmp_path / "out", "--json", *where))
        erased = ("ledger", "erase", late["position"], "--reason", "r", "--by", "b", "--account")
        await ok(*erased, "u-1001=gone", *where)
        process.terminate()
        assert await ended(process) == 0
    files = ("--cohort", tmp_path / "out" / "cohort.json", "--events", tmp_path / "out" / "events.ndjson")
    recounted = json.loads(await ok("recount", *files, "--as-of", AS_OF, "--json"))
    shown = {name: said for name, said in json.loads(served).items() if name not in ("position", "head")}
    assert to_bytes(summary(recounted)) == to_bytes(shown)
    (tmp_path / "heads").write_text(f"{told['position']} {told['head']}\n")
    verified = await ok("ledger", "verify", "--heads", tmp_path / "heads", "--json", *where)
    assert json.loads(verified)["erased"] == [late["position"]]
    async with serving(data, *database) as (_, url):  # type: ignore[arg-type]
        repeated = await push(http, url, "m1", *(event(f"b{n}", time=time) for n, time in enumerate(BEATS)))
        assert (repeated["duplicate"], repeated["position"]) == (90, first["position"])
        rows = json.loads(await ok("source", "list", "--json", *where))
        assert [row["id"] for row in rows] == ["main"]


async def test_a_second_service_on_one_database_is_refused_clearly(
    tmp_path: Path, where: tuple[object, ...]
) -> None:
    _, data, *database = where
    async with serving(data, *database):  # type: ignore[arg-type]
        for command in (("serve", "--port", 0), ("token", "add", "--role", "admin")):
            code, out, err = await done(*command, "--data", tmp_path / "elsewhere", *database)
            assert (code in (1, 2), out, "Traceback" in err) == (True, "", False)
            assert "another monitor (monitor " in err
            assert "has this database" in err


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("postgresql://me:geheim@127.0.0.1:1/hours", 1, "postgresql://me@127.0.0.1:1/hours: "),
        ("postgresql://me@127.0.0.1", 2, "name the database"),
        ("mysql://me@127.0.0.1/hours", 2, "postgresql://USER@HOST/DATABASE"),
    ],
)
async def test_a_database_that_can_not_be_used_is_said(
    tmp_path: Path, url: str, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    where = ("--data", tmp_path / "data", "--database", url)
    command = Command(capsys, str(tmp_path / "data"))
    for told in (
        await done("serve", "--port", 0, *where),
        await asyncio.to_thread(command, "token", "list", *where, data=False),
        await asyncio.to_thread(command, "ledger", "verify", *where, data=False),
    ):
        found, out, err = told
        assert (found, out, words in err) == (code, "", True), err
        assert "geheim" not in err
        assert "Traceback" not in err
