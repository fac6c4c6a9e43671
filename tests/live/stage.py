"""A log, live cohorts over it, and time in hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitor.ingest import sources
from monitor.live import Live, Watcher
from monitor.store.entry import Entry
from monitor.store.log import Log
from tests.serve.school import COHORT, Clock


class Later:
    """Calls are made when a test says so."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> None:
        self.calls.append(call)

    def pass_by(self) -> int:
        calls, self.calls = self.calls, []
        for call in calls:
            call()
        return len(calls)


class Stage:
    """A log, live cohorts over it, and time in hand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = Log(path)
        self.clock = Clock("2026-05-11T08:20:00+08:00")
        self.later = Later()
        self.live = self.fresh()
        self._sent = 0

    def fresh(self) -> Live:
        """Another one over the same log, as after a restart."""
        return Live(
            self.log,
            sources,
            self.clock,
            demo=lambda plan: False,
            mask=lambda name: name and f"{name[0]}*",
            later=self.later,
        )

    def _then(self, entry: Entry) -> None:
        self.live.took(entry, sources.taken(entry))

    async def cohort(self, content: dict[str, Any]) -> Entry:
        name = content["cohort"]["id"]
        body = json.dumps(content).encode()
        return await self.log.append(
            "cohort", "staff", self.clock(), {"cohort": name}, body, "office/1", then=self._then
        )

    async def push(self, events: list[dict[str, Any]]) -> Entry:
        body = json.dumps(events).encode()
        return await self.log.append("delivery", "main", self.clock(), {}, body, "native/1", then=self._then)

    def event(self, kind: str, account: str, at: str, **data: Any) -> dict[str, Any]:
        self._sent += 1
        when = at if "T" in at else f"2026-05-11T{at}+08:00"
        said = {"room": "room-1", "account": account, "connection": f"c-{account}", **data}
        return {
            "specversion": "1.0",
            "id": f"e{self._sent}",
            "source": "main",
            "type": kind,
            "time": when,
            "data": said,
        }

    async def watch(self, view: str = "full", after: str | None = None, live: Live | None = None) -> Watcher:
        watcher = await (live or self.live).watch(COHORT, view, after, self.clock())  # type: ignore[arg-type]
        assert watcher is not None
        return watcher

    async def fetched(self, view: str = "full") -> dict[str, Any]:
        """What somebody who comes now, after a restart, is told."""
        live = self.fresh()
        watcher = await self.watch(view, live=live)
        (message,) = heard(watcher)
        return message["state"]


def heard(watcher: Watcher) -> list[dict[str, Any]]:
    """What waits for a watcher."""
    found = []
    while watcher._queue:
        found.append(json.loads(watcher._queue.popleft()))
    return found
