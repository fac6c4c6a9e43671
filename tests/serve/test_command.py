"""`monitor serve` as people run it: one line with the address, an end without loss, errors that help."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import connect

from tests.serve.school import cohort_file

SECONDS = 60


async def monitor(*arguments: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor", *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def done(*arguments: object) -> tuple[int | None, str, str]:
    """Exit code, standard output and error of a command that ends by itself."""
    process = await monitor(*arguments)
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_first_start_prints_a_link_that_makes_an_admin_and_later_ones_do_not(
    tmp_path: Path,
) -> None:
    for expected in (True, False):
        process = await monitor("serve", "--data", tmp_path, "--port", 0)
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        url = line.split()[-1]
        if expected:
            assert "首次使用" in (await process.stdout.readline()).decode()
            address, _, secret = (await process.stdout.readline()).decode().strip().partition("#")
            assert address == f"{url}/link"
            content = {"secret": secret, "name": "guan", "password": "a long sentence is a good one"}
            async with aiohttp.ClientSession() as http, http.post(f"{url}/v1/link/use", json=content) as got:
                assert got.status == 200
                assert (await got.json())["user"]["role"] == "admin"
        process.terminate()
        out, _ = await process.communicate()
        assert (process.returncode, out) == (0, b"")


@asynccontextmanager
async def serving(data: Path, *more: object) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A running service and its address."""
    process = await monitor("serve", "--data", data, "--port", 0, *more)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            line = (await process.stdout.readline()).decode()
        yield process, line.split()[-1]
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(SECONDS):
            await process.communicate()


async def ended(process: asyncio.subprocess.Process) -> int:
    async with asyncio.timeout(SECONDS):
        return await process.wait()


async def test_it_says_its_address_in_one_line_and_ends_with_0(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as (process, url), aiohttp.ClientSession() as http:
        assert url.startswith("http://127.0.0.1:")
        async with http.get(f"{url}/readyz") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert await ended(process) == 0


async def test_what_the_command_line_decides_holds_at_once_and_survives(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "cohort.json"
    file.write_text(json.dumps(cohort_file("by-hand")))
    async with serving(data) as (process, url), aiohttp.ClientSession() as http:
        assert (await done("cohort", "import", file, "--data", data))[0] == 0
        code, token, _ = await done("token", "add", "--role", "admin", "--data", data)
        assert code == 0
        headers = {"Authorization": f"Bearer {token.strip()}"}
        async with http.get(f"{url}/v1/cohorts/by-hand/attendance", headers=headers) as answer:
            before = await answer.read()
        where = url.replace("http", "ws") + "/v1/live?cohort=by-hand"
        async with connect(where, additional_headers=headers) as board:
            await board.recv()
            process.send_signal(signal.SIGTERM)
            assert await ended(process) == 0
            await board.wait_closed()
            assert board.close_code == 1001
    async with (
        serving(data) as (_, url),
        aiohttp.ClientSession() as http,
        http.get(f"{url}/v1/cohorts/by-hand/attendance", headers=headers) as answer,
    ):
        assert before == await answer.read()


async def test_a_folder_somebody_else_has_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path / "data"):
        code, out, err = await done("serve", "--data", tmp_path / "data", "--port", 0)
    assert (code, out) == (2, "")
    assert "has this data" in err


async def test_a_port_somebody_else_has_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = await done("serve", "--data", tmp_path / "data", "--port", port)
    assert code == 2
    assert f"--port {port}: can't listen there" in err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--tls-cert", "nowhere.pem", "--tls-key", "nowhere.key"),
            "--tls-cert nowhere.pem: there is no such file",
        ),
        (("--tls-cert", "nowhere.pem"), "belong together"),
        (("--tls-cert", __file__, "--tls-key", __file__), "not a certificate and its key"),
        (("--port", "70000"), "--port 70000"),
        (("--public-url", "hours.example.org"), "--public-url hours.example.org"),
        (("--trusted-proxies", "10.0.0.0/99"), "--trusted-proxies: '10.0.0.0/99' is not a network"),
        (("--host", "no-such-host.invalid"), "can't listen there"),
    ],
)
async def test_what_can_not_be_is_said_and_is_wrong_use(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    code, out, err = await done("serve", "--data", tmp_path / "data", "--port", 0, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


async def test_with_certificate_and_key_it_speaks_tls(tmp_path: Path) -> None:
    cert, key = _certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(cert))
    async with serving(tmp_path / "data", "--tls-cert", cert, "--tls-key", key) as (_, url):
        assert url.startswith("https://127.0.0.1:")
        async with aiohttp.ClientSession() as http, http.get(f"{url}/healthz", ssl=trusting) as answer:
            assert (answer.status, answer.headers["Strict-Transport-Security"]) == (200, "max-age=31536000")


def _certificate(folder: Path) -> tuple[Path, Path]:
    import ipaddress

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(secret, hashes.SHA256())
    )
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return cert, key
