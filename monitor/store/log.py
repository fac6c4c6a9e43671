"""The log: everything that was delivered or decided, appended and never changed. The truth of the service.

In: bytes with what proves them. Out: entries, once they would survive a power cut. Never: decoding, judging,
the clock.

    append ─▶ bounded queue ─▶ one writer thread: hash, chain, pack ─▶ one commit for all ─▶ `then`, answers
              LogBusy beyond it                                        LogFailed for those that waited on it

Everything that arrives while a commit runs rides in the next one; no timer is needed. A delivery id that was
kept within the last week is not kept again: it is answered once the first is durable, for both pass through
the same writer in order. Its memory is bounded (`remember`); what falls out of it is looked up on disk.

After a failure nothing in memory is believed. The file is opened anew, and says what was kept: an entry that
is there though its commit was said to have failed is put on the disk, and told to who follows (`on_found`).
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from concurrent.futures import Future
from typing import Any

from monitor.store import chain
from monitor.store.append import AlreadyKept, IdReused, LogBusy, LogCut, LogFailed, Tell, Waiting
from monitor.store.block import Kept
from monitor.store.entry import Entry
from monitor.store.ledger import Erasing, Key, Ledger, entry
from monitor.store.outage import word
from monitor.store.place import Place
from monitor.store.readers import CHUNK, Readers, T
from monitor.store.seen import DAY_MS, Seen, delivery_key

_GROUP = 4_096  # entries a commit
_GROUP_BYTES = 32 << 20
_PROBE_S = 1.0  # how often it is tried, after a failure, whether writing goes again

_log = logging.getLogger("monitor.log")


class Log:
    """The log of one data folder: one process at a time (`folder.py`), appended to from one event loop."""

    def __init__(
        self,
        place: Place,
        *,
        waiting: int = 5_000,
        waiting_bytes: int = 64 << 20,
        remember: int = 100_000,
    ) -> None:
        """Opens (or makes) the log at `place`; at most `waiting` appends, of `waiting_bytes`, wait."""
        self.place = place
        self._limit, self._limit_bytes = waiting, waiting_bytes
        self._remember = remember
        self._readers = Readers(place)
        self._queue: list[Waiting] = []
        self._lock, self._bell = threading.Lock(), threading.Event()
        self._closing = False
        self._pending = self._pending_bytes = 0
        self.writable = False
        """Whether the last commit (or the first try, at the start) succeeded."""
        self.commits = self.failed_commits = 0
        self.on_commit: Callable[[float], object] = lambda _seconds: None
        """Called in the writer's thread with the seconds that a commit took, from hashing to synced."""
        self.on_found: list[Callable[[Entry], None]] = []
        """Called in the event loop, in order of position, with entries whose commit was said to have failed
        and that are kept after all. Their `then` is not called."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tried: bytes | None = None  # the writer's: the link that a commit under way will end with
        opened: Future[None] = Future()
        self._writer = threading.Thread(target=self._begin, args=(opened,), name="log", daemon=True)
        self._writer.start()
        opened.result()

    @property
    def pending(self) -> int:
        """How many appends wait to be durable."""
        return self._pending

    @property
    def pending_bytes(self) -> int:
        """How many bytes their bodies have."""
        return self._pending_bytes

    def head(self) -> tuple[int, str]:
        """Position and link (hex) of the last entry that was answered for; (0, 64 zeros) for an empty log."""
        return self._head

    async def append(
        self,
        kind: str,
        source: str,
        at: int,
        headers: Mapping[str, str],
        body: bytes,
        decoder: str,
        *,
        once: str | None = None,
        then: Callable[[Entry], None] | None = None,
        erase: Erasing | None = None,
    ) -> Entry:
        """Keeps one entry; returns when it would survive a power cut.

        `once` is an id under which the source delivers only once (AlreadyKept, IdReused otherwise). `then` is
        called in the event loop with the durable entry, in order of position, before this returns and even
        if nobody waits for it any more. `erase`: the body of an older entry that goes with this commit.
        LogBusy: not taken on. LogFailed: nothing was kept.
        """
        told: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()

        def tell(outcome: Entry | Exception) -> None:
            if told.done():
                return
            if isinstance(outcome, Exception):
                told.set_exception(outcome)
            else:
                told.set_result(outcome)

        self.put(kind, source, at, headers, body, decoder, tell, once=once, then=then, erase=erase)
        return await told

    def put(
        self,
        kind: str,
        source: str,
        at: int,
        headers: Mapping[str, str],
        body: bytes,
        decoder: str,
        tell: Tell,
        *,
        once: str | None = None,
        then: Callable[[Entry], None] | None = None,
        erase: Erasing | None = None,
    ) -> None:
        """The same without waiting, from the event loop.

        `tell` is called there, after `then`, with the entry or what `append` would raise; LogBusy here.
        """
        full = self._pending >= self._limit or self._pending_bytes + len(body) > self._limit_bytes
        if self._closing or (full and self._pending):
            raise LogBusy
        self._loop = asyncio.get_running_loop()
        item = Waiting(kind, source, at, headers, body, decoder, once, then, erase, tell)
        self._pending += 1
        self._pending_bytes += len(body)
        with self._lock:
            first = not self._queue
            self._queue.append(item)
        if first:  # the writer takes all there are: let those that came with it be among them
            self._loop.call_soon(self._bell.set)

    def read(
        self,
        after: int = 0,
        kinds: Collection[str] | None = None,
        sources: Collection[str] | None = None,
        until: int | None = None,
    ) -> AsyncGenerator[Entry]:
        """The entries after a position (up to and with `until`) of these kinds and sources, in order."""
        until = self._head[0] if until is None else min(until, self._head[0])
        return self._readers.read(after, until, kinds, sources)

    async def entry(self, position: int) -> Entry:
        """The entry at a position; KeyError where there is none."""
        if not 0 < position <= self._head[0]:
            raise KeyError(position)
        return await asyncio.to_thread(self._readers.entry, position)

    async def reading(self, work: Callable[[Ledger], T]) -> T:
        """What `work` makes of the log in a thread of its own; it goes no further than `head()` said."""
        return await asyncio.to_thread(self._readers.lend, work)

    async def close(self) -> None:
        """Writes what waits, then closes; appends from now on are LogBusy."""
        self._closing = True
        self._bell.set()
        await asyncio.to_thread(self._writer.join)

    # The writer's thread, from here on.

    def _begin(self, opened: Future[None]) -> None:
        try:
            self._ledger: Ledger | None = Ledger(self.place, write=True, make=True)
            try:
                self._tail = position, link = self._ledger.head()
                self._head = (position, link.hex())
                self._seen = Seen(self._ledger, self._remember)
                self._readers.open()
                self._probe()
            except BaseException:
                self._readers.close()
                self._ledger.close()
                raise
        except BaseException as error:
            return opened.set_exception(error)
        opened.set_result(None)
        return self._write()

    def _write(self) -> None:
        while True:
            if not self._bell.wait(self._ledger.watch_s if self._ledger and self.writable else _PROBE_S):
                self._probe()
                continue
            self._bell.clear()
            while group := self._take():
                self._commit(group)
                self._hand_out(group)
            if self._closing:
                with self._lock:
                    if self._queue:
                        continue
                self._readers.close()
                if self._ledger is not None:  # the last to close, so that it takes the WAL back
                    self._ledger.close()
                return

    def _take(self) -> list[Waiting]:
        with self._lock:
            size = 0
            for n, item in enumerate(self._queue):
                size += len(item.body)
                if n and (n >= _GROUP or size > _GROUP_BYTES):
                    break
            else:
                group, self._queue = self._queue, []
                return group
            group, self._queue = self._queue[:n], self._queue[n:]
            return group

    def _commit(self, group: list[Waiting]) -> None:
        """Gives every item of the group its outcome; never raises."""
        commits, begun = self.commits, time.perf_counter()
        try:
            self._chain_and_write(self._opened(), group)
            self.writable = True
        except Exception as error:
            self.failed_commits += 1
            _log.error("commit of %d entries failed: %s", len(group), word(error))
            self._seen.undo()
            for item in group:
                item.outcome = LogFailed(str(error))
            self.writable = False
            self._let_go()
        if self.commits > commits:
            self.on_commit(time.perf_counter() - begun)

    def _probe(self) -> None:
        """Tries whether the log can be written, so that it is told before somebody needs it."""
        try:
            ledger = self._opened()
            if self.writable:
                ledger.holds()
            else:
                ledger.touch()
                self.writable = True
        except Exception as error:
            _log.warning("the log can't be written: %s", word(error))
            self.writable = False
            self._let_go()

    def _opened(self) -> Ledger:
        """The ledger; after a failure it is opened anew, and memory made equal to what the file says."""
        if self._ledger is None:
            ledger = Ledger(self.place, write=True)
            try:
                self._believe(ledger)
            except BaseException:
                ledger.close()
                raise
            self._ledger = ledger
        return self._ledger

    def _believe(self, ledger: Ledger) -> None:
        """Takes over what is there beyond what was answered for; LogCut where there is less, or another's."""
        head = ledger.head()
        if head == self._tail:
            self._tried = None
            return
        position, link = self._tail
        if head[0] <= position or (position and ledger.kept(position).link != link):
            raise LogCut(
                f"{self.place} ends at position {head[0]} and does not hold what was answered for up to "
                f"{position}: it was cut or replaced; stop the service and restore it"
            )
        if head[1] != self._tried:
            raise LogCut(
                f"{self.place} goes on to position {head[0]} with what this service did not write: another "
                f"one did, after {position}; stop this one, and start it again where it is the right one"
            )
        self._seen = Seen(ledger, self._remember)
        while position < head[0]:
            found = ledger.read(position, head[0], None, None, CHUNK)
            self._in_loop(self._found, found)
            position = found[-1].position
            self._tail = (position, bytes.fromhex(found[-1].hash))
        self._tried = None

    def _let_go(self) -> None:
        """After a failure nothing in memory is believed: the next commit starts from what the file says."""
        ledger, self._ledger = self._ledger, None
        try:
            if ledger is not None:
                ledger.close()
        except Exception as error:
            _log.error("closing the log after a failed commit: %s", word(error))

    def _chain_and_write(self, ledger: Ledger, group: list[Waiting]) -> None:
        before = self._tail[1]
        position, link = self._tail
        rows: list[Kept] = []
        keys: list[Key] = []
        erase: list[Erasing] = []
        for item in group:
            try:
                body = chain.body_hash(item.body)
                if item.once is not None:
                    day, key = item.at // DAY_MS, delivery_key(item.source, item.once)
                    kept = self._first(ledger, rows, item, self._seen.find(ledger, key))
                    if kept is not None:
                        same = kept.body_hash() == body
                        item.outcome = AlreadyKept(kept.position) if same else IdReused(kept.position)
                        continue
                if item.erase is not None:
                    ledger.kept(item.erase.position)
                headers = dict(item.headers)
                fields = chain.canonical(
                    position + 1, item.kind, item.source, item.at, headers, body, item.decoder
                )
            except (ValueError, TypeError, KeyError) as error:  # what can't be written fails alone
                item.outcome = error
                continue
            position, link = position + 1, chain.link(link, fields)
            row = Kept(position, item.kind, item.source, item.at, headers, item.body, item.decoder, link)
            rows.append(row)
            if item.once is not None:
                keys.append(Key(day, key, position))
                self._seen.add(day, key, position)
            if item.erase is not None:
                erase.append(item.erase)
            item.outcome = entry(row)
        if rows:
            forget = self._seen.forget(rows[-1].at // DAY_MS)
            self._tried = link
            self._seen.forgotten(ledger.write(rows, before, keys, forget, erase))
            self.commits += 1
        self._tail = (position, link)
        self._seen.settle()

    def _first(self, ledger: Ledger, rows: list[Kept], item: Waiting, positions: list[int]) -> Kept | None:
        """The entry by which a delivery id came first, of those with that key; None where it is new."""
        for position in positions:
            new = position - self._tail[0] - 1
            kept = rows[new] if new >= 0 else ledger.kept(position)
            if kept.source == item.source and kept.headers.get("webhook-id", item.once) == item.once:
                return kept
        return None

    def _hand_out(self, group: list[Waiting]) -> None:
        """Hands the outcomes to the event loop, once for all."""
        self._in_loop(self._settle, group)

    def _in_loop(self, told: Callable[[list[Any]], None], what: list[Any]) -> None:
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(told, what)
        except RuntimeError:  # the loop is gone, and everybody who waited with it
            _log.warning("%d appends were settled after everybody who waited for them had gone", len(what))

    # And in the event loop again.

    def _found(self, entries: list[Entry]) -> None:
        for one in entries:
            _log.warning("position %d is kept, though its commit was said to have failed", one.position)
            self._head = (one.position, one.hash)
            for follower in self.on_found:
                self._tell(follower, one)

    def _settle(self, group: list[Waiting]) -> None:
        for item in group:
            self._pending -= 1
            self._pending_bytes -= len(item.body)
            outcome = item.outcome
            if isinstance(outcome, Entry):
                self._head = (outcome.position, outcome.hash)
                if item.then is not None:
                    self._tell(item.then, outcome)
        for item in group:
            try:
                item.tell(item.outcome or LogFailed("no outcome"))
            except Exception:  # the others are told all the same
                _log.exception("telling what became of an append failed")

    def _tell(self, follower: Callable[[Entry], None], entry: Entry) -> None:
        try:
            follower(entry)
        except Exception:  # it is kept; who follows the log must not undo that
            _log.exception("a follower of the log failed at position %d", entry.position)
