"""The judge, first half: which events count, whose they are, what each tick was (sections 3 to 5).

Comes in: a cohort file as a dict, events as CloudEvents dicts, an instant. Goes out: a `Count`, which answers
for any person and period how much time fell into which category. It never imports anything of the project.

It never reckons with spans. For each tick of a period it asks of each connection: which event stands before
this instant, which after, and what does the table say? The time in a category is the number of such ticks.
Where the text leaves room, the most literal reading is taken, said in a comment that begins "Reading".
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
COMMON = {
    "total_hours": 80,
    "seminar_hours": 16,
    "daily_cap": 8,
    "excluded_kinds": ["opening", "closing", "summary_guidance", "exam", "self_study"],
    "seminar_kinds": ["discussion", "exchange"],
    "silence_seconds": 90,
    "heartbeat_seconds": 30,
    "state_limit_minutes": 300,
    "sign_in_opens_minutes": 30,
    "sign_in_grace_minutes": 15,
    "sign_out_grace_minutes": 5,
    "reserve_hours": 4,
}
POLICIES: dict[str, tuple[date, dict[str, Any]]] = {
    "beijing-2026": (date(2026, 1, 29), {"hour_minutes": 40, **COMMON}),
    "tongzhou-2024": (date(2024, 1, 1), {"hour_minutes": 45, **COMMON}),
}
OURS = ("staff", "door")
TYPES = (
    *("classroom.joined", "classroom.left", "classroom.ended", "camera.on", "camera.off", "camera.heartbeat"),
    *("attendance.signed-in", "attendance.signed-out", "attendance.corrected", "attendance.excused"),
)
ROOM_TYPES = TYPES[:6]
ORDER = ("valid", "awaiting", "open", "camera_off", "no_evidence", "not_in_room")
BLAME = ("camera_off", "no_evidence", "not_in_room", "open", "no_sign_in", "late", "left_early")
WHEN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)


def to_ms(text: str) -> int:
    """The instant of an RFC 3339 text in milliseconds, finer digits cut."""
    found = WHEN.fullmatch(text)
    if not found:
        raise ValueError(f"not an RFC 3339 time with an offset: {text!r}")
    *day_and_time, digits, zulu, sign, hours, minutes = found.groups()
    at = datetime(*map(int, day_and_time), tzinfo=UTC)  # type: ignore[arg-type, misc]
    if not zulu:
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        at = at - offset if sign == "+" else at + offset
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1) + int(
        ((digits or "") + "000")[:3]
    )


def to_text(at: int) -> str:
    seconds, ms = divmod(at, 1000)
    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return day.strftime("%Y-%m-%dT%H:%M:%S") + f".{ms:03d}Z"


@dataclass
class Event:
    source: str
    id: str
    type: str
    at: int
    received: int | None
    data: dict[str, Any]
    person: str | None = None  # who it belongs to, once that is known
    account: str | None = None  # the account it names, or was given because of its connection

    def room_key(self) -> tuple[str, ...]:
        return (self.source, self.data.get("room") or "", self.data.get("instance") or "")


@dataclass
class Period:
    session: dict[str, Any]
    index: int
    start: int
    end: int
    day: date  # local


@dataclass
class Connection:
    source: str
    room: str
    person: str
    kept: list[tuple[int, str, Event]] = field(default_factory=list)  # instant, state after it
    skipped: list[Event] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    def neighbours(self, t: int) -> tuple[int | None, int | None]:
        """Index of the last event at or before t, and of the first after it."""
        i = bisect_right(self.times, t)
        return (i - 1 if i else None), (i if i < len(self.times) else None)


@dataclass
class Stay:
    start: int
    end: int
    signed_out: bool


def fingerprint(event: dict[str, Any]) -> bytes:
    """Canonical JSON without receivedtime, `time` in its one form: what two copies are compared by."""
    plain = {key: value for key, value in event.items() if key != "receivedtime"}
    plain["time"] = to_text(to_ms(event["time"]))
    return rfc8785.dumps(plain)


class Count:
    """One cohort, one set of events, one instant."""

    def __init__(self, cohort: dict[str, Any], events: list[dict[str, Any]], as_of: int, tick: int) -> None:
        self.cohort, self.as_of, self.tick = cohort, as_of, tick
        self.id = cohort["cohort"]["id"]
        self.zone = ZoneInfo(cohort["cohort"].get("timezone") or "Asia/Shanghai")
        self.people = {p["id"]: p for p in cohort.get("people") or []}
        self.sources = {s["id"]: s for s in cohort.get("sources") or []}
        self.sessions = {s["id"]: s for s in cohort.get("sessions") or []}
        self.periods = sorted(
            (
                Period(session, index, to_ms(start), to_ms(end), self.local(to_ms(start)).date())
                for session in self.sessions.values()
                for index, (start, end) in enumerate(session["periods"])
            ),
            key=lambda p: (p.start, p.session["id"], p.index),
        )
        since, self.policy = POLICIES[cohort["policy"]]
        if self.periods and self.periods[0].day < since:
            raise ValueError(f"{cohort['policy']} holds from {since}")
        self.silence = self.policy["silence_seconds"] * SECOND
        self.hour = self.policy["hour_minutes"] * MINUTE
        self.holders = self.account_holders()
        self.differing: list[Event] = []
        self.strangers: list[Event] = []  # from sources that the cohort doesn't know
        self.events = self.counting(events)
        self.settle_whose()
        self.connections = self.make_connections()
        self.slots = self.make_slots()
        self.check_grid()

    def local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at // 1000, self.zone)

    # -- which events count, and whose they are (section 3) ------------------------------------------------

    def counting(self, given: list[dict[str, Any]]) -> list[Event]:
        copies: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for event in given:
            copies.setdefault((event["source"], event["id"]), []).append(event)
        counted = []
        for (source, id_), group in copies.items():
            taken = min(group, key=fingerprint)
            # Reading: "one event, whatever receivedtime": the earliest of all copies, differing ones too.
            arrivals = [to_ms(e["receivedtime"]) for e in group if e.get("receivedtime")]
            data, arrived = taken.get("data") or {}, min(arrivals, default=None)
            event = Event(source, id_, taken["type"], to_ms(taken["time"]), arrived, data)
            if event.at > self.as_of or event.data.get("cohort") not in (None, self.id):
                continue
            if source not in self.sources and source not in OURS:
                self.strangers.append(event)
                continue
            # Reading: id_reused is said when the event that is taken counts.
            if len({fingerprint(e) for e in group}) > 1:
                self.differing.append(event)
            counted.append(event)
        return counted

    def account_holders(self) -> dict[tuple[str | None, str], str]:
        """(source or None for any, account) -> person."""
        holders = {}
        for person in self.people.values():
            for text in person.get("accounts") or []:
                before, slash, after = text.partition("/")
                if slash and before in self.sources:
                    holders[(before, after)] = person["id"]
                else:
                    holders[(None, text)] = person["id"]
        return holders

    def holder(self, source: str, account: str | None) -> str | None:
        if account is None:
            return None
        return self.holders.get((source, account)) or self.holders.get((None, account))

    def settle_whose(self) -> None:
        for event in self.events:
            event.account = event.data.get("account")
        for event in self.events:
            orphan = (
                event.type in ROOM_TYPES
                and event.type != "classroom.ended"
                and event.data.get("account") is None
                and event.data.get("person") is None
                and event.data.get("connection")
            )
            if orphan:
                # Reading: only the types that have a room and a connection id by the wire's table name an
                # account here: no unknown type, no attendance, no classroom.ended with such keys of its own.
                named = {
                    other.data["account"]
                    for other in self.events
                    if other.type in ROOM_TYPES
                    and other.type != "classroom.ended"
                    and other.room_key() == event.room_key()
                    and other.data.get("connection") == event.data["connection"]
                    and other.data.get("account") is not None
                }
                if len(named) == 1:
                    event.account = named.pop()
        for event in self.events:
            person = event.data.get("person")
            if person is not None:
                event.person = person if person in self.people else None
            else:
                event.person = self.holder(event.source, event.account)

    # -- online evidence (section 4) ------------------------------------------------------------------------

    def make_connections(self) -> list[Connection]:
        groups: dict[tuple[Any, ...], list[Event]] = {}
        evidence = [e for e in self.events if e.type in ROOM_TYPES and e.source in self.sources]
        for event in evidence:
            if event.type != "classroom.ended" and event.person is not None:
                device = event.data.get("connection") or ""
                key = (event.room_key(), event.person, event.account, device)
                groups.setdefault(key, []).append(event)
        connections = []
        for (room, person, _, _), group in groups.items():
            ended = [e for e in evidence if e.type == "classroom.ended" and e.room_key() == room]
            connections.append(self.walk(Connection(room[0], room[1], person), group + ended))
        return connections

    def believed_state(self, source: str) -> bool:
        """Whether the source's word is believed until its next one: `state`, and `none` is treated so."""
        return bool(self.sources[source]["camera"] != "heartbeat")

    def walk(self, connection: Connection, events: list[Event]) -> Connection:
        """Which events set a state, and which are skipped."""
        state, streams = "out", set[str]()

        def says(event: Event) -> str:
            if event.type in ("classroom.joined", "camera.heartbeat"):
                return event.data.get("camera") or "unknown"
            return {"camera.on": "on", "camera.off": "off"}.get(event.type, "out")

        def rank(event: Event) -> int:
            if event.type == "classroom.joined":
                return 0
            return {"on": 1, "off": 2}.get(says(event), 4 if event.type == "classroom.ended" else 3)

        for event in sorted(events, key=lambda e: (e.at, rank(e), e.id)):
            after = says(event)
            stream = event.data.get("stream") if event.type in ("camera.on", "camera.off") else None
            if stream and after == "off":
                streams.discard(stream)
            skipped = (
                (after == "unknown" and self.believed_state(connection.source) and state != "out")
                or (after in ("off", "out") and state == "out" and event.type != "classroom.joined")
                or (after == "off" and stream and streams)
            )
            if skipped:
                connection.skipped.append(event)
                continue
            if stream and after == "on":
                streams.add(stream)
            if after in ("off", "out"):
                streams.clear()
            state = after
            connection.kept.append((event.at, state, event))
        connection.times = [at for at, _, _ in connection.kept]
        return connection

    def connection_category(self, connection: Connection, t: int) -> str:
        before, after = connection.neighbours(t)
        if before is None:
            return "not_in_room"
        p, state, _ = connection.kept[before]
        n = connection.kept[after][0] if after is not None else None
        if state == "out":
            return "not_in_room"
        if state == "off":
            return "camera_off"
        if self.believed_state(connection.source):
            if state == "unknown" or t >= p + self.policy["state_limit_minutes"] * MINUTE:
                return "no_evidence"
            return "open" if n is None else "valid"
        if n is None:
            return "awaiting" if self.as_of - p <= self.silence else "no_evidence"
        if n - p > self.silence:
            return "no_evidence"
        if state == "on":
            return "valid"
        assert after is not None
        own = self.sources[connection.source].get("heartbeat_seconds")
        lead_in = (own if own is not None else self.policy["heartbeat_seconds"]) * SECOND
        leads = connection.kept[after][1] == "on" and t >= n - min(lead_in, n - p)
        return "valid" if leads else "no_evidence"

    def online_time(self, person: str, period: Period) -> dict[str, int]:
        rooms = {period.session.get("room"), *(period.session.get("breakouts") or [])}
        mine = [c for c in self.connections if c.person == person and c.room in rooms]
        ticks: dict[str, int] = {}
        for t in range(period.start, min(period.end, self.as_of), self.tick):
            held = {self.connection_category(c, t) for c in mine} | {"not_in_room"}
            first = next(category for category in ORDER if category in held)
            ticks[first] = ticks.get(first, 0) + self.tick
        return ticks

    # -- offline evidence (section 5) -----------------------------------------------------------------------

    def slot_key(self, session: dict[str, Any]) -> tuple[Any, ...]:
        start = self.local(to_ms(session["periods"][0][0]))
        clock = (start.hour, start.minute)
        half = "morning" if clock < (12, 30) else "afternoon" if clock < (18, 0) else "evening"
        return (session["course"], start.date(), half, session["mode"])

    def make_slots(self) -> dict[tuple[Any, ...], tuple[int, int]]:
        members: dict[tuple[Any, ...], list[Period]] = {}
        for period in self.periods:
            members.setdefault(self.slot_key(period.session), []).append(period)
        return {key: (min(p.start for p in ps), max(p.end for p in ps)) for key, ps in members.items()}

    def signed(self, person: str, key: tuple[Any, ...]) -> list[Event]:
        """The sign-ins that are accepted for a slot and its sign-outs, in the order of section 5."""
        start, end = self.slots[key]
        opens = start - self.policy["sign_in_opens_minutes"] * MINUTE
        found = []
        for event in self.events:
            session = self.sessions.get(event.data.get("session") or "")
            if event.person != person or session is None or self.slot_key(session) != key:
                continue
            if event.type == "attendance.signed-out" or (
                event.type == "attendance.signed-in" and opens <= event.at < end
            ):
                found.append(event)
        return sorted(found, key=lambda e: (e.at, e.type))  # "signed-in" before "signed-out"

    def accepted(self, person: str, key: tuple[Any, ...]) -> bool:
        return any(e.type == "attendance.signed-in" for e in self.signed(person, key))

    def stays(self, person: str, key: tuple[Any, ...]) -> list[Stay]:
        start, end = self.slots[key]
        stays: list[Stay] = []
        there = False
        for event in self.signed(person, key):
            if event.type == "attendance.signed-in" and not there:
                there = True
                stays.append(Stay(event.at, end, False))
            elif event.type == "attendance.signed-out" and there:
                there = False
                stays[-1].end = event.at + self.policy["sign_out_grace_minutes"] * MINUTE
                stays[-1].signed_out = True
        # Reading: only the first sign-in that began a stay is moved to the slot's start, also when that stay
        # was over before the slot began; the time after it is then left_early, not late.
        if stays and stays[0].start <= start + self.policy["sign_in_grace_minutes"] * MINUTE:
            stays[0].start = start
        return stays  # stays that overlap need no merging here: an instant is inside one or in none

    def offline_time(self, person: str, period: Period) -> dict[str, int]:
        stays = self.stays(person, self.slot_key(period.session))
        ticks: dict[str, int] = {}
        for t in range(period.start, min(period.end, self.as_of), self.tick):
            if not stays:
                category = "no_sign_in"
            elif any(stay.start <= t < stay.end for stay in stays):
                category = "valid"
            else:
                category = "late" if t < stays[0].start else "left_early"
            ticks[category] = ticks.get(category, 0) + self.tick
        return ticks

    def time_of(self, person: str, period: Period) -> dict[str, int]:
        online = period.session["mode"] == "online"
        return self.online_time(person, period) if online else self.offline_time(person, period)

    def check_grid(self) -> None:
        """Nothing may change within a tick, or counting ticks would not be counting time."""
        instants = [self.as_of, self.silence, *(e.at for e in self.events)]
        instants += [p.start for p in self.periods] + [p.end for p in self.periods]
        instants += [(s.get("heartbeat_seconds") or 30) * SECOND for s in self.sources.values()]
        off = [at for at in instants if at % self.tick]
        if off:
            raise ValueError(f"not on the grid of {self.tick} ms: {off[:3]}")
