"""The child: it listens, it ends with us, and it says why it did not start."""

import asyncio
import socket
import subprocess
import sys

import aiohttp
import pytest

from monitor.demo.service import FIRST_PORT, HOST, ServiceFailed, free_port, serving


async def test_the_service_answers_while_the_block_runs_and_not_after(tmp_path):
    async with aiohttp.ClientSession() as session:
        async with (
            serving(tmp_path / "data", 0, tmp_path / "log") as child,
            session.get(f"{child.url}/healthz") as answer,
        ):
            assert answer.status == 200
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"{child.url}/healthz")


async def test_a_service_that_does_not_start_says_why(tmp_path):
    with socket.create_server((HOST, 0)) as taken, pytest.raises(ServiceFailed, match="can't listen"):
        async with serving(tmp_path / "data", taken.getsockname()[1], tmp_path / "log"):
            pass


async def test_settings_of_the_environment_do_not_lead_the_demo_to_real_data(tmp_path, monkeypatch):
    monkeypatch.setenv("MONITOR_DATABASE", f"sqlite:///{tmp_path}/real.sqlite")
    monkeypatch.setenv("MONITOR_PUBLIC_URL", "not an address")
    async with serving(tmp_path / "data", 0, tmp_path / "log"):
        pass

    assert not (tmp_path / "real.sqlite").exists()


async def test_a_service_that_ends_by_itself_is_noticed(tmp_path):
    async with serving(tmp_path / "data", 0, tmp_path / "log") as child:
        watching = asyncio.create_task(child.ended())
        await asyncio.sleep(0)
        child._process.terminate()
        with pytest.raises(ServiceFailed, match="ended by itself"):
            await watching


def test_on_the_leash_the_service_ends_when_its_starter_has_gone(tmp_path):
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "monitor.demo.leash",
            "serve",
            "--data",
            str(tmp_path / "data"),
            "--port",
            "0",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert b"http" in child.stdout.readline()
        child.stdin.close()  # what the kernel does when the starter dies, however it dies

        assert child.wait(timeout=60) == 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_the_first_free_port_is_taken_unless_one_is_asked_for():
    found = free_port(None)

    assert FIRST_PORT <= found < FIRST_PORT + 100
    assert free_port(0) == 0
    assert free_port(9) == 9
