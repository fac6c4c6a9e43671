"""Which cohorts are held, who watches them, and when they are told.

In: what `took` and `tick` bring. Out: `answer`, `watch`; `due`, the next instant at which time alone changes
something that somebody watches. Never: reads a clock (a `clock` is handed in for what is sent between ticks).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from monitor.beats import NAMES_NONE, Taken, codes_of, name_of
from monitor.hours.dues import Dues
from monitor.hours.evidence import FOREVER
from monitor.hours.ids import Doubt
from monitor.hours.plan import Plan
from monitor.live.behind import Behind, PositionUnknown, behind, position_in
from monitor.live.held import Decoder, Held, Progress, Told, fold_log
from monitor.live.loose import Loose
from monitor.live.place import Place
from monitor.live.state import Board, Mask, overview
from monitor.live.turns import Later, Turns, call_later
from monitor.live.unnamed import Unnamed
from monitor.live.versions import Versions
from monitor.live.watch import View, Watcher
from monitor.store.entry import Entry
from monitor.store.log import Log

IDLE_MS: Final = 10 * 60_000
"""A cohort that nobody asked for this long is let go."""
_MOST_WAITING: Final = 512
"""Beats that wait to be folded into a cohort at which nobody looks."""
_FEW: Final = 8
"""Cohorts that a delivery names, up to which each is looked up by its name."""
_FORMER: Final = 4
"""How many cohorts folded up to an earlier position are kept."""


class Live:
    """The cohorts that somebody needs. `took` is called for every entry of the log, in order."""

    def __init__(
        self,
        log: Log,
        decoder: Decoder,
        clock: Callable[[], int],
        *,
        demo: Callable[[Plan], bool],
        mask: Mask,
        later: Later | None = None,
        on_due: Callable[[], None] | None = None,
    ) -> None:
        """`demo` tells cohorts that are not real; `later(seconds, f)` calls f; `on_due`: `due` may differ."""
        self._log = log
        self._decoder = decoder
        self._clock = clock
        self._demo = demo
        self._mask = mask
        self._turns = Turns(later or call_later, _seconds, self._turn)
        self.on_due = on_due or _nothing
        self._versions = Versions(log)
        self._places: dict[str, Place] = {}
        self._watched: dict[str, Place] = {}
        self._dues = Dues()
        self._unnamed = Unnamed()
        self._loose = Loose()
        self._folding: set[str] = set()
        self._former: OrderedDict[tuple[str, int, int], Held] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self.changes = 0
        """Changes sent, counted once for each cohort."""
        self.slow = 0
        """Watchers let go because they did not keep up."""
        self.on_told: Callable[[float, int | None], object] = _nothing
        """Called after each turn: the seconds it took, and how long ago (ms) the first event arrived that its
        change carries; None where it carries none."""
        self.on_fold: Callable[[], Progress] = lambda: _nothing
        """Called when a cohort is folded anew from the log; what it gives is told position and end of it."""

    @property
    def cohorts(self) -> int:
        """How many cohorts are held."""
        return sum(place.held is not None for place in self._places.values())

    @property
    def watchers(self) -> int:
        """How many watch."""
        return sum(len(place.channel.watchers) for place in self._places.values())

    # --- what comes in ---------------------------------------------------------------------------------

    def took(self, entry: Entry, taken: Taken) -> None:
        """Takes a durable entry of the log and what was taken of it."""
        if entry.kind == "cohort":
            self._versions.add(entry)
            place = self._places.get(entry.headers.get("cohort", ""))
            if place is not None:
                place.stale = True
                self._soon(entry.headers["cohort"], place)
            return
        if entry.kind == "erasure":  # what was folded of the erased body is not to be told any more
            self._former.clear()
            for cohort, place in self._places.items():
                place.stale = True
                self._soon(cohort, place)
            return
        if entry.kind != "delivery":
            return
        if not taken.events and len(taken.codes()) > _FEW and NAMES_NONE not in taken.codes():
            self._took_many(entry, taken)
            return
        cohorts = taken.cohorts()
        if None in cohorts:
            self._unnamed.add(entry, taken.only({None}))
            cohorts.discard(None)
            taken = taken.only(cohorts)
            for cohort, place in self._watched.items():
                if place.held is not None and entry.source in place.held.sources:
                    place.waits(entry.at)
                    self._soon(cohort, place)
        cohorts &= self._places.keys()
        awake = {name for name in cohorts if name in self._watched or name in self._folding}
        for name in awake:
            self._tell_at_once(name, entry, taken)
        if cohorts - awake and self._loose.add(entry, taken.only(cohorts - awake)):
            self._part()

    def _took_many(self, entry: Entry, taken: Taken) -> None:
        """The same of nothing but beats for many cohorts: only those that somebody watches are looked up."""
        awake = codes_of({*self._watched, *self._folding}) & taken.codes()
        for name in map(name_of, awake):
            self._tell_at_once(name, entry, taken)
        if self._places and self._loose.add(entry, taken.without(awake) if awake else taken):
            self._part()

    def _tell_at_once(self, cohort: str | None, entry: Entry, taken: Taken) -> None:
        """Gives an entry to a cohort that somebody watches, or lays it aside while that is folded anew."""
        place = self._places[cohort or ""]
        if place.missed is not None:
            place.missed.append((entry, taken))
            place.waits(entry.at)
        elif place.take(entry, taken):
            place.waits(entry.at)
            self._soon(cohort or "", place)

    def _part(self) -> None:
        """Gives all cohorts what came for them while nobody looked."""
        lots, others = self._loose.parted()
        for lot in lots:
            if (place := self._places.get(lot.cohort)) is not None:
                place.take_many(lot)
        for entry, taken in others:
            for name in taken.cohorts():
                if (place := self._places.get(name or "")) is not None:
                    place.take(entry, taken)

    def _catch_up(self, place: Place) -> None:
        """Folds what came while nobody looked, and what names no cohort and was not read yet."""
        if place.held is None or place.stale:
            return
        self._part()
        if place.read == self._unnamed.end:
            return
        parts = self._unnamed.after(place.read)
        place.read = self._unnamed.end
        if parts is None:
            place.stale = True
        for entry, taken in parts or ():
            place.take(entry, taken)

    def tick(self, now: int) -> None:
        """Tells watchers what time alone has changed by `now`."""
        for cohort in self._dues.come(now):
            if (place := self._watched.get(cohort)) is not None and not place.stale:
                self._tell(cohort, place, now)
        self.on_due()

    def due(self) -> int | None:
        """The next instant at which `tick` has something to tell; None while nobody watches."""
        return self._dues.next()

    def drop_idle(self, now: int) -> int:
        """Lets go of cohorts that nobody watches and nobody asked for lately; how many."""
        idle = [
            cohort
            for cohort, place in self._places.items()
            if not place.channel.watchers and not place.lock.locked() and place.used_at < now - IDLE_MS
        ]
        for cohort in idle:
            del self._places[cohort]
        self._former.clear()
        return len(idle)

    # --- what is asked ---------------------------------------------------------------------------------

    async def answer(self, cohort: str, as_of: int | None, position: str | None, now: int) -> Told | None:
        """The cohort at `as_of`, from the log up to `position` (None: all of it).

        `as_of` None is the last change; with a position, the arrival of the entry there. None where there is
        no such cohort. PositionUnknown for a position the log does not have.
        """
        while (place := await self._fresh(cohort, now)) is not None and place.held is not None:
            try:
                last = place.held.last_change(now)  # in any case: a fold may not stand ahead of its register
                if place.moved_on():
                    self._soon(cohort, place)
                if position is None:
                    then = last if as_of is None else as_of
                    held = await self._standing(cohort, place, place.held.position, then)
                else:
                    wanted = position_in(self._log, position)
                    then = (await self._log.entry(wanted)).at if as_of is None else as_of
                    held = await self._standing(cohort, place, wanted, then)
                return held.tell(then)
            except Doubt:
                place.doubt()
                self._former.clear()
        return None

    async def glance(self, cohort: str, now: int) -> dict[str, Any] | None:
        """The cohort's overview as of the last change; None where there is no such cohort."""
        while (place := await self._fresh(cohort, now)) is not None and place.held is not None:
            try:
                place.held.last_change(now)
                if place.moved_on():
                    self._soon(cohort, place)
                return overview(place.held, demo=self._demo(place.held.plan))
            except Doubt:
                place.doubt()
        return None

    async def behind(self, told: Told, person: str, session: str, number: int) -> list[Behind]:
        """The events on which a period rests, by time, each with the delivery that first brought it.

        LookupError where there is no such person, session or period.
        """
        return await behind(self._log, self._decoder, told, person, session, number)

    async def _standing(self, cohort: str, place: Place, position: int, as_of: int) -> Held:
        """The cohort as the log stood at a position, able to tell of an instant."""
        held = place.held
        if held is not None and position >= held.position and not held.stands_past(as_of):
            return held
        past = held is None or held.stands_past(as_of)
        key = (cohort, position, as_of if past else FOREVER)
        former = self._former.get(key)
        if former is None or former.stands_past(as_of):
            former = await self._folded(cohort, position, whole=place.whole, as_of=key[2])
        if former is None:
            raise PositionUnknown(str(position))
        self._former[key] = former
        self._former.move_to_end(key)
        while len(self._former) > _FORMER:
            self._former.popitem(last=False)
        return former

    async def watch(self, cohort: str, view: View, after: str | None, now: int) -> Watcher | None:
        """A watcher with its first message waiting; None where there is no such cohort. End with `leave`."""
        while (place := await self._fresh(cohort, now)) is not None:
            board = self._tell(cohort, place, now)
            if board is not None and not place.stale:
                watcher = Watcher(view)
                place.channel.join(watcher, after, board.state)
                self._watched[cohort] = place
                self._dues.set(cohort, place.due())
                self.on_due()
                return watcher
        return None

    def leave(self, cohort: str, watcher: Watcher) -> None:
        """The watcher goes."""
        watcher.end()
        place = self._places.get(cohort)
        if place is not None:
            place.channel.watchers.discard(watcher)
            if not place.channel.watchers:
                self._watched.pop(cohort, None)
                self._dues.set(cohort, None)
            place.used_at = max(place.used_at, self._clock())

    def close(self) -> None:
        """Ends every watcher: the service drains."""
        for place in self._places.values():
            for watcher in place.channel.watchers:
                watcher.end()
            place.channel.watchers.clear()
        for task in self._tasks:
            task.cancel()

    # --- between the two -------------------------------------------------------------------------------

    async def _fresh(self, cohort: str, now: int) -> Place | None:
        """The cohort's place, folded to the end of the log under the file in force; None if there is none."""
        place = self._places.setdefault(cohort, Place())
        place.used_at = max(place.used_at, now)
        if place.stale or place.missed is not None:
            async with place.lock:
                while place.stale:
                    place.stale = False
                    await self._refold(cohort, place)
                    self._catch_up(place)
        self._catch_up(place)
        if place.stale:
            return await self._fresh(cohort, now)
        if place.held is None:
            place.stale = True
            if self._places.get(cohort) is place:
                del self._places[cohort]
            return None
        return place

    async def _refold(self, cohort: str, place: Place) -> None:
        self._part()
        place.missed = []
        self._folding.add(cohort)
        place.read = self._unnamed.end
        try:
            place.held = await self._folded(cohort, self._log.head()[0], whole=place.whole)
            place.whole = place.held is not None and place.held.whole
            if place.held is not None:
                place.held.wait_for(_MOST_WAITING)
            for entry, taken in place.missed:
                place.take(entry, taken)
        except BaseException:
            place.stale = True
            raise
        finally:
            place.missed = None
            self._folding.discard(cohort)

    async def _folded(self, cohort: str, until: int, *, whole: bool, as_of: int = FOREVER) -> Held | None:
        return await fold_log(
            self._log,
            self._decoder,
            cohort,
            until,
            self._versions,
            self.on_fold(),
            whole=whole,
            as_of=as_of,
        )

    def _soon(self, cohort: str, place: Place) -> None:
        """Tells the watchers in a moment; what comes until then rides along."""
        if place.channel.watchers:
            self._turns.add(cohort)

    def _turn(self, cohort: str) -> None:
        place = self._places.get(cohort)
        if place is None or not place.channel.watchers:
            return
        if place.stale or place.lock.locked():
            task = asyncio.get_running_loop().create_task(self._tell_fresh(cohort))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._tell(cohort, place, self._clock())
            self.on_due()

    async def _tell_fresh(self, cohort: str) -> None:
        place = await self._fresh(cohort, self._clock())
        if place is not None:
            self._tell(cohort, place, self._clock())
            self.on_due()

    def _tell(self, cohort: str, place: Place, now: int) -> Board | None:
        """Turns the cohort's board to now, and tells its watchers what that changed."""
        self._catch_up(place)
        held = place.held
        if held is None:
            return None
        begun = _seconds()
        try:
            board, changes = place.turn(held, now, self._mask, demo=self._demo(held.plan))
            self._dues.set(cohort, place.due())
        except Doubt:
            place.doubt()
            self._soon(cohort, place)
            return None
        before = len(place.channel.watchers)
        arrived, place.arrived = place.arrived, None
        lag = None
        if place.channel.tell(board.position, changes):
            self.changes += 1
            lag = None if arrived is None else self._clock() - arrived
        self.slow += before - len(place.channel.watchers)
        self.on_told(_seconds() - begun, lag)
        return board


def _seconds() -> float:
    return asyncio.get_running_loop().time()


def _nothing(*_: object) -> None:
    return None
