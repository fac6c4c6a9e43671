"""The journal: what the service writes down of itself, with nobody in it."""

from __future__ import annotations

import ast
import asyncio
import base64
import contextlib
import io
import json
import logging
import re
import sqlite3
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import websockets
from sqlalchemy.exc import OperationalError
from websockets.asyncio.client import connect

import monitor
from monitor.control import ImportCohort, ListTokens, carry_out
from monitor.ingest import sources
from monitor.office import Declined
from monitor.orders import AddSource
from monitor.serve import journal as journals
from monitor.serve.door import Door
from monitor.serve.journal import hear_failures, unhandled
from monitor.serve.rights import ROLES
from monitor.serve.routes import DOORS
from monitor.store.cabinet import Cabinet
from monitor.store.folder import Folder
from monitor.store.ledger import Ledger
from tests.serve.school import COHORT, School, cohort_file, school
from tests.serve.test_edge import raw

MARK, NAME = "markmark", "标记人"
PHONE, NUMBER = "13912345678", "11010519491231002X"
SECRET = "whsec_" + base64.b64encode(b"markmarkmarkmarkmarkmarkmarkmark").decode()
FAILURE = f"{NAME} {MARK} {PHONE}"


def lines(journal: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.getvalue().splitlines()]


def marked_file() -> dict[str, Any]:
    """A cohort in which everything that is somebody's is marked."""
    file = cohort_file(MARK)
    file["people"] = [
        {"id": f"t-{MARK}", "role": "trainee", "name": NAME, "accounts": [f"u-{MARK}"], "note": PHONE},
        {"id": "w01", "role": "teacher", "name": NAME, "accounts": [f"w-{MARK}"]},
    ]
    return file


async def set_up(place: School, folder: Folder) -> None:
    """What the command line does while the service runs, well and badly."""
    await carry_out(folder, AddSource(by=MARK, id="marked", kind="native", secret=SECRET), place.clock)
    file = json.dumps(marked_file())
    numbers = {f"t-{MARK}": NUMBER}
    await carry_out(folder, ImportCohort(by=NAME, file=file, why=FAILURE, identities=numbers), place.clock)
    for order in (
        AddSource(by=MARK, id="marked", kind="native", secret=SECRET),
        ImportCohort(by=NAME, file=file.replace("trainee", MARK), why=FAILURE),
    ):
        with pytest.raises(Declined):
            await carry_out(folder, order, place.clock)


def filled(door: Door, **given: str) -> str:
    """The door's address; what is not given is marked."""
    return re.sub(r"{(\w+)[^}]*}", lambda found: given.get(found[1], MARK), door.path)


def requests(door: Door) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ways to ask at a door, most of them wrong, all of them marked."""
    given = {"cohort": MARK, "person": f"t-{MARK}", "number": "7", "source": "main", "position": "1"}
    path = filled(door, **given)
    for query in ("", f"?cohort={MARK}", f"?{MARK}={PHONE}", f"?full=true&reason={NAME}", f"?as_of={MARK}"):
        yield path + query, {}
    yield filled(door, **{name: NAME for name in given}), {}
    yield filled(door, **given | {"cohort": COHORT, "person": "t01"}), {}
    for content in (json.dumps({"account": MARK, NAME: PHONE}), f'[{{"id": "{MARK}"', NAME):
        for kind in ("application/json", "application/cloudevents-batch+json", f"text/{MARK}"):
            yield path, {"data": content.encode(), "headers": {"Content-Type": kind}}


async def every_door(place: School, journal: io.StringIO) -> None:
    """Every door with every role; each answer's request id is in the journal, with its door and status."""
    about = {"User-Agent": MARK, "Referer": f"https://{MARK}/{NAME.encode().hex()}", "Cookie": f"s={MARK}"}
    told = {}
    for door in DOORS:
        for role in (None, "mon_abc_" + MARK, *ROLES):
            most = None if role in (None, "admin") else 2
            for path, more in islice(requests(door), most):
                sent = place.headers(role, **about, **more.get("headers", {}))
                async with place.http.request(
                    door.method, place.url + path, headers=sent, data=more.get("data")
                ) as got:
                    await got.read()
                    told[got.headers["X-Request-Id"]] = got.status
    assert told == {
        line["request_id"]: line["status"] for line in lines(journal) if line["event"] == "request"
    }


