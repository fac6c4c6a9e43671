"""Orders of the command line: carried out by the running server, through a socket in its folder, or here.

In: an order (which decision, by whom). Out: what came of it, as plain JSON; `Declined` where it can't be
done. Never: a network; the socket is for the owner of the data folder. Both ways carry out the same `Order`
by the same code, so that it holds at once either way.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from monitor.cohort import CohortError
from monitor.office import Declined, Office
from monitor.office.books import Language, import_books
from monitor.orders import AddSource, ChangeSource, Erase, FindDeliveries, ListSources, Order, RotateSource
from monitor.store.folder import Folder, FolderInUse
from monitor.store.log import Log
from monitor.store.place import LogBehind
from monitor.user_orders import AddUser, DisableUser, LinkUser, ListUsers

_LARGEST = 64 << 20
_FINISH_S = 5.0  # how long an order in hand may take once the server ends, until nobody is told any more
_PATIENCE_S = 5.0  # another command has the folder for a moment; a server answers at once


class ImportCohort(Order, tag="cohort import"):
    """A cohort file (its text), ID numbers by person, and why."""

    file: str
    why: str
    identities: dict[str, str] = msgspec.field(default_factory=dict)
    keep_bindings: bool = True
    change_sessions: bool = False
    drop_people: bool = False

    async def carry_out(self, office: Office, now: int) -> Any:
        """Imports it."""
        return await office.import_cohort(
            self.file.encode(),
            self.identities,
            by=self.by,
            why=self.why,
            now=now,
            keep_bindings=self.keep_bindings,
            change_sessions=self.change_sessions,
            drop_people=self.drop_people,
        )


class ImportBooks(Order, tag="cohort import books"):
    """A roster and a plan (workbooks), under which policy, as which cohort, and why."""

    roster: bytes
    plan: bytes
    policy: str
    cohort: str
    why: str
    lang: Language = "zh"
    keep_bindings: bool = True
    change_sessions: bool = False
    drop_people: bool = False

    async def carry_out(self, office: Office, now: int) -> Any:
        """Imports them."""
        return await import_books(
            office,
            self.roster,
            self.plan,
            self.policy,
            self.cohort,
            by=self.by,
            why=self.why,
            now=now,
            lang=self.lang,
            keep_bindings=self.keep_bindings,
            change_sessions=self.change_sessions,
            drop_people=self.drop_people,
        )


class ListCohorts(Order, tag="cohort list"):
    """Every cohort."""

    async def carry_out(self, office: Office, now: int) -> Any:
        """Lists them."""
        return office.cohorts()


class ExportCohort(Order, tag="cohort export"):
    """The file of a cohort."""

    cohort: str

    async def carry_out(self, office: Office, now: int) -> Any:
        """Its text."""
        return (await office.cohort_file(self.cohort)).decode()


class AddToken(Order, tag="token add"):
    """A token of a role."""

    role: str
    cohorts: tuple[str, ...] = ()
    source: str | None = None
    person: str | None = None
    may_list: tuple[str, ...] = ()
    name: str = ""
    holder: str | None = None

    async def carry_out(self, office: Office, now: int) -> Any:
        """Adds it; its row and its text."""
        return await office.add_token(
            self.role,
            cohorts=self.cohorts,
            source=self.source,
            person=self.person,
            may_list=self.may_list,
            name=self.name,
            holder=self.holder,
            by=self.by,
            now=now,
        )


class GrantToken(Order, tag="token grant"):
    """Cohorts and sources that a token is given besides."""

    id: str
    cohorts: tuple[str, ...] = ()
    may_list: tuple[str, ...] = ()

    async def carry_out(self, office: Office, now: int) -> Any:
        """Grants them; the token's row."""
        return await office.grant_token(
            self.id, cohorts=self.cohorts, may_list=self.may_list, by=self.by, now=now
        )


class ListTokens(Order, tag="token list"):
    """Every token."""

    async def carry_out(self, office: Office, now: int) -> Any:
        """Lists them; their texts are nowhere."""
        return office.tokens()


