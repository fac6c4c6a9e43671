"""Events as they cross the wire (CloudEvents 1.0, JSON format), and nothing about what they are worth.

In: the bytes of one event, or of a batch. Out: frozen `Event`s, whose instants are UTC in integer
milliseconds, or a `BadEvent` that names the field. Whoever reads an event, at the door, from the log or from
a file, reads it here, so that all take the same ones. Never: reads a clock, matches an account to a person,
judges a room or a session that nobody knows (such events are kept and count when they become known).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, NoReturn

import msgspec

from monitor import legible
from monitor.instant import instant
from monitor.legible import UNREADABLE, Illegible

OURS: Final = ("staff", "door")
"""Source ids that are ours alone: staff's decisions, and the sign-in at the classroom door."""

TYPES: Final = frozenset(
    {
        "classroom.joined",
        "classroom.left",
        "classroom.ended",
        "camera.on",
        "camera.off",
        "camera.heartbeat",
        "attendance.signed-in",
        "attendance.signed-out",
        "attendance.corrected",
        "attendance.excused",
    }
)
"""The event types that RULES knows; others are kept and are findings."""

_ROOM_TYPES: Final = frozenset(t for t in TYPES if t.startswith(("classroom.", "camera.")))
_SIGN_TYPES: Final = frozenset({"attendance.signed-in", "attendance.signed-out"})


class BadEvent(ValueError):
    """An event that can't be read: which field, what is wrong with it, and its id where that was readable."""

    def __init__(self, field: str, problem: str, event_id: str | None = None) -> None:
        super().__init__(f"{field}: {problem}" if field else problem)
        self.field = field
        self.problem = problem
        self.id = event_id


_Exact = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
_Plain = bool | _Exact | float | str | None