async def deliveries(place: School) -> None:
    """Good ones, bad ones, and a stream of both."""
    good = place.event(f"{MARK}.joined", f"u-{MARK}", "08:19:00", room=NAME, cohort=MARK)
    bad = [{**good, "source": MARK}, {**good, "type": "attendance.corrected"}, {**good, "time": MARK}, MARK]
    for events in ([good], [good, *bad], [good]):
        await place.push(events, f"{MARK}-1" if len(events) == 1 else None)
    headers, body = place.signed([good])
    for forged in ({"webhook-signature": MARK}, {"webhook-timestamp": PHONE}, {"webhook-id": f"{MARK}-1"}):
        await place.ask("POST", "/v1/ingest/main", None, headers=headers | forged, data=body)
    where = place.url.replace("http", "ws") + "/v1/ingest/main/stream"
    async with connect(where, additional_headers=place.headers("platform")) as socket:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        line = " ".join(headers[name] for name in names).encode()
        for frame in (line + b"\n" + body, MARK.encode(), line + b"\n" + NAME.encode(), b"\xff"):
            await socket.send(frame)
            await socket.recv()
    for first in (f'{{"type": "auth", "token": "{MARK}"}}', NAME):
        with contextlib.suppress(websockets.ConnectionClosed):
            async with connect(place.url.replace("http", "ws") + f"/v1/live?cohort={MARK}") as board:
                await board.recv()
                await board.send(first)
                await board.recv()
                await board.recv()
    await raw(place, f"{MARK} {PHONE}\r\n\r\n".encode())
    await raw(place, f"GET /{MARK} HTTP/1.1\r\nHost: x\r\n{MARK}: {'x' * 10_000}\r\n\r\n".encode())


async def failures(place: School, folder: Folder, patch: pytest.MonkeyPatch) -> None:
    """Each room fails with marked words."""

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError(FAILURE)

    def refused(*_: Any, **__: Any) -> Any:
        raise sqlite3.IntegrityError(FAILURE)

    async def tables(*_: Any, **__: Any) -> Any:
        raise OperationalError(FAILURE, {"name": NAME}, sqlite3.OperationalError(FAILURE))

    events = [place.event("classroom.joined", f"u-{MARK}", "08:19:00")]
    with patch.context() as failing:
        failing.setattr(place.parts, "clock", broken)
        for path in (f"/v1/cohorts/{COHORT}/attendance", "/v1/inbox", f"/v1/cohorts/{COHORT}/people/t01"):
            await place.get(path)
    with patch.context() as failing:
        failing.setattr(sources, "take_delivery", broken)
        await place.push(events)
    with patch.context() as failing:
        failing.setattr(place.parts.intake, "on_entry", [broken])
        failing.setattr(place.parts.office, "on_entry", [broken])
        await place.push(events)
        await place.token("teacher", name=NAME)
    with patch.context() as failing:
        failing.setattr(Cabinet, "apply", tables)
        await place.token("teacher", name=NAME)
    with patch.context() as failing:
        failing.setattr(ListTokens, "carry_out", broken)
        with pytest.raises(Declined):
            await carry_out(folder, ListTokens(by=NAME), place.clock)
    with patch.context() as failing:
        failing.setattr(Ledger, "write", refused)
        await place.push(events)


