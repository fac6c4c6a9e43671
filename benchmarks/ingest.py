"""P1, P1s, P2, P3, P4: events a second that the service takes, answers for and folds, over a raw limit.

In: rounds, a scale. Out: ratios. In each round, in rotated order, each on a fresh data folder with the rules
on (the class that is told of is held and folded as it comes): one event a request over 64 connections (P1),
one event a frame over 8 streams (P1s), 100 a batch over 16 connections (P2), that with random ids, and that
upon a log of a million events (P3); and the limits (raw.py), and an ordinary stack (naive.py, P4).
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import classroom, cores, naive, peers, proof, raw, sealed, service
from benchmarks.load import Pushed, push, stream
from benchmarks.rounds import Wanted, median, result, rotated
from benchmarks.stored import filled
from monitor.clock import now_ms

CONNECTIONS, BATCH_CONNECTIONS, STREAMS, WINDOW = 64, 16, 8, 64
ONE, FRAMES, MANY = 5_000, 12_000, 50_000
"""Events in a round: one a request, one a frame, 100 a batch."""
STORED = 1_000_000
ROWS_ALONE, ROWS = 2_000, 100_000
_WARM = 0.1

NEEDS = {
    "P1": ("one", "row"),
    "P1s": ("stream", "row"),
    "P2": ("batch", "thousand"),
    "P3": ("batch", "random", "stored"),
    "P4": ("one", "batch", "naive one", "naive batch"),
}


class Ground:
    """What the sides share while they run: a prepared folder, and the rows of the limit."""

    def __init__(self, folder: Path, scale: float) -> None:
        self.folder = folder
        self.scale = scale
        self.one = classroom.made("bench", classroom.days_before(now_ms(), classroom.PROMPT_DAYS))
        self.template = folder / "template"
        self.keys = service.prepared(self.template, [self.one])
        self.rows = raw.rows(max(1_000, int(ROWS * scale)))
        self.made = 0
        self.worked: dict[str, list[float]] = {}

    def fresh(self) -> Path:
        """The folder of one slice."""
        self.made += 1
        return service.copied(self.template, self.folder / f"slice-{self.made}")

    def deliveries(self, events: int, each: int, **more: Any) -> tuple[list[sealed.Delivery], int]:
        """Deliveries for a slice, and how many of them only warm it up."""
        count = max(20, int(events * self.scale)) // each or 2
        warm = max(1, int(count * _WARM))
        random_ids = bool(more.pop("random_ids", False))
        told = classroom.events(self.one, seed=self.made, random_ids=random_ids)
        return sealed.deliveries(told, each, count + warm, self.keys.secret, now_ms(), **more), warm


def run(wanted: Wanted) -> dict[str, Any]:
    """The rows that are asked for."""
    needed = {side for name in wanted.names for side in NEEDS[name]}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        ground = Ground(Path(folder), wanted.scale)
        sides: dict[str, Callable[[], float]] = {
            "row": partial(_raw, ground, max(100, int(ROWS_ALONE * wanted.scale)), 1),
            "thousand": partial(_raw, ground, len(ground.rows), 1_000),
            "one": partial(_http, ground, "one", ONE, 1),
            "stream": partial(_stream, ground),
            "batch": partial(_http, ground, "batch", MANY, 100),
            "random": partial(_http, ground, "random", MANY, 100),
        }
        if "stored" in needed:
            wanted.say(f"storing {int(STORED * wanted.scale):,} events")
            sides["stored"] = stack.enter_context(_stored(ground))
        missing = None
        if "P4" in wanted.names:
            wanted.say("the ordinary stack: its packages")
            python, missing = stack.enter_context(peers.python(wanted.peers, naive.PACKAGES))
            if python is None:
                needed = {side for name in wanted.names if name != "P4" for side in NEEDS[name]}
            else:
                sides["naive one"] = partial(_naive, ground, python, 1_000, 1, CONNECTIONS)
                sides["naive batch"] = partial(_naive, ground, python, 10_000, 100, BATCH_CONNECTIONS)
        found = rotated({name: side for name, side in sides.items() if name in needed}, wanted)
    return {name: _row(name, found, missing, ground.worked) for name in wanted.names}


def _row(
    name: str, found: list[dict[str, float]], missing: str | None, worked: dict[str, list[float]]
) -> dict[str, Any]:
    """One row of the table, with the rates it is made of, and the processor time that an event took us."""

    def over(ours: str, other: str) -> list[float]:
        return [one[ours] / one[other] for one in found]

    def rates(*sides: str) -> dict[str, float]:
        return {side: median(one[side] for one in found) for side in sides}

    if name in ("P1", "P1s", "P2"):
        ours, other = NEEDS[name]
        return result(
            over(ours, other),
            per_second=rates(ours, other),
            processor_us=median(worked[ours]),
        )
    if name == "P3":
        parts = {"random ids": result(over("random", "batch")), "stored": result(over("stored", "batch"))}
        each = [min(pair) for pair in zip(over("random", "batch"), over("stored", "batch"), strict=True)]
        return result(each, parts=parts, per_second=rates("batch", "random", "stored"))
    if missing is not None:
        return {"ratio": None, "rounds": [], "missing": missing}
    parts = {"one": result(over("one", "naive one")), "batch": result(over("batch", "naive batch"))}
    return {**parts["one"], "parts": parts, "per_second": rates("naive one", "naive batch")}


def _raw(ground: Ground, count: int, each: int) -> float:
    with cores.as_service():
        return raw.rate(ground.rows[:count], each)


def _http(ground: Ground, side: str, events: int, each: int) -> float:
    """Events a second over HTTP, on a fresh folder."""
    path = ground.fresh()
    sent, warm = ground.deliveries(events, each, random_ids=side == "random")
    connections = CONNECTIONS if each == 1 else BATCH_CONNECTIONS
    with service.serving(path, ground.keys) as running:
        running.need([ground.one.id])
        before = service.seconds_worked(running.process)
        told = pushed(running, sent, warm, connections)
        ground.worked.setdefault(side, []).append(service.seconds_worked(running.process) - before)
        ground.worked[side][-1] *= 1e6 / sum(len(one.events) for one in sent)
    proof.proven(path, sent, told.answers)
    return sum(len(one.events) for one in sent[warm:]) / told.seconds


def pushed(running: service.Running, sent: list[sealed.Delivery], warm: int, connections: int) -> Pushed:
    """The first deliveries to warm up, the others by the clock; every answer."""
    requests = [sealed.request(one, f"127.0.0.1:{running.port}") for one in sent]
    before = push(running.port, requests[:warm], connections)
    told = push(running.port, requests[warm:], connections)
    later = [answer._replace(number=answer.number + warm) for answer in told.answers]
    return told._replace(answers=before.answers + later)


def _stream(ground: Ground) -> float:
    """Events a second, one a frame, over streams."""
    path = ground.fresh()
    sent, warm = ground.deliveries(FRAMES, 1, batched=True)
    frames = [sealed.frame(one) for one in sent]
    with service.serving(path, ground.keys) as running:
        running.need([ground.one.id])
        door = f"/v1/ingest/{classroom.SOURCE}/stream"
        worked = service.seconds_worked(running.process)
        before = stream(running.port, door, ground.keys.platform, frames[:warm], STREAMS, WINDOW)
        told = stream(running.port, door, ground.keys.platform, frames[warm:], STREAMS, WINDOW)
        worked = service.seconds_worked(running.process) - worked
    ground.worked.setdefault("stream", []).append(worked * 1e6 / len(sent))
    later = [answer._replace(number=answer.number + warm) for answer in told.answers]
    proof.proven(path, sent, before.answers + later)
    return len(sent[warm:]) / told.seconds


@contextlib.contextmanager
def _stored(ground: Ground) -> Iterator[Callable[[], float]]:
    """The service upon a log of a million events of other classes; it runs through all rounds."""
    path = ground.folder / "stored"
    now = now_ms()
    others = [classroom.made(f"past-{n}", classroom.days_before(now, 3)) for n in range(8)]
    keys = service.prepared(path, [ground.one, *others])
    filled(path, others, int(STORED * ground.scale))
    with service.serving(path, keys) as running:
        running.need([ground.one.id])

        def slice_() -> float:
            after = proof.position(path)
            ground.made += 1
            told = classroom.events(ground.one, seed=ground.made)
            count = max(2, int(MANY * ground.scale) // 100)
            warm = max(1, int(count * _WARM))
            sent = sealed.deliveries(told, 100, count + warm, keys.secret, now_ms())
            done = pushed(running, sent, warm, BATCH_CONNECTIONS)
            proof.proven(path, sent, done.answers, after=after, chain=False)
            return sum(len(one.events) for one in sent[warm:]) / done.seconds

        yield slice_


def _naive(ground: Ground, python: str, events: int, each: int, connections: int) -> float:
    """Events a second of the ordinary stack, with the same deliveries."""
    ground.made += 1
    sent, warm = ground.deliveries(events, each)
    database = ground.folder / f"naive-{ground.made}.sqlite"
    with naive.serving(python, database, ground.keys.secret) as port:
        requests = [sealed.request(one, f"127.0.0.1:{port}") for one in sent]
        before = push(port, requests[:warm], connections)
        told = push(port, requests[warm:], connections)
    if any(answer.status != 202 for answer in before.answers + told.answers):
        raise proof.Mismatch("the ordinary stack refused a delivery")
    if naive.count(database) != sum(len(one.events) for one in sent):
        raise proof.Mismatch("the ordinary stack lost events")
    return sum(len(one.events) for one in sent[warm:]) / told.seconds
