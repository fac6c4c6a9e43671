"""Reads the tables in cases/*.toml: sentences of the rules with what happened and what must come out.

Comes in: a case in its compact notation (cases/README.md says how to read it). Goes out: a cohort file,
events and an instant as the wire has them, and what is expected. It never computes what is expected.
"""

import math
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent / "cases"
FIRST_DAY = date(2026, 5, 11)
VERBS = {
    **{verb: f"classroom.{verb}" for verb in ("joined", "left", "ended")},
    **{verb: f"attendance.{verb}" for verb in ("signed-in", "signed-out", "corrected", "excused")},
    "camera.on": "camera.on",
    "camera.off": "camera.off",
    "beat": "camera.heartbeat",
}
OUTSIDE_DATA = ("id", "source", "receivedtime", "type")
ROOM_OF = {"online": "room-1", "offline": None}
WORDS = {"yes": True, "no": False, "all": None}


@dataclass
class Case:
    id: str
    file: str
    told: dict[str, Any]
    cohort: dict[str, Any]
    events: list[dict[str, Any]]
    as_of: str

    @property
    def tick_ms(self) -> int:
        """The greatest step of time within which nothing in this case changes."""
        texts = [self.as_of, *(e["time"] for e in self.events)]
        texts += [text for s in self.cohort["sessions"] for span in s["periods"] for text in span]
        instants = [round(datetime.fromisoformat(text).timestamp() * 1000) for text in texts]
        beats = [(source.get("heartbeat_seconds") or 30) * 1000 for source in self.cohort["sources"]]
        return math.gcd(10_000, *instants, *beats)


