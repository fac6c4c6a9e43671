"""Random training classes that use everything the rules speak of, small enough to be walked tick by tick.

Comes in: a seed. Goes out: a cohort file, events and an instant, always the same ones for that seed; every
instant lies on the grid of `tick_ms`. It never decides what must come out. What happens in class is in
happenings.py.

Every run draws the same 40 examples of a law; `MONITOR_LAW_EXAMPLES=2000` draws others, and more.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from .happenings import Happenings, Scene
from .reference_evidence import HOUR, MINUTE, SECOND, to_ms, to_text

ZONES: dict[str | None, list[date]] = {
    None: [date(2026, 5, 11)],
    "Asia/Shanghai": [date(2026, 5, 11), date(2026, 12, 31)],
    "Europe/Berlin": [date(2026, 3, 28), date(2026, 10, 24)],
    "America/New_York": [date(2026, 3, 7), date(2026, 11, 1)],
    "Australia/Lord_Howe": [date(2026, 4, 4), date(2026, 10, 3)],
    "Pacific/Kiritimati": [date(2026, 6, 1)],
}
COUNTED = ["lecture", "practice", "discussion", "exchange", "visit"]
UNCOUNTED = ["opening", "closing", "summary_guidance", "exam", "self_study"]
STARTS = [
    "08:30",
    "09:20",
    "11:30",
    "12:29",
    "12:30",
    "14:00",
    "17:59",
    "18:00",
    "19:10",
    "23:10",
    "00:00",
    "01:30",
]
TICKS = [30_000] * 6 + [15_000] * 4 + [10_000] * 4 + [5_000] * 2 + [1_000]

MORE = os.environ.get("MONITOR_LAW_EXAMPLES")
law = settings(
    max_examples=int(MORE or 40),
    deadline=None,
    derandomize=MORE is None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@dataclass(frozen=True)
class Made:
    seed: int
    cohort: dict[str, Any]
    events: list[dict[str, Any]]
    as_of: str
    tick_ms: int

    @property
    def cohort_bytes(self) -> bytes:
        return json.dumps(self.cohort, ensure_ascii=False).encode()

    @property
    def lines(self) -> list[bytes]:
        return [json.dumps(event, ensure_ascii=False).encode() for event in self.events]


class Timetable:
    """Sessions of one random cohort."""

    def __init__(self, rng: Random, zone: str | None, hour_minutes: int, tick: int) -> None:
        self.rng, self.zone, self.hour, self.tick = rng, ZoneInfo(zone or "Asia/Shanghai"), hour_minutes, tick
        self.sessions: list[dict[str, Any]] = []

    def instant(self, day: date, clock: str) -> int:
        hour, minute = map(int, clock.split(":"))
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
        return int(local.timestamp()) * 1000

    def day_of(self, at: int) -> date:
        return datetime.fromtimestamp(at // 1000, self.zone).date()

    def text(self, at: int) -> str:
        """The same instant, sometimes with the local offset as a plan would have it."""
        if self.rng.random() < 0.3:
            return to_text(at)
        return datetime.fromtimestamp(at / 1000, self.zone).isoformat(timespec="milliseconds")

    def periods(self, day: date, at: int, number: int, length: int) -> list[list[str]]:
        rows = []
        for _ in range(number):
            end = at + length
            if self.day_of(at) != day or self.day_of(end - 1) != day:
                break
            rows.append([self.text(at), self.text(end)])
            at = end + self.rng.choice([0, 5, 10]) * MINUTE
        return rows

    def add(self, day: date, at: int, number: int, **said: Any) -> None:
        rng = self.rng
        kind = said.pop("kind", None) or rng.choice(COUNTED * 3 + UNCOUNTED)
        shortest = 10 if kind in UNCOUNTED else self.hour
        length = (shortest + rng.choice([0, 0, 1, 5, 5, 20])) * MINUTE + rng.choice([0, 0, self.tick])
        periods = self.periods(day, at, number, length)
        if not periods:
            return
        mode = said.pop("mode", None) or rng.choice(["online", "online", "offline"])
        session: dict[str, Any] = {
            "id": f"{rng.choice('sab课')}{len(self.sessions):02d}",
            "course": rng.choice(["五轴加工", "测量", "measuring"]),
            "kind": kind,
            "mode": mode,
            "periods": periods,
        }
        if mode == "online" or rng.random() < 0.3:
            session["room"] = rng.choice(["room-1", "room-1", "room-2"])
            if rng.random() < 0.3:
                session["breakouts"] = rng.sample(["room-1a", "room-2", "room-3"], rng.choice([0, 1, 2]))
        if rng.random() < 0.25:
            session["sign_out"] = rng.choice([True, True, False])
        self.sessions.append(session | said)

    def small(self, first: date) -> None:
        for offset in range(self.rng.choice([1, 1, 2, 3])):
            day = first + timedelta(days=offset)
            for clock in self.rng.sample(STARTS, self.rng.choice([1, 1, 2, 3])):
                self.add(day, self.instant(day, clock), self.rng.choice([1, 1, 2, 3]))

    def full_day(self, first: date) -> None:
        """More than a day holds, some of it at the same time."""
        at = self.instant(first, "08:00")
        for _ in range(self.rng.choice([3, 4, 5])):
            number = self.rng.choice([2, 3])
            self.add(first, at, number, kind=self.rng.choice([*COUNTED, None]))
            at += self.rng.choice([1, number]) * (self.hour + 5) * MINUTE

    def whole_course(self, first: date) -> None:
        """Around 80 hours and 16 of seminar."""
        days = self.rng.choice([10, 11, 11])
        seminar_days = self.rng.choice([2, 3])
        for offset in range(days):
            day = first + timedelta(days=offset)
            kind = "discussion" if offset < seminar_days else "lecture"
            number = self.rng.choice([8] * 12 + [7, 9])
            self.add(day, self.instant(day, "08:00"), number, kind=kind, course="五轴加工")


def sources(rng: Random, tick: int) -> list[dict[str, Any]]:
    beats = [b for b in (5, 10, 15, 20, 30, 45, 60, 90) if b * SECOND % tick == 0]
    made = []
    for name in rng.sample(["main", "alt", "third"], rng.choice([1, 1, 2, 3])):
        camera = rng.choice(["heartbeat", "heartbeat", "heartbeat", "state", "state", "none"])
        source: dict[str, Any] = {"id": name, "camera": camera}
        if rng.random() < 0.5:
            source["heartbeat_seconds"] = rng.choice([*beats, None])
        made.append(source)
    return made


def people(rng: Random, known: list[str], first: date, whole_course: bool) -> list[dict[str, Any]]:
    trainees = rng.sample(
        ["t02", "t01", "学员三", "T9", "𠮷野", "ｔ８"], 1 if whole_course else rng.choice([1, 2, 2, 3])
    )
    made = []
    for number, id_ in enumerate([*trainees, *rng.sample(["w01", "w02"], rng.choice([1, 1, 2]))]):
        person: dict[str, Any] = {"id": id_, "role": "trainee" if id_ in trainees else "teacher"}
        person["name"] = f"姓名{number}"
        person["accounts"] = rng.sample(
            [f"u-{number}", f"{known[0]}/x-{number}", f"nosuch/u-{number}", f"{known[-1]}/a/b-{number}"],
            rng.choice([1, 1, 2]),
        )
        if number < len(known):  # one account name, another person on each source
            person["accounts"].append(f"{known[number]}/shared")
        if rng.random() < (0.05 if whole_course else 0.25):
            since, until = sorted(rng.choices(range(-1, 4), k=2))
            person["enrolled_on"] = rng.choice([None, str(first + timedelta(days=since))])
            person["withdrawn_on"] = rng.choice([None, str(first + timedelta(days=until))])
        made.append(person)
    rng.shuffle(made)
    return made


def give_out(
    rng: Random, sessions: list[dict[str, Any]], everybody: list[dict[str, Any]], whole_course: bool
) -> None:
    """Teachers, and for whom a session is."""
    for session in sessions:
        if rng.random() < 0.6:
            session["teacher"] = rng.choice([p["id"] for p in everybody if p["role"] == "teacher"])
        if rng.random() < (0.02 if whole_course else 0.2):
            session["people"] = [p["id"] for p in everybody if rng.random() < 0.6]


def instants(rng: Random, cohort: dict[str, Any], events: list[dict[str, Any]], tick: int) -> list[int]:
    """Instants at which an answer is likely to change: `as_of` is one of them, or one beside."""
    edges = [to_ms(text) for session in cohort["sessions"] for span in session["periods"] for text in span]
    beside = [
        0,
        0,
        tick,
        -tick,
        90 * SECOND,
        15 * MINUTE,
        15 * MINUTE + tick,
        90 * SECOND - tick,
        20 * MINUTE,
    ]
    last = max(edges)
    late = [last + 20 * HOUR, last + 90 * SECOND, last + 100 * HOUR]
    seen = [to_ms(e["time"]) for e in rng.choices(events, k=6)] if events else []
    seen += [at + 90 * SECOND for at in seen]
    return [*late * 6, *(edge + rng.choice(beside) for edge in edges), *(at // tick * tick for at in seen)]


def make(seed: int) -> Made:
    """The cohort, events and instant of a seed."""
    rng = Random(seed)
    tick = rng.choice(TICKS)
    if seed % 97 == 13:
        tick = 500
    style = rng.choices(["small", "full_day", "whole_course"], [5, 2, 2])[0]
    if style == "whole_course":
        tick = 30_000
    policy = rng.choice(["beijing-2026", "tongzhou-2024"])
    zone = rng.choice(list(ZONES))
    first = rng.choice(ZONES[zone])
    table = Timetable(rng, zone, {"beijing-2026": 40, "tongzhou-2024": 45}[policy], tick)
    while not table.sessions:
        getattr(table, style)(first)
    listed = sources(rng, tick)
    everybody = people(rng, [source["id"] for source in listed], first, style == "whole_course")
    give_out(rng, table.sessions, everybody, style == "whole_course")
    rng.shuffle(table.sessions)
    cohort: dict[str, Any] = {
        "policy": policy,
        "cohort": {"id": "c-1", "name": "数控高级研修班", "timezone": zone},
        "sources": listed,
        "people": everybody,
        "sessions": table.sessions,
    }
    scene = Scene(cohort, tick, whole_course=style == "whole_course")
    events = Happenings(rng, scene).everything()
    as_of = rng.choice(instants(rng, cohort, events, tick))
    return Made(seed, cohort, events, to_text(as_of), tick)


def made() -> st.SearchStrategy[Made]:
    """Any random class. Shrinks to small seeds only: `classes` below shrinks to small classes."""
    return st.integers(min_value=0, max_value=2**32).map(make)


EVENTS = (
    *("joined", "joined on", "joined off", "beat", "beat", "beat", "beat off", "left", "ended"),
    *("camera.on", "camera.on", "camera.off", "camera.on a", "camera.on b", "camera.off a", "camera.off b"),
)


@st.composite
def classes(draw: st.DrawFn, camera: str | None = None) -> Made:
    """One period, one trainee and one teacher, a few events drawn one by one: what shrinks well."""
    tick = 30_000
    start = int(datetime(2026, 5, 11, 0, 30, tzinfo=UTC).timestamp()) * 1000
    camera = camera or draw(st.sampled_from(["heartbeat", "state", "none"]))
    beat = draw(st.sampled_from([None, 30, 60, 90]))
    cohort = {
        "policy": draw(st.sampled_from(["beijing-2026", "tongzhou-2024"])),
        "cohort": {"id": "c-1"},
        "sources": [{"id": "main", "camera": camera, "heartbeat_seconds": beat}],
        "people": [
            {"id": "t01", "role": "trainee", "accounts": ["u-1"]},
            {"id": "w01", "role": "teacher", "accounts": ["u-2"]},
        ],
        "sessions": [
            {
                "id": "s01",
                "course": "五轴加工",
                "kind": "lecture",
                "mode": "online",
                "teacher": "w01",
                "room": "room-1",
                "breakouts": ["room-2"],
                "periods": [[to_text(start), to_text(start + 45 * MINUTE)]],
            }
        ],
    }
    when = st.integers(min_value=-620, max_value=100).map(lambda n: start + n * tick)
    close = st.integers(min_value=-4, max_value=95).map(lambda n: start + n * tick)
    one = st.tuples(
        st.one_of(close, close, close, when),
        st.sampled_from(EVENTS),
        st.sampled_from(["u-1", "u-1", "u-1", "u-2", "u-3", None]),
        st.sampled_from(["", "", "c-1", "c-2"]),
        st.sampled_from(["room-1", "room-1", "room-1", "room-2", "room-3"]),
    )
    drawn = draw(st.lists(one, max_size=14))
    spans = st.tuples(st.integers(-3, 85), st.integers(1, 90), st.sampled_from(["u-1", "u-2"]))
    for begin, length, account in draw(st.lists(spans, max_size=3)):
        for n in range(begin, begin + length):
            drawn.append((start + n * tick, "beat", account, "", "room-1"))
    events = [
        plain_event(f"e{number:03d}", at, what, account, connection, room)
        for number, (at, what, account, connection, room) in enumerate(drawn)
    ]
    as_of = start + draw(st.one_of(st.integers(-1, 100), st.just(2000), st.just(2000))) * tick
    return Made(-1, cohort, events, to_text(as_of), tick)


def plain_event(
    id_: str, at: int, what: str, account: str | None, connection: str, room: str
) -> dict[str, Any]:
    """An event of source main in few words: `camera.on a` is of stream a, `joined on` tells the camera."""
    verb, _, told = what.partition(" ")
    type_ = {"beat": "camera.heartbeat"}.get(verb, verb if "." in verb else f"classroom.{verb}")
    data: dict[str, Any] = {"room": room}
    if type_ != "classroom.ended":
        data |= {"account": account} if account else {}
        data |= {"connection": connection} if connection else {}
    if verb in ("joined", "beat") and (told or verb == "beat"):
        data["camera"] = told or "on"
    elif told:
        data["stream"] = told
    time = to_text(at)
    return {"specversion": "1.0", "id": id_, "source": "main", "type": type_, "time": time, "data": data}
