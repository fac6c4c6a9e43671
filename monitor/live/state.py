"""What a cohort's board and its attendance answer say, made of what the fold tells.

In: a cohort as it is told. Out: dictionaries ready for JSON. Never: adds anything up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitor.hours.plan import Plan
from monitor.hours.recount import summary
from monitor.live.change import State
from monitor.live.held import Told
from monitor.live.watch import View

Mask = Callable[[str | None], str | None]
"""A name as those see it who see names masked."""


def attendance(told: Told, *, demo: bool) -> dict[str, Any]:
    """The attendance answer: section 3 of WIRE.md without periods, and which log it was given from."""
    more = {"position": str(told.position), "head": told.head}
    return {**summary(told.document), **more, **({"demo": True} if demo else {})}


def states(told: Told, *, demo: bool, mask: Mask) -> dict[View, State]:
    """What boards are told, with names and with names masked; all else is the same object in both.

    It is the attendance answer, `version` (the position of the cohort file in force), `roster`, and `now`:
    what each does in the period that runs.
    """
    common = {
        **attendance(told, demo=demo),
        "version": str(told.version),
        "now": [
            {"id": f"{row['person']} {row['session']}/{row['index']}", **row}
            for row in told.fold.now(told.as_of)
        ],
    }
    return {
        "full": {**common, "roster": _roster(told.plan, lambda name: name)},
        "masked": {**common, "roster": _roster(told.plan, mask)},
    }


def _roster(plan: Plan, shown: Mask) -> list[dict[str, Any]]:
    people = sorted(plan.cohort.people, key=lambda person: person.id)
    return [{"id": person.id, "role": person.role, "name": shown(person.name)} for person in people]
