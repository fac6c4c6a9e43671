"""What staff decide: cohorts, bindings, corrections, sources, tokens. First the log, then the tables.

In: a decision, who takes it, why, and `now`. Out: what came of it, or `Declined` with a sentence. Never:
HTTP, the clock, whether a role may decide this (the doors ask that). Every decision is an entry of the log,
so that an answer given last week can be given again, and so that the tables can be read anew from it
(`rebuild`); secrets, token hashes and identities alone are in the tables and nowhere else.
"""

import asyncio
import hashlib
import re
import secrets as random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from monitor.cohort import Cohort, CohortError, write
from monitor.event import OURS, Event, rfc3339
from monitor.hours.plan import CohortFileError, Plan, open_cohort
from monitor.identity import holds_number
from monitor.ingest import sources as platforms
from monitor.ingest.seal import new_secret
from monitor.ingest.sources import KINDS, Source
from monitor.store.cabinet import Cabinet
from monitor.store.entry import Entry
from monitor.store.folder import Folder
from monitor.store.log import Log, LogBusy, LogFailed
from monitor.store.records import (
    BindingRow,
    CohortRow,
    CorrectionRow,
    SourceRow,
    State,
    TokenRow,
    body,
    changes,
)

ROLES: Final = ("platform", "teacher", "clerk", "approver", "center", "auditor", "admin", "trainee")
_ALL_COHORTS: Final = ("admin", "center", "auditor")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_DECIDED: Final = "office/1"

Follower = Callable[[Entry, list[Event]], None]


class Declined(Exception):
    """A decision that can't be taken. `reason`: not_found, invalid, conflict, not_allowed or unavailable.

    `detail` is a sentence for whoever asked; `errors` names what is wrong with a cohort file, all at once.
    """

    def __init__(self, reason: str, detail: str, errors: Sequence[CohortError] = ()) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.errors = list(errors)


class Imported(msgspec.Struct, frozen=True):
    """What came of an import or a binding: `changed` says whether there is a new version (at `position`)."""

    cohort: str
    name: str | None
    created: bool
    changed: bool
    position: int
    people: int
    sessions: int
    notes: tuple[str, ...] = ()
    """What the person who did it should know, in sentences."""


