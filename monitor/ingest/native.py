"""The native source: CloudEvents JSON, one object or an array, into events. No database, no clock.

In: a body, when it arrived, which source sent it and what that one may send. Out: for each item an event, or
a `Refused` that says why not. Never: raises for what one event says, keeps anything, looks at cohorts, rooms
or people. It is a pure function of what the log holds, so that a replay decides as the door did.
"""

import msgspec

from monitor import forms
from monitor.beats import BEAT, Head, Taken, heads, instants
from monitor.event import BadEvent, Event, decode_batch
from monitor.event import decode as event_of
from monitor.ingest.refusals import Refused

DECODER = "native/1"
AHEAD_MS = 300_000
"""How far ahead of its arrival an event may be stamped."""
EVENTS = (
    "classroom.joined",
    "classroom.left",
    "classroom.ended",
    "camera.on",
    "camera.off",
    "camera.heartbeat",
    "attendance.signed-in",
    "attendance.signed-out",
)
"""The types a platform sends; those RULES doesn't know are kept, too."""

_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_SIGN = ("attendance.signed-in", "attendance.signed-out")
_OURS = ("attendance.corrected", "attendance.excused")


def decode(body: bytes, source: str, at: int, may_sign_in: bool) -> list[Event | Refused]:
    """The events of a delivery of `source` that came at `at`; BadEvent where the body as a whole is none."""
    return [
        _refused(index, item)
        if isinstance(item, BadEvent)
        else _allowed(index, item, source, at, may_sign_in)
        for index, item in enumerate(decode_batch(body, at))
    ]


def take(body: bytes, source: str, at: int, may_sign_in: bool) -> tuple[Taken, list[Refused]]:
    """The same as `decode`, sorted into what is taken and what is refused: a class's beats in columns."""
    plainly = _taken_plainly(body, source, at, may_sign_in)
    if plainly is not None:
        return plainly, []
    found = decode(body, source, at, may_sign_in)
    taken = Taken.of(event for event in found if isinstance(event, Event))
    return taken, [item for item in found if isinstance(item, Refused)]


def _taken_plainly(body: bytes, source: str, at: int, may_sign_in: bool) -> Taken | None:
    """All of a body in which nothing is amiss; None where it has to be read event by event."""
    known = forms.read(body, source)
    if known is not None and known[1] <= at + AHEAD_MS:
        return known[0]
    found = heads(body)
    if found is not None and len(found) == 1 and found[0].type == BEAT:
        return _one_beat(found[0], source, at)
    if not found or {head.source for head in found} != {source} or not all([head.id for head in found]):
        return None
    beats: list[Head] = found
    others: list[Event] | None = []
    if {head.type for head in found} != {BEAT}:
        beats = [head for head in found if head.type == BEAT]
        others = _others(found, body, source, at, may_sign_in)
    times = instants([head.time for head in beats])
    if others is None or times is None or max(times, default=0) > at + AHEAD_MS:
        return None
    taken = Taken.of_heads(beats, times, others)
    if taken is not None and beats is found:
        forms.learn(body, beats)
    return taken


def _one_beat(beat: Head, source: str, at: int) -> Taken | None:
    """A beat that came alone, as most do that come in requests of their own."""
    times = instants([beat.time])
    if beat.source != source or not beat.id or times is None or times[0] > at + AHEAD_MS:
        return None
    return Taken.of_head(beat, times[0])


def _others(found: list[Head], body: bytes, source: str, at: int, may_sign_in: bool) -> list[Event] | None:
    """The events that are no beats; None where one of them can't be taken."""
    items = [msgspec.Raw(body)] if body[:1] == b"{" else _items(body)
    others = []
    for head, item in zip(found, items, strict=True):
        if head.type != BEAT:
            try:
                event = _allowed(0, event_of(bytes(item), at), source, at, may_sign_in)
            except BadEvent:
                return None
            if not isinstance(event, Event):
                return None
            others.append(event)
    return others


def decode_ours(body: bytes, at: int) -> list[Event | Refused]:
    """The events of a delivery that we made ourselves (staff, door): no rights to check."""
    return [
        _refused(index, item) if isinstance(item, BadEvent) else item
        for index, item in enumerate(decode_batch(body, at))
    ]


def ids(body: bytes, source: str) -> set[str]:
    """The ids of the events that a delivery of `source` holds, read without the rest of them.

    A tenth of the work of `decode`; ids of events that it refuses for their type are among them. BadEvent
    where the heads can't all be read.
    """
    try:
        heads = _decode_heads(body) if body.lstrip()[:1] == b"[" else [_decode_head(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadEvent("", f"the heads can't be read ({type(problem).__name__})") from None
    return {head.id for head in heads if head.source == source}


class _Head(msgspec.Struct, gc=False):
    """Of an event what identifies it."""

    id: str
    source: str


_decode_heads = msgspec.json.Decoder(list[_Head]).decode
_decode_head = msgspec.json.Decoder(_Head).decode


def _refused(index: int, bad: BadEvent) -> Refused:
    return Refused(index, "malformed", str(bad))


def _allowed(index: int, event: Event, source: str, at: int, may_sign_in: bool) -> Event | Refused:
    if event.source != source:
        return Refused(index, "source_mismatch", f"source: must be {source}")
    if event.type in _OURS:
        return Refused(index, "not_allowed", f"type: {event.type} is ours alone")
    if event.type in _SIGN and not may_sign_in:
        return Refused(index, "not_allowed", f"type: this source has no right to send {event.type}")
    if event.data.person is not None:
        return Refused(index, "not_allowed", "data.person: a platform names accounts, not people")
    if event.data.method == "manual":
        return Refused(index, "not_allowed", "data.method: manual is ours alone")
    if event.at > at + AHEAD_MS:
        return Refused(index, "too_far_ahead", "time: over 300 seconds ahead of our clock")
    return event
