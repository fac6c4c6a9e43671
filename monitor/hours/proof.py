"""Which events a period rests on, told by where and when: the log has the events themselves.

In: connections with instants, events by id. Out: whether an event is one of them. Never: reads the log.
"""

from __future__ import annotations

from collections import defaultdict

from monitor.event import Event
from monitor.hours.evidence import Connection
from monitor.hours.plan import Plan


class Proof:
    """The events behind a period, as they can be recognised; all lie in `[first, last]` (ms)."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._instants: dict[tuple[str, str, str, str], dict[str, set[int]]] = defaultdict(dict)
        self._ended: dict[tuple[str, str, str], set[int]] = defaultdict(set)
        self._ids: set[tuple[str, str]] = set()
        self._at: set[int] = set()

    @property
    def first(self) -> int | None:
        """The earliest instant of them; None where there are none."""
        return min(self._at, default=None)

    @property
    def last(self) -> int | None:
        """The latest instant of them; None where there are none."""
        return max(self._at, default=None)

    def of_connection(self, connection: Connection, instants: list[int]) -> None:
        """The events of a connection at these instants."""
        where = (connection.source, connection.room, connection.instance)
        known = self._instants[*where, connection.connection]
        known.setdefault(connection.account, set()).update(instants)
        self._ended[where].update(instants)
        self._at.update(instants)

    def of_event(self, source: str, event_id: str, at: int) -> None:
        """An event by source and id."""
        self._ids.add((source, event_id))
        self._at.add(at)

    def has(self, event: Event) -> bool:
        """Whether the event is one of them."""
        if (event.source, event.id) in self._ids:
            return True
        data, at = event.data, event.at
        if data.cohort not in (None, self._plan.cohort.id) or not event.type.startswith(
            ("classroom.", "camera.")
        ):
            return False
        where = (event.source, data.room or "", data.instance or "")
        if event.type == "classroom.ended":
            return at in self._ended.get(where, ())
        by_account = self._instants.get((*where, data.connection or ""), {})
        if not data.account and not data.person and data.connection:  # it found its account by the connection
            return any(at in instants for instants in by_account.values())
        return at in by_account.get(data.account or "", ())