class Data(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What an event says, field by field; None where it says nothing. Other keys stay in `Event.raw`.

    Read straight from bytes it takes no other keys and nothing nested, so that no byte of it goes unread;
    `decode` reads those that have more another way, and they are `Data` too.
    """

    cohort: str | None = None
    account: str | None = None
    person: str | None = None
    room: str | None = None
    instance: str | None = None
    connection: str | None = None
    camera: Literal["on", "off"] | None = None
    stream: str | None = None
    session: str | None = None
    method: str | None = None
    place: str | None = None
    period: _Plain = None
    credit: _Plain = None
    reason: _Plain = None
    by: _Plain = None
    approved_by: _Plain = None


_NOTHING: Final = Data()


class Kept:
    """What no event can say of itself: its bytes as they came, when they came, and its time, as ms."""

    __slots__ = ("at", "raw", "received")

    def __init__(self, raw: bytes, received: int | None, at: int) -> None:
        self.raw = raw
        self.received = received
        self.at = at


class Event(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One event. `source` and `id` identify it for ever; `time` is the text as it came.

    `kept` can't be set by JSON (it is no type of JSON's): it is ours, and stands on every event that
    `decode` made.
    """

    id: str
    source: str
    type: str
    time: str
    specversion: Literal["1.0"]
    data: Data = _NOTHING
    receivedtime: str | None = None
    datacontenttype: str | None = None
    kept: Kept | None = None

    @property
    def at(self) -> int:
        """When it happened, in milliseconds; finer digits of `time` are cut."""
        return self.kept.at if self.kept is not None else instant(self.time)

    @property
    def received(self) -> int | None:
        """The earliest known arrival in milliseconds: seen by us, else as an exported log tells it."""
        if self.kept is not None and self.kept.received is not None:
            return self.kept.received
        return None if self.receivedtime is None else instant(self.receivedtime)

    @property
    def raw(self) -> bytes:
        """The JSON object as it came."""
        return self.kept.raw if self.kept is not None else msgspec.json.encode(self)


# --- reading ------------------------------------------------------------------------------------------


class _MoreData(Data, frozen=True, gc=False, forbid_unknown_fields=False):
    """Data with other keys."""


class _More(Event, frozen=True, gc=False, forbid_unknown_fields=False):
    """An event with other attributes, or whose data has other keys."""

    data: _MoreData = _MoreData()


_decode_fast = msgspec.json.Decoder(Event).decode
_decode_more = msgspec.json.Decoder(_More).decode
_decode_data = msgspec.json.Decoder(Data).decode
_decode_more_data = msgspec.json.Decoder(_MoreData).decode
_decode_any = msgspec.json.Decoder().decode
_is_json = msgspec.json.Decoder(msgspec.Raw).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_set = msgspec.structs.force_setattr


def decode(raw: bytes, received: int | None = None) -> Event:
    """One CloudEvents JSON object to an `Event`; `received` is its arrival (ms) where we saw it arrive.

    Without it the event's own `receivedtime` is taken, as exported logs carry it. Raises BadEvent naming the
    field and the problem.
    """
    try:
        event = _decode_fast(raw)
        if not has_what_it_needs(event):
            event = _decode_slowly(_read(raw))
    except UNREADABLE:
        event = _decode_odd(raw)
    at = _instant(event.id, "time", event.time)
    if event.receivedtime is not None and received is None:
        _instant(event.id, "receivedtime", event.receivedtime)
    _set(event, "kept", Kept(raw, received, at))
    return event


def _instant(event_id: str, field: str, text: str) -> int:
    try:
        return instant(text)
    except ValueError as problem:
        raise BadEvent(field, str(problem), event_id) from None


def has_what_it_needs(event: Event) -> bool:
    """Whether an event that is of the right types also has the fields that its type needs."""
    data, kind = event.data, event.type
    needed: str | None = kind
    if kind == "camera.heartbeat":
        needed = data.room and data.camera
    elif kind in _ROOM_TYPES:
        needed = data.room
    elif kind in _SIGN_TYPES:
        needed = data.session
    return bool(needed and event.id and event.source)


def _read(raw: bytes) -> Any:
    try:
        return legible.read(raw)
    except Illegible as problem:
        raise BadEvent(problem.where, problem.problem) from None


def _decode_odd(raw: bytes) -> Event:
    """Reads what the fast way refused: every byte of it first, for what is kept must be readable later."""
    found = _read(raw)
    try:
        event = _decode_more(raw)
    except UNREADABLE:
        return _decode_slowly(found)
    return event if has_what_it_needs(event) else _decode_slowly(found)


def decode_data(raw: bytes) -> Data | None:
    """The data of an event alone; None where only `decode` can tell whether it is taken."""
    try:
        return _decode_data(raw)
    except UNREADABLE:
        pass
    try:
        legible.read(b"[%b]" % raw)  # as deep as it stands in its event
        return _decode_more_data(raw)
    except (*UNREADABLE, Illegible):
        return None


class Line(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An event of a whole file: its head, and its data as bytes, which a camera repeats beat after beat."""

    id: str
    source: str
    type: str
    time: str
    specversion: Literal["1.0"]
    data: msgspec.Raw = msgspec.Raw()
    receivedtime: str | None = None
    datacontenttype: str | None = None


_decode_many = msgspec.json.Decoder(Line).decode_lines


def decode_lines(chunk: bytes) -> list[Line]:
    r"""Heads of the events of many lines, not checked: the caller looks at what it takes.

    An empty list when the lines are not plainly one object each (a blank line, a bad one, two in a line, one
    with attributes that a `Line` doesn't have): then each wants `decode`. Between two objects of one line or
    of one array there is never a bare `}\n{`, so counting it proves that every line break ends an object.
    """
    breaks = chunk.count(b"\n") - chunk.endswith(b"\n")
    if chunk.count(b"}\n{") != breaks:
        return []
    try:
        lines = _decode_many(chunk)
    except UNREADABLE:
        return []
    return lines if len(lines) == breaks + 1 else []


def decode_batch(body: bytes, received: int | None = None) -> list[Event | BadEvent]:
    """A JSON array of CloudEvents, or one object, to events in their order; a bad one stands for itself.

    Raises BadEvent when the body as a whole is neither.
    """
    one = body.lstrip(b" \t\r\n").startswith(b"{")
    try:
        if one:
            legible.check_nesting(body)
            _is_json(body)
        items = [body] if one else [bytes(item) for item in _decode_items(body)]
    except (*UNREADABLE, Illegible) as problem:
        items = [] if one else legible.items(body)
        if not items:
            said = "nested too deeply" if isinstance(problem, RecursionError) else problem
            raise BadEvent("", f"the body is not a JSON array of events ({said})") from None
    found: list[Event | BadEvent] = []
    for item in items:
        try:
            found.append(decode(item, received))
        except BadEvent as bad:
            found.append(bad)
    return found


def _text(value: object, field: str, event_id: str | None, *, needed: bool) -> str | None:
    if isinstance(value, str) and (value or not needed):
        return value
    if value is None and not needed:
        return None
    if value is None or value == "":
        raise BadEvent(field, "is missing", event_id)
    raise BadEvent(field, f"must be text, not {_json_kind(value)}", event_id)


def _json_kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "null")


def _decode_slowly(found: object) -> Event:
    """Looks at it member by member: says what is wrong, or keeps what only looks odd."""
    if not isinstance(found, dict):
        raise BadEvent("", f"an event is a JSON object, not {_json_kind(found)}")
    event_id = found.get("id") if isinstance(found.get("id"), str) else None
    if found.get("specversion") != "1.0":
        raise BadEvent("specversion", 'must be "1.0"', event_id)
    head = {
        name: _text(found.get(name), name, event_id, needed=True) for name in ("id", "source", "type", "time")
    }
    received = _text(found.get("receivedtime"), "receivedtime", event_id, needed=False)
    kind = head["type"] or ""
    data = found.get("data")
    if kind in TYPES and not isinstance(data, dict):
        _missing_data(data, event_id)
    said = _said(kind, data if isinstance(data, dict) else {}, event_id)
    return Event(
        id=head["id"] or "",
        source=head["source"] or "",
        type=kind,
        time=head["time"] or "",
        specversion="1.0",
        data=said,
        receivedtime=received,
    )


def _missing_data(data: object, event_id: str | None) -> NoReturn:
    raise BadEvent(
        "data", "is missing" if data is None else f"must be an object, not {_json_kind(data)}", event_id
    )


def _said(kind: str, data: dict[str, Any], event_id: str | None) -> Data:
    """The fields that this type of event has, checked; of a correction all is kept, whatever it is."""

    def text(name: str, *, needed: bool = False) -> str | None:
        return _text(data.get(name), f"data.{name}", event_id, needed=needed)

    def kept(name: str) -> str | None:
        value = data.get(name)
        return value if isinstance(value, str) else None

    if kind not in TYPES:
        return Data(cohort=kept("cohort"), account=kept("account"), person=kept("person"))
    who: dict[str, Any] = {"cohort": text("cohort")}
    if kind in ("attendance.corrected", "attendance.excused"):
        who |= {name: kept(name) for name in ("account", "person", "session", "method", "place")}
        return Data(
            **who,
            **{name: data.get(name) for name in ("period", "credit", "reason", "by", "approved_by")},
        )
    if kind != "classroom.ended":
        who |= {"account": text("account"), "person": text("person")}
    if kind in _SIGN_TYPES:
        return Data(**who, session=text("session", needed=True), method=text("method"), place=text("place"))
    camera = data.get("camera") if kind in ("camera.heartbeat", "classroom.joined") else None
    if camera not in ("on", "off") and (camera is not None or kind == "camera.heartbeat"):
        problem = "is missing: on or off" if camera is None else "must be on or off"
        raise BadEvent("data.camera", problem, event_id)
    return Data(
        **who,
        room=text("room", needed=True),
        instance=text("instance"),
        connection=None if kind == "classroom.ended" else text("connection"),
        camera=camera,
        stream=text("stream") if kind in ("camera.on", "camera.off") else None,
    )
