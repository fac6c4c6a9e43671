"""One word for each row of the board: whom a teacher can still help, and when that changes by time alone."""

import json
from typing import Any

import pytest

from monitor.event import Event, decode
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.register import Register
from monitor.instant import instant, rfc3339
from tests.serve.school import cohort_file

DAY = "2026-05-11T"


def _encoded(content: Any) -> bytes:
    return json.dumps(content).encode()


def at(time: str) -> int:
    return instant(time if "T" in time else f"{DAY}{time}+08:00")


class Class:
    """One period 08:30 to 09:15 in room-1; the register of what was sent."""

    def __init__(self, **changes: Any) -> None:
        self.plan = open_cohort(_encoded(cohort_file(**changes)))
        self.events: list[Event] = []

    def sent(self, kind: str, account: str, time: str, **data: Any) -> None:
        said = {"account": account, "connection": account, "room": "room-1", **data}
        event = {"specversion": "1.0", "id": f"e{len(self.events)}", "source": "main", "type": kind}
        self.events.append(decode(_encoded({**event, "time": rfc3339(at(time)), "data": said})))

    def beats(self, account: str, first: str, last: str) -> None:
        for one in range(at(first), at(last) + 1, 30_000):
            self.sent("camera.heartbeat", account, rfc3339(one), camera="on")

    def register(self, time: str) -> Register:
        fold = Fold(self.plan)
        for event in self.events:
            if event.at <= at(time):
                fold.add(event)
        register = Register(fold)
        register.turn(at(time))
        return register

    def word(self, time: str, person: str = "t01") -> str:
        return next(row for row in self.register(time).now() if row["person"] == person)["attention"]


@pytest.fixture
def lesson() -> Class:
    """The teacher's camera is on all the time, so that the platform is heard of."""
    found = Class()
    found.beats("u-9", "08:25:00", "09:20:00")
    return found


def test_who_was_there_from_the_start_is_calm_and_after_forty_minutes_full(lesson: Class) -> None:
    lesson.beats("u-1", "08:25:00", "09:20:00")
    assert [lesson.word("08:31:00"), lesson.word("09:09:59.999"), lesson.word("09:10:00")] == [
        "calm",
        "calm",
        "full",
    ]


def test_with_less_than_five_minutes_to_spare_and_the_camera_on_it_is_tight(lesson: Class) -> None:
    lesson.beats("u-1", "08:30:01", "09:20:00")
    assert lesson.word("08:40:00") == "tight"


def test_less_than_five_minutes_before_it_is_lost_it_is_danger(lesson: Class) -> None:
    """Nobody comes: five minutes may be missed, so that it is danger from the first instant on."""
    assert [lesson.word("08:30:00.001"), lesson.word("08:35:00"), lesson.word("08:35:00.001")] == [
        "danger",
        "danger",
        "lost",
    ]


@pytest.fixture
def long_lesson() -> Class:
    """50 minutes: ten may be missed."""
    sessions = cohort_file()["sessions"]
    sessions[0]["periods"] = [["2026-05-11T08:30:00+08:00", "2026-05-11T09:20:00+08:00"]]
    found = Class(sessions=sessions)
    found.beats("u-9", "08:25:00", "09:20:00")
    return found


def test_five_minutes_to_spare_are_not_danger_yet(long_lesson: Class) -> None:
    assert [long_lesson.word("08:35:00"), long_lesson.word("08:35:00.001")] == ["calm", "danger"]


def test_a_camera_off_for_two_minutes_is_danger_however_much_is_to_spare(long_lesson: Class) -> None:
    long_lesson.beats("u-1", "08:25:00", "08:32:00")
    long_lesson.sent("camera.off", "u-1", "08:32:00.500")
    assert [long_lesson.word("08:34:00.499"), long_lesson.word("08:34:00.500")] == ["calm", "danger"]


def test_what_time_alone_changes_is_due_when_it_does(long_lesson: Class) -> None:
    long_lesson.beats("u-1", "08:25:00", "08:32:00")
    long_lesson.sent("camera.off", "u-1", "08:32:00.500")
    long_lesson.beats("u-2", "08:25:00", "08:32:00")
    long_lesson.beats("u-3", "08:25:00", "08:32:00")
    assert long_lesson.register("08:33:31").due() == at("08:34:00.500")


