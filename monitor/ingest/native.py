"""The native source: CloudEvents JSON, one object or an array, into events. No database, no clock.

In: a body, when it arrived, which source sent it and what that one may send. Out: for each item an event, or
a `Refused` that says why not. Never: raises for what one event says, keeps anything, looks at cohorts, rooms
or people. It is a pure function of what the log holds, so that a replay decides as the door did.
"""

import msgspec

from monitor.event import BadEvent, Event, decode_batch
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
