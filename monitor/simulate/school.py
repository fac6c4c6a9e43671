"""Training classes that don't exist, as cohort files: people with invented names, courses, a timetable.

In: an instant, what is taught, how many come, a seed. Out: a cohort file's content whose class is going on at
that instant. Never: real people or institutions, identity numbers, a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from monitor.simulate import timetable
from monitor.simulate.stay import MINUTE, Span

ZONE: Final = "Asia/Shanghai"

_SURNAMES: Final = (
    "安柏程崔丁方高郝纪康雷孟宁彭齐任石谭万夏叶邹白常邓范葛洪蓝黎陆毛聂欧庞乔阮盛汤翁向严袁詹祝阎路"
)
_GIVEN: Final = (
    "一凡",
    "子墨",
    "文博",
    "志航",
    "思远",
    "海洋",
    "明哲",
    "国栋",
    "建华",
    "卫国",
    "晓东",
    "永强",
    "俊杰",
    "嘉树",
    "立群",
    "启明",
    "云飞",
    "景行",
    "若溪",
    "雨桐",
    "静怡",
    "丽娟",
    "春燕",
    "秀兰",
    "晓梅",
    "雪莹",
    "慧敏",
    "佳宁",
    "诗涵",
    "婉清",
    "大勇",
    "铁成",
    "金山",
    "玉林",
    "长河",
    "守正",
    "知行",
    "乐天",
    "望舒",
    "怀瑾",
)
POSTS: Final = ("数控车工", "加工中心操作工", "装配钳工", "工艺员", "设备点检员", "班组长")
_EMPLOYERS: Final = (
    "北辰精密（虚构）",
    "长河机电（虚构）",
    "云岭装备（虚构）",
    "明德动力（虚构）",
    "星桥汽车（虚构）",
)


class Lesson(msgspec.Struct, frozen=True):
    """`hours` periods of one course. `more`: further fields of the session (room, place, theme ...)."""

    course: str
    kind: str
    mode: str
    teacher: str
    hours: int = 4
    more: dict[str, Any] = {}


class Day(msgspec.Struct, frozen=True):
    """The lessons of one day, eight hours in order; `opens`, `closes`: a ceremony before or after them."""

    lessons: tuple[Lesson, ...]
    opens: Lesson | None = None
    closes: Lesson | None = None


class Course(msgspec.Struct, frozen=True):
    """All that is taught: days behind, today (online, for it is played live), days ahead."""

    behind: tuple[Day, ...]
    today: Day
    ahead: tuple[Day, ...]


def sessions(course: Course, now: int, length: int, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The timetable of a course around `now`, periods of `length` ms, as the sessions of a cohort file."""
    days = timetable.days_around(now, zone, len(course.behind), len(course.ahead), length)
    found: list[dict[str, Any]] = []
    for day, date in zip(course.behind, days.behind, strict=True):
        found += _day(day, timetable.ordinary(date, zone, length), len(found), zone)
    found += _day(course.today, timetable.around(now, zone, length), len(found), zone)
    for n, (day, date) in enumerate(zip(course.ahead, days.ahead, strict=True)):
        spans = timetable.ordinary(date, zone, length)
        if n == 0 and days.at_midnight:
            spans = timetable.row(timetable.at(date, time(), zone), length, timetable.PERIODS_A_DAY)
        found += _day(day, spans, len(found), zone)
    return found


def _day(day: Day, spans: Sequence[Span], before: int, zone: ZoneInfo) -> list[dict[str, Any]]:
    found: list[tuple[Lesson, list[Span]]] = []
    if day.opens:
        found.append((day.opens, [(spans[0][0] - 30 * MINUTE, spans[0][0] - 5 * MINUTE)]))
    used = 0
    for lesson in day.lessons:
        found.append((lesson, list(spans[used : used + lesson.hours])))
        used += lesson.hours
    if day.closes:
        end = spans[used - 1][1]
        found.append((day.closes, [(end + 10 * MINUTE, end + 40 * MINUTE)]))
    return [
        {
            "id": f"s{before + n:02d}",
            "course": lesson.course,
            "kind": lesson.kind,
            "mode": lesson.mode,
            "teacher": lesson.teacher,
            "periods": [[timetable.text(moment, zone) for moment in span] for span in periods],
            **lesson.more,
        }
        for n, (lesson, periods) in enumerate(found, start=1)
    ]


def people(
    trainees: int,
    teachers: Sequence[str],
    sources: Sequence[str],
    seed: int,
    district: str = "",
    posts: Sequence[str] = POSTS,
) -> list[dict[str, Any]]:
    """Teachers by name, then trainees with invented names; each with an account on every source."""
    rng = Random(f"{seed}|{district}|names")
    names = _names(trainees, rng)
    found = []
    width = max(2, len(str(trainees)))
    ids = [f"w{n:02d}" for n in range(1, len(teachers) + 1)]
    ids += [f"t{n:0{width}d}" for n in range(1, trainees + 1)]
    for person, name in zip(ids, [*teachers, *names], strict=True):
        entry: dict[str, Any] = {
            "id": person,
            "role": "teacher" if person.startswith("w") else "trainee",
            "name": name,
            "accounts": [f"{source}/{district}{person}" for source in sources],
        }
        if entry["role"] == "trainee":
            entry["employer"] = rng.choice(_EMPLOYERS)
            entry["post"] = rng.choice(posts)
            entry["level"] = rng.choice(("技师", "技师", "高级技师"))
        found.append(entry)
    return found


def made_up(
    trainees: int, now: int, source: str, seed: int, *, camera: str, beat_seconds: int
) -> dict[str, Any]:
    """A small class for `monitor simulate`: three days behind, today, one ahead, all online."""
    zone = ZoneInfo(ZONE)
    room = {"room": "room-1"}
    lecture = Lesson("数控加工工艺（模拟）", "lecture", "online", "w01", 4, room)
    talk = Lesson(
        "工艺案例研讨（模拟）",
        "discussion",
        "online",
        "w01",
        4,
        room | {"breakouts": ["room-1-a", "room-1-b"]},
    )
    day = Day((lecture, talk))
    beats = {"heartbeat_seconds": beat_seconds} if camera == "heartbeat" else {}
    return {
        "policy": "beijing-2026",
        "cohort": {
            "id": f"sim-{seed}-{trainees}",
            "name": "模拟班（虚构）",
            "organizer": "模拟平台（虚构）",
            "timezone": ZONE,
        },
        "sources": [{"id": source, "camera": camera, **beats}],
        "people": people(trainees, ["严老师"], [source], seed),
        "sessions": sessions(Course((day,) * 3, day, (day,)), now, 45 * MINUTE, zone),
    }


def _names(count: int, rng: Random) -> list[str]:
    """Names that nobody in the class shares, as long as there are enough of them."""
    all_names = [f"{surname}{given}" for surname in _SURNAMES for given in _GIVEN]
    rng.shuffle(all_names)
    return [all_names[n % len(all_names)] for n in range(count)]
