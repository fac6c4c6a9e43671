"""The unit in docs/operate.md and the Containerfile name only what there is; and when it is ready."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from monitor import app
from monitor.__main__ import parser
from monitor.config import SETTINGS
from monitor.serve.rights import RIGHTS
from tests.docs.fences import DOCS, fences

ROOT = DOCS.parent
VARIABLES = {setting.variable for setting in SETTINGS}
UNIT = fences("operate.md")["monitor.service"]


def steps() -> list[tuple[str, str]]:
    """The steps of the Containerfile, in order, each with what stands behind its word."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Containerfile").read_text("utf-8"), flags=re.M)
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def last(word: str) -> str:
    return [rest for step, rest in steps() if step == word][-1]


def service() -> configparser.SectionProxy:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(UNIT)
    return found["Service"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_finds_nothing_to_say_of_the_unit(tmp_path: Path) -> None:
    path = tmp_path / "monitor.service"
    path.write_text(UNIT.replace("/opt/monitor/.venv/bin/monitor", sys.executable), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_settings_of_the_unit_and_of_the_image_are_ours() -> None:
    named = re.findall(r"^Environment=(\w+)=", UNIT, re.M) + re.findall(r"(MONITOR_\w+)=", last("ENV"))

    assert "MONITOR_DATA" in named
    assert set(named) <= VARIABLES
    assert set(re.findall(r"MONITOR_\w+", DOCS.joinpath("operate.md").read_text("utf-8"))) <= VARIABLES


def test_unit_and_image_start_the_service() -> None:
    parser("serve").parse_args(shlex.split(service()["ExecStart"])[1:])
    assert json.loads(last("ENTRYPOINT")) == ["monitor"]
    assert parser("serve").parse_args(json.loads(last("CMD"))).command == "serve"


def test_both_leave_the_service_the_time_to_drain() -> None:
    told = re.findall(r"--stop-timeout (\d+)", DOCS.joinpath("operate.md").read_text("utf-8"))

    assert min(int(seconds) for seconds in [service()["TimeoutStopSec"], *told]) > app.DRAIN_SECONDS
    assert last("STOPSIGNAL") == "SIGTERM"


def test_the_image_is_not_root_and_keeps_everything_in_its_volume() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER"))
    assert f"MONITOR_DATA={last('VOLUME')} " in last("ENV")
    assert f"MONITOR_PORT={last('EXPOSE')}" in last("ENV").split()


def test_what_the_image_is_made_of_is_there_and_handed_over() -> None:
    handed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[0] == "!"}
    copied = [rest.split()[:-1] for step, rest in steps() if step == "COPY" and "--from" not in rest]
    named = {name for names in copied for name in names}

    assert named == handed
    assert [name for name in named if not (ROOT / name).exists()] == []


class _Ready(BaseHTTPRequestHandler):
    """Answers as /readyz does: as many times as there are statuses."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def _answering(status: int) -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Ready)
    server.status, server.asked = status, []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_image_is_healthy_while_the_service_is_ready(status: int, code: int) -> None:
    python, *arguments = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    with _answering(status) as server:
        asks = [argument.replace("8080", str(server.server_port)) for argument in arguments]
        done = subprocess.run([sys.executable, *asks], timeout=60, check=False)

    assert (python, done.returncode) == ("python", code)
    assert [f"GET {path}" for path in server.asked] == ["GET /readyz"]  # type: ignore[attr-defined]
    assert "GET /readyz" in RIGHTS
