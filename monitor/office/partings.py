"""What a new version of a cohort would part: evidence from its session, people from their hours.

In: the plan that holds, the one to come, the log. Out: a sentence for each session that something names and
that would be another one or none, and for each person who would be gone. Never: decides; changes anything.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from monitor.cohort import CohortError, Session
from monitor.event import OURS, Event
from monitor.hours.fold import Fold
from monitor.hours.plan import Plan
from monitor.ingest.sources import events
from monitor.store.entry import Entry
from monitor.store.log import Log
from monitor.store.records import CorrectionRow, TokenRow

_TOGETHER = 200  # deliveries read in one go, beside the event loop
_ATTENDANCE = ("attendance.signed-in", "attendance.signed-out", "attendance.excused")


async def sessions_parted(
    log: Log, before: Plan, after: Plan, corrections: Iterable[CorrectionRow]
) -> list[CohortError]:
    """Sessions that corrections, sign-ins or excuses name, whose course or times change or that are gone."""
    moved = {
        session.id
        for session in before.cohort.sessions
        if (now := after.sessions.get(session.id)) is None
        or (session.course, session.periods) != (now.course, now.periods)
    }
    if not moved:
        return []
    numbers: dict[str, list[int]] = defaultdict(list)
    for row in corrections:
        numbers[row.session].append(row.n)
    seen: dict[str, dict[bool, set[tuple[str, str]]]] = defaultdict(lambda: {False: set(), True: set()})

    def take(entries: list[Entry]) -> None:
        for event in _theirs(before, (entry for entry in entries if b"attendance" in entry.body)):
            if event.type in _ATTENDANCE and event.data.session in moved:
                is_excuse = event.type == "attendance.excused"
                seen[event.data.session][is_excuse].add((event.source, event.id))

    await _each(log, before, take)
    found = []
    for session_id in sorted(moved):
        signs, excuses = len(seen[session_id][False]), len(seen[session_id][True])
        by = [
            ("更正", "corrections ", ", ".join(map(str, numbers[session_id]))),
            ("签到签退", "sign-ins and sign-outs: ", str(signs or "")),
            ("请假", "excuses: ", str(excuses or "")),
        ]
        if any(text for *_, text in by):
            zh = "，".join(f"{word} {text}" for word, _, text in by if text)
            en = ", ".join(f"{word}{text}" for _, word, text in by if text)
            was, now = _said(before.sessions[session_id], before), after.sessions.get(session_id)
            is_now = _said(now, after) if now is not None else "—"
            problem = (
                f"原为 {was}，现为 {is_now}；有记录写明此课次：{zh} · was {was}, is {is_now}; named by {en}"
            )
            found.append(CohortError(f"sessions {session_id}", problem))
    return found


async def people_parted(
    log: Log, before: Plan, after: Plan, tokens: Iterable[TokenRow], now: int, *, names: bool
) -> tuple[list[CohortError], list[CohortError]]:
    """People who would be gone: those of whom there are events, with their hours, and the others.

    With their `names` for the command line.
    """
    gone = {person_id for person_id in before.people if person_id not in after.people}
    if not gone:
        return [], []
    fold = Fold(before)
    counts: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def take(entries: list[Entry]) -> None:
        for event in _theirs(before, entries):
            person = event.data.person or before.owner(event.source, event.data.account or "")
            if person in gone:
                counts[person].add((event.source, event.id))
            if person in gone or not (event.data.person or event.data.account):
                fold.add(event)

    await _each(log, before, take)
    standing = {one.person.id: one for one in (await asyncio.to_thread(fold.result, now)).people}
    dead: dict[str, list[str]] = defaultdict(list)
    for token in tokens:
        if token.person in gone and token.revoked_at is None and token.cohorts == (before.cohort.id,):
            dead[token.person].append(token.id)
    seen: list[CohortError] = []
    unseen: list[CohortError] = []
    for person_id in sorted(gone):
        name = (before.people[person_id].name or "") if names else ""
        zh, en = f"{name}不再在名册中", f"{name} is not in the file any more".lstrip()
        if counts[person_id]:
            zh += f"，但有 {len(counts[person_id])} 条事件"
            en += f", with {len(counts[person_id])} events"
            if person_id in standing:
                hours = standing[person_id].totals.credited
                zh, en = f"{zh}、{hours} 学时", f"{en} and {hours} hours"
        if dead[person_id]:
            ids = ", ".join(dead[person_id])
            zh, en = f"{zh}；令牌 {ids} 从此失效", f"{en}; token {ids} opens nothing any more"
        (seen if counts[person_id] else unseen).append(CohortError(f"people {person_id}", f"{zh} · {en}"))
    return seen, unseen


def _theirs(plan: Plan, entries: Iterable[Entry]) -> Iterator[Event]:
    """The events that can count for a cohort."""
    for entry in entries:
        for event in events(entry):
            if event.data.cohort in (None, plan.cohort.id):
                yield event


async def _each(log: Log, plan: Plan, take: Callable[[list[Entry]], None]) -> None:
    """Hands the deliveries that may concern a cohort on, many at a time, in a thread of their own."""
    together: list[Entry] = []
    async for entry in log.read(kinds={"delivery"}, sources={*plan.sources, *OURS}):
        together.append(entry)
        if len(together) == _TOGETHER:
            await asyncio.to_thread(take, together)
            together = []
    await asyncio.to_thread(take, together)


def _said(session: Session, plan: Plan) -> str:
    """As in 五轴加工 2026-05-11 08:30-11:45."""
    start, end = (
        datetime.fromtimestamp(at / 1000, plan.zone) for at in (session.periods[0][0], session.periods[-1][1])
    )
    return f"{session.course} {start:%Y-%m-%d %H:%M}-{end:%H:%M}"
