"""How a decision is kept: the log first, then memory and those who follow, then the tables.

In: an entry to be made. Out: the entry, durable and applied. Never: decides. A decision is taken as a whole,
one after the other, even if nobody waits for its answer any more. Should the tables fail behind the log, they
catch up from it: at the next decision, or at the next start.
"""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from monitor.beats import Taken
from monitor.ingest import sources as platforms
from monitor.ingest.sources import KINDS, Source
from monitor.office.declined import Declined
from monitor.office.seals import Seals
from monitor.store.append import LogBusy, LogFailed
from monitor.store.cabinet import HEAD, Cabinet, Secret
from monitor.store.entry import Entry
from monitor.store.folder import Folder
from monitor.store.ledger import Erasing
from monitor.store.log import Log
from monitor.store.place import LogBehind
from monitor.store.records import CohortRow, Row, SourceRow, State, changes

OURS = "staff"
"""The source of every entry that the office writes."""
_DECODER = "ours/1"
_TOGETHER = 500  # entries caught up with in one transaction

Follower = Callable[[Entry, Taken], None]

_log = logging.getLogger("monitor.office")

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="Archive")


class Archive:
    """What the office knows, and the one way to add to it."""

    def __init__(self, log: Log, cabinet: Cabinet, folder: Folder) -> None:
        self._folder = folder
        self.log = log
        self.cabinet = cabinet
        self.state = State()
        self._platforms: dict[str, Source] = {}
        self._secrets: dict[str, tuple[Secret, ...]] = {}
        self._token_ids: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()
        self._behind = False
        self._noted: str | None = None
        self._closed = False
        self.on_entry: list[Follower] = []
        """Called in the event loop with each durable entry of ours and what was taken of it, in order."""
        log.on_found.append(self._found)

    @classmethod
    async def open(cls: type[S], folder: Folder, log: Log) -> S:
        """The office of a data folder; what the log has and the tables don't is applied first. LogBehind."""
        office = cls(log, await Cabinet.open(folder.office, folder.key), folder)
        try:
            await office._passes_through_head()
            await office._catch_up()
            await office._load()
        except BaseException:
            await office.cabinet.close()
            raise
        return office

    async def close(self) -> None:
        """Lets the decision in hand finish and closes the tables; the log is closed by who opened it."""
        await self.note_head()
        async with self._one_at_a_time:
            self._closed = True
            await self.cabinet.close()

    async def note_head(self) -> None:
        """Remembers in the tables where the log ends, so that a log that was cut is known at the next start.

        It may lag behind the log, never lead: what is remembered is on the disk. Nothing is, while the log
        can't be written, for the database may be another's by then. Called each minute and at the end.
        """
        async with self._one_at_a_time:
            position, link = self.log.head()
            mark = f"{position} {link}"
            if self._closed or not position or mark == self._noted or not self.log.writable:
                return
            try:
                await self.cabinet.set_fact(HEAD, mark)
                self._noted = mark
            except (SQLAlchemyError, OSError) as error:
                _log.warning("where the log ends was not noted: %s", type(error).__name__)

    async def rebuild(self) -> None:
        """Throws away the tables that follow from the log and reads them again from it."""
        async with self._one_at_a_time:
            await self.cabinet.clear()
            await self._catch_up()
            await self._load()

    async def keep(
        self,
        kind: str,
        headers: Mapping[str, str],
        data: bytes,
        now: int,
        erase: Erasing | None = None,
    ) -> Entry:
        """Makes an entry of ours; `erase`: a body that goes with it."""
        check_texts(headers, data)
        rows: list[Row] = []

        def durable(entry: Entry) -> None:
            rows.extend(self._holds(entry))

        try:
            entry = await self.log.append(kind, OURS, now, headers, data, _DECODER, then=durable, erase=erase)
        except (LogBusy, LogFailed):
            raise Declined("unavailable", "it could not be written and does not hold; try again") from None
        except ValueError:
            raise Declined("invalid", "a text holds characters that can't be written") from None
        await self._file(entry, rows)
        return entry

    def _holds(self, entry: Entry) -> list[Row]:
        """An entry of ours is kept: memory and those who follow have it. The rows for the tables."""
        rows = changes(entry, self.state)
        self.state.put(rows)
        for row in rows:
            if isinstance(row, SourceRow):
                self._platforms[row.id] = _platform(row, self._secrets.get(row.id, ()))
        taken = platforms.taken(entry)
        for follower in self.on_entry:
            try:
                follower(entry, taken)
            except Exception:  # it is kept; who follows must not undo that
                _log.exception("a follower failed at position %d", entry.position)
        return rows

    def _found(self, entry: Entry) -> None:
        """A decision that was said to have failed, and is kept after all: it holds; the tables follow."""
        if entry.source == OURS:
            self._holds(entry)
            self._behind = True

    def cohort_row(self, cohort_id: str) -> CohortRow:
        """The version of a cohort that holds; Declined where there is none."""
        row = self.state.get(CohortRow, cohort_id)
        if row is None:
            raise Declined("not_found", f"there is no cohort {cohort_id}")
        return row

    async def cohort_file(self, cohort_id: str) -> bytes:
        """The cohort file that holds; Declined where there is none."""
        return (await self.log.entry(self.cohort_row(cohort_id).position)).body

    async def _file(self, entry: Entry, rows: list[Row]) -> None:
        """Into the tables; the decision holds even if they fail, for the log has it."""
        try:
            if self._behind:
                await self._catch_up()
            else:
                await self.cabinet.apply(rows, _mark(entry))
            self._behind = False
        except (SQLAlchemyError, OSError) as error:
            self._behind = True
            _log.error("the office's tables are behind the log: %s", type(error).__name__)

    async def _catch_up(self) -> None:
        """Applies what the log has and the tables don't; LogBehind where that is not the log they follow."""
        applied = await self.cabinet.fact("applied")
        position = 0
        if applied is not None:
            position = await self._passes_through(applied)
        state = await self.cabinet.load()
        rows: list[Row] = []
        count, mark = 0, ""
        async for entry in self.log.read(position, sources={OURS}):
            made = changes(entry, state)
            state.put(made)
            rows += made
            count, mark = count + 1, _mark(entry)
            if count % _TOGETHER == 0:
                await self.cabinet.apply(rows, mark)
                rows.clear()
        if count % _TOGETHER:
            await self.cabinet.apply(rows, mark)

    async def _passes_through_head(self) -> None:
        """LogBehind where the log is not the one that was seen last: deliveries leave no other trace here."""
        self._noted = await self.cabinet.fact(HEAD)
        if self._noted is not None:
            await self._passes_through(self._noted)

    async def _passes_through(self, mark: str) -> int:
        """The position of a mark; LogBehind where the log ends before it or another entry stands there."""
        position = int(mark.partition(" ")[0])
        try:
            fits = _mark(await self.log.entry(position)) == mark
        except KeyError:
            fits = False
        if not fits:
            raise LogBehind(self._folder.log, self._folder.office, position, self.log.head()[0])
        return position

    async def _load(self) -> None:
        self.state = await self.cabinet.load()
        self._secrets = await self.cabinet.secrets()
        self._platforms = {
            row.id: _platform(row, self._secrets.get(row.id, ())) for row in self.state.all(SourceRow)
        }
        self._token_ids = await self.cabinet.token_hashes()