class Office:
    """The office of one data folder. Open it with `Office.open`, close it with `close`."""

    def __init__(self, log: Log, cabinet: Cabinet) -> None:
        self._log = log
        self._cabinet = cabinet
        self._state = State()
        self._sources: dict[str, Source] = {}
        self._by_hash: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()
        self.on_entry: list[Follower] = []
        """Called in the event loop with each durable entry of ours and its events, in order of position."""

    @classmethod
    async def open(cls, folder: Folder, log: Log) -> "Office":
        """The office of a data folder; what the log has and the tables don't is applied first."""
        office = cls(log, await Cabinet.open(folder.office, folder.key))
        try:
            await office._catch_up()
            await office._load()
        except BaseException:
            await office.close()
            raise
        return office

    async def close(self) -> None:
        """Closes the tables; the log is closed by who opened it."""
        await self._cabinet.close()

    # What is known.

    def source(self, source_id: str) -> Source | None:
        """The platform with that id, or None."""
        return self._sources.get(source_id)

    def sources(self) -> list[SourceRow]:
        """Every platform, by id."""
        return self._state.all(SourceRow)

    def demo(self, source_ids: Iterable[str]) -> bool:
        """Whether one of these sources is marked as a demonstration."""
        return any(source.demo for name in source_ids if (source := self._sources.get(name)))

    def token(self, digest: str) -> TokenRow | None:
        """The token whose hex SHA-256 this is, unless it was revoked."""
        found = self._by_hash.get(digest)
        row = None if found is None else self._state.get(TokenRow, found)
        return None if row is None or row.revoked_at is not None else row

    def tokens(self) -> list[TokenRow]:
        """Every token that was ever given out, by id."""
        return self._state.all(TokenRow)

    def cohort(self, cohort_id: str) -> CohortRow | None:
        """The version of a cohort that holds, or None."""
        return self._state.get(CohortRow, cohort_id)

    def cohorts(self) -> list[CohortRow]:
        """Every cohort, by id."""
        return self._state.all(CohortRow)

    async def cohort_file(self, cohort_id: str) -> bytes:
        """The cohort file that holds; Declined where there is none."""
        return (await self._log.entry(self._cohort_row(cohort_id).position)).body

    def corrections(self, cohort_id: str) -> list[CorrectionRow]:
        """The corrections of a cohort, by number."""
        return [row for row in self._state.all(CorrectionRow) if row.cohort == cohort_id]

    async def identities(self, cohort_id: str) -> dict[str, str]:
        """The ID numbers of a cohort's people, in the clear: for printed sheets, never for answers."""
        return await self._cabinet.identities(cohort_id)

    async def note_reading(self, **reading: Any) -> None:
        """Writes down who read what about whom (`tables.READINGS`)."""
        await self._cabinet.put_reading(reading)

    async def readings(self, cohort_id: str | None = None) -> list[dict[str, Any]]:
        """Who read what, oldest first."""
        return await self._cabinet.readings(cohort_id)

    # What is decided.

    async def import_cohort(
        self,
        data: bytes,
        identities: Mapping[str, str] | None = None,
        *,
        by: str,
        why: str,
        now: int,
        keep_bindings: bool = True,
    ) -> Imported:
        """A new version of a cohort from its file; none where nothing changed.

        `identities`: ID numbers by person id, checked. `by`: id of a token, or who runs the command line; a
        clerk who creates a cohort is given it. Accounts bound by staff stay bound (`keep_bindings`).
        """
        async with self._one_at_a_time:
            plan = _opened(data)
            _check_no_numbers(plan.cohort)
            notes = self._source_notes(plan.cohort)
            if keep_bindings:
                data, plan = self._keep_bindings(data, plan, notes)
            cohort = plan.cohort
            before = self._state.get(CohortRow, cohort.id)
            changed = before is None or write(open_cohort(await self.cohort_file(cohort.id)).cohort) != write(
                cohort
            )
            dropped = not keep_bindings and any(
                row.cohort == cohort.id and row.dropped is None for row in self._state.all(BindingRow)
            )
            if identities:
                unknown = sorted(set(identities) - set(plan.people))
                if unknown:
                    raise Declined("invalid", f"ID numbers were given for people not in the file: {unknown}")
                await self._cabinet.put_identities(cohort.id, identities)
            position = before.position if before else 0
            if changed or dropped:
                headers = {"cohort": cohort.id, "by": by, "why": why}
                if dropped:
                    headers["bindings"] = "dropped"
                position = (await self._append("cohort", headers, data, now)).position
            if before is None:
                await self._give(by, cohort.id, now)
            return _imported(cohort, before is None, changed or dropped, position, notes)

    async def bind_account(
        self, cohort_id: str, person: str, account: str, *, by: str, why: str, now: int
    ) -> Imported:
        """Gives an account (`ACCOUNT`, or `SOURCE/ACCOUNT`) to a person, by a new version of the cohort."""
        async with self._one_at_a_time:
            plan = _opened(await self.cohort_file(cohort_id))
            holder = plan.people.get(person)
            if holder is None:
                raise Declined("not_found", f"cohort {cohort_id} has no person {person}")
            if not account.strip():
                raise Declined("invalid", "account: must not be empty")
            if account in holder.accounts:
                row = self._cohort_row(cohort_id)
                return _imported(plan.cohort, False, False, row.position, [])
            data = _with_account(plan.cohort, person, account)
            try:
                plan = open_cohort(data)
            except CohortFileError as error:
                raise Declined("conflict", str(error), error.errors) from None
            headers = {
                "cohort": cohort_id,
                "by": by,
                "why": why,
                "bound-person": person,
                "bound-account": account,
            }
            entry = await self._append("cohort", headers, data, now)
            return _imported(plan.cohort, False, True, entry.position, [])

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

        `by`: who proposes it, as it will be printed; `token` the id of the token it came with.
        """
        async with self._one_at_a_time:
            plan = _opened(await self.cohort_file(cohort_id))
            _check_correction(plan, cohort_id, person, session, period, reason, by)
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
            await self._append("correction", {"cohort": cohort_id, "by": by, "token": token}, body(row), now)
            return self._correction(cohort_id, n)

    async def approve_correction(
        self, cohort_id: str, n: int, *, by: str, token: str, now: int
    ) -> CorrectionRow:
        """The second person's word: from now on the correction counts."""
        async with self._one_at_a_time:
            row = self._correction(cohort_id, n)
            if row.approved_at is not None:
                raise Declined("conflict", f"correction {n} of cohort {cohort_id} is approved already")
            if not by or by == row.by or token == row.by_token:
                raise Declined("not_allowed", "a correction needs two people: this one proposed it")
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
            await self._append("delivery", headers, _ours(name, "attendance.corrected", now, data), now)
            return self._correction(cohort_id, n)

    async def excuse(
        self, cohort_id: str, person: str, session: str, reason: str, *, by: str, token: str, now: int
    ) -> Entry:
        """Writes down that somebody was excused (请假); it changes no number."""
        async with self._one_at_a_time:
            plan = _opened(await self.cohort_file(cohort_id))
            _check_correction(plan, cohort_id, person, session, None, reason, by)
            data = {
                "cohort": cohort_id,
                "person": person,
                "session": session,
                "reason": reason.strip(),
                "by": by,
            }
            headers = {"cohort": cohort_id, "by": by, "token": token}
            name = f"excuse-{cohort_id}-{random.token_hex(8)}"
            return await self._append("delivery", headers, _ours(name, "attendance.excused", now, data), now)

    async def add_source(
        self,
        source_id: str,
        kind: str,
        *,
        secret: str | None = None,
        camera: str = "heartbeat",
        heartbeat_seconds: int | None = None,
        may_sign_in: bool = False,
        demo: bool = False,
        by: str,
        now: int,
    ) -> tuple[SourceRow, str]:
        """A platform that may push from now on, and its secret: the one given, or a fresh one."""
        async with self._one_at_a_time:
            _check_source(source_id, kind, camera, heartbeat_seconds)
            if self._state.get(SourceRow, source_id) is not None:
                raise Declined("conflict", f"source {source_id} is there already")
            secret = secret or new_secret()
            try:
                KINDS[kind].seal((secret,))
            except ValueError as error:
                raise Declined("invalid", f"--secret: {error}") from None
            row = SourceRow(source_id, kind, camera, heartbeat_seconds, may_sign_in, demo, now)
            await self._cabinet.put_secrets(source_id, [secret], now)
            await self._append("source", {"by": by}, body(row), now, secrets={source_id: (secret,)})
            added = self._state.get(SourceRow, source_id)
            assert added is not None
            return added, secret

    async def add_token(
        self,
        role: str,
        *,
        cohorts: Sequence[str] = (),
        source: str | None = None,
        person: str | None = None,
        name: str = "",
        by: str,
        now: int,
    ) -> tuple[TokenRow, str]:
        """A token of a role, and its text, which is kept nowhere.

        Without `cohorts`, admin, center and auditor are given all of them, everybody else none.
        """
        async with self._one_at_a_time:
            self._check_token(role, cohorts, source, person)
            given = None if not cohorts and role in _ALL_COHORTS else tuple(dict.fromkeys(cohorts))
            number = random.token_hex(4)
            text = f"mon_{number}_{random.token_urlsafe(32)}"
            row = TokenRow(number, name.strip(), role, given, source, person, now)
            digest = hashlib.sha256(text.encode()).hexdigest()
            await self._cabinet.put_token_hash(number, digest)
            await self._append("token", {"by": by}, body(row), now)
            self._by_hash[digest] = number
            return self._token(number), text

    async def revoke_token(self, token_id: str, *, by: str, now: int) -> TokenRow:
        """From now on the token opens nothing."""
        async with self._one_at_a_time:
            row = self._token(token_id)
            if row.revoked_at is None:
                await self._append(
                    "token", {"by": by}, body(msgspec.structs.replace(row, revoked_at=now)), now
                )
            return self._token(token_id)

    # How it is kept.

    async def rebuild(self) -> None:
        """Throws away the tables that follow from the log and reads them again from it."""
        async with self._one_at_a_time:
            await self._cabinet.clear()
            await self._catch_up()
            await self._load()

    async def _append(
        self,
        kind: str,
        headers: Mapping[str, str],
        data: bytes,
        now: int,
        secrets: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Entry:
        """Into the log, then memory and followers (in order of position), then the tables."""
        rows: list[Any] = []

        def durable(entry: Entry) -> None:
            rows.extend(changes(entry, self._state))
            self._state.put(rows)
            for row in rows:
                if isinstance(row, SourceRow):
                    self._sources[row.id] = _source(row, (secrets or {}).get(row.id, ()))
            events = platforms.events(entry)
            for follower in self.on_entry:
                follower(entry, events)

        try:
            entry = await self._log.append(kind, "staff", now, headers, data, _DECIDED, then=durable)
        except (LogBusy, LogFailed):
            raise Declined("unavailable", "it could not be written and holds not; try again") from None
        await self._cabinet.apply(rows, _mark(entry))
        return entry

    async def _catch_up(self) -> None:
        """Applies what the log has and the tables don't; all of it where the two don't fit together."""
        applied = await self._cabinet.fact("applied")
        position = 0
        if applied is not None:
            position = int(applied.partition(" ")[0])
            try:
                fits = _mark(await self._log.entry(position)) == applied
            except KeyError:
                fits = False
            if not fits:
                await self._cabinet.clear()
                position = 0
        state = await self._cabinet.load()
        async for entry in self._log.read(position, sources={"staff"}):
            rows = changes(entry, state)
            state.put(rows)
            if rows:
                await self._cabinet.apply(rows, _mark(entry))

    async def _load(self) -> None:
        self._state = await self._cabinet.load()
        secrets = await self._cabinet.secrets()
        self._sources = {row.id: _source(row, secrets.get(row.id, ())) for row in self._state.all(SourceRow)}
        self._by_hash = await self._cabinet.token_hashes()

    async def _give(self, token_id: str, cohort_id: str, now: int) -> None:
        """A clerk who creates a cohort is given it."""
        row = self._state.get(TokenRow, token_id)
        if row is not None and row.cohorts is not None and cohort_id not in row.cohorts:
            row = msgspec.structs.replace(row, cohorts=(*row.cohorts, cohort_id))
            await self._append("token", {"by": token_id}, body(row), now)

    def _cohort_row(self, cohort_id: str) -> CohortRow:
        row = self._state.get(CohortRow, cohort_id)
        if row is None:
            raise Declined("not_found", f"there is no cohort {cohort_id}")
        return row

    def _token(self, token_id: str) -> TokenRow:
        row = self._state.get(TokenRow, token_id)
        if row is None:
            raise Declined("not_found", f"there is no token {token_id}")
        return row

    def _correction(self, cohort_id: str, n: int) -> CorrectionRow:
        row = self._state.get(CorrectionRow, cohort_id, n)
        if row is None:
            raise Declined("not_found", f"cohort {cohort_id} has no correction {n}")
        return row

    def _source_notes(self, cohort: Cohort) -> list[str]:
        notes = []
        for listed in cohort.sources:
            known = self._state.get(SourceRow, listed.id)
            if known is None:
                notes.append(
                    f"source {listed.id} is not set up yet: monitor source add {listed.id} --kind native"
                )
            elif known.camera != listed.camera or (
                known.heartbeat_seconds not in (None, listed.heartbeat_seconds)
            ):
                notes.append(
                    f"source {listed.id}: the cohort file says camera {listed.camera} "
                    f"(heartbeat {listed.heartbeat_seconds} s), source add said {known.camera} "
                    f"({known.heartbeat_seconds} s); the cohort file counts"
                )
        return notes

    def _keep_bindings(self, data: bytes, plan: Plan, notes: list[str]) -> tuple[bytes, Plan]:
        """The file with the accounts that staff had bound, where it says nothing else about them."""
        for row in self._state.all(BindingRow):
            person = plan.people.get(row.person)
            if row.cohort != plan.cohort.id or row.dropped is not None:
                continue
            if person is not None and row.account in person.accounts:
                continue
            try:
                if person is None:
                    raise CohortFileError([])
                kept = _with_account(plan.cohort, row.person, row.account)
                plan, data = open_cohort(kept), kept
                notes.append(f"account {row.account} stays bound to {row.person}")
            except CohortFileError:
                notes.append(f"account {row.account}, bound to {row.person} before, is not any more")
        return data, plan

    def _check_token(self, role: str, cohorts: Sequence[str], source: str | None, person: str | None) -> None:
        if role not in ROLES:
            raise Declined("invalid", f"role {role} is not known; known are {', '.join(ROLES)}")
        if (role == "platform") != (source is not None):
            raise Declined("invalid", "a platform's token, and no other, names its source (--source)")
        if source is not None and source not in self._sources:
            raise Declined("not_found", f"there is no source {source}; add it first")
        for cohort_id in cohorts:
            self._cohort_row(cohort_id)
        if role == "trainee" and (len(cohorts) != 1 or not person):
            raise Declined("invalid", "a trainee's token names one cohort and a person (--cohort, --person)")


def _opened(data: bytes) -> Plan:
    try:
        return open_cohort(data)
    except CohortFileError as error:
        raise Declined("invalid", str(error), error.errors) from None


def _check_no_numbers(cohort: Cohort) -> None:
    """Declines a file with an ID number in it: it would be in the log for ever."""
    errors = [
        CohortError(where, "holds an ID number: take it out, it is given apart and kept encrypted")
        for where, text in _texts(cohort.content, "")
        if holds_number(text)
    ]
    if errors:
        raise Declined("invalid", "\n".join(str(error) for error in errors), errors)


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every text in a JSON value, with where it stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{where}.{key}" if where else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{where}[{index}]")
    elif isinstance(value, str):
        yield where, value


