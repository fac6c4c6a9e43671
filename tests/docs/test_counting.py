"""docs/counting.md leaves nothing out that the code knows, and its drawings add up."""

import inspect
import json
import re

from monitor.cohort import KINDS
from monitor.hours import findings, sorting
from monitor.hours.recount import recount
from monitor.hours.rulebook import Policy, rulebook
from monitor.hours.span import OFFLINE, ONLINE, REASONS
from monitor.instant import instant
from tests.docs.fences import page, section

VERDICTS = ("credited", "refused", "pending", "live", "upcoming", "not_countable", "not_enrolled")
STANDINGS = ("met", "short", "unrecoverable", "at_risk", "on_track")


def test_the_sections_are_numbered_one_to_twelve() -> None:
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", page("counting.md"), re.M)]

    assert list(range(1, 13)) == numbers


def test_every_kind_is_named() -> None:
    assert set() == {kind for kind in KINDS if f"`{kind}`" not in section("counting.md", 1)}


def test_every_policy_and_every_value_is_named() -> None:
    text = section("counting.md", 2)
    names = [name for name in Policy.__struct_fields__ if name not in ("id", "digest")]

    assert [name for name in [*rulebook(), *names] if f"`{name}`" not in text] == []


def test_every_category_reason_verdict_and_standing_is_named() -> None:
    for words, number in ((ONLINE, 4), (OFFLINE, 5), (REASONS, 6), (VERDICTS, 6), (STANDINGS, 8)):
        assert [word for word in words if f"`{word}`" not in section("counting.md", number)] == []


def test_every_finding_is_named_and_no_other() -> None:
    code = inspect.getsource(findings) + inspect.getsource(sorting)
    rows = [line.split("|")[1] for line in section("counting.md", 9).splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert set(re.findall(r'(?:Finding\(|\.at\(|code = )"(\w+)"', code)) == named


def _milliseconds(source: dict[str, object], events: list[str], as_of: str) -> dict[str, int]:
    period = ["2026-05-11T08:30:00+08:00", "2026-05-11T09:15:00+08:00"]
    session = {
        "id": "s01",
        "course": "c",
        "kind": "lecture",
        "mode": "online",
        "room": "r",
        "periods": [period],
    }
    cohort = {
        "policy": "beijing-2026",
        "cohort": {"id": "c"},
        "sources": [{"id": "main", **source}],
        "people": [{"id": "t01", "role": "trainee", "accounts": ["a"]}],
        "sessions": [session],
    }
    lines = []
    for number, happening in enumerate(events):
        at, kind, *camera = happening.split()
        data = {"account": "a", "room": "r", "connection": "c-1"} | ({"camera": camera[0]} if camera else {})
        shown = {"specversion": "1.0", "id": str(number), "source": "main", "type": kind}
        lines.append(json.dumps({**shown, "time": f"2026-05-11T{at}+08:00", "data": data}).encode())
    found = recount(json.dumps(cohort).encode(), lines, instant(f"2026-05-11T{as_of}+08:00"))
    milliseconds: dict[str, int] = found["people"][0]["periods"][0]["milliseconds"]
    return milliseconds


def test_the_timeline_of_a_heartbeat_source_adds_up_as_drawn() -> None:
    """45 s after a join, 30 s, 120 s of silence, 30 s, 75 s camera off, 60 s, and out."""
    events = [
        "08:30:00 classroom.joined",
        "08:30:45 camera.heartbeat on",
        "08:31:15 camera.heartbeat on",
        "08:33:15 camera.heartbeat on",
        "08:33:45 camera.heartbeat off",
        "08:35:00 camera.heartbeat on",
        "08:36:00 classroom.left",
    ]

    assert _milliseconds({"camera": "heartbeat", "heartbeat_seconds": 30}, events, "18:00:00") == {
        "no_evidence": (15 + 120) * 1000,
        "valid": (30 + 30 + 30 + 60) * 1000,
        "camera_off": 75_000,
        "not_in_room": 39 * 60_000,
    }


def test_the_timeline_of_a_state_source_adds_up_as_drawn() -> None:
    state = {"camera": "state"}

    assert _milliseconds(state, ["08:29:00 camera.on", "09:15:00 classroom.ended"], "18:00:00") == {
        "valid": 45 * 60_000
    }
    assert _milliseconds(state, ["08:29:00 camera.on"], "18:00:00") == {"open": 45 * 60_000}
