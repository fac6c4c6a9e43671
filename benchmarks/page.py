"""The board in a browser: how long its longest task is while a large class changes all the time.

`.venv/bin/python -m benchmarks.page [--trainees 300] [--changes 50] [--seconds 10]`

In: the service with one class that is on, cameras going off and on in turn, each change a delivery of
its own; the page of the class in Chromium. Out: from a trace, the tasks of the page's main thread, frames
drawn and dropped; the JavaScript that the page loaded, gzipped. Never: a row of `monitor bench`, which has a
limit beside each; a judgement.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

import monitor
from benchmarks import classroom, sealed, service
from benchmarks.load import HOST
from benchmarks.rounds import digits
from monitor.clock import now_ms
from monitor.control import opened
from monitor.store.folder import Folder
from monitor.user_orders import AddUser

COHORT: Final = "large"
BEGUN_BEFORE_MS: Final = 20 * classroom.MINUTE
LONG_US: Final = 50_000
_BEHIND_S: Final = 0.2
"""What a pusher that was held up makes up for, and no more: else there would be bursts."""
PASSWORD: Final = "a phrase for the benchmark"
CATEGORIES: Final = (
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "disabled-by-default-devtools.timeline.frame",
)
SITE: Final = Path(monitor.__file__).parent / "site"


class Pusher(threading.Thread):
    """Pushes cameras that go off and on, `rate` deliveries a second, until told to stop."""

    def __init__(
        self, running: service.Running, one: classroom.Class, stays: dict[str, str], rate: int
    ) -> None:
        super().__init__(daemon=True)
        self.running, self.one, self.stays, self.rate = running, one, stays, rate
        self.stopped = threading.Event()
        self.sent = 0

    def run(self) -> None:
        rng, line = random.Random(2), http.client.HTTPConnection(HOST, self.running.port, timeout=60)
        camera = dict.fromkeys(self.one.accounts, True)
        due = time.monotonic()
        for account in cycle(self.one.accounts):
            if self.stopped.wait(max(0.0, due - time.monotonic())):
                return
            due = max(due, time.monotonic() - _BEHIND_S) + 1 / self.rate
            camera[account] = not camera[account]
            shown = "on" if camera[account] else "off"
            stay = self.stays[account]
            event = classroom.said(self.one, rng, now_ms(), "camera.heartbeat", account, stay, shown)
            push(line, self.running, [event])
            self.sent += 1


def push(
    line: http.client.HTTPConnection, running: service.Running, events: Sequence[classroom.Event]
) -> None:
    """One delivery, taken or the benchmark ends."""
    (sent,) = sealed.deliveries(events, len(events), 1, running.keys.secret, now_ms(), batched=True)
    headers = {
        "Content-Type": "application/cloudevents-batch+json",
        "webhook-id": sent.id,
        "webhook-timestamp": sent.stamp,
        "webhook-signature": sent.signature,
    }
    line.request("POST", f"/v1/ingest/{classroom.SOURCE}", sent.body, headers)
    answer = line.getresponse()
    said = answer.read()
    if answer.status != 202:
        raise RuntimeError(f"{answer.status}: {said[:300]!r}")


def come_in(running: service.Running, one: classroom.Class, now: int) -> dict[str, str]:
    """Everybody joins, and was there with the camera on until now; their connections."""
    rng, line = random.Random(1), http.client.HTTPConnection(HOST, running.port, timeout=60)
    stays = {account: f"c-{rng.getrandbits(64):016x}" for account in one.accounts}
    events = []
    for at in range(one.days[0], now, classroom.BEAT_MS):
        kind, shown = ("classroom.joined", None) if at == one.days[0] else ("camera.heartbeat", "on")
        events += [classroom.said(one, rng, at, kind, who, stay, shown) for who, stay in stays.items()]
    for first in range(0, len(events), 1_000):
        push(line, running, events[first : first + 1_000])
    return stays


def add_teacher(folder: Path) -> str:
    """A teacher of the class; the secret of the link that sets the password."""

    async def add() -> str:
        held = Folder(folder)
        held.lock()
        try:
            async with opened(held) as (_, office):
                order = AddUser(by="bench", name="teacher", role="teacher", cohorts=(COHORT,))
                link: str = (await order.carry_out(office, now_ms()))["link"]
                return link.partition("#")[2]
        finally:
            held.unlock()

    return asyncio.run(add())


def watched(browser: Browser, url: str, secret: str, trainees: int) -> tuple[Page, int]:
    """The page of the class once every tile is there; its JavaScript in bytes, gzipped."""
    page = browser.new_context(
        base_url=url, viewport={"width": 1440, "height": 900}, locale="zh-CN"
    ).new_page()
    scripts: set[str] = set()
    page.on("request", lambda one: scripts.add(one.url) if one.resource_type == "script" else None)
    told = page.request.post(
        "/v1/link/use", data={"secret": secret, "password": PASSWORD}, headers={"Origin": url}
    )
    if not told.ok:
        raise RuntimeError(told.text())
    page.goto(f"/cohorts/{COHORT}")
    expect(page.locator(".tile")).to_have_count(trainees, timeout=120_000)
    page.wait_for_load_state("networkidle")
    names = [one.removeprefix(url).lstrip("/") for one in scripts]
    return page, sum((SITE / f"{name}.gz").stat().st_size for name in names if (SITE / f"{name}.gz").exists())


def tasks(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks of the main threads of pages."""
    events = trace["traceEvents"]
    mains = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    return [
        one
        for one in events
        if one["name"] == "RunTask" and one["ph"] == "X" and (one["pid"], one["tid"]) in mains
    ]


