"""Which platforms have gone quiet while a class is on: what is missing then is not known to be absence.

In: what was heard of each source, and when; the periods that run. Out: the quiet ones, and when time alone
makes one quiet next. Never: a word about a person, or about a source that tells states alone (its silence
says nothing).

    heard        ...|08:31 |08:32
    silence                |--- silence_seconds ---| quiet since 08:32, until something comes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from monitor.hours.plan import Period, Plan
from monitor.instant import rfc3339


class Quiet(NamedTuple):
    """`sources`: the quiet ones by id, each with the instant (ms) it was heard last, None for never.

    `all`: nothing else tells of the class. `due`: when time alone makes one more quiet; None for never.
    """

    sources: tuple[tuple[str, int | None], ...] = ()
    all: bool = False
    due: int | None = None

    def rows(self) -> list[dict[str, Any]]:
        """As a board is told."""
        return [
            {"id": source, "since": None if since is None else rfc3339(since)}
            for source, since in self.sources
        ]


def quiet(plan: Plan, heard: Mapping[str, int], runs: Sequence[Period], as_of: int) -> Quiet:
    """Who is quiet at `as_of`; `runs` are the periods that run or are not settled.

    A source is waited for from the start of the earliest of them. Where one is in use since then, those that
    are not are not missed.
    """
    online = [period.start for period in runs if period.session.mode == "online" and as_of < period.end]
    if not online:
        return Quiet()
    begun = min(online)
    in_use = {source for source in plan.sources if heard.get(source, -1) >= begun}
    missed: list[tuple[str, int | None]] = []
    dues = []
    for name, source in plan.sources.items():
        if source.camera != "heartbeat" or (in_use and name not in in_use):
            continue
        last = heard.get(name)
        due = max(begun, begun if last is None else last) + plan.policy.silence_ms + 1
        if due <= as_of:
            missed.append((name, last))
        else:
            dues.append(due)
    others = (in_use or plan.sources.keys()) - {name for name, _ in missed}
    return Quiet(tuple(missed), bool(missed) and not others, min(dues, default=None))