def decision(
    method: Callable[Concatenate[S, P], Awaitable[T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """A method that is carried out whole, one after the other, even if its caller goes away meanwhile.

    Declined where the log can't be written now: the database may be another's by then, and secrets or ID
    numbers would be in its tables before the entry failed that says so.
    """

    @functools.wraps(method)
    async def whole(self: S, /, *args: P.args, **named: P.kwargs) -> T:
        async def in_turn() -> T:
            async with self._one_at_a_time:
                if not self.log.writable:
                    raise Declined(
                        "unavailable",
                        "台账暂时不可写，未作任何决定 · "
                        "the log can't be written now, so nothing is decided; try again",
                    )
                return await method(self, *args, **named)

        return await asyncio.shield(asyncio.ensure_future(in_turn()))

    return whole


def check_texts(headers: Mapping[str, str], data: bytes) -> None:
    """Declines the one character that not every database takes, wherever it stands."""
    whole = "".join(headers.values())
    if b"\\u0000" in data:
        whole += _texts(msgspec.json.decode(data))
    if "\0" in whole or b"\0" in data:
        raise Declined("invalid", "a text holds U+0000, which can't be written")


def _texts(value: Any) -> str:
    """All that is said in a JSON value."""
    if isinstance(value, dict):
        return "".join(key + _texts(item) for key, item in value.items())
    return "".join(map(_texts, value)) if isinstance(value, list) else value if isinstance(value, str) else ""


def _platform(row: SourceRow, secrets: tuple[Secret, ...]) -> Source:
    kind = KINDS[row.kind]
    return Source(
        id=row.id,
        kind=kind,
        camera=row.camera,
        heartbeat_seconds=row.heartbeat_seconds,
        may_sign_in=row.may_sign_in,
        demo=row.demo,
        added_at=row.added_at,
        seal=Seals(kind.seal, secrets),
    )


def _mark(entry: Entry) -> str:
    """How it is remembered that an entry is applied."""
    return f"{entry.position} {entry.hash}"
