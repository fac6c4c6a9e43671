"""A cohort under its policy: periods in order, sign-in slots, rooms, whose account is whose.

In: the bytes of a cohort file. Out: a `Plan`, from which everything about time is looked up; or every error
of the file at once (RULES section 9). Never: an event, an instant that is now.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec

from monitor.cohort import KINDS, Cohort, CohortError, Person, Session, Source, parse
from monitor.hours.rulebook import Policy, RulebookError, policy, rulebook


class CohortFileError(ValueError):
    """A cohort file that can't be used; `errors` names everything that is wrong with it."""

    def __init__(self, errors: list[CohortError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors


class Slot(msgspec.Struct, frozen=True, eq=False):
    """A sign-in slot: one course on one half-day in one mode (BJ 五(二)2); [start, end) in milliseconds."""

    course: str
    on: date
    half_day: str
    mode: str
    start: int
    end: int


class Period(msgspec.Struct, frozen=True, eq=False):
    """One class hour on the timetable. `number` is its place in `Plan.periods`."""

    number: int
    session: Session
    index: int
    start: int
    end: int
    on: date
    countable: bool
    seminar: bool
    slot: Slot


class Plan:
    """A cohort, its policy and what follows from both. Make it with `open_cohort`.

    `periods` are ordered by (start, session id, index); `slot_of` by session id; `rooms` gives the sessions
    held in a room, breakouts included, `online` the periods held in the same rooms; `people` and `sessions`
    are by id; `instants` (ms) are those at which the timetable alone changes something. `taught` has the
    countable periods of each teacher; `room_ends` the instants (ms) at which the last period of a room on a
    local date is settled.
    """

    def __init__(self, cohort: Cohort, policy: Policy) -> None:
        self.cohort = cohort
        self.policy = policy
        self.zone = ZoneInfo(cohort.timezone)
        self.sources: dict[str, Source] = {source.id: source for source in cohort.sources}
        self.people: dict[str, Person] = {person.id: person for person in cohort.people}
        self.sessions: dict[str, Session] = {session.id: session for session in cohort.sessions}
        self.trainees = sorted((p for p in cohort.people if p.role == "trainee"), key=lambda p: p.id)
        self.slot_of = _slots(cohort, self.zone)
        self.slots = sorted(set(self.slot_of.values()), key=lambda slot: (slot.start, slot.course))
        placed = sorted(
            (start, session.id, index, end)
            for session in cohort.sessions
            for index, (start, end) in enumerate(session.periods)
        )
        self.periods = [
            self._period(number, self.sessions[session_id], index, start, end)
            for number, (start, session_id, index, end) in enumerate(placed)
        ]
        self.rooms: dict[str, list[Session]] = defaultdict(list)
        for session in cohort.sessions:
            for room in rooms_of(session):
                self.rooms[room].append(session)
        self.online: dict[tuple[str, ...], list[Period]] = defaultdict(list)
        for period in self.periods:
            if period.session.mode == "online":
                self.online[rooms_of(period.session)].append(period)
        self._accounts, _ = _accounts(cohort)
        self.instants = self._instants()
        self.starts = [period.start for period in self.periods]
        self.taught: dict[str, list[Period]] = defaultdict(list)
        for period in self.periods:
            if period.session.teacher is not None and period.countable:
                self.taught[period.session.teacher].append(period)
        self.room_ends = {room: self._room_ends(sessions) for room, sessions in self.rooms.items()}

    def _instants(self) -> list[int]:
        """Every instant at which the timetable alone changes something, in order."""
        silence, grace = self.policy.silence_ms, self.policy.sign_in_grace_minutes * 60_000
        of_periods = {at for p in self.periods for at in (p.start + 1, p.end, p.end + silence)}
        of_slots = {at for slot in self.slots for at in (slot.start + grace + 1, slot.end + silence)}
        return sorted(of_periods | of_slots)

    def _room_ends(self, sessions: list[Session]) -> list[int]:
        ends: dict[date, int] = {}
        for session in sessions:
            on = self.slot_of[session.id].on
            ends[on] = max(ends.get(on, 0), session.periods[-1][1])
        return sorted(end + self.policy.silence_ms for end in ends.values())

    def _period(self, number: int, session: Session, index: int, start: int, end: int) -> Period:
        return Period(
            number=number,
            session=session,
            index=index,
            start=start,
            end=end,
            on=local_date(start, self.zone),
            countable=session.kind not in self.policy.excluded_kinds,
            seminar=session.kind in self.policy.seminar_kinds,
            slot=self.slot_of[session.id],
        )

    def owner(self, source: str, account: str) -> str | None:
        """The id of the person who holds `account` on `source`, or None (RULES section 3)."""
        return self._accounts.get((source, account)) or self._accounts.get(("", account))

    def date_of(self, at: int) -> date:
        """The local date of the instant `at` in the cohort's time zone."""
        return local_date(at, self.zone)

    def enrolled(self, person: Person, period: Period) -> bool:
        """Whether the period is one for this person: enrolled on its date, and on the session's list."""
        if person.enrolled_on is not None and period.on < person.enrolled_on:
            return False
        if person.withdrawn_on is not None and period.on > person.withdrawn_on:
            return False
        return period.session.people is None or person.id in period.session.people


def open_cohort(data: bytes) -> Plan:
    """Read a cohort file and check it against its policy; raises CohortFileError naming all errors."""
    cohort, errors = parse(data)
    if cohort is None:
        raise CohortFileError(errors)
    chosen = _policy_of(cohort, errors)
    errors += _timetable_errors(cohort, chosen)
    errors += _reference_errors(cohort, chosen)
    if errors or chosen is None:
        raise CohortFileError(errors)
    return Plan(cohort, chosen)


def _policy_of(cohort: Cohort, errors: list[CohortError]) -> Policy | None:
    """The values of the day of the first period; without periods those of the first day, or starts_on."""
    if cohort.policy not in rulebook():
        if cohort.policy:
            known = ", ".join(rulebook())
            errors.append(CohortError("policy", f"unknown policy {cohort.policy}; known are {known}"))
        return None
    starts = [start for session in cohort.sessions for start, _ in session.periods]
    if starts:
        on = local_date(min(starts), ZoneInfo(cohort.timezone))
    else:
        on = cohort.starts_on or max(value.since for value in rulebook()[cohort.policy].value)
    try:
        chosen = policy(cohort.policy, on)
    except RulebookError as problem:
        errors.append(CohortError("policy", str(problem)))
        return None
    if cohort.policy_digest not in (None, chosen.digest):
        differs = f"the file was made for {cohort.policy_digest}, but on {on} the values are {chosen.digest}"
        errors.append(CohortError("cohort.policy_digest", differs))
    return chosen


def _timetable_errors(cohort: Cohort, chosen: Policy | None) -> list[CohortError]:
    zone = ZoneInfo(cohort.timezone)
    errors: list[CohortError] = []
    for number, session in enumerate(cohort.sessions):
        first = None
        before: int | None = None
        for index, (start, end) in enumerate(session.periods):
            where = f"sessions[{number}].periods[{index}]"
            if before is not None and start < before:
                errors.append(CohortError(where, "begins before the period ahead of it has ended"))
            if end <= start:
                errors.append(CohortError(where, "ends before it has begun"))
            elif chosen and session.kind in _countable(chosen) and end - start < chosen.hour_ms:
                minutes = (end - start) / 60_000
                problem = (
                    f"lasts {minutes:g} minutes; a class hour of {cohort.policy} has {chosen.hour_minutes}"
                )
                errors.append(CohortError(where, problem))
            before = end if before is None else max(before, end)
            first = first or local_date(start, zone)
            if {local_date(start, zone), local_date(max(start, end - 1), zone)} != {first}:
                errors.append(
                    CohortError(where, f"is not within one local date ({first}, {cohort.timezone})")
                )
    return errors


def _countable(chosen: Policy) -> list[str]:
    return [kind for kind in KINDS if kind not in chosen.excluded_kinds]


def _reference_errors(cohort: Cohort, chosen: Policy | None) -> list[CohortError]:
    errors: list[CohortError] = []
    known = {person.id for person in cohort.people}
    for number, session in enumerate(cohort.sessions):
        named = [("teacher", session.teacher)] if session.teacher is not None else []
        named += [(f"people[{index}]", name) for index, name in enumerate(session.people or ())]
        errors += [
            CohortError(f"sessions[{number}].{key}", f"{name} is not among the people")
            for key, name in named
            if name not in known
        ]
    errors += _accounts(cohort)[1]
    for number, source in enumerate(cohort.sources):
        if chosen and (source.heartbeat_seconds or 0) > chosen.silence_seconds:
            problem = f"{source.heartbeat_seconds} is over silence_seconds ({chosen.silence_seconds})"
            errors.append(CohortError(f"sources[{number}].heartbeat_seconds", problem))
    return errors


def _accounts(cohort: Cohort) -> tuple[dict[tuple[str, str], str], list[CohortError]]:
    """Who holds an account: by (source, account), source "" for any; and the accounts that two hold."""
    sources = {source.id for source in cohort.sources}
    held: dict[tuple[str, str], str] = {}
    errors: list[CohortError] = []
    for number, person in enumerate(cohort.people):
        for index, written in enumerate(person.accounts):
            source, slash, account = written.partition("/")
            key = (source, account) if slash and source in sources else ("", written)
            rivals = [(key[0], key[1]), ("", key[1])] if key[0] else [("", key[1])]
            rivals += [] if key[0] else [(other, key[1]) for other in sources]
            holder = next((held[rival] for rival in rivals if held.get(rival, person.id) != person.id), None)
            if holder is None:
                held[key] = person.id
            else:
                problem = f"{written} is held by {holder} already"
                errors.append(CohortError(f"people[{number}].accounts[{index}]", problem))
    return held, errors


def _slots(cohort: Cohort, zone: ZoneInfo) -> dict[str, Slot]:
    """The slot of each session: from its earliest period to its latest, over all sessions that share it."""
    together: dict[tuple[str, date, str, str], list[Session]] = defaultdict(list)
    for session in cohort.sessions:
        start = session.periods[0][0]
        key = (session.course, local_date(start, zone), _half_day(start, zone), session.mode)
        together[key].append(session)
    slots: dict[str, Slot] = {}
    for (course, on, half_day, mode), sessions in together.items():
        start = min(session.periods[0][0] for session in sessions)
        end = max(session.periods[-1][1] for session in sessions)
        slot = Slot(course=course, on=on, half_day=half_day, mode=mode, start=start, end=end)
        slots |= dict.fromkeys((session.id for session in sessions), slot)
    return slots


def rooms_of(session: Session) -> tuple[str, ...]:
    """The room of a session and its breakout rooms, each once."""
    room = () if session.room is None else (session.room,)
    return tuple(dict.fromkeys((*room, *session.breakouts)))


def local_date(at: int, zone: ZoneInfo) -> date:
    """The date that a clock on the wall in `zone` shows at the instant `at`."""
    return datetime.fromtimestamp(at // 1000, zone).date()


def _half_day(at: int, zone: ZoneInfo) -> str:
    shown = datetime.fromtimestamp(at // 1000, zone).time()
    if shown < time(12, 30):
        return "morning"
    return "afternoon" if shown < time(18) else "evening"
