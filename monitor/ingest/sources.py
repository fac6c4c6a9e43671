"""The table of platforms: which kind is sealed and decoded how. One row, and one file, a platform.

In: a kind, or an entry of the log. Out: how its deliveries are proven, and the events in them. Never: the
database, the clock. `decode` is a pure function of the entry: what the source was allowed to send when it
sent is written in the entry's headers, so that a replay next year takes the decisions of today.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from monitor.beats import Taken
from monitor.event import OURS, Event
from monitor.ingest import native
from monitor.ingest.refusals import Refused
from monitor.ingest.seal import Seal, Stamped, check

MAY = "monitor-may"
"""The header of an entry that says what its source may send beyond the usual; absent where nothing."""
CAMERAS = ("heartbeat", "state", "none")
PROOF = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Sealed(Protocol):
    """What proves a delivery."""

    def open(self, headers: Mapping[str, str], body: bytes, now: int) -> Stamped:
        """Id and stamp of a delivery that its source signed; Refusal otherwise."""


class Kept(Protocol):
    """A delivery as the log holds it (`store.entry.Entry` is one)."""

    @property
    def kind(self) -> str:
        """What sort of entry it is: `delivery`, or another that has no events."""

    @property
    def source(self) -> str:
        """Who sent it."""

    @property
    def at(self) -> int:
        """When it arrived (ms)."""

    @property
    def headers(self) -> dict[str, str]:
        """What proved it, and what its source was allowed to send."""

    @property
    def body(self) -> bytes:
        """The bytes as they were signed."""

    @property
    def decoder(self) -> str:
        """Which decoder reads it."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of platform: the `events` it sends, its `decoder` as the log names it, its seal from secrets."""

    name: str
    events: tuple[str, ...]
    decoder: str
    proof: tuple[str, ...]
    content_types: tuple[str, ...]
    seal: Callable[[tuple[str, ...]], Sealed]
    check: Callable[[str], None]
    """ValueError for a secret, or public key, that is none or proves too little."""


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "native",
            native.EVENTS,
            native.DECODER,
            PROOF,
            ("application/cloudevents+json", "application/cloudevents-batch+json", "application/json"),
            Seal,
            check,
        ),
    )
}
"""Every kind of platform."""

OURS_DECODER = "ours/1"


class Source(msgspec.Struct, frozen=True):
    """A platform that may push: what was decided about it, and the seal that proves its deliveries."""

    id: str
    kind: Kind
    camera: str
    heartbeat_seconds: int | None
    may_sign_in: bool
    demo: bool
    added_at: int
    seal: Sealed

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Of a delivery's headers those that the log keeps: the proof, and what the source may send."""
        kept = {name: headers[name] for name in self.kind.proof if name in headers}
        if self.may_sign_in:
            kept[MAY] = "sign-in"
        return kept


def decode(entry: Kept) -> list[Event | Refused]:
    """The events of a delivery as the door took them; BadEvent where its body as a whole can't be read."""
    if entry.kind != "delivery":
        return []
    if entry.source in OURS:
        return native.decode_ours(entry.body, entry.at)
    return decode_delivery(entry.decoder, entry.body, entry.source, entry.at, entry.headers)


def decode_delivery(
    decoder: str, body: bytes, source: str, at: int, headers: Mapping[str, str]
) -> list[Event | Refused]:
    """The same before it is an entry; KeyError for a decoder this version doesn't have."""
    return _DECODERS[decoder](body, source, at, "sign-in" in headers.get(MAY, "").split())


def events(entry: Kept) -> list[Event]:
    """The events of an entry that were taken; none where it is no delivery or its body can't be read."""
    try:
        return [event for event in decode(entry) if isinstance(event, Event)]
    except ValueError:
        return []


def ids(entry: Kept) -> set[str]:
    """The ids of the events of a delivery under its source: `events` for who wants nothing else, but faster.

    What `events` leaves out because its source may not send it can be among them.
    """
    read = _IDS.get(entry.decoder)
    if read is not None and entry.kind == "delivery":
        try:
            return read(entry.body, entry.source)
        except ValueError:
            pass
    return {event.id for event in events(entry) if event.source == entry.source}


_IDS: dict[str, Callable[[bytes, str], set[str]]] = {native.DECODER: native.ids}


def taken(entry: Kept) -> Taken:
    """The same as `events`, a class's beats in columns."""
    if entry.kind != "delivery":
        return Taken(None, [], [])
    try:
        if entry.source in OURS:
            return Taken.of(events(entry))
        return take_delivery(entry.decoder, entry.body, entry.source, entry.at, entry.headers)[0]
    except ValueError:
        return Taken(None, [], [])


def take_delivery(
    decoder: str, body: bytes, source: str, at: int, headers: Mapping[str, str]
) -> tuple[Taken, list[Refused]]:
    """What is taken of a delivery before it is an entry, and what is refused, as `decode_delivery` has it."""
    return _TAKERS[decoder](body, source, at, "sign-in" in headers.get(MAY, "").split())


_TAKERS: dict[str, Callable[[bytes, str, int, bool], tuple[Taken, list[Refused]]]] = {
    native.DECODER: native.take,
}
_DECODERS: dict[str, Callable[[bytes, str, int, bool], list[Event | Refused]]] = {
    native.DECODER: native.decode,
}