async def test_whatever_happens_nobody_is_named_in_the_journal(
    tmp_path: Path, journal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names, accounts, tokens, secrets, ID numbers, telephone numbers, what stood in addresses and bodies."""
    asyncio.get_running_loop().set_exception_handler(unhandled)  # as app.run does
    async with school(tmp_path / "data") as place:
        folder = Folder(tmp_path / "data")
        await set_up(place, folder)
        place.tokens |= {
            role: await place.token(role, cohorts=(MARK,), name=NAME) for role in ("center", "clerk")
        }
        await every_door(place, journal)
        await deliveries(place)
        await failures(place, folder, monkeypatch)
        secrets = [token.split("_", 2)[2] for token in place.tokens.values()]
    asyncio.get_running_loop().call_exception_handler({"message": FAILURE})
    said = journal.getvalue()

    assert [line for line in lines(journal) if MARK in str(line)] == []
    forbidden = [MARK, NAME, PHONE, NUMBER, SECRET.removeprefix("whsec_"), COHORT, "张三", "u-1", *secrets]
    assert [word for word in forbidden if word in said] == []
    assert {
        "request",
        "request.failed",
        "request.unreadable",
        "decoder native/1 failed",
        "commit of 1 entries failed: IntegrityError",
        "the office's tables are behind the log: OperationalError",
        "Error handling request from %s",
    } <= {line["event"] for line in lines(journal)}
    assert 2 <= sum(line["event"].startswith("a follower failed at position") for line in lines(journal))


FIELDS = {
    *("request_id", "door", "status", "ms", "role", "token"),
    *("error", "frames", "exc_info"),
    *("said", "fold", "position", "until", "seconds"),
    "path",  # of the data folder, once, when it is made
}
"""What a line may have beside its event. A field more is a decision: can anybody be named in it?"""
VALUES = {
    *("len(group)", "len(what)", "entry.position", "one.position"),
    *("word(error)", "type(error).__name__", "source.kind.decoder"),
}
"""What may be filled into the words of an event."""


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call that writes a line, with where it stands."""
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    for path in sorted(Path(monitor.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and (says := ast.unparse(node.func).rpartition("."))[2] in levels | {"say"}
                and (says[0] in ("_log", "") or says[0].endswith("getLogger") or "get_logger(" in says[0])
            ):
                yield f"{path.name}:{node.lineno}", node


def test_every_line_says_fixed_words_and_fields_that_name_nobody() -> None:
    """Whoever adds a line meets this table first."""
    found = list(calls())
    assert 15 < len(found)
    for where, call in found:
        first, *values = call.args
        assert isinstance(first, ast.Constant), where
        assert (where, set()) == (where, {ast.unparse(value) for value in values} - VALUES)
        assert (where, set()) == (where, {keyword.arg for keyword in call.keywords} - FIELDS)


async def test_what_nobody_caught_is_told_by_type_and_place(journal: io.StringIO) -> None:
    async def broken() -> None:
        raise ValueError(NAME)

    loop = asyncio.get_running_loop()
    task = loop.create_task(broken())
    await asyncio.wait([task])
    unhandled(loop, {"message": NAME, "exception": task.exception(), "future": task})
    (line,) = lines(journal)
    assert (line["event"], line["error"]) == ("unhandled", "ValueError")
    assert NAME not in journal.getvalue()


def test_an_exception_is_told_by_type_and_place(journal: io.StringIO) -> None:
    try:
        raise ValueError(NAME)
    except ValueError:
        logging.getLogger("monitor.anything").exception("it failed")
    (line,) = lines(journal)
    assert (line["event"], line["error"], line["level"]) == ("it failed", "ValueError", "error")
    assert NAME not in journal.getvalue()


def test_libraries_are_heard_from_warnings_on_and_without_the_values_they_fill_in(
    journal: io.StringIO,
) -> None:
    """Below that they tell what they handle."""
    library = logging.getLogger("aiosqlite")
    library.debug("executing %s", NAME)
    library.info("executing %s", NAME)
    library.warning("could not do %s", NAME)
    assert [("could not do %s", "aiosqlite")] == [(line["event"], line["logger"]) for line in lines(journal)]


def test_what_ends_the_process_or_a_thread_is_told_without_its_words(
    journal: io.StringIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for place, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(place, name, getattr(place, name))
    hear_failures()

    def broken() -> None:
        raise ValueError(NAME)

    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()
    try:
        broken()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)

    assert [("a thread ended by a failure", "ValueError"), ("ended by a failure", "ValueError")] == [
        (line["said"], line["error"]) for line in lines(journal)
    ]
    assert NAME not in journal.getvalue() + "".join(capsys.readouterr())


def test_a_line_that_can_not_be_written_is_lost_and_not_told_elsewhere(
    journal: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk or a closed pipe under the journal stops nobody."""
    journal.close()
    logging.getLogger("monitor.serve").error("it failed: %s", NAME)
    journals.structlog.get_logger("monitor.serve").error("it failed")
    assert ("", "") == tuple(capsys.readouterr())
