"""What docs/wire.md shows is what the code does."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from monitor import cohort, event
from monitor.__main__ import GROUPS, main
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import to_bytes
from monitor.hours.register import Register
from monitor.ingest import native, sources
from monitor.ingest.refusals import DELIVERY, EVENT, Refused
from monitor.ingest.seal import Seal, Stamped, new_secret
from monitor.instant import rfc3339
from monitor.live.change import difference
from monitor.serve.rights import RIGHTS, ROLES
from tests.docs.fences import commands, fences, page, section

WIRE = fences("wire.md")
ARRIVED = event.instant("2026-05-11T18:00:00+08:00")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page in it."""
    for name, text in WIRE.items():
        if "." in name:
            (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_cohort_file_has_no_errors() -> None:
    data = WIRE["cohort.json"].encode()

    _, errors = cohort.parse(data)

    assert errors == []
    assert open_cohort(data).cohort.id == "bj-cnc-01"


PARTS = {"the file": (), "`cohort`": ("cohort",), "a source": ("sources", 0), "a person": ("people", 0)}


@pytest.mark.parametrize("part", [*PARTS, "a session"])
def test_the_keys_of_the_cohort_file_are_those_that_the_reader_knows(part: str) -> None:
    """An unknown key is put into the part; the error about it names the known ones."""
    content = json.loads(WIRE["cohort.json"])
    found = content
    for step in PARTS.get(part, ("sessions", 0)):
        found = found[step]
    found["x"] = 1
    _, (error,) = cohort.parse(json.dumps(content).encode())
    _, required, optional = _row("wire.md", 1, part)
    choices = {"heartbeat", "state", "none", "online", "offline"}
    if part == "a person":
        choices |= {"trainee", "teacher"}

    assert (set(re.findall(r"`(\w+)`", required + optional)) - choices) == set(
        error.problem.partition("known are ")[2].split(", ")
    )


def _row(name: str, number: int, first: str) -> list[str]:
    """The cells of the row of a section's table that begins with that cell."""
    rows = (
        line.strip("|").split(" | ") for line in section(name, number).splitlines() if line.startswith("|")
    )
    return next(row for row in rows if row[0].strip() == first)


def test_the_error_of_a_cohort_file_reads_as_shown() -> None:
    content = json.loads(WIRE["cohort.json"])
    lecture = content["sessions"][0]
    short = ["2026-05-11T08:30:00+08:00", "2026-05-11T09:05:00+08:00"]
    content["sessions"] = [{**lecture, "id": f"s{number}"} for number in range(3)]
    content["sessions"].append({**lecture, "id": "short", "periods": [short]})

    with pytest.raises(ValueError) as found:
        open_cohort(json.dumps(content).encode())

    assert str(found.value) in " ".join(page("wire.md").split())


def test_the_events_can_be_read_and_a_platform_may_send_them() -> None:
    shown = [WIRE["event"], *WIRE["events.ndjson"].splitlines()]
    for line in shown:
        read = event.decode(line.encode())
        body = json.dumps([json.loads(line)]).encode()
        assert [
            one for one in native.decode(body, read.source, ARRIVED, True) if isinstance(one, Refused)
        ] == []


def test_every_event_type_is_listed() -> None:
    listed = {
        word
        for line in section("wire.md", 2).splitlines()
        if line.startswith("| `")
        for word in line.split("`")
    }

    assert set() == event.TYPES - listed


def test_the_recount_gives_what_is_shown(files: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    command = next(line for line in commands("wire.md") if line.startswith("monitor recount"))

    assert main(shlex.split(command)[1:]) == 0

    assert to_bytes(json.loads(WIRE["recount.json"])) == capsysbinary.readouterr().out


def test_every_reason_for_a_refusal_is_listed() -> None:
    for reason, (status, _) in DELIVERY.items():
        assert f"| `{reason}` | {status} |" in page("wire.md")
    for reason in EVENT:
        assert f"| `{reason}` |" in section("wire.md", 2)


def test_every_door_is_listed() -> None:
    """Files and addresses of a page are no door of their own."""
    doors = (
        section("wire.md", 4).replace("{id}", "{cohort}").replace("{n}", "{number}").replace("?cohort=", "")
    )
    for key in RIGHTS:
        method, path = key.split(" ")
        if path != "/docs/{file}" and "{path" not in path:
            assert f"`{method} {path}`" in doors or f"`{path}`" in doors


def test_every_role_and_command_is_listed() -> None:
    text = section("wire.md", 5)
    for role in ROLES:
        assert role in text
    for group in GROUPS:
        assert f"`monitor {group}" in text


def test_the_answer_of_a_delivery_reads_as_shown() -> None:
    batch = [json.loads(line) for line in WIRE["events.ndjson"].splitlines()[:2]]
    batch.append({**batch[0], "id": "x", "source": "hall"})

    found = native.decode(json.dumps(batch).encode(), "main", ARRIVED, False)

    shown = json.loads(WIRE["answer"])
    assert shown["accepted"] == sum(isinstance(one, event.Event) for one in found)
    assert shown["refused"] == [
        {"index": one.index, "reason": one.reason, "detail": one.detail}
        for one in found
        if isinstance(one, Refused)
    ]


def test_the_batch_can_be_sent() -> None:
    found = native.decode(WIRE["batch.json"].encode(), "main", ARRIVED, False)

    assert [one.id for one in found if isinstance(one, event.Event)] == ["b-1", "b-2"]


class _Door(BaseHTTPRequestHandler):
    """Takes one delivery and opens its seal, as the service does."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.types.append(self.headers["content-type"])  # type: ignore[attr-defined]
        self.server.proven.append(  # type: ignore[attr-defined]
            (self.server.seal.open(self.headers, body, time.time_ns() // 1_000_000), body)  # type: ignore[attr-defined]
        )
        self.send_response(202)
        self.end_headers()
        self.wfile.write(b'{"accepted":2}')

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def _listening(secret: str) -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Door)
    server.seal, server.proven, server.types = Seal([secret]), [], []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _push(command: list[str], folder: Path) -> None:
    """Runs a client of the page against a door that opens the seal; the secret is in its environment."""
    secret = new_secret()
    with _listening(secret) as server:
        url = f"http://127.0.0.1:{server.server_port}/v1/ingest/main"
        environment = {**os.environ, "MONITOR_SECRET": secret, "no_proxy": "127.0.0.1"}
        done = subprocess.run(
            [*command, url, "batch.json"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stdout.strip()) == (0, '{"accepted":2}'), done.stderr
        ((stamped, body),) = server.proven  # type: ignore[attr-defined]
        assert isinstance(stamped, Stamped)
        assert WIRE["batch.json"].encode() == body
        assert set(server.types) <= set(sources.KINDS["native"].content_types)  # type: ignore[attr-defined]


def test_a_delivery_of_the_python_client_is_proven(files: Path) -> None:
    _push([sys.executable, "push.py"], files)


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("curl")), reason="needs openssl and curl")
def test_a_delivery_of_the_shell_client_is_proven(files: Path) -> None:
    _push(["sh", "push.sh"], files)


def test_a_row_of_now_reads_as_shown() -> None:
    """Beats each half minute from 08:32, and the camera off at 08:50; others go on."""
    shown = json.loads(WIRE["live-row"])
    sent = json.loads(WIRE["event"])
    begin = event.instant("2026-05-11T08:32:00+08:00")
    fold = Fold(open_cohort(WIRE["cohort.json"].encode()))
    for beat in range(37):
        data = {**sent["data"], "camera": "off" if beat == 36 else "on"}
        line = {**sent, "id": str(beat), "time": rfc3339(begin + beat * 30_000), "data": data}
        fold.add(event.decode(json.dumps(line).encode()))
    line |= {"id": "another", "time": "2026-05-11T08:51:40+08:00", "data": {**data, "account": "u-9"}}
    fold.add(event.decode(json.dumps(line).encode()))
    register = Register(fold)
    register.turn(begin + 20 * 60_000)

    assert shown == next(row for row in register.now() if row["person"] == "t01")
    table = section("wire.md", 4).partition("```json live-row")[2]
    assert shown.keys() - set(re.findall(r"`(\w+)`", table)) <= {"id", "person", "role", "session", "index"}


def test_the_change_of_the_live_example_leads_from_before_to_after() -> None:
    shown = json.loads(WIRE["live-example"])
    parts = {key: part for key, part in shown["change"].items() if key not in ("type", "position")}

    assert difference(shown["before"], shown["after"]) == parts