def test_while_nothing_comes_from_the_platform_nobody_is_in_danger_or_lost() -> None:
    lesson = Class()
    lesson.beats("u-1", "08:25:00", "08:32:00")
    before, after = lesson.register("08:33:30"), lesson.register("08:33:30.001")
    assert (before.quiet.rows(), before.due()) == ([], at("08:33:30.001"))
    assert after.quiet.rows() == [{"id": "main", "since": "2026-05-11T00:32:00.000Z"}]
    assert {lesson.word("08:45:00", person) for person in ("t01", "t02", "t03")} == {"quiet"}
    lesson.beats("u-9", "08:46:00", "08:46:00")
    assert lesson.register("08:46:01").quiet.rows() == []
    assert lesson.word("08:46:01", "t03") == "lost"


def test_a_platform_never_heard_of_is_waited_for_from_the_start_of_the_class() -> None:
    lesson = Class()
    assert lesson.register("08:31:30").quiet.rows() == []
    assert lesson.register("08:31:30.001").quiet.rows() == [{"id": "main", "since": None}]
    assert lesson.register("09:15:00").quiet.rows() == []  # it is over


def test_a_platform_that_the_class_does_not_use_is_not_missed() -> None:
    sources = [{"id": name, "camera": "heartbeat"} for name in ("main", "spare")]
    lesson = Class(sources=sources)
    lesson.beats("u-9", "08:25:00", "08:50:00")
    assert lesson.register("08:40:00").quiet.rows() == []
    assert [one["id"] for one in lesson.register("08:55:00").quiet.rows()] == ["main"]
    assert lesson.register("08:55:00").quiet.all


def test_the_silence_of_a_source_that_tells_states_says_nothing() -> None:
    lesson = Class(sources=[{"id": "main", "camera": "state"}])
    assert lesson.register("08:45:00").quiet.rows() == []
    assert lesson.word("08:45:00") == "lost"


def test_what_runs_is_counted_by_state_and_attention(lesson: Class) -> None:
    lesson.beats("u-1", "08:25:00", "09:20:00")
    (running,) = lesson.register("08:33:00").running()
    shown = {"id", "course", "mode", "room", "teacher", "hour", "hours", "hour_ms", "states", "attention"}
    assert {key: running[key] for key in shown} == {
        "id": "s01/0",
        "course": "五轴加工",
        "mode": "online",
        "room": "room-1",
        "teacher": "w01",
        "hour": 1,
        "hours": 2,
        "hour_ms": 2_400_000,
        "states": {"camera_on": 1, "not_in_room": 2},
        "attention": {"calm": 1, "danger": 2},
    }


def test_a_row_has_the_spans_of_its_seconds_up_to_what_runs(lesson: Class) -> None:
    lesson.sent("classroom.joined", "u-1", "08:31:00")
    lesson.beats("u-1", "08:31:00", "08:35:00")
    lesson.sent("camera.off", "u-1", "08:35:10")
    row = next(row for row in lesson.register("08:36:00").now() if row["person"] == "t01")
    assert row["spans"] == [["not_in_room", 0, 60_000], ["valid", 60_000, 310_000]]
    assert (row["running"], row["at"]) == ("camera_off", "2026-05-11T00:35:10.000Z")
    assert row["milliseconds"] == {"not_in_room": 60_000, "valid": 250_000}


def test_signed_in_since_is_the_instant_of_the_sign_in() -> None:
    lesson = Class()
    for account, time in (("u-1", "08:20:00"), ("u-2", "08:40:00")):
        lesson.sent("attendance.signed-in", account, f"2026-05-12T{time}+08:00", session="s02")
    rows = {row["person"]: row for row in lesson.register("2026-05-12T08:50:00+08:00").now()}
    assert [rows["t01"]["since"], rows["t02"]["since"]] == [
        "2026-05-12T00:20:00.000Z",
        "2026-05-12T00:40:00.000Z",
    ]
    assert [rows[person]["attention"] for person in ("t01", "t02", "t03")] == ["calm", "calm", "lost"]