class Clock:
    """Local times of a case as RFC 3339: `08:30`, `08:30:00.500`, `d2 08:30` (the second day)."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)

    def at(self, text: str) -> datetime:
        found = re.fullmatch(r"(?:d(-?\d+) )?(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?", text)
        if not found:
            raise ValueError(f"not a time of a case: {text!r}")
        day, hour, minute, second, ms = (int(part or 0) for part in found.groups())
        on = FIRST_DAY + timedelta(days=day - 1 if found[1] else 0)
        return datetime(on.year, on.month, on.day, hour, minute, second, ms * 1000, self.zone)

    def write(self, at: datetime) -> str:
        return at.isoformat(timespec="milliseconds")


def spans(clock: Clock, texts: list[str], day: int) -> list[list[str]]:
    rows = []
    for text in texts:
        start, end = (clock.at(f"d{day} {part.strip()}") for part in text.split("-"))
        rows.append([clock.write(start), clock.write(end)])
    return rows


def session(clock: Clock, told: dict[str, Any], number: int) -> dict[str, Any]:
    """One session; what a case leaves out is an online lecture of course 五轴加工 in room-1."""
    mode = told.get("mode", "online")
    made = {
        "id": f"s{number:02d}",
        "course": "五轴加工",
        "kind": "lecture",
        "mode": mode,
        "room": ROOM_OF[mode],
        "periods": spans(clock, told["periods"], told.get("day", 1)),
    }
    return made | {key: value for key, value in told.items() if key not in ("periods", "day")}


def planned(clock: Clock, lines: list[str], hour_minutes: int) -> list[dict[str, Any]]:
    """`d1..d3: 6 lecture, 2 discussion` as offline sessions from 08:00, five minutes between hours."""
    sessions: list[dict[str, Any]] = []
    for line in lines:
        days, kinds = line.split(": ")
        first, _, last = days.replace("d", "").partition("..")
        for day in range(int(first), int(last or first) + 1):
            start = clock.at(f"d{day} 08:00")
            for part in kinds.split(", "):
                number, kind = part.split()
                told = {"kind": kind, "mode": "offline", "periods": []}
                made = session(clock, told, len(sessions) + 1)
                for _ in range(int(number)):
                    end = start + timedelta(minutes=hour_minutes)
                    made["periods"].append([clock.write(start), clock.write(end)])
                    start = end + timedelta(minutes=5)
                sessions.append(made)
    return sessions


def words(texts: list[str], clock: Clock) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for text in texts:
        key, _, value = text.partition("=")
        if key == "received":
            said["receivedtime"] = clock.write(clock.at(value.replace("/", " ")))
        elif key == "period":
            said[key] = None if value == "all" else int(value)
        else:
            said[key] = WORDS.get(value, value)
    return said


def one_event(told: dict[str, Any], at: str, type_: str, said: dict[str, Any], number: int) -> dict[str, Any]:
    data: dict[str, Any] = {}
    platform = type_.partition(".")[0] != "attendance"
    if platform:
        data["room"] = "room-1"
        if type_ == "camera.heartbeat":
            data["camera"] = "on"
    if type_ in ("attendance.corrected", "attendance.excused"):
        data["person"] = "t01"
    elif type_ != "classroom.ended" and "person" not in said:
        data["account"] = "u-1"
    if type_.startswith("attendance."):
        data["session"] = "s01"
    data |= {key: value for key, value in said.items() if key not in OUTSIDE_DATA}
    data = {key: value for key, value in data.items() if value != "-"}  # `account=-` leaves it out
    ours = {"attendance.signed-in": "door", "attendance.signed-out": "door"}
    source = ours.get(type_, "main" if platform else "staff")
    made = {"specversion": "1.0", "id": f"e{number:05d}", "source": source, "type": type_, "time": at}
    return made | {key: said[key] for key in OUTSIDE_DATA if key in said} | {"data": data}


def events_of(clock: Clock, told: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines such as `08:25 joined connection=phone` and `beats 08:25:30..09:20:00 every 30s`."""
    made: list[dict[str, Any]] = []
    for line in told["events"]:
        if found := re.fullmatch(r"beats (\S+)\.\.(\S+) every (\d+)s(.*)", line):
            at, last = clock.at(found[1]), clock.at(found[2])
            while at <= last:
                said = words(found[4].split(), clock)
                made.append(one_event(told, clock.write(at), VERBS["beat"], said, len(made)))
                at += timedelta(seconds=int(found[3]))
        else:
            found = re.fullmatch(r"((?:d-?\d+ )?[\d:.]+) (\S+)(.*)", line)
            if not found:
                raise ValueError(f"not an event of a case: {line!r}")
            said = words(found[3].split(), clock)
            type_ = said.get("type") or VERBS[found[2]]
            made.append(one_event(told, clock.write(clock.at(found[1])), type_, said, len(made)))
    for line in told.get("but", []):
        found = re.fullmatch(r"no beats between (\S+) and (\S+)", line)
        if not found:
            raise ValueError(f"not an exception of a case: {line!r}")
        after, before = clock.at(found[1]), clock.at(found[2])
        made = [
            event
            for event in made
            if event["type"] != VERBS["beat"] or not after < datetime.fromisoformat(event["time"]) < before
        ]
    return made


def decisions(clock: Clock, sessions: list[dict[str, Any]], told: dict[str, Any]) -> list[dict[str, Any]]:
    """`credited = "all"`, `refused = ["s01 2"]` (its third hour): corrections by two people, made before."""
    rows: list[dict[str, Any]] = []
    if told.get("credited") == "all":
        rows += [{"session": s["id"], "period": None, "credit": True} for s in sessions]
    for text in told.get("refused", []):
        name, index = text.split()
        rows.append({"session": name, "period": int(index), "credit": False})
    whose = {"person": "t01", "reason": "补课核实", "by": "班主任", "approved_by": "教务长"}
    made = []
    for number, row in enumerate(rows):
        event = {"specversion": "1.0", "id": f"c{number:05d}", "source": "staff", "type": VERBS["corrected"]}
        made.append({**event, "time": clock.write(clock.at("d0 06:00")), "data": whose | row})
    return made


