"""A result as WIRE section 3 writes it, and the recount that makes one from two files' bytes.

In: a result, or a cohort file and event lines. Out: the object, and its canonical bytes. Never: a file, a
server, a rounding of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from monitor.event import decode
from monitor.hours.fold import Fold, Result
from monitor.hours.plan import Plan, open_cohort
from monitor.hours.record import Standing
from monitor.hours.standing import Totals, planned
from monitor.hours.verdict import Judged
from monitor.instant import rfc3339


def recount(cohort: bytes, lines: Iterable[bytes], as_of: int) -> dict[str, Any]:
    """The whole of it: a cohort file's bytes, event lines, an instant; the object of WIRE section 3.

    Raises CohortFileError, or BadEvent for a line that can't be read; empty lines are passed over.
    """
    fold = Fold(open_cohort(cohort))
    for line in lines:
        if line.strip():
            fold.add(decode(line))
    return document(fold.result(as_of))


def document(result: Result) -> dict[str, Any]:
    """A result as the object of WIRE section 3."""
    return {
        "as_of": rfc3339(result.as_of),
        **of_plan(result.plan),
        "rate": result.rate,
        "people": [person(standing) for standing in result.people],
        "findings": [finding.shown() for finding in result.findings],
    }


def of_plan(plan: Plan) -> dict[str, Any]:
    """What of the object follows from the plan alone."""
    hours = planned(plan)
    return {
        "cohort": plan.cohort.id,
        "policy": {"id": plan.policy.id, "digest": plan.policy.digest},
        "planned": {"hours": hours.hours, "seminar": hours.seminar},
    }


def person(standing: Standing) -> dict[str, Any]:
    """One trainee's part of the object."""
    sums = totals(standing.person.id, standing.totals)
    return {**sums, "periods": [_period(one) for one in standing.periods]}


def totals(person_id: str, sums: Totals) -> dict[str, Any]:
    """The same without periods."""
    return {"id": person_id, **msgspec.structs.asdict(sums)}


def _period(judged: Judged) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "session": judged.period.session.id,
        "index": judged.period.index,
        "verdict": judged.verdict,
        "reason": judged.reason,
        "milliseconds": judged.milliseconds,
    }
    if judged.reachable is not None:
        shown["reachable"] = judged.reachable
    return shown


def summary(document: dict[str, Any]) -> dict[str, Any]:
    """The object without `periods`: what the attendance door answers."""
    people = [{key: value for key, value in one.items() if key != "periods"} for one in document["people"]]
    return {**document, "people": people}


def to_bytes(document: dict[str, Any]) -> bytes:
    """Canonical bytes: UTF-8, keys sorted, no spaces, a newline at the end."""
    return msgspec.json.encode(document, order="sorted") + b"\n"