def _imported(cohort: Cohort, created: bool, changed: bool, position: int, notes: list[str]) -> Imported:
    return Imported(
        cohort.id,
        cohort.name,
        created,
        changed,
        position,
        len(cohort.people),
        len(cohort.sessions),
        tuple(notes),
    )


def _with_account(cohort: Cohort, person: str, account: str) -> bytes:
    """The cohort file with one more account."""
    content = msgspec.json.decode(write(cohort))
    for row in content["people"]:
        if row["id"] == person:
            row["accounts"] = [*(row.get("accounts") or []), account]
    return msgspec.json.encode(content)


def _check_correction(
    plan: Plan, cohort_id: str, person: str, session: str, period: int | None, reason: str, by: str
) -> None:
    if person not in plan.people:
        raise Declined("not_found", f"cohort {cohort_id} has no person {person}")
    if session not in plan.sessions:
        raise Declined("not_found", f"cohort {cohort_id} has no session {session}")
    if period is not None and not 0 <= period < len(plan.sessions[session].periods):
        raise Declined("not_found", f"session {session} has no period {period}; the first is 0")
    if not reason.strip() or not by.strip():
        raise Declined("invalid", "reason: say why, for it is printed")
    if holds_number(reason):
        raise Declined("invalid", "reason: leave the ID number out")


