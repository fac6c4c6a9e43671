"""The cohort file: one training class (班次), its people, sources and timetable.

In: the bytes of the JSON file. Out: a frozen `Cohort`, or every error there is, each with its place.
Never: knows a policy's values (monitor.hours.plan checks those), reads a file or a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from monitor import legible
from monitor.event import OURS
from monitor.instant import instant

KINDS: Final = (
    "lecture",
    "practice",
    "discussion",
    "exchange",
    "visit",
    "opening",
    "closing",
    "summary_guidance",
    "exam",
    "self_study",
)
"""授课, 实操, 研讨, 交流, 参观考察, 开班动员, 结业仪式, 辅导撰写总结, 考试, 自学."""

MODES: Final = ("online", "offline")
CAMERAS: Final = ("heartbeat", "state", "none")
ROLES: Final = ("trainee", "teacher")


class CohortError(msgspec.Struct, frozen=True):
    """What is wrong with a cohort file: `where` as in `sessions[3].periods[0]`, and a sentence."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}" if self.where else self.problem


class Source(msgspec.Struct, frozen=True):
    """A platform that pushes events. `heartbeat_seconds` None: the policy's."""

    id: str
    camera: str
    heartbeat_seconds: int | None = None


class Person(msgspec.Struct, frozen=True):
    """A trainee or teacher. `accounts` as `ACCOUNT` (any source) or `SOURCE/ACCOUNT`; dates inclusive."""

    id: str
    role: str
    name: str | None = None
    accounts: tuple[str, ...] = ()
    enrolled_on: date | None = None
    withdrawn_on: date | None = None
    employer: str | None = None
    post: str | None = None
    level: str | None = None
    certificate: str | None = None
    gender: str | None = None
    education: str | None = None
    note: str | None = None


class Session(msgspec.Struct, frozen=True):
    """Periods of one course on one local date; `periods` as (start, end) in milliseconds, half-open.

    `people` None: for everyone; an empty tuple is nobody.
    """

    id: str
    course: str
    kind: str
    mode: str
    periods: tuple[tuple[int, int], ...]
    teacher: str | None = None
    room: str | None = None
    place: str | None = None
    people: tuple[str, ...] | None = None
    breakouts: tuple[str, ...] = ()
    filed_at: str | None = None
    theme: str | None = None
    tasks: str | None = None
    guide: str | None = None
    sign_out: bool = False


class Cohort(msgspec.Struct, frozen=True):
    """One training class under one policy. `content` is the file's own object, for writing it back."""

    policy: str
    id: str
    timezone: str
    sources: tuple[Source, ...]
    people: tuple[Person, ...]
    sessions: tuple[Session, ...]
    content: dict[str, Any]
    name: str | None = None
    organizer: str | None = None
    organizer_id: str | None = None
    district: str | None = None
    project: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    filed_at: str | None = None
    policy_digest: str | None = None


def parse(data: bytes) -> tuple[Cohort | None, list[CohortError]]:
    """Read a cohort file: the cohort, and every error of its shape.

    Only a cohort without errors may be used. One with errors stands in for what was readable (an empty id
    where there was none), so that further checks can name theirs in the same breath; None: no object at all.
    """
    try:
        content = legible.read(data.removeprefix(b"\xef\xbb\xbf"))
    except legible.Illegible as problem:
        return None, [CohortError(problem.where, problem.problem)]
    reading = _Reading()
    cohort = reading.cohort(content)
    return cohort, reading.errors


def write(cohort: Cohort) -> bytes:
    """The cohort file as canonical bytes: keys sorted, no spaces, a newline at the end."""
    return msgspec.json.encode(cohort.content, order="sorted") + b"\n"


_Check = Callable[[Any, str], Any]
_MISSING: Final = object()


