"""The path of a delivery: seal, log, decode, answer. In this order, and nothing else.

In: what a platform sent, and `now`. Out: an `Answer` when all it accepts would survive a power cut, or a
`Refusal`. Never: HTTP, the clock, cohorts. Who can't prove who they are leaves a count and nothing else; what
was proven is kept whatever the decoder thinks of it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from monitor.beats import Taken
from monitor.event import OURS, BadEvent, Event
from monitor.ingest import sources
from monitor.ingest.refusals import Refusal, Refused
from monitor.ingest.seal import NOBODY
from monitor.ingest.sources import Source
from monitor.store.append import AlreadyKept, IdReused, LogBusy, LogFailed
from monitor.store.entry import Entry
from monitor.store.log import Log

MOST_BYTES: Final = 5 << 20
MOST_EVENTS: Final = 10_000
_LARGE: Final = 256 << 10  # bytes of a body, from which its events are counted before any is read
_REMEMBER: Final = 100_000
_WARM: Final = (64, 512, 2_000)
_WARM_IDS: Final = 5_000

_log = logging.getLogger("monitor.intake")
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode

Follower = Callable[[Entry, Taken], None]


class Answer(msgspec.Struct, frozen=True):
    """What a platform is told: `accepted` new events, `duplicate` known ones, `refused` ones with reasons.

    `position` is where the delivery stands in the log, as an opaque string.
    """

    accepted: int
    duplicate: int
    refused: list[Refused]
    position: str


Tell = Callable[[Answer | Exception], None]


class Intake:
    """The door for deliveries. `on_entry` are called with each durable entry and its events, in order."""

    def __init__(self, log: Log, find: Callable[[str], Source | None]) -> None:
        """`find` gives the source of an id, or None; wired in app.py to the office."""
        self._log = log
        self._find = find
        self._known = _Known(_REMEMBER)
        self.on_entry: list[Follower] = []
        """Called in the event loop after an entry is durable and before its answer, in order of position."""
        self._telling: set[asyncio.Task[None]] = set()
        self.counts: Counter[str] = Counter()
        """Deliveries and events taken, and refusals by reason, since the start."""
        self.refused: Counter[str] = Counter()
        """Events refused in deliveries that were kept, by reason."""
        log.on_found.append(self._found)

    async def warm(self) -> None:
        """Reads the ids in the youngest entries, so that `duplicate` is told right after a restart, too.

        As many entries as hold `_WARM_IDS` of them, `_WARM` at most: what platforms send again after a
        restart is what they sent last.
        """
        head = self._log.head()[0]
        for entries in _WARM:
            kept = self._log.read(max(0, head - entries), kinds={"delivery"})
            found = [(entry.source, sources.ids(entry)) async for entry in kept]
            if entries >= head or sum(len(ids) for _, ids in found) >= _WARM_IDS:
                break
        for source, ids in found:
            self._known.add(source, ids)

    async def deliver(self, source_id: str, headers: Mapping[str, str], body: bytes, now: int) -> Answer:
        """Takes one delivery. `headers` by lower-case name, or a mapping that doesn't mind case. Refusal."""
        told: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def tell(outcome: Answer | Exception) -> None:
            if told.done():
                return
            if isinstance(outcome, Exception):
                told.set_exception(outcome)
            else:
                told.set_result(outcome)

        self.take(source_id, headers, body, now, tell)
        return await told

    def take(self, source_id: str, headers: Mapping[str, str], body: bytes, now: int, tell: Tell) -> None:
        """The same without waiting: `tell` is called in the event loop with the answer, or why there is none.

        Called at once where the delivery is refused before it reaches the log.
        """
        try:
            self._take(source_id, headers, body, now, tell)
        except Refusal as refusal:
            self._refuse(refusal, tell)

    def _take(self, source_id: str, headers: Mapping[str, str], body: bytes, now: int, tell: Tell) -> None:
        if len(body) > MOST_BYTES:
            raise Refusal("too_large")
        if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise Refusal("unsupported_encoding")
        source = self._find(source_id)
        stamped = (NOBODY if source is None else source.seal).open(headers, body, now)
        if source is None:
            raise Refusal("not_authentic")
        _check_type(source, headers)
        if len(body) > _LARGE and _too_many(body):
            raise Refusal("too_many")
        kept = source.headers(headers)
        taken, refused, trouble = _decode(source, body, now, kept)
        if len(taken.ids) + len(refused) > MOST_EVENTS:
            raise Refusal("too_many")
        new = 0

        def durable(entry: Entry) -> None:
            nonlocal new
            new = self._kept(entry, taken)
            if refused:
                self.refused.update(one.reason for one in refused)

        def told(outcome: Entry | Exception) -> None:
            if not isinstance(outcome, Entry):
                self._unkept(outcome, tell)
            elif trouble is not None:
                self._refuse(Refusal("malformed", trouble), tell)
            else:
                tell(Answer(new, len(taken.ids) - new, refused, str(outcome.position)))

        try:
            self._log.put(
                "delivery",
                source.id,
                now,
                kept,
                body,
                source.kind.decoder,
                told,
                once=stamped.id,
                then=durable,
            )
        except LogBusy as busy:
            raise Refusal("busy", retry_after=busy.retry_after) from None

    def _refuse(self, refusal: Refusal, tell: Tell) -> None:
        self.counts[refusal.reason] += 1
        tell(refusal)

    def _unkept(self, why: Exception, tell: Tell) -> None:
        """What became of a delivery that the log did not keep now."""
        if isinstance(why, AlreadyKept):
            again = asyncio.get_running_loop().create_task(self._tell_again(why.position, tell))
            self._telling.add(again)
            again.add_done_callback(self._telling.discard)
        elif isinstance(why, IdReused):
            self._refuse(Refusal("id_reused"), tell)
        elif isinstance(why, LogFailed):
            self._refuse(Refusal("not_kept", retry_after=why.retry_after), tell)
        else:
            tell(why)

    async def _tell_again(self, position: int, tell: Tell) -> None:
        try:
            outcome: Answer | Exception = await self._again(position)
        except Refusal as refusal:
            self._refuse(refusal, tell)
        except Exception as error:
            tell(error)
        else:
            tell(outcome)

    def _found(self, entry: Entry) -> None:
        """A delivery that was refused as not kept, and is kept after all: it counts like any other."""
        if entry.kind == "delivery" and entry.source not in OURS:
            self._kept(entry, sources.taken(entry))

    def _kept(self, entry: Entry, taken: Taken) -> int:
        """A delivery is durable: it is counted, and those who follow are told; how many events are new."""
        new = self._known.add(entry.source, taken.ids)
        self.counts["deliveries"] += 1
        self.counts["events"] += len(taken.ids)
        follow(self.on_entry, entry, taken)
        return new

    async def _again(self, position: int) -> Answer:
        """The answer to a delivery that was kept before, as it was taken then."""
        entry = await self._log.entry(position)
        self.counts["repeated"] += 1
        try:
            found = sources.decode(entry)
        except BadEvent as bad:
            raise Refusal("malformed", _sentence(bad)) from None
        events = sum(isinstance(event, Event) for event in found)
        return Answer(0, events, _refused(found), str(position))


