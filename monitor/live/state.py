"""What a cohort's board and its attendance answer say, made of what the fold and its register tell.

In: a cohort as it is told, or as it is held. Out: dictionaries ready for JSON; the change from one state of
the board to the next, made of what the register says has changed. Never: adds anything up, compares what
can't have changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitor.hours import recount
from monitor.hours.plan import Plan
from monitor.hours.timetable import upcoming
from monitor.instant import rfc3339
from monitor.live.change import Change, State, cut, difference
from monitor.live.held import Held, Told
from monitor.live.watch import VIEWS, View

Mask = Callable[[str | None], str | None]
"""A name as those see it who see names masked."""


def attendance(told: Told, *, demo: bool) -> dict[str, Any]:
    """The attendance answer: section 3 of WIRE.md without periods, and which log it was given from."""
    more = {"position": str(told.position), "head": told.head}
    return {**recount.summary(told.document), **more, **({"demo": True} if demo else {})}


class Board:
    """What the boards of one cohort show, kept from one change to the next.

    It is the attendance answer, `version` (the position of the cohort file in force), `timezone`, `roster`,
    `now`: what each does in the periods that run, `running`: those periods, `next`: the one that comes, and
    `quiet`: the platforms from which nothing comes. With names and with names masked; all else is the same.
    """

    def __init__(self, held: Held, mask: Mask) -> None:
        self.held = held
        self._rosters: dict[View, list[dict[str, Any]]] = {
            "full": _roster(held.plan, lambda name: name),
            "masked": _roster(held.plan, mask),
        }
        of_file = {"version": str(held.version), "timezone": held.plan.cohort.timezone}
        self._values: dict[str, Any] = {**recount.of_plan(held.plan), **of_file}
        self._people: dict[str, dict[str, Any]] = {person.id: {} for person in held.plan.trainees}
        self._now: dict[str, dict[str, Any]] = {}
        self._lists: State = {"running": [], "quiet": []}
        self._findings: list[dict[str, Any]] = []
        self.as_of = -1
        self.position = ""
        """Of the state, as those name it who come back; "" before the first `turn`."""

    def turn(self, now: int, *, demo: bool) -> Change:
        """Moves on to the last change up to `now`; what makes the state before into the state after."""
        held = self.held
        as_of = self.as_of = held.last_change(now)
        register = held.register
        changed = register.changed()
        self.position = f"{held.position}-{as_of}"
        told: dict[str, Any] = {"as_of": rfc3339(as_of), "position": str(held.position), "head": held.head}
        told |= {
            "rate": register.rate,
            "next": upcoming(held.plan, as_of),
            **({"demo": True} if demo else {}),
        }
        parts: Change = {
            "values": {key: value for key, value in told.items() if self._values.get(key, "") != value},
            "gone": [] if demo or "demo" not in self._values else ["demo"],
        }
        self._values |= parts["values"]
        for key in parts["gone"]:
            del self._values[key]
        parts |= {"rows": {}, "lists": {}}
        if changed.totals:
            people = {name: recount.totals(name, register.totals[name]) for name in changed.totals}
            self._people |= people
            parts["rows"]["people"] = people
        if changed.running:
            before, self._now = self._now, {row["id"]: row for row in register.now()}
            parts["lists"]["now"] = cut(list(before.values()), list(self._now.values()))
        elif changed.doing:
            rows = {row["id"]: row for row in map(register.row, changed.doing)}
            self._now |= rows
            parts["rows"]["now"] = rows
        if changed.findings:
            shown, self._findings = self._findings, [found.shown() for found in register.findings()]
            parts["lists"]["findings"] = cut(shown, self._findings)
        lists: State = {"quiet": register.quiet.rows()}
        if changed.running or changed.doing:
            lists["running"] = register.running()
        for name, part in difference({key: self._lists[key] for key in lists}, lists).items():
            parts[name] |= part
        self._lists |= lists
        return {name: part for name, part in parts.items() if part}

    def states(self) -> dict[View, State]:
        """The state as it was turned last, in both views."""
        return {view: self.state(view) for view in VIEWS}

    def state(self, view: View) -> State:
        """The state as it was turned last."""
        return {
            **self._values,
            "people": list(self._people.values()),
            "findings": self._findings,
            "now": list(self._now.values()),
            **self._lists,
            "roster": self._rosters[view],
        }


def overview(held: Held, *, demo: bool) -> dict[str, Any]:
    """A cohort at a glance, as of the last change that was asked for: rate, standings, what is on."""
    register, plan = held.register, held.plan
    return {
        **recount.of_plan(plan),
        "as_of": rfc3339(held.as_of),
        "position": str(held.position),
        "head": held.head,
        "name": plan.cohort.name,
        "timezone": plan.cohort.timezone,
        "trainees": len(plan.trainees),
        "rate": register.rate,
        "standings": register.standings(),
        "running": register.running(),
        "next": upcoming(plan, held.as_of),
        "quiet": register.quiet.rows(),
        **({"demo": True} if demo else {}),
    }


def _roster(plan: Plan, shown: Mask) -> list[dict[str, Any]]:
    people = sorted(plan.cohort.people, key=lambda person: person.id)
    return [{"id": person.id, "role": person.role, "name": shown(person.name)} for person in people]
