"""What happens in a random class: who comes, beats, leaves, signs, corrects, and what goes wrong on the way.

Comes in: a seeded `Random` and a `Scene` (cohort file, grid). Goes out: CloudEvents dicts in any order. It
never knows what they are worth; it seeks the edges, because that is where two readings of a rule part.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from .reference_evidence import HOUR, MINUTE, SECOND, to_ms, to_text

Event = dict[str, Any]
SILENCE = 90 * SECOND
SPOILT: dict[str, list[Any]] = {
    "approved_by": ["甲", "", None, 5, ["乙"]],
    "by": ["乙", "", None, True],
    "credit": [None, "yes", 1, 0],
    "session": ["s-no", None],
    "period": [99, -1, 0.0, 0.5, True, "0", [0]],
}


@dataclass
class Scene:
    cohort: dict[str, Any]
    tick: int
    whole_course: bool = False
    sources: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.sources = [source["id"] for source in self.cohort["sources"]]


@dataclass
class Device:
    """Where a person's events come from: a source, a login, a connection."""

    source: str
    who: dict[str, str]
    where: dict[str, str]


class Happenings:
    def __init__(self, rng: Random, scene: Scene) -> None:
        self.rng, self.scene, self.tick = rng, scene, scene.tick
        self.events: list[Event] = []

    def everything(self) -> list[Event]:
        for session in self.scene.cohort["sessions"]:
            spans = [(to_ms(start), to_ms(end)) for start, end in session["periods"]]
            for person in self.scene.cohort["people"]:
                expected = person["id"] == session.get("teacher") or person["role"] == "trainee"
                if not expected or self.rng.random() < 0.1:
                    continue
                if session["mode"] == "online":
                    self.attends(session, person, spans)
                if session["mode"] == "offline" or self.rng.random() < 0.1:
                    self.signs(session, person, spans)
        self.decisions()
        self.oddities()
        self.deliveries()
        self.rng.shuffle(self.events)
        return self.events

    # -- parts ----------------------------------------------------------------------------------------------

    def say(self, source: str, type_: str, at: int, **data: Any) -> Event:
        id_ = f"{self.rng.choice('abz')}{len(self.events)}"
        event = {"specversion": "1.0", "id": id_, "source": source, "type": type_, "time": to_text(at)}
        event["data"] = data
        self.events.append(event)
        return event

    def beside(self, at: int) -> int:
        return at + self.rng.choice([0, 0, 0, self.tick, -self.tick])

    def on_grid(self, low: int, high: int) -> int:
        return self.rng.randrange(low, max(high, low + 1), self.tick)

    def login(self, person: Event, source: str) -> dict[str, str]:
        """The words by which an event names a person; sometimes ones that match nobody."""
        if self.rng.random() < 0.05:
            return self.rng.choice([{"person": person["id"]}, {"person": "nobody"}, {"account": "guest"}])
        fitting = []
        for text in person["accounts"]:
            before, slash, after = text.partition("/")
            if not (slash and before in self.scene.sources):
                fitting.append(text)
            elif before == source:
                fitting.append(after)
        account = self.rng.choice(fitting or ["guest-2"])
        both = self.rng.random() < 0.03
        return {"account": account, "person": person["id"]} if both else {"account": account}

    def device(self, session: Event, person: Event) -> Device:
        source = self.rng.choice(self.scene.sources)
        where = {"room": session.get("room") or "room-1"}
        if session.get("breakouts") and self.rng.random() < 0.25:
            where["room"] = self.rng.choice(session["breakouts"])
        if self.rng.random() < 0.2:
            where["instance"] = self.rng.choice(["i-1", "i-2", ""])
        if self.rng.random() < 0.6:
            where["connection"] = self.rng.choice(["c-1", "c-2", f"c-{person['id']}", ""])
        return Device(source, self.login(person, source), where)

    # -- online ---------------------------------------------------------------------------------------------

    def attends(self, session: Event, person: Event, spans: list[tuple[int, int]]) -> None:
        ways = [self.steady] * 6 + [self.patchy] * 3 + [self.by_state] * 3 + [self.soup] * 2
        for _ in range(self.rng.choice([1, 1, 1, 2])):
            way = self.by_state if self.scene.whole_course else self.rng.choice(ways)
            device = self.device(session, person)
            way(device, spans[0][0], spans[-1][1])
            if self.rng.random() < 0.1:  # in the very same words from another platform
                elsewhere = Device(self.rng.choice(self.scene.sources), device.who, device.where)
                way(elsewhere, spans[0][0], spans[-1][1])
        if self.rng.random() < 0.25:
            device = self.device(session, person)
            place = {key: value for key, value in device.where.items() if key != "connection"}
            end = self.rng.choice(spans)[1]
            self.say(
                device.source, "classroom.ended", self.beside(end + self.rng.choice([0, SILENCE])), **place
            )

    def beats(self, device: Device, start: int, end: int, gaps: list[int]) -> None:
        at = start
        while at <= end:
            camera = "off" if self.rng.random() < 0.01 else "on"
            said = {**device.who, **device.where}
            if "connection" in said and self.rng.random() < 0.1:
                said = dict(device.where)  # an orphan: neither account nor person
            self.say(device.source, "camera.heartbeat", at, **said, camera=camera)
            at += self.rng.choice(gaps)

    def step(self) -> int:
        """An interval between beats that the grid allows, mostly 30 s."""
        fitting = [s for s in (30_000, 30_000, 60_000, 90_000) if s % self.tick == 0]
        return self.rng.choice(fitting)

    def steady(self, device: Device, start: int, end: int) -> None:
        """Comes, beats without a gap, goes or not."""
        late = self.rng.choice([-10, -5, -1, 0, 0, 4, 5, 6]) * MINUTE
        comes = self.beside(start + late)
        said = {**device.who, **device.where}
        if self.rng.random() < 0.7:
            camera = {"camera": self.rng.choice(["on", "off"])} if self.rng.random() < 0.2 else {}
            self.say(device.source, "classroom.joined", comes, **said, **camera)
        first = comes + self.rng.choice([0, self.tick, 30_000, SILENCE, SILENCE + self.tick])
        goes = self.beside(end + self.rng.choice([-6, -5, -4, 0, 0, 0, 2, 5]) * MINUTE)
        self.beats(device, first, goes, [self.step()])
        if self.rng.random() < 0.5:
            away = goes + self.rng.choice([0, self.tick, 60_000, SILENCE, SILENCE + self.tick])
            self.say(device.source, "classroom.left", away, **said)
        if self.rng.random() < 0.3:
            self.soup(device, start, end, self.rng.choice([1, 2, 3]))

    def patchy(self, device: Device, start: int, end: int) -> None:
        gaps = [self.step()] * 30 + [SILENCE, SILENCE + self.tick, SILENCE - self.tick or SILENCE, 4 * MINUTE]
        self.beats(device, self.beside(start), self.beside(end), gaps)
        if self.rng.random() < 0.5:
            self.soup(device, start, end, 2)

    def by_state(self, device: Device, start: int, end: int) -> None:
        """Tells changes only; sometimes so early that the state is believed no longer."""
        said = {**device.who, **device.where}
        before = self.rng.choice([1, 1, 1, 1, 0, 255, 260, 299])
        stream = {"stream": "face"} if self.rng.random() < 0.2 else {}
        self.say(device.source, "camera.on", self.beside(start - before * MINUTE), **said, **stream)
        if stream:
            for type_ in ("camera.on", "camera.off", "camera.off"):
                streams = self.rng.choice([{"stream": "desk"}, {"stream": "face"}, {}])
                self.say(device.source, type_, self.on_grid(start, end), **said, **streams)
        if self.rng.random() < 0.4:
            off = self.on_grid(start, end)
            self.say(device.source, "camera.off", off, **said)
            self.say(device.source, "camera.on", off + self.rng.choice([1, 3, 5, 8]) * MINUTE, **said)
        if self.rng.random() < 0.7:
            goes = self.beside(end + self.rng.choice([-5, 0, 0, 0, 3]) * MINUTE)
            self.say(device.source, "classroom.left", goes, **said)

    def soup(self, device: Device, start: int, end: int, number: int = 12) -> None:
        """Anything at any time, mostly at instants where something else is."""
        types = ["classroom.joined", "classroom.left", "camera.on", "camera.off", "camera.heartbeat"]
        for _ in range(number):
            anywhere = self.on_grid(start - 10 * MINUTE, end + 5 * MINUTE)
            taken = [to_ms(event["time"]) for event in self.events[-10:]]
            at = self.rng.choice([anywhere, start, end, *taken])
            type_ = self.rng.choice(types)
            said: dict[str, Any] = {**device.who, **device.where}
            if type_ == "camera.heartbeat" or (type_ == "classroom.joined" and self.rng.random() < 0.3):
                said["camera"] = self.rng.choice(["on", "on", "off"])
            if type_ in ("camera.on", "camera.off") and self.rng.random() < 0.3:
                said["stream"] = self.rng.choice(["face", "desk"])
            if type_ in ("camera.on", "camera.off") and self.rng.random() < 0.1:
                said["camera"] = "on"  # a key that means nothing in this type, though in a heartbeat it does
            self.say(device.source, type_, self.beside(at), **said)

    # -- offline --------------------------------------------------------------------------------------------

    def signs(self, session: Event, person: Event, spans: list[tuple[int, int]]) -> None:
        start, end = spans[0][0], spans[-1][1]
        ins = [
            start - 30 * MINUTE,
            start - 20 * MINUTE,
            start,
            start,
            start + 15 * MINUTE,
            end,
            end - self.tick,
        ]
        outs = [start - 10 * MINUTE, end - 10 * MINUTE, end - 5 * MINUTE, end, end + 10 * MINUTE]
        pairs = [("attendance.signed-in", self.rng.choice(ins))]
        for _ in range(self.rng.choice([0, 0, 1, 2, 4])):
            way = self.rng.choice(["attendance.signed-in", "attendance.signed-out"])
            edge = self.rng.choice(ins if way.endswith("in") else outs)
            pairs.append((way, self.rng.choice([edge, self.on_grid(start, end), pairs[-1][1]])))
        for way, at in pairs:
            source = self.rng.choice([*self.scene.sources, "door", "staff"])
            who = self.login(person, source if source in self.scene.sources else "")
            said = {**who, "session": session["id"]}
            self.say(source, way, self.beside(at), **said, method=self.rng.choice(["qr", "card", "manual"]))

    # -- what people decide ---------------------------------------------------------------------------------

    def decisions(self) -> None:
        sessions = self.scene.cohort["sessions"]
        ids = [person["id"] for person in self.scene.cohort["people"]]
        edges = [to_ms(text) for session in sessions for span in session["periods"] for text in span]
        if self.scene.whole_course and self.rng.random() < 0.8:
            for session in sessions:
                for id_ in ids:
                    self.correct(min(edges) - HOUR, id_, session["id"], None, credit=True)
        for _ in range(self.rng.choice([0, 0, 1, 3, 6])):
            session = self.rng.choice(sessions)
            index = self.rng.choice([None, *range(len(session["periods"])), len(session["periods"])])
            at = self.beside(self.rng.choice([*edges, edges[0] - HOUR, max(edges) + HOUR]))
            event = self.correct(at, self.rng.choice([*ids, *ids, "nobody"]), session["id"], index)
            if self.rng.random() < 0.3:
                key = self.rng.choice(list(SPOILT))
                event["data"][key] = self.rng.choice(SPOILT[key])
            if self.rng.random() < 0.1:
                event["data"].pop(self.rng.choice(["by", "approved_by", "credit"]), None)
            if self.rng.random() < 0.1:
                event["source"] = self.rng.choice([*self.scene.sources, "door"])
        if self.rng.random() < 0.2:
            said = {"person": self.rng.choice(ids), "session": self.rng.choice(["s-no", sessions[0]["id"]])}
            self.say("staff", "attendance.excused", edges[0], **said, reason="生病", by="甲")

    def correct(
        self, at: int, person: str, session: str, period: int | None, credit: bool | None = None
    ) -> Event:
        decided = self.rng.choice([True, True, False]) if credit is None else credit
        said = {"person": person, "session": session, "period": period, "credit": decided}
        return self.say("staff", "attendance.corrected", at, **said, reason="核实", by="甲", approved_by="乙")

    # -- what is odd ----------------------------------------------------------------------------------------

    def oddities(self) -> None:
        sessions = self.scene.cohort["sessions"]
        start, end = (to_ms(text) for text in sessions[0]["periods"][0])
        source = self.rng.choice(self.scene.sources)
        room = sessions[0].get("room") or "room-1"
        odd: list[tuple[str, str, Event]] = [
            ("unheard", "camera.on", {"account": "u-0", "room": room}),
            (source, "chat.message", {"account": "u-0", "room": "nowhere", "connection": "c-1"}),
            (source, "chat.message", {"account": "guest", "text": "老师好"}),
            (source, "chat.message", {"account": "guest-3", "room": room, "connection": "c-1"}),
            (source, "classroom.ended", {"account": "guest-4", "room": room, "connection": "c-1"}),
            (source, "camera.zoomed", {"account": "u-0", "room": "nowhere", "connection": "c-1"}),
            (source, "classroom.joined", {"account": "u-0", "room": "nowhere"}),
            (source, "classroom.joined", {"account": "u-0", "room": room, "connection": "c-9"}),
            (source, "camera.on", {"room": room, "connection": "c-9"}),
            (source, "camera.on", {"room": room}),
            (source, "attendance.signed-in", {"account": "u-0", "session": "s-no"}),
            ("staff", "camera.on", {"person": "t01", "room": room}),
            ("door", "camera.on", {"account": "u-0", "room": "nowhere"}),
            (source, "classroom.ended", {"room": "nowhere"}),
        ]
        for _ in range(self.rng.choice([0, 1, 2, 5])):
            name, type_, data = self.rng.choice(odd)
            self.say(name, type_, self.on_grid(start - 5 * MINUTE, end), **data)
        nameless = {"room", "instance", "connection", "camera"}
        orphans = [event for event in self.events if event["data"].keys() <= nameless]
        if orphans and self.rng.random() < 0.3:  # somebody else on the connection of beats without account
            near = self.rng.choice(orphans)
            where = {key: value for key, value in near["data"].items() if key != "camera"}
            account = self.rng.choice(["guest-5", "u-0", "shared"])
            at = to_ms(near["time"]) + self.rng.choice([0, -10, 10]) * self.tick
            self.say(near["source"], "classroom.joined", at, **where, account=account)

    # -- how it is delivered --------------------------------------------------------------------------------

    def deliveries(self) -> None:
        """Twice, late, under a wrong clock, for another class, in other words, with one id for two things."""
        # Not every class has every trouble: one of them may hide what another would show.
        twice, reused = self.rng.choice([0, 0.02, 0.1]), self.rng.choice([0, 0, 0, 0.01])
        said_otherwise, with_more = self.rng.choice([0, 0.03]), self.rng.choice([0, 0.01])
        received = self.rng.choice([0, 0.4, 0.9])
        for event in list(self.events):
            at = to_ms(event["time"])
            if self.rng.random() < twice:
                self.events.append({**event, "receivedtime": to_text(at + 5 * SECOND)})
            if self.rng.random() < reused:
                self.events.append(self.changed(event))
            elif self.rng.random() < 0.02:
                event["data"] = {**event["data"], "cohort": self.rng.choice(["c-1", "c-1", "other", None])}
            if self.rng.random() < said_otherwise:
                event["time"] = self.other_words(at)
            if self.rng.random() < with_more:
                event["data"] = {**event["data"], "note": {"zh": "备注", "n": [1, 2.5, None]}}
                event["datacontenttype"] = "application/json"
            if self.rng.random() < received:
                lag = self.rng.choice([0, 0, SECOND, HOUR])
                if self.rng.random() < 0.05:
                    lag = self.rng.choice(
                        [72 * HOUR, 72 * HOUR + 1, -120 * SECOND, -120 * SECOND - 1, 80 * HOUR]
                    )
                event["receivedtime"] = to_text(at + lag)

    def changed(self, event: Event) -> Event:
        """Another content under the same id."""
        data = dict(event["data"])
        at = to_ms(event["time"])
        if self.rng.random() < 0.3:
            data["cohort"] = self.rng.choice(["c-1", "other"])
        elif self.rng.random() < 0.5:
            at += self.rng.choice([-self.tick, self.tick, 48 * HOUR])
        else:
            data["note"] = "另一份"
        return {**event, "time": to_text(at), "data": data}

    def other_words(self, at: int) -> str:
        """The same instant with another offset, or with digits finer than milliseconds."""
        if at % SECOND == 0 and self.rng.random() < 0.5:
            return to_text(at).replace(".000Z", self.rng.choice(["Z", ".0009Z", ".0+00:00", ".000z"]))
        offset = timezone(timedelta(hours=self.rng.choice([-5, 8, 5]), minutes=30))
        return datetime.fromtimestamp(at / 1000, offset).isoformat(timespec="milliseconds")
