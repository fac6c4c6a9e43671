"""Whether what was answered is what was kept: every answer against the log, every entry against an answer.

In: deliveries, their answers, the log of the service that gave them. Out: how many events were kept, or
`Mismatch`. Never: trusts the service's own counting.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.classroom import SOURCE
from benchmarks.load import Answer
from benchmarks.sealed import Delivery
from monitor.store.ledger import Ledger
from monitor.store.verify import verify


class Mismatch(Exception):
    """An answer and the log say different things: no figure of this run means anything."""


def position(path: Path) -> int:
    """Where the log of a data folder ends."""
    ledger = Ledger(path / "log.sqlite")
    try:
        return ledger.head()[0]
    finally:
        ledger.close()


def proven(
    path: Path, sent: Sequence[Delivery], answers: Sequence[Answer], *, after: int = 0, chain: bool = True
) -> int:
    """How many events the log holds after a position: exactly those the answers accepted. Mismatch."""
    if sorted(answer.number for answer in answers) != list(range(len(sent))):
        raise Mismatch(f"{len(sent)} deliveries, {len(answers)} answers")
    claimed: dict[int, Delivery] = {}
    accepted = 0
    for answer in answers:
        told = json.loads(answer.body)
        if answer.status not in (0, 202) or "accepted" not in told:
            raise Mismatch(f"delivery {answer.number} was answered {answer.status} {told}")
        delivery = sent[answer.number]
        if told["accepted"] + told["duplicate"] + len(told["refused"]) != len(delivery.events):
            raise Mismatch(f"delivery {answer.number} has {len(delivery.events)} events, answered {told}")
        accepted += told["accepted"]
        claimed[int(told["position"])] = delivery
    kept: set[str] = set()
    ledger = Ledger(path / "log.sqlite")
    try:
        while entries := ledger.read(after, None, {"delivery"}, {SOURCE}, 1_000):
            for entry in entries:
                after = entry.position
                delivery = claimed.pop(after, None)  # type: ignore[assignment]
                if delivery is None or entry.body != delivery.body:
                    raise Mismatch(f"position {after} holds what no answer named")
                kept.update(_ids(entry.body))
        if claimed:
            raise Mismatch(f"answered but not kept: positions {sorted(claimed)[:5]}")
        if accepted != len(kept):
            raise Mismatch(f"{accepted} events were accepted, {len(kept)} are kept")
        if chain and (broken := verify(ledger).broken) is not None:
            raise Mismatch(f"position {broken.position}: {broken.problem}")
    finally:
        ledger.close()
    return len(kept)


def _ids(body: bytes) -> list[str]:
    found = json.loads(body)
    return [event["id"] for event in (found if isinstance(found, list) else [found])]
