"""What README.md and docs/README.md say can be done, can be done as it stands there."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.fences import DOCS, fences, page

ROOT = DOCS.parent


def alone() -> tuple[str, int]:
    """An address of the loopback that is this process's own, and a port that nobody has there."""
    number = os.getpid()
    host = f"127.{64 + (number >> 16) % 128}.{number >> 8 & 255}.{number & 255}"
    with socket.create_server((host, 0)) as found:
        return host, found.getsockname()[1]


needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
needs_loopback = pytest.mark.skipif(sys.platform != "linux", reason="needs the whole of 127.0.0.0/8")


def by_hand(tmp_path: Path, host: str, port: int) -> tuple[int, str]:
    """Runs the block as if it named that host and port; how its shell ended, and what it said."""
    text = fences("../README.md")["by-hand"]
    assert text.count("8080") == 1, "one place to change where the port is taken"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "MONITOR_HOST": host,
        "TMPDIR": str(tmp_path),
        "no_proxy": host,
    }
    with (tmp_path / "said").open("wb") as out:
        shell = subprocess.Popen(
            ["sh", "-c", text.replace("127.0.0.1", host).replace("8080", str(port))],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        shell.wait(timeout=120)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)  # the service too, where the shell broke off before its end
        shell.wait()
    return shell.returncode, (tmp_path / "said").read_text("utf-8")


@needs_curl
@needs_loopback
def test_the_way_by_hand_ends_with_a_recount_that_is_the_same(tmp_path: Path) -> None:
    code, said = by_hand(tmp_path, *alone())

    assert code == 0, said
    assert '{"accepted":2,"duplicate":0,"refused":[],' in said
    assert said.splitlines()[-1].startswith("一致 the same: answer.json, bj-cnc-01")


@needs_curl
@needs_loopback
def test_the_way_by_hand_stops_where_somebody_else_has_the_port_and_tells_them_nothing(
    tmp_path: Path,
) -> None:
    host, _ = alone()
    with socket.create_server((host, 0)) as stranger:
        code, said = by_hand(tmp_path, host, stranger.getsockname()[1])
        stranger.setblocking(False)
        with pytest.raises(BlockingIOError):
            stranger.accept()

    assert code != 0, said
    assert '"accepted"' not in said


def test_the_client_has_as_many_lines_as_is_said() -> None:
    lines = [line for line in fences("wire.md")["push.py"].splitlines() if line and not line.startswith("#")]

    assert "a whole client in a dozen lines" in page("README.md")
    assert len(lines) == 12


def test_a_decision_that_is_replaced_says_so() -> None:
    """Each decision that takes another's place, or adds to it, is named in the status of that one."""
    status = {
        path.name[:4]: path.read_text("utf-8").partition("Status:")[2].partition("\n\n")[0]
        for path in (DOCS / "decisions").glob("[0-9]*.md")
    }
    for number, text in status.items():
        for other in re.findall(r"\b\d{4}\b", text.replace("\n", " ")):
            assert number in status[other], f"{other} does not mention {number}"
