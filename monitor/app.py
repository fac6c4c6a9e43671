"""Wiring: the rooms of one service, opened in order, tied together, and closed again.

In: a `Config`, a clock. Out: a running service at an address. Never: logic of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from monitor.beats import Taken
from monitor.config import Config, UsageError
from monitor.control import Desk, opened
from monitor.hours.plan import Plan
from monitor.ingest import sources
from monitor.intake import Intake
from monitor.live import Live
from monitor.office import Office
from monitor.schedule import Schedule
from monitor.serve.connection import Runner
from monitor.serve.folding import Folding
from monitor.serve.journal import unhandled
from monitor.serve.mask import masked
from monitor.serve.metrics import Metrics
from monitor.serve.parts import Parts, Reading
from monitor.serve.proxy import Network, networks
from monitor.serve.routes import application
from monitor.serve.socket import UNAUTHORIZED, close_all
from monitor.serve.who import Who
from monitor.store.entry import Entry
from monitor.store.folder import Folder
from monitor.store.log import Log

Clock = Callable[[], int]

_GARBAGE = (50_000, 50, 100)
"""How many objects more than before until garbage is looked for: what a delivery makes is none, it is kept or
goes by itself; with Python's own 700 each look walks through every event that waits to be answered for."""

_BACKLOG = 1024
"""Connections that the kernel holds until they are accepted."""

_ACCEPTED = 8
"""Connections accepted in a turn of the loop. As often as that it tries, and complains, when there is no
descriptor left: asyncio does not stop at the first refusal."""

