"""The demo from beginning to end: folder, past, service, words, present.

In: a folder, a port, a clock, whether to stay. Out: a service with a class going on, until Ctrl-C. Never:
leaves a child behind, touches data that is not the demo's.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from monitor.control import carry_out
from monitor.demo import words
from monitor.demo.folder import DemoFolder
from monitor.demo.past import live_through
from monitor.demo.present import play_on
from monitor.demo.service import Child, free_port, serving
from monitor.demo.stage import Stage, design, load, save, sign_in_links
from monitor.orders import Order
from monitor.serve.journal import begin
from monitor.simulate.progress import Progress
from monitor.simulate.tally import Tally
from monitor.store.folder import Folder

Clock = Callable[[], int]


class Wish(msgspec.Struct, frozen=True):
    """What was asked for."""

    folder: Path
    port: int | None
    trainees: int
    seed: int
    once: bool
    json: bool


async def demo(wish: Wish, folder: DemoFolder, clock: Clock) -> None:
    """Set up, say so, play on. Ends on SIGINT or SIGTERM; raises ServiceFailed where the service does."""
    whole = asyncio.current_task()
    assert whole is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, whole.cancel)
    begun = clock()
    log = folder.path / "service.log"
    progress = Progress("准备演示 setting up", clock)
    stage = load(folder.state) if folder.kept else design(begun, wish.trainees, wish.seed)
    with log.open("a", encoding="utf-8") as journal:
        begin(journal)
        tallies = await live_through(
            stage,
            folder.data,
            begun,
            lambda count, share: progress.at(int(share * 1000), 1000, f"{count:,} 条事件 events"),
        )
    progress.done()
    save(stage, folder.state)
    async with serving(folder.data, free_port(wish.port), log) as child:
        seen = await _look(stage, child.url)
        save(stage, folder.state)

        async def give(order: Order) -> object:
            return await carry_out(Folder(folder.data), order, clock)

        links = await sign_in_links(stage, give)
        took = (clock() - begun) / 1000
        _say(wish, stage, child, seen, links, tallies, took, clock())
        if not wish.once:
            await _stay(stage, child, clock, folder)


async def _stay(stage: Stage, child: Child, clock: Clock, folder: DemoFolder) -> None:
    """Play the present until it is cancelled, or the service ends by itself."""
    progress = Progress("正在推送 pushing", clock)

    def moved(tallies: dict[str, Tally]) -> None:
        told = sum(tally.accepted for tally in tallies.values())
        progress.at(told, more="事件 events · Ctrl-C 结束 ends")

    playing = asyncio.ensure_future(play_on(stage, child.url, clock, moved))
    ending = asyncio.ensure_future(child.ended())
    try:
        done, _ = await asyncio.wait({playing, ending}, return_when=asyncio.FIRST_COMPLETED)
        if ending in done:
            await ending
        await playing
        await ending  # the timetable is over; the service stays until it is told to end
    finally:
        progress.done()
        for task in (playing, ending):
            task.cancel()
        await asyncio.gather(playing, ending, return_exceptions=True)


async def _look(stage: Stage, url: str) -> words.Seen:
    """Ask the service who stands where; on the first day, have a correction proposed and approved."""
    name = next(iter(stage.files))
    async with aiohttp.ClientSession(url) as session:

        async def ask(role: str, path: str, body: dict[str, Any] | None = None) -> Any:
            headers = {"Authorization": f"Bearer {stage.tokens[role]}"}
            method = "GET" if body is None else "POST"
            async with session.request(method, path, headers=headers, json=body) as response:
                response.raise_for_status()
                return await response.json()

        if not stage.corrected:
            await _correct(stage, name, ask)
            stage.corrected = True
        attendance = {
            cohort: await ask("teacher", f"/v1/cohorts/{cohort}/attendance") for cohort in stage.files
        }
        person = await ask("trainee", f"/v1/cohorts/{name}/people/{stage.trainee}")
        inbox = (await ask("clerk", "/v1/inbox"))["inbox"]
    refused = [one for one in person["periods"] if one["verdict"] == "refused"]
    by_evidence = [one for one in refused if one["reason"] in ("camera_off", "no_evidence", "not_in_room")]
    first = next(iter(by_evidence + refused), None)
    return words.Seen(
        attendance,
        f"{first['session']}/{first['index']}" if first else None,
        next((entry for entry in inbox if entry["cohort"] == name), None),
        stage.stranger,
    )


async def _correct(stage: Stage, name: str, ask: Callable[..., Any]) -> None:
    """Two people give back a period that a broken line took: the one thing that staff decide in the demo."""
    everybody = (await ask("teacher", f"/v1/cohorts/{name}/attendance"))["people"]
    refused: list[tuple[bool, dict[str, Any]]] = []
    for one in everybody:
        if one["id"] != stage.trainee and one["credited"] < one["required"]:
            person = await ask("teacher", f"/v1/cohorts/{name}/people/{one['id']}")
            refused += [
                (period["reason"] != "no_evidence", {"person": one["id"], **period})
                for period in person["periods"]
                if period["verdict"] == "refused"
            ]
    if not refused:
        return
    _, period = min(refused, key=lambda found: found[0])
    wanted = {
        "person": period["person"],
        "session": period["session"],
        "period": period["index"],
        "credit": True,
        "reason": "平台心跳中断，教师点名确认在场（演示）",
    }
    proposed = await ask("clerk", f"/v1/cohorts/{name}/corrections", wanted)
    await ask("approver", f"/v1/cohorts/{name}/corrections/{proposed['n']}/approve", {})


def _say(
    wish: Wish,
    stage: Stage,
    child: Child,
    seen: words.Seen,
    links: dict[str, str],
    tallies: dict[str, Tally],
    took: float,
    now: int,
) -> None:
    events = sum(tally.accepted for tally in tallies.values())
    lost = sum(tally.refused + tally.undelivered for tally in tallies.values())
    if lost:
        print(f"monitor demo: {lost} events were not taken; see {wish.folder}/service.log", file=sys.stderr)
    if wish.json:
        facts = {"events": events, "lost": lost, "seconds": took, "data": str(wish.folder)}
        told = words.machine_readable(stage, child.url, seen, links, facts)
        print(msgspec.json.encode(told).decode(), flush=True)
        return
    facts_in_words = f"{took:.0f} 秒 s · {events:,} 条事件 events · {wish.folder}/"
    print(words.announcement(stage, child.url, seen, links, now, facts_in_words, _python()), flush=True)
    if not wish.once:
        print("  课堂正在实时进行 The class goes on in real time.   Ctrl-C 结束 to end\n", flush=True)


def _python() -> str:
    """How to call this Python from here."""
    short = os.path.relpath(sys.executable)
    return sys.executable if short.startswith("..") else short
