"""Corrections and excuses: what staff say against, or beside, what the events prove.

In: who, what, why, and who says so. Out: a correction proposed by one person, which counts from when another
approves it. Never: edits or deletes anything; a correction is one more event of the log.
"""

import secrets
from typing import Any

import msgspec

from monitor.hours.plan import Plan
from monitor.identity import holds_number
from monitor.instant import rfc3339
from monitor.office.archive import OURS, decision
from monitor.office.cohorts import opened
from monitor.office.declined import Declined
from monitor.office.users import Users, login
from monitor.store.entry import Entry
from monitor.store.records import CorrectionRow, body


class Corrections(Users):
    """The office's corrections."""

    def corrections(self, cohort_id: str) -> list[CorrectionRow]:
        """The corrections of a cohort, by number."""
        return [row for row in self.state.all(CorrectionRow) if row.cohort == cohort_id]

    @decision
    async def propose_correction(
        self,
        cohort_id: str,
        person: str,
        session: str,
        period: int | None,
        credit: bool,
        reason: str,
        *,
        by: str,
        token: str,
        now: int,
    ) -> CorrectionRow:
        """Writes a correction down; it counts from when another person approves it.

        `by`: who proposes it, as it will be printed; `token` the id of the token or the user it came with.
        """
        plan = opened(await self.cohort_file(cohort_id))
        _check(plan, person, session, period, reason, by)
        _check_effect(plan, person, session, period)
        n = 1 + max((row.n for row in self.corrections(cohort_id)), default=0)
        row = CorrectionRow(
            cohort=cohort_id,
            n=n,
            person=person,
            session=session,
            period=period,
            credit=credit,
            reason=reason.strip(),
            by=by,
            by_token=token,
            at=now,
        )
        await self.keep("correction", {"cohort": cohort_id, "by": by, "token": token}, body(row), now)
        return self._correction(cohort_id, n)

    @decision
    async def approve_correction(
        self, cohort_id: str, n: int, *, by: str, token: str, now: int
    ) -> CorrectionRow:
        """The second person's word: from now on the correction counts."""
        row = self._open(cohort_id, n)
        if not by.strip() or self._same(row, by, token):
            raise Declined("not_allowed", "a correction needs two people: this one proposed it")
        plan = opened(await self.cohort_file(cohort_id))
        _check(plan, row.person, row.session, row.period, row.reason, row.by)
        _check_effect(plan, row.person, row.session, row.period)
        data = {
            "cohort": cohort_id,
            "person": row.person,
            "session": row.session,
            "period": row.period,
            "credit": row.credit,
            "reason": row.reason,
            "by": row.by,
            "approved_by": by,
        }
        headers = {"cohort": cohort_id, "correction": str(n), "by": by, "token": token}
        name = f"correction-{cohort_id}-{n}"
        await self.keep("delivery", headers, _event(name, "attendance.corrected", now, data), now)
        return self._correction(cohort_id, n)

    @decision
    async def reject_correction(
        self, cohort_id: str, n: int, *, by: str, token: str, now: int, others: bool
    ) -> CorrectionRow:
        """Lays a correction that waits aside: it never counts. `others`: also what somebody else proposed."""
        row = self._open(cohort_id, n)
        own = self._same(row, by, token)
        if not own and not others:
            raise Declined(
                "forbidden", f"correction {n} was proposed by somebody else; an approver rejects it"
            )
        changed = msgspec.structs.replace(row, rejected_by=row.by if own else by, rejected_at=now)
        headers = {"cohort": cohort_id, "by": by, "token": token, "why": changed.state}
        await self.keep("correction", headers, body(changed), now)
        return self._correction(cohort_id, n)

    @decision
    async def excuse(
        self, cohort_id: str, person: str, session: str, reason: str, *, by: str, token: str, now: int
    ) -> Entry:
        """Writes down that somebody was excused (请假); it changes no number."""
        plan = opened(await self.cohort_file(cohort_id))
        _check(plan, person, session, None, reason, by)
        data = {
            "cohort": cohort_id,
            "person": person,
            "session": session,
            "reason": reason.strip(),
            "by": by,
        }
        headers = {"cohort": cohort_id, "by": by, "token": token}
        name = f"excuse-{cohort_id}-{secrets.token_hex(8)}"
        return await self.keep("delivery", headers, _event(name, "attendance.excused", now, data), now)

    def _same(self, row: CorrectionRow, by: str, token: str) -> bool:
        """Whether it is who proposed it, as far as that is known: by name, token, user, or teacher."""
        if login(by) == login(row.by):
            return True
        return bool(self.selves(token, row.cohort) & self.selves(row.by_token, row.cohort))

    def _open(self, cohort_id: str, n: int) -> CorrectionRow:
        """A correction that waits; Declined where it was decided already."""
        row = self._correction(cohort_id, n)
        if row.state != "proposed":
            raise Declined("conflict", f"correction {n} of cohort {cohort_id} is {row.state} already")
        return row

    def _correction(self, cohort_id: str, n: int) -> CorrectionRow:
        row = self.state.get(CorrectionRow, cohort_id, n)
        if row is None:
            raise Declined("not_found", f"cohort {cohort_id} has no correction {n}")
        return row


def _check(plan: Plan, person: str, session: str, period: int | None, reason: str, by: str) -> None:
    cohort = plan.cohort.id
    if person not in plan.people:
        raise Declined("not_found", f"cohort {cohort} has no person {person}")
    if session not in plan.sessions:
        raise Declined("not_found", f"cohort {cohort} has no session {session}")
    if period is not None and not 0 <= period < len(plan.sessions[session].periods):
        raise Declined("not_found", f"session {session} has no period {period}; the first is 0")
    if not by.strip():
        raise Declined("invalid", "by: a correction names who proposes it")
    if not reason.strip():
        raise Declined("invalid", "reason: say why, for it is printed")
    if holds_number(reason):
        raise Declined("invalid", "reason: leave the ID number out")


def _check_effect(plan: Plan, person: str, session: str, period: int | None) -> None:
    """Declines a correction that could change nothing: no hour of this person's is among what it names."""
    holder = plan.people[person]
    named = [
        one for one in plan.periods if one.session.id == session and (period is None or one.index == period)
    ]
    kind = plan.sessions[session].kind
    if holder.role != "trainee":
        why = f"{person} 是教师，没有学时 · {person} is a teacher and has no hours"
    elif not any(one.countable for one in named):
        why = f"这类课（{kind}）不计学时 · sessions of this kind ({kind}) bear no hours"
    elif not any(plan.enrolled(holder, one) for one in named):
        why = f"{person} 当天不在班，或不参加此课次 · {person} is not enrolled then, or not in that session"
    else:
        return
    raise Declined("invalid", f"更正不会有任何作用：{why}: a correction would change nothing")


def _event(name: str, kind: str, now: int, data: dict[str, Any]) -> bytes:
    """One event of ours as a delivery."""
    event = {
        "specversion": "1.0",
        "id": name,
        "source": OURS,
        "type": kind,
        "time": rfc3339(now),
        "data": data,
    }
    return msgspec.json.encode([event])
