"""Many accounts bound in one decision: all of a meeting at once, or none.

In: accounts and whose they are. Out: one new version of the cohort, or `Declined` naming each that can't be
bound. Never: guesses whose an account is.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from monitor.cohort import CohortError, write
from monitor.hours.plan import CohortFileError, Plan, open_cohort
from monitor.office.archive import decision
from monitor.office.cohorts import Cohorts, Imported, imported, opened
from monitor.office.declined import Declined


class Binding(NamedTuple):
    """An account that is a person's; with `source` on that platform alone."""

    person: str
    account: str
    source: str | None = None

    @property
    def written(self) -> str:
        """The account as a cohort file has it."""
        return self.account if self.source is None else f"{self.source}/{self.account}"


class Bindings(Cohorts):
    """The office's bindings of many accounts."""

    @decision
    async def bind_accounts(
        self, cohort_id: str, bindings: Sequence[Binding], *, by: str, why: str, now: int
    ) -> Imported:
        """Gives accounts to people, by one new version of the cohort; none where all were theirs already."""
        plan = opened(await self.cohort_file(cohort_id))
        data, after = with_bindings(plan, bindings)
        new = [b for b in dict.fromkeys(bindings) if b.written not in plan.people[b.person].accounts]
        if not new:
            return imported(plan.cohort, self.cohort_row(cohort_id).position, created=False, changed=False)
        pairs = [[one.person, one.written] for one in new]
        headers = {"cohort": cohort_id, "by": by, "why": why, "bound": msgspec.json.encode(pairs).decode()}
        entry = await self.keep("cohort", headers, data, now)
        return imported(after.cohort, entry.position, created=False, changed=True)


def with_bindings(plan: Plan, bindings: Sequence[Binding]) -> tuple[bytes, Plan]:
    """A cohort's file with these accounts bound, and its plan.

    Declined, naming each binding by its number: `not_found` for people and sources that the cohort doesn't
    have, `invalid` for an empty account, `conflict` for one that somebody else holds.
    """
    missing = [
        CohortError(f"bindings[{number}]", problem)
        for number, one in enumerate(bindings)
        for problem in _missing(plan, one)
    ]
    if missing:
        raise Declined.file("not_found", missing)
    empty = [number for number, one in enumerate(bindings) if not one.account.strip()]
    if empty:
        raise Declined.file("invalid", [CohortError(f"bindings[{n}]", "account: is empty") for n in empty])
    try:
        return _bound(plan, bindings)
    except CohortFileError:
        raise Declined.file("conflict", list(_conflicts(plan, bindings))) from None


def _missing(plan: Plan, one: Binding) -> list[str]:
    found = []
    if one.person not in plan.people:
        found.append(f"the cohort has no person {one.person}")
    if one.source is not None and one.source not in plan.sources:
        found.append(f"the cohort lists no source {one.source}")
    return found


def _bound(plan: Plan, bindings: Sequence[Binding]) -> tuple[bytes, Plan]:
    content: dict[str, Any] = msgspec.json.decode(write(plan.cohort))
    people = {row["id"]: row for row in content["people"]}
    for one in dict.fromkeys(bindings):
        held = people[one.person].get("accounts") or []
        if one.written not in held:
            people[one.person]["accounts"] = [*held, one.written]
    data = msgspec.json.encode(content)
    return data, open_cohort(data)


def _conflicts(plan: Plan, bindings: Sequence[Binding]) -> list[CohortError]:
    """Which of them can't be bound beside those before them."""
    found = []
    taken: list[Binding] = []
    for number, one in enumerate(bindings):
        try:
            _bound(plan, [*taken, one])
            taken.append(one)
        except CohortFileError as error:
            found += [CohortError(f"bindings[{number}]", wrong.problem) for wrong in error.errors]
    return found