class _Reading:
    """One pass over a file that gathers errors instead of stopping at the first."""

    def __init__(self) -> None:
        self.errors: list[CohortError] = []

    def wrong(self, where: str, problem: str) -> None:
        self.errors.append(CohortError(where, problem))

    def fields(
        self, found: Any, where: str, needed: dict[str, _Check], optional: dict[str, _Check]
    ) -> dict[str, Any] | None:
        """The checked fields of one object; None where it is no object. Unknown keys are errors."""
        if not isinstance(found, dict):
            self.wrong(where, f"must be an object {{...}}, not {_shown(found)}")
            return None
        dot = f"{where}." if where else ""
        for key in found.keys() - needed.keys() - optional.keys():
            known = ", ".join((*needed, *optional))
            self.wrong(f"{dot}{key}", f"unknown key; known are {known}")
        values: dict[str, Any] = {}
        for key, check in needed.items():
            value = found.get(key, _MISSING)
            if value is _MISSING or value is None:
                self.wrong(f"{dot}{key}", "is missing")
            else:
                values[key] = check(value, f"{dot}{key}")
        for key, check in optional.items():
            if found.get(key) is not None:
                values[key] = check(found[key], f"{dot}{key}")
        return values

    def text(self, value: Any, where: str) -> str:
        if not isinstance(value, str):
            self.wrong(where, f"must be text, not {_shown(value)}")
            return ""
        return value

    def name(self, value: Any, where: str) -> str:
        """Text that identifies something, so not empty."""
        if value == "":
            self.wrong(where, "must not be empty")
        return self.text(value, where)

    def one_of(self, choices: Iterable[str]) -> _Check:
        def check(value: Any, where: str) -> str:
            if value not in tuple(choices):
                self.wrong(where, f"unknown {_shown(value)}; one of {', '.join(choices)}")
            return str(value)

        return check

    def flag(self, value: Any, where: str) -> bool:
        if not isinstance(value, bool):
            self.wrong(where, f"must be true or false, not {_shown(value)}")
        return value is True

    def seconds(self, value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.wrong(where, f"must be a whole number of seconds, at least 1, not {_shown(value)}")
            return 1
        return value

    def day(self, value: Any, where: str) -> date | None:
        try:
            if not isinstance(value, str) or len(value) != 10:
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.wrong(where, f"must be a date as in 2026-05-11, not {_shown(value)}")
            return None

    def moment(self, value: Any, where: str) -> int | None:
        if not isinstance(value, str):
            self.wrong(where, f"must be a time with an offset, not {_shown(value)}")
            return None
        try:
            return instant(value)
        except ValueError as problem:
            self.wrong(where, f"{_shown(value)} is {problem}")
            return None

    def filed(self, value: Any, where: str) -> str:
        """When something was filed: a date, or a time with an offset."""
        if isinstance(value, str) and len(value) == 10:
            self.day(value, where)
        else:
            self.moment(value, where)
        return str(value)

    def zone(self, value: Any, where: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            self.wrong(where, f"unknown time zone {_shown(value)}; a name as in Asia/Shanghai")
            return "Asia/Shanghai"
        return str(value)

    def each(self, value: Any, where: str, check: _Check) -> list[Any]:
        if not isinstance(value, list):
            self.wrong(where, f"must be a list [...], not {_shown(value)}")
            return []
        return [check(item, f"{where}[{index}]") for index, item in enumerate(value)]

    def names(self, value: Any, where: str) -> tuple[str, ...]:
        return tuple(self.each(value, where, self.name))

    def source(self, value: Any, where: str) -> Source:
        found = self.fields(
            value,
            where,
            {"id": self.name, "camera": self.one_of(CAMERAS)},
            {"heartbeat_seconds": self.seconds},
        )
        source = Source(**{"id": "", "camera": "", **(found or {})})
        if source.id in OURS:
            self.wrong(f"{where}.id", f"{source.id} is our own id; give the platform another one")
        return source

    def person(self, value: Any, where: str) -> Person:
        texts = ("name", "employer", "post", "level", "certificate", "gender", "education", "note")
        found = self.fields(
            value,
            where,
            {"id": self.name, "role": self.one_of(ROLES)},
            {
                "accounts": self.names,
                "enrolled_on": self.day,
                "withdrawn_on": self.day,
                **dict.fromkeys(texts, self.text),
            },
        )
        return Person(**{"id": "", "role": "", **(found or {})})

    def period(self, value: Any, where: str) -> tuple[int, int] | None:
        if not isinstance(value, list) or len(value) != 2:
            self.wrong(where, f"must be [start, end], not {_shown(value)}")
            return None
        start, end = (self.moment(item, f"{where}[{index}]") for index, item in enumerate(value))
        return None if start is None or end is None else (start, end)

    def periods(self, value: Any, where: str) -> tuple[tuple[int, int], ...]:
        found = self.each(value, where, self.period)
        if isinstance(value, list) and not value:
            self.wrong(where, "a session needs at least one period")
        return tuple(period for period in found if period is not None)

    def session(self, value: Any, where: str) -> Session:
        needed: dict[str, _Check] = {
            "id": self.name,
            "course": self.text,
            "kind": self.one_of(KINDS),
            "mode": self.one_of(MODES),
            "periods": self.periods,
        }
        texts = ("place", "theme", "tasks", "guide")
        found = self.fields(
            value,
            where,
            needed,
            {
                "teacher": self.text,
                "room": self.name,
                "people": self.names,
                "breakouts": self.names,
                "filed_at": self.filed,
                "sign_out": self.flag,
                **dict.fromkeys(texts, self.text),
            },
        )
        nothing = {"id": "", "course": "", "kind": "", "mode": "", "periods": ()}
        session = Session(**{**nothing, **(found or {})})
        if session.mode == "online" and not session.room:
            self.wrong(f"{where}.room", "an online session needs a room")
        return session

    def head(self, value: Any, where: str) -> dict[str, Any] | None:
        texts = ("name", "organizer", "organizer_id", "district", "project", "policy_digest")
        return self.fields(
            value,
            where,
            {"id": self.name},
            {
                "timezone": self.zone,
                "starts_on": self.day,
                "ends_on": self.day,
                "filed_at": self.filed,
                **dict.fromkeys(texts, self.text),
            },
        )

    def cohort(self, content: Any) -> Cohort | None:
        found = self.fields(
            content,
            "",
            {"policy": self.name, "cohort": self.head},
            {
                "sources": lambda value, where: self.each(value, where, self.source),
                "people": lambda value, where: self.each(value, where, self.person),
                "sessions": lambda value, where: self.each(value, where, self.session),
            },
        )
        if found is None:
            return None
        for key in ("sources", "people", "sessions"):
            items = found.get(key, [])
            self.used_twice(key, items)
            found[key] = tuple(items)
        return Cohort(
            policy=found.get("policy", ""),
            sources=found["sources"],
            people=found["people"],
            sessions=found["sessions"],
            content=content,
            **{"id": "", "timezone": "Asia/Shanghai", **(found.get("cohort") or {})},
        )

    def used_twice(self, key: str, items: list[Any]) -> None:
        first: dict[str, int] = {}
        for index, item in enumerate(items):
            if item.id and first.setdefault(item.id, index) != index:
                self.wrong(f"{key}[{index}].id", f"{item.id} is used already by {key}[{first[item.id]}]")


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:57]}..."