def follow(followers: list[Follower], entry: Entry, taken: Taken) -> None:
    """Tells those who follow the log; what goes wrong with one of them is logged and stops nobody."""
    for follower in followers:
        try:
            follower(entry, taken)
        except Exception:
            _log.exception("a follower failed at position %d", entry.position)


def _decode(
    source: Source, body: bytes, now: int, kept: Mapping[str, str]
) -> tuple[Taken, list[Refused], str | None]:
    """What is taken, what is refused, and what is wrong with the body as a whole.

    A decoder that breaks breaks nothing else.
    """
    try:
        return *sources.take_delivery(source.kind.decoder, body, source.id, now, kept), None
    except BadEvent as bad:
        return Taken(None, [], []), [], _sentence(bad)
    except Exception:
        _log.exception("decoder %s failed", source.kind.decoder)
        sentence = "kept; it is read again when the decoder is mended"
        return Taken(None, [], []), [Refused(0, "not_decoded", sentence)], None


def _sentence(bad: BadEvent) -> str:
    return f"{bad}. The delivery was kept."


def _refused(found: list[Event | Refused]) -> list[Refused]:
    return [item for item in found if isinstance(item, Refused)]


def _check_type(source: Source, headers: Mapping[str, str]) -> None:
    name, _, parameters = headers.get("content-type", "").lower().partition(";")
    charset = parameters.partition("charset=")[2].strip(' "')
    if name.strip() not in source.kind.content_types or charset not in ("", "utf-8"):
        raise Refusal("unsupported_type")


def _too_many(body: bytes) -> bool:
    """Whether a batch has too many events; counted only where it has commas enough for that."""
    if body.count(b",") < MOST_EVENTS:
        return False
    try:
        return len(_items(body)) > MOST_EVENTS
    except (msgspec.DecodeError, RecursionError):
        return False


class _Known:
    """Which events came before, as far as memory reaches: it tells `duplicate`, and decides nothing.

    Of an id only its hash is held, 64 bits of SipHash under a key of this process: however long the ids are,
    memory is at most about 100 bytes an event. Two ids with one hash (one new id in 10^14, while 200,000 are
    remembered) cost a word: a new event is told as `duplicate`. It is kept and counts all the same.

    Two generations: when the young one is full it becomes the old one and the old one is forgotten.
    """

    def __init__(self, remember: int) -> None:
        self._remember = remember
        self._young: dict[str, set[int]] = {}
        self._old: dict[str, set[int]] = {}
        self._size = 0

    def add(self, source: str, ids: Iterable[str]) -> int:
        """How many ids of a source are new, each counted once; all of them are known from now on."""
        keys = list(map(hash, ids))
        young = self._young.setdefault(source, set())
        old = self._old.get(source)
        again = 0 if old is None or old.isdisjoint(keys) else len(old.intersection(keys) - young)
        before = len(young)
        young.update(keys)
        grown = len(young) - before
        self._size += grown
        if self._size >= self._remember:
            self._young, self._old, self._size = {}, self._young, 0
        return grown - again
