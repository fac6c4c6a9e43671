"""`monitor simulate` as people type it, against a small service in this process."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from monitor.cohort import parse
from monitor.event import decode
from tests.simulate.platform import SECRET, TOKEN, Service, running


async def simulate(
    *options: str, secret: str | None = SECRET, token: str | None = None
) -> tuple[int, str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    environment |= {"MONITOR_SECRET": secret} if secret else {}
    environment |= {"MONITOR_TOKEN": token} if token else {}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "monitor", "simulate", "--source", "main", *options),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


FAST = ("--as-fast-as-possible", "--trainees", "2", "--json")


async def test_all_of_the_past_arrives_and_a_second_run_finds_nothing_but_duplicates(tmp_path):
    made = tmp_path / "cohort.json"
    async with running(Service()) as service:
        code, out, errors = await simulate(*FAST, "--to", service.address, "--cohort-out", str(made))
        first = json.loads(out)
        assert (code, errors) == (0, "")
        code, out, _ = await simulate(*FAST, "--to", service.address, "--cohort", str(made))
        second = json.loads(out)

    assert first["events"] == first["accepted"] + first["duplicate"] > 1000
    assert len(service.events) >= first["accepted"]
    assert code == 0
    assert second["duplicate"] >= second["events"] - 10  # but for what happened between the two
    assert parse(made.read_bytes())[1] == []


async def test_over_one_websocket(tmp_path):
    async with running(Service()) as service:
        code, out, errors = await simulate(*FAST, "--stream", "--to", service.address, token=TOKEN)

    assert (code, errors) == (0, "")
    assert json.loads(out)["accepted"] == len(service.events) > 1000
    assert service.connections == 1


async def test_a_wrong_secret_stops_it_with_a_sentence_that_does_not_show_it():
    wrong = "whsec_d3JvbmcgYnV0IHdlbGwgZm9ybWVk"
    async with running(Service(lambda attempt, body: (401, {}))) as service:
        code, out, errors = await simulate(*FAST, "--to", service.address, "--secret", wrong, secret=None)

    assert code == 1
    assert "does not accept the signature" in errors
    assert "check --source and --secret" in errors
    assert wrong not in out + errors
    assert json.loads(out)["undelivered"] > 0


async def test_what_is_not_taken_makes_it_fail():
    async with running(Service(lambda attempt, body: (409, {}) if attempt == 1 else None)) as service:
        code, out, _ = await simulate(*FAST[:-1], "--to", service.address)

    assert code == 1
    assert "未送达 undelivered" in out
    assert "409 as told" in out


async def test_a_secret_from_a_file(tmp_path):
    (tmp_path / "secret").write_text(SECRET + "\n")
    async with running(Service()) as service:
        code, _, errors = await simulate(
            *FAST, "--to", service.address, "--secret-file", str(tmp_path / "secret"), secret=None
        )

    assert (code, errors) == (0, "")


async def test_events_can_be_written_to_a_file_instead(tmp_path):
    out = tmp_path / "events.ndjson"
    code, said, _ = await simulate("--write", str(out), "--trainees", "2", "--json", secret=None)
    lines = out.read_bytes().splitlines()

    assert code == 0
    assert json.loads(said) == {"events": len(lines)}
    assert {decode(line).source for line in lines} == {"main"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--to URL"),
        (("--to", "http://127.0.0.1:9", "--stream"), "--stream needs the platform's token"),
        (("--to", "http://127.0.0.1:9", "--cohort", "no-such-file"), "can't read --cohort"),
        (("--to", "http://127.0.0.1:9", "--secret-file", "no-such-file"), "can't read --secret-file"),
        (("--to", "http://127.0.0.1:9", "--duplicates", "2"), "no share between 0 and 1"),
        (("--to", "http://127.0.0.1:9", "--from", "yesterday"), "RFC 3339"),
        (("--to", "http://127.0.0.1:9", "--speed", "3", "--as-fast-as-possible"), "not allowed with"),
        (("--write", "no/such/folder/file"), "can't write --write"),
    ],
)
async def test_wrong_use_is_2_with_a_sentence(options, words):
    code, _, errors = await simulate(*options)

    assert code == 2
    assert words in errors


async def test_without_any_secret_it_says_where_to_put_one():
    code, _, errors = await simulate("--to", "http://127.0.0.1:9", secret=None)

    assert code == 2
    assert "MONITOR_SECRET" in errors


async def test_a_file_that_is_no_cohort_file_is_named_with_what_is_wrong(tmp_path):
    path = Path(tmp_path) / "cohort.json"
    path.write_text('{"policy": "beijing-2026", "cohort": {"id": "c"}, "sesions": []}')
    code, _, errors = await simulate("--to", "http://127.0.0.1:9", "--cohort", str(path))

    assert code == 2
    assert "sesions: unknown key" in errors


async def test_a_cohort_with_an_empty_timetable_is_named_as_such(tmp_path):
    path = Path(tmp_path) / "cohort.json"
    path.write_text('{"policy": "beijing-2026", "cohort": {"id": "bj-01"}, "sessions": []}')
    code, out, errors = await simulate("--write", str(tmp_path / "events"), "--cohort", str(path))

    assert (code, out) == (2, "")
    assert f"{path}: 课表是空的" in errors
    assert "the timetable of bj-01 is empty" in errors