class RevokeToken(Order, tag="token revoke"):
    """A token that shall open nothing any more."""

    id: str

    async def carry_out(self, office: Office, now: int) -> Any:
        """Revokes it."""
        return await office.revoke_token(self.id, by=self.by, now=now)


AnyOrder = (
    ImportCohort
    | ImportBooks
    | ListCohorts
    | ExportCohort
    | AddSource
    | ChangeSource
    | RotateSource
    | ListSources
    | Erase
    | FindDeliveries
    | AddToken
    | GrantToken
    | ListTokens
    | RevokeToken
    | AddUser
    | LinkUser
    | ListUsers
    | DisableUser
)
_read = msgspec.json.Decoder(AnyOrder).decode


class _Told(msgspec.Struct):
    """Why an order was declined, on its way through the socket."""

    reason: str
    detail: str
    errors: list[CohortError] = []


class Desk:
    """The server's end of the socket: takes orders one after the other and carries them out."""

    def __init__(self, folder: Folder, office: Office, clock: Callable[[], int]) -> None:
        self._folder = folder
        self._office = office
        self._clock = clock
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listens at the socket of the data folder, for its owner alone; the folder must be locked."""
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_post("/", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_FINISH_S)
        await runner.setup()
        self._runner = runner
        with contextlib.suppress(FileNotFoundError):
            self._folder.socket.unlink()
        with _short(self._folder.socket) as path:
            before = os.umask(0o177)
            try:
                await web.UnixSite(runner, path).start()
            finally:
                os.umask(before)

    async def close(self) -> None:
        """Lets orders in hand finish, then stops listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
            with contextlib.suppress(FileNotFoundError):
                self._folder.socket.unlink()

    async def _take(self, request: web.Request) -> web.Response:
        try:
            order = _read(await request.read())
            done = await order.carry_out(self._office, self._clock())
        except Declined as no:
            told = _Told(no.reason, no.detail, no.errors)
            return web.Response(body=msgspec.json.encode(told), status=422)
        except msgspec.DecodeError as error:
            told = _Told("invalid", f"the server is of another version than this command ({error})")
            return web.Response(body=msgspec.json.encode(told), status=422)
        return web.Response(body=msgspec.json.encode(done))


async def carry_out(folder: Folder, order: Order, clock: Callable[[], int]) -> Any:
    """Has an order carried out, by the server where one runs; what came of it, as plain JSON. Declined."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _PATIENCE_S
    while True:
        try:
            folder.lock(patience_s=0)
        except FolderInUse:
            try:
                return await _ask(folder, order)
            except aiohttp.ClientConnectorError:
                if loop.time() > until:
                    raise
                await asyncio.sleep(0.05)
                continue
        try:
            async with opened(folder) as (_, office):
                return msgspec.json.decode(msgspec.json.encode(await order.carry_out(office, clock())))
        finally:
            folder.unlock()


@contextlib.asynccontextmanager
async def opened(folder: Folder) -> AsyncIterator[tuple[Log, Office]]:
    """The log and the office of a folder that is locked, closed again in the end. LogBehind."""
    files = [place for place in (folder.office, folder.log) if isinstance(place, Path)]
    if [file.exists() for file in files] == [True, False]:
        raise LogBehind(folder.log, folder.office)  # an empty one would be made in its place
    log = Log(folder.log)
    try:
        office = await Office.open(folder, log)
        try:
            yield log, office
        finally:
            await office.close()
    finally:
        await log.close()


async def _ask(folder: Folder, order: Order) -> Any:
    with _short(folder.socket) as path:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session,
            session.post("http://monitor/", data=msgspec.json.encode(order)) as answer,
        ):
            data = await answer.read()
            if answer.status == 422:
                told = msgspec.json.decode(data, type=_Told)
                raise Declined(told.reason, told.detail, told.errors)
            if answer.status != 200:
                raise Declined("unavailable", f"the server failed at it ({answer.status}); see its log")
            return msgspec.json.decode(data)


@contextlib.contextmanager
def _short(socket: Path) -> Any:
    """A path to the socket that fits the 107 bytes the kernel takes."""
    if len(os.fsencode(socket)) < 100:
        yield str(socket)
        return
    handle = os.open(socket.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{socket.name}"
    finally:
        os.close(handle)