def figures(trace: dict[str, Any]) -> dict[str, Any]:
    """What the trace says: tasks by the clock and by processor time, in ms; frames."""
    found = tasks(trace)
    longest = max(found, key=lambda one: one["dur"])
    lasted = max(one["ts"] + one["dur"] for one in found) - min(one["ts"] for one in found)
    frames = Counter(one["name"] for one in trace["traceEvents"])
    drawn, dropped = frames["DrawFrame"], frames["DroppedFrame"]
    return {
        "tasks": len(found),
        "longest_ms": _longest(one["dur"] for one in found),
        "longest_was": within(trace, longest),
        "longest_processor_ms": _longest(one["tdur"] for one in found if "tdur" in one),
        "over_50_ms": sum(one["dur"] > LONG_US for one in found),
        "busy": digits(sum(one["dur"] for one in found) / lasted),
        "frames": {"drawn": drawn, "dropped": dropped},
    }


def within(trace: dict[str, Any], task: dict[str, Any]) -> dict[str, float]:
    """What a task did, by name, in ms: what took a tenth of it at least. Some lies within other."""
    end, spent = task["ts"] + task["dur"], Counter[str]()
    for one in trace["traceEvents"]:
        beside = one["ph"] == "X" and (one["pid"], one["tid"]) == (task["pid"], task["tid"])
        if beside and one is not task and task["ts"] <= one["ts"] < end:
            spent[one["name"]] += one.get("dur", 0)
    return {name: digits(us / 1000) for name, us in spent.most_common() if us >= task["dur"] / 10}


def _longest(durations: Iterable[int]) -> float | None:
    longest = max(durations, default=None)
    return None if longest is None else digits(longest / 1000)


def measured(trainees: int, changes: int, seconds: float) -> dict[str, Any]:
    """Everything, once."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("benchmarks.page: no Chromium: apt-get install chromium")
    now = now_ms()
    begun = (now - BEGUN_BEFORE_MS) // 1000 * 1000
    one = classroom.made(COHORT, (begun,), zone=classroom.zone_of_noon(now), trainees=trainees)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name) / "data"
        keys = service.prepared(folder, [one])
        secret = add_teacher(folder)
        with service.serving(folder, keys) as running, sync_playwright() as playwright:
            stays = come_in(running, one, now)
            browser = playwright.chromium.launch(executable_path=path)
            page, size = watched(browser, f"http://{HOST}:{running.port}", secret, trainees)
            pusher = Pusher(running, one, stays, changes)
            pusher.start()
            page.wait_for_timeout(2_000)
            before = pusher.sent
            browser.start_tracing(page=page, categories=list(CATEGORIES))
            page.wait_for_timeout(seconds * 1000)
            sent = pusher.sent - before
            trace = json.loads(browser.stop_tracing())
            pusher.stopped.set()
            pusher.join()
            browser.close()
    told = figures(trace)
    return {"trainees": trainees, "changes_a_second": digits(sent / seconds), "javascript_gz": size, **told}


def main() -> None:
    """Measures and prints one JSON object."""
    asked = argparse.ArgumentParser(description="the board in a browser, while a large class changes")
    asked.add_argument("--trainees", type=int, default=300)
    asked.add_argument("--changes", type=int, default=50, help="a second")
    asked.add_argument("--seconds", type=float, default=10.0, help="how long the trace is")
    given = asked.parse_args()
    print(json.dumps(measured(given.trainees, given.changes, given.seconds), indent=1))


if __name__ == "__main__":
    main()