_NAMED = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where this machine finds itself, where it listens everywhere."""

DRAIN_SECONDS = 10.0
"""How long all that is under way may take once the service is told to end; then it is cut off."""


class Service:
    """A service that runs: where it listens, and the rooms of it."""

    def __init__(self, url: str, parts: Parts) -> None:
        self.url = url
        self.parts = parts


@asynccontextmanager
async def service(config: Config, clock: Clock, *, timers: bool = True) -> AsyncIterator[Service]:
    """The service of a data folder, listening; it drains and closes when the block ends.

    `timers` off leaves ticking to the caller. Raises UsageError for what the configuration gets wrong, and
    FolderInUse.
    """
    tls = _tls(config)
    trusted = _networks(config)
    public = _origin(config.public_url)
    folder = Folder(config.data, config.database)
    folder.lock()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(folder.unlock)
        try:
            listening = _listen(config.host, config.port)
        except UsageError:
            folder.unlock()
            folder.discard()
            raise
        stack.callback(listening.close)
        log, office = await stack.enter_async_context(opened(folder))
        parts = await _wired(log, office, clock)
        parts.public_origin, parts.trusted = public, trusted
        parts.secure = tls is not None or (public or "").startswith("https:")
        schedule = Schedule(
            clock,
            parts.live.due,
            parts.live.tick,
            parts.live.drop_idle,
            partial(_sweep, parts),
            office.note_head,
        )
        parts.live.on_due = schedule.arm
        runner = Runner(application(parts))
        await runner.setup()
        desk = Desk(folder, office, clock)
        stack.push_async_callback(_drain, parts, runner, schedule, desk)
        await web.SockSite(runner, listening, ssl_context=tls, backlog=_ACCEPTED).start()
        listening.listen(_BACKLOG)
        url = _url(config.host, listening, tls)
        await office.serve_at(public or _url(_NAMED.get(config.host, config.host), listening, tls))
        await desk.open()
        if folder.is_new:
            structlog.get_logger("monitor.app").info(
                "folder.made",
                path=str(folder.path.resolve()),
                said="已新建数据目录 made a new data folder",
            )
        if sentence := folder.exposed():
            structlog.get_logger("monitor.app").warning("folder.exposed", said=sentence)
        if timers:
            schedule.start()
        yield Service(url, parts)


async def run(config: Config, clock: Clock, announce: Callable[[str, str | None], None]) -> None:
    """Runs until SIGTERM or SIGINT, then drains.

    `announce` is told the address once it listens, and the link for the first admin where there is none.
    """
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(unhandled)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, over.set)
    async with service(config, clock) as running:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GARBAGE)
        office = running.parts.office
        first = await office.first_link(clock())
        announce(running.url, None if first is None else office.link_address(first))
        await over.wait()


async def _wired(log: Log, office: Office, clock: Clock) -> Parts:
    """The rooms tied together: news travels upward by callbacks."""
    intake = Intake(log, office.source)
    await intake.warm()

    def demo(plan: Plan) -> bool:
        return office.demo(plan.sources)

    live = Live(log, sources, clock, demo=demo, mask=masked)
    metrics = Metrics()
    metrics.watch(log, intake, live)
    live.on_fold = partial(Folding, asyncio.get_running_loop().time, metrics.folded)

    def find(digest: str) -> Who | None:
        row = office.token(digest)
        if row is None:
            return None
        return Who(
            token=row.id,
            digest=digest,
            role=row.role,
            cohorts=None if row.cohorts is None else frozenset(row.cohorts),
            source=row.source,
            person=row.person,
            label=row.label,
        )

    def signed_in(digest: str) -> Who | None:
        now = clock()
        found = office.session(digest, now)
        if found is None:
            return None
        session, user = found
        office.see_session(digest, now)
        return Who(
            token=user.id,
            digest=digest,
            role=user.role,
            cohorts=None if user.cohorts is None else frozenset(user.cohorts),
            label=user.label,
            session=session.id,
        )

    async def note(reading: Reading) -> None:
        await office.note_reading(**{name: getattr(reading, name) for name in Reading.__struct_fields__})

    parts = Parts(
        clock=clock,
        log=log,
        intake=intake,
        office=office,
        live=live,
        metrics=metrics,
        find_token=find,
        note=note,
        ready=lambda: None if log.writable else "the log can't be written",
        find_session=signed_in,
    )
    ending: set[asyncio.Task[None]] = set()

    def end_sockets() -> None:
        if parts.sockets:
            gone = close_all(parts, lambda who: not parts.holds(who), UNAUTHORIZED, "revoked")
            task = asyncio.get_running_loop().create_task(gone)
            ending.add(task)
            task.add_done_callback(ending.discard)

    def revoked(entry: Entry, _taken: Taken) -> None:
        if entry.kind in ("token", "user"):
            end_sockets()

    intake.on_entry.append(live.took)
    office.on_entry += [live.took, revoked]
    office.on_session_end.append(end_sockets)
    return parts


async def _sweep(parts: Parts) -> None:
    """Sessions that are over end, with their sockets; those with an open socket are in use."""
    now = parts.clock()
    for who in parts.sockets.values():
        if who.session is not None and parts.office.session(who.digest, now) is not None:
            parts.office.see_session(who.digest, now)
    try:
        await parts.office.sweep_sessions(now)
    except (SQLAlchemyError, OSError) as error:
        structlog.get_logger("monitor.app").warning("sessions.not_kept", error=type(error).__name__)


async def _drain(parts: Parts, runner: Runner, schedule: Schedule, desk: Desk) -> None:
    """Takes nothing more on, answers what is under way, closes what is open: all of it by one deadline."""
    parts.drain.set()
    until = asyncio.get_running_loop().time() + DRAIN_SECONDS
    schedule.stop()
    await _sweep(parts)
    parts.live.close()
    await asyncio.gather(runner.drain(until), desk.close())


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise UsageError(f"--host {host} --port {port}: can't listen there ({error.strerror})") from None


def _tls(config: Config) -> ssl.SSLContext | None:
    if config.tls_cert is None or config.tls_key is None:
        return None
    for option, file in (("--tls-cert", config.tls_cert), ("--tls-key", config.tls_key)):
        if not file.is_file():
            raise UsageError(f"{option} {file}: there is no such file")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(config.tls_cert, config.tls_key)
    except (ssl.SSLError, OSError) as error:
        raise UsageError(
            f"--tls-cert {config.tls_cert} --tls-key {config.tls_key}: not a certificate and its key in PEM "
            f"({getattr(error, 'reason', None) or error.strerror})"
        ) from None
    return context


def _networks(config: Config) -> tuple[Network, ...]:
    try:
        return networks(config.trusted_proxies)
    except ValueError as error:
        raise UsageError(f"--trusted-proxies: {error}") from None


def _origin(url: str | None) -> str | None:
    """Scheme and authority of the public address."""
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"--public-url {url}: an address as in https://hours.example.org")
    return f"{parts.scheme}://{parts.netloc}"


def _url(host: str, listening: socket.socket, tls: ssl.SSLContext | None) -> str:
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{host}:{listening.getsockname()[1]}"