def build(told: dict[str, Any], file: str) -> Case:
    policy = told.get("policy", "beijing-2026")
    clock = Clock(told.get("timezone", "Asia/Shanghai"))
    if told.get("plan"):
        sessions = planned(clock, told["plan"], {"beijing-2026": 40, "tongzhou-2024": 45}[policy])
    else:
        sessions = [
            session(clock, one, i + 1)
            for i, one in enumerate(told["session"] if "session" in told else [told["times"]])
        ]
    sources = []
    for text in told.get("sources", ["main heartbeat"]):
        name, camera, *beat = text.split()
        sources.append({"id": name, "camera": camera, "heartbeat_seconds": int(beat[0]) if beat else None})
    people = [
        {"id": "t01", "role": "trainee", "name": "张三", "accounts": ["u-1"]},
        {"id": "w01", "role": "teacher", "name": "王老师", "accounts": ["u-9"]},
    ]
    people[0] |= told.get("trainee", {})
    cohort = {
        "policy": policy,
        "cohort": {"id": "bj-cnc-01", "name": "数控高级研修班", "timezone": told.get("timezone")},
        "sources": sources,
        "people": people + told.get("others", []),
        "sessions": sessions,
    }
    events = events_of(clock, {"events": [], **told}) + decisions(clock, sessions, told)
    return Case(told["id"], file, told, cohort, events, clock.write(clock.at(told.get("as_of", "d2 12:00"))))


def cases() -> list[Case]:
    """Every case of every file. `like` takes over what an earlier case of that file says."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        by_id: dict[str, dict[str, Any]] = {}
        for told in table["case"]:
            whole = table.get("defaults", {}) | by_id.get(told.get("like", ""), {}) | told
            whole["events"] = told.get("events", whole.get("events", [])) + told.get("and", [])
            by_id[told["id"]] = {k: v for k, v in whole.items() if k not in ("and", "like", "side", "value")}
            found.append(build(whole | {k: told.get(k) for k in ("side", "value")}, path.stem))
    return found


def milliseconds(text: str) -> int:
    minutes, seconds = text.split(":")
    return int(minutes) * 60_000 + round(float(seconds) * 1000)


def expected_row(text: str) -> dict[str, Any]:
    """`39:45 refused not_in_room | not_in_room 5:00, no_evidence 0:15` as a row of the answer."""
    head, *rest = (part.strip() for part in text.split("|"))
    valid, verdict, *reason = head.split()
    row: dict[str, Any] = {"verdict": verdict, "reason": reason[0] if reason else None}
    spent = {"valid": milliseconds(valid)} if milliseconds(valid) else {}
    for part in rest:
        for told in part.split(", "):
            name, time = told.split()
            if name == "reachable":
                row["reachable"] = milliseconds(time)
            else:
                spent[name] = milliseconds(time)
    return row | {"milliseconds": spent}


def finding(case: Case, row: dict[str, Any]) -> dict[str, Any]:
    """A finding of a case with its local time as the instant that the answer bears."""
    if row.get("at") is None:
        return {**row, "at": None}
    at = Clock(case.told.get("timezone", "Asia/Shanghai")).at(row["at"]).astimezone(UTC)
    return {**row, "at": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"}


def check(case: Case, document: dict[str, Any]) -> None:
    """The answer holds what the case says, and nothing beside it in the periods it names."""
    told = case.told
    trainee = next(person for person in document["people"] if person["id"] == "t01")
    if "expect" in told:
        rows = [{k: v for k, v in row.items() if k not in ("session", "index")} for row in trainee["periods"]]
        assert [expected_row(text) for text in told["expect"]] == rows
    for key, value in told.get("totals", {}).items():
        assert (key, None if value == "-" else value) == (key, trainee[key])
    for key, value in told.get("cohort_totals", {}).items():
        assert (key, value) == (key, document["planned"].get(key, document.get(key)))
    codes = [row["code"] for row in document["findings"]]
    assert sorted(told.get("findings", [])) == sorted(set(codes) & set(told.get("findings", [])))
    assert not set(codes) & set(told.get("no_findings", []))
    expected = [finding(case, row) for row in told.get("finding", [])]
    named = {row["code"] for row in expected}
    assert expected == [row for row in document["findings"] if row["code"] in named]
