"""P8: what an event costs the service with 1,000 classes live, over what it costs with one.

In: rounds, a scale. Out: a ratio of times; less is better. Two services run side by side through all rounds,
the one with one class, the other with 1,000, all of them folded and held. Each is pushed 100 a batch, the
events of a batch spread over the classes there are (at 1,000: a hundred of them in each batch), and one
event a request. `unnamed` is the same for events that name no cohort, which every class has to look at.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import classroom, ingest, proof, sealed, service
from benchmarks.rounds import Wanted, median, result, rotated
from monitor.clock import now_ms

COHORTS = 1_000
BATCHED, ALONE, UNNAMED = 40_000, 1_500, 200
"""Events a round: of the batched so many that classes are told of them, and some are folded, in each."""
STAND = 512
"""Beats with which a class is folded though nobody asks; each stands anywhere up to there at the start."""


class Stage:
    """A service with so many classes live, and what is still to be told of them."""

    def __init__(
        self, folder: Path, cohorts: int, stack: contextlib.ExitStack, say: Callable[[str], None]
    ) -> None:
        now = now_ms()
        days = classroom.days_before(now, classroom.PROMPT_DAYS)
        self.classes = [classroom.made(f"class-{n:04d}", days) for n in range(cohorts)]
        self.path = folder / f"with-{cohorts}"
        say(f"{cohorts} classes are imported")
        self.keys = service.prepared(self.path, self.classes)
        self.running = stack.enter_context(service.serving(self.path, self.keys))
        say(f"{cohorts} classes are folded")
        self.running.need(one.id for one in self.classes)
        self._seed = 0
        self._stays: dict[str, str] = {}
        self.all_there()

    def all_there(self) -> None:
        """Everybody's camera has told of itself; classes are anywhere between one fold and the next."""
        rng = random.Random(0)
        people = [(one, account) for one in self.classes for account in one.accounts]
        people += [
            (one, one.accounts[n % len(one.accounts)])
            for one in self.classes
            for n in range(rng.randrange(STAND) if len(self.classes) > 1 else 0)
        ]
        told = (
            classroom.said(one, rng, one.days[0], "camera.heartbeat", account, self._stay(account), "on")
            for one, account in people
        )
        sent = sealed.deliveries(told, 100, len(people) // 100 + 1, self.keys.secret, now_ms())
        ingest.pushed(self.running, sent, 0, ingest.BATCH_CONNECTIONS)

    def _stay(self, account: str) -> str:
        return self._stays.setdefault(account, f"c-{random.Random(account).getrandbits(64):016x}")

    def took(self, count: int, each: int, named: bool = True) -> float:
        """Microseconds an event."""
        self._seed += 1
        told = self._events(named)
        sent = sealed.deliveries(told, each, max(2, count // each), self.keys.secret, now_ms())
        after = proof.position(self.path)
        connections = ingest.BATCH_CONNECTIONS if each > 1 else ingest.CONNECTIONS
        done = ingest.pushed(self.running, sent, max(1, len(sent) // 10), connections)
        proof.proven(self.path, sent, done.answers, after=after, chain=False)
        return done.seconds / sum(len(one.events) for one in sent[max(1, len(sent) // 10) :]) * 1e6

    def _events(self, named: bool) -> Iterator[classroom.Event]:
        """Beats of trainees here and there, whose times go on as in a class."""
        rng = random.Random(self._seed)
        at = self.classes[0].days[0] + self._seed * 20 * classroom.MINUTE
        while True:
            one = rng.choice(self.classes)._replace(names_cohort=named)
            account = rng.choice(one.accounts)
            yield classroom.said(one, rng, at, "camera.heartbeat", account, self._stay(account), "on")
            at += rng.randrange(40)


def run(wanted: Wanted) -> dict[str, Any]:
    """{"P8": ...}: `ratio` is 100 a batch; all stand in `parts`."""
    many = max(5, int(COHORTS * wanted.scale))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stages = {cohorts: Stage(folder, cohorts, stack, wanted.say) for cohorts in (1, many)}
        sides = {
            (part, cohorts): partial(stage.took, max(20, int(count * wanted.scale)), each, part != "unnamed")
            for part, (count, each) in {
                "100 a batch": (BATCHED, 100),
                "one a request": (ALONE, 1),
                "unnamed": (UNNAMED, 10),
            }.items()
            for cohorts, stage in stages.items()
        }
        found = rotated({f"{part}, {cohorts}": side for (part, cohorts), side in sides.items()}, wanted)
    parts = {
        part: result(
            [one[f"{part}, {many}"] / one[f"{part}, 1"] for one in found],
            microseconds={str(n): median(one[f"{part}, {n}"] for one in found) for n in (1, many)},
        )
        for part in ("100 a batch", "one a request", "unnamed")
    }
    return {"P8": {**parts["100 a batch"], "cohorts": many, "parts": parts}}
