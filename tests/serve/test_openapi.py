"""The OpenAPI document: true to the doors, whoever asks; and a page for it that needs no network."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from monitor.clock import now_ms
from monitor.serve.openapi import document
from monitor.serve.rights import RIGHTS, ROLES
from monitor.serve.routes import DOORS
from tests.serve.school import School, school


async def schemathesis(place: School, folder: Path, role: str, *options: str) -> tuple[int | None, str]:
    """Its command line, as a stranger would run it: the same cases each time."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("run", f"{place.url}/openapi.json", "-H", f"Authorization: Bearer {place.tokens[role]}"),
        *("--generation-deterministic", "--no-color", "--warnings", "off"),
        *options,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(240):
        said, _ = await process.communicate()
    return process.returncode, said.decode()[-6_000:]


@pytest.mark.parametrize("role", ROLES)
async def test_schemathesis_finds_nothing(tmp_path: Path, role: str) -> None:
    phases = "examples,coverage,fuzzing,stateful" if role == "admin" else "examples,fuzzing"
    async with school(tmp_path / "data") as place:
        await place.morning()
        place.clock.now = now_ms()
        found = await schemathesis(place, tmp_path, role, "--phases", phases, "--max-examples", "3")
    assert found[0] == 0, found[1]


async def test_the_document_is_served_as_it_is_made(place: School) -> None:
    status, served, _ = await place.get("/openapi.json", None)
    assert (status, document()) == (200, served)


def test_it_names_every_door_that_is_not_a_page() -> None:
    made = document()
    named = {
        f"{method.upper()} {path}"
        for part in ("paths", "x-websockets")
        for path, methods in made[part].items()
        for method in methods
    }
    assert named == {door.key for door in DOORS if not door.page}


def test_its_examples_fit_its_schemas() -> None:
    made = document()
    checked = 0
    for schema, example in _examples(made):
        whole = {**_plain(schema), "components": _plain(made["components"])}
        jsonschema.validate(example, whole)
        checked += 1
    assert checked >= 10


def _examples(part: Any) -> list[tuple[Any, Any]]:
    if isinstance(part, list):
        return [found for item in part for found in _examples(item)]
    if not isinstance(part, dict):
        return []
    here = [(part["schema"], part["example"])] if {"schema", "example"} <= part.keys() else []
    return here + [found for item in part.values() for found in _examples(item)]


def _plain(schema: Any) -> Any:
    """`nullable` in the words of JSON Schema."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _plain(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [found, {"type": "null"}]} if schema.get("nullable") is True else found


def test_doors_say_who_may_use_them() -> None:
    made = document()
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            right = RIGHTS[f"{method.upper()} {path}"]
            guarded = bool(right.roles) and right.proof is None
            ways = [{"token": []}, {"session": []}] if guarded else [{"session": []}] if right.session else []
            assert operation["security"] == ways
            assert [role for role in right.roles if role not in operation["description"]] == []


async def test_the_page_needs_nothing_from_elsewhere(place: School) -> None:
    status, page, headers = await place.get("/docs", None)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.decode())
    assert len(wanted) == 4
    for address in wanted:
        assert address.startswith("/docs/")
        status, body, _ = await place.get(address, None)
        assert status == 200
        assert body
    assert "https:" not in headers["Content-Security-Policy"]


async def test_a_problems_type_leads_to_its_row(place: School) -> None:
    _, problem, _ = await place.get("/nowhere")
    page, _, anchor = problem["type"].partition("#")
    status, body, _ = await place.get(page, None)
    assert status == 200
    assert f'id="{anchor}"' in body.decode()