def _check_source(source_id: str, kind: str, camera: str, heartbeat_seconds: int | None) -> None:
    if not _ID.fullmatch(source_id) or source_id in OURS:
        raise Declined("invalid", f"source {source_id}: lower-case letters, digits and -, not staff or door")
    if kind not in KINDS:
        raise Declined("invalid", f"kind {kind} is not known; known are {', '.join(KINDS)}")
    if camera not in platforms.CAMERAS:
        raise Declined("invalid", f"camera {camera}: one of {', '.join(platforms.CAMERAS)}")
    if heartbeat_seconds is not None and heartbeat_seconds < 1:
        raise Declined("invalid", "heartbeat seconds: at least 1")


def _source(row: SourceRow, secrets: tuple[str, ...]) -> Source:
    kind = KINDS[row.kind]
    return Source(
        id=row.id,
        kind=kind,
        camera=row.camera,
        heartbeat_seconds=row.heartbeat_seconds,
        may_sign_in=row.may_sign_in,
        demo=row.demo,
        added_at=row.added_at,
        seal=kind.seal(secrets),
    )


def _ours(name: str, kind: str, now: int, data: dict[str, Any]) -> bytes:
    """One event of ours as a delivery."""
    event = {
        "specversion": "1.0",
        "id": name,
        "source": "staff",
        "type": kind,
        "time": rfc3339(now),
        "data": data,
    }
    return msgspec.json.encode([event])


def _mark(entry: Entry) -> str:
    """How it is remembered that an entry is applied."""
    return f"{entry.position} {entry.hash}"
