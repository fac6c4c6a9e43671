"""What an answer means to a platform: taken, try again, cut smaller, give up, or stop altogether.

In: deliveries, and the status and body of each answer. Out: a `Tally` in which every event stands exactly
once, and what to do next. Never: waits, opens a connection, loses an event without counting it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, Literal

import msgspec

from monitor.simulate.post import Delivery

AGAIN: Final = frozenset({0, 408, 425, 429, 500, 502, 503, 504})
"""Answers after which a platform tries again; 0 is no answer at all."""

STOP: Final = {
    401: "the service does not accept the signature (401): check --source and --secret "
    "(with --stream the token, too) and this machine's clock, for a stamp may be off by at most 300 s",
    403: "the service does not let this source in (403): was it revoked, or may this token not push for it?",
    404: "the service knows no such source or address (404): check --to and --source; "
    "`monitor source add` makes a source",
    410: "the service wants no more of this source (410)",
}
"""Answers after which it makes no sense to go on, and what to look at."""

Next = Literal["done", "again", "split", "stop"]


class Answer(msgspec.Struct, frozen=True):
    """An answer: HTTP status (0: none came), JSON body, seconds that Retry-After asks for, what failed."""

    status: int
    body: Any = None
    retry_after: float | None = None
    fault: str = ""

    @property
    def reason(self) -> str:
        """The status and what the problem says, in one line."""
        said = self.body if isinstance(self.body, dict) else {}
        told = said.get("reason") or said.get("code") or said.get("title") or said.get("detail") or self.fault
        return f"{self.status or 'no answer'} {told}".strip()


class Tally(msgspec.Struct):
    """Where the events got to: once all is settled, handed = accepted + duplicate + refused + undelivered."""

    handed: int = 0
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    undelivered: int = 0
    deliveries: int = 0
    repeated: int = 0
    retries: int = 0
    octets: int = 0
    reasons: Counter[str] = msgspec.field(default_factory=Counter)
    position: str | None = None

    @property
    def clean(self) -> bool:
        """Whether every event that was handed over was taken."""
        return not (self.refused or self.undelivered) and self.handed == self.accepted + self.duplicate

    def lose(self, events: int, why: str) -> None:
        """Count events that could not be delivered."""
        if events:
            self.undelivered += events
            self.reasons[why] += events

    def judge(self, sent: Delivery, answer: Answer) -> Next:
        """What to do after an answer; what is settled by it is counted here."""
        if answer.status == 202:
            self._took(len(sent.events), answer.body)
            return "done"
        if answer.status in AGAIN:
            return "again"
        if answer.status == 413 and len(sent.events) > 1:
            return "split"
        self.lose(len(sent.events), answer.reason)
        return "stop" if answer.status in STOP else "done"

    def _took(self, events: int, answer: Any) -> None:
        said = answer if isinstance(answer, dict) else {}
        accepted, duplicate = (_number(said.get(key)) for key in ("accepted", "duplicate"))
        listed = said.get("refused")
        refused = listed if isinstance(listed, list) else []
        self.accepted += accepted
        self.duplicate += duplicate
        self.refused += len(refused)
        for one in refused:
            self.reasons[str(one.get("reason") if isinstance(one, dict) else one)] += 1
        self.deliveries += 1
        self.position = str(said.get("position") or "") or self.position
        self.lose(events - accepted - duplicate - len(refused), "the 202 names fewer events than were sent")


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
