"""Cohorts: their files, version by version, and whose account is whose.

In: a cohort file, or an account and who holds it. Out: `Imported`, with a new version in the log where
anything changed. Never: takes over a file that has an error, or an ID number into one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from monitor.cohort import Cohort, CohortError, write
from monitor.hours.plan import CohortFileError, Plan, open_cohort
from monitor.identity import holds_number
from monitor.office.archive import check_texts, decision
from monitor.office.declined import Declined
from monitor.office.partings import people_parted, sessions_parted
from monitor.office.users import Users
from monitor.store.records import BindingRow, CohortRow, CorrectionRow, SourceRow, TokenRow

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a cohort may be called."""
_CHANGE_SESSIONS = (
    "课次编号请保持不变；确要如此，命令行加 --change-sessions，接口加 change_sessions=true，并写明理由 why · "
    "keep the ids of sessions; if this is meant, --change-sessions (HTTP: change_sessions=true), and why"
)
_DROP_PEOPLE = (
    "退班的人请填退班日期 withdrawn_on；确要去掉，命令行加 --drop-people，接口加 drop_people=true，"
    "并写明理由 why · "
    "who has left gets a withdrawn_on; if this is meant, --drop-people (HTTP: drop_people=true), and why"
)
_GRANT = "an admin grants it (monitor token grant), or imports the cohort first"


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


class Cohorts(Users):
    """The office's cohorts."""

    def cohort(self, cohort_id: str) -> CohortRow | None:
        """The version of a cohort that holds, or None."""
        return self.state.get(CohortRow, cohort_id)

    def cohorts(self) -> list[CohortRow]:
        """Every cohort, by id."""
        return self.state.all(CohortRow)

    async def identities(self, cohort_id: str) -> dict[str, str]:
        """The ID numbers of a cohort's people, in the clear: for printed sheets, never for answers."""
        return await self.cabinet.identities(cohort_id)

    @decision
    async def import_cohort(
        self,
        data: bytes,
        identities: Mapping[str, str] | None = None,
        *,
        by: str,
        why: str,
        now: int,
        keep_bindings: bool = True,
        change_sessions: bool = False,
        drop_people: bool = False,
    ) -> Imported:
        """A new version of a cohort from its file; none where nothing changed.

        Declined (`conflict`) where that would part evidence from its session without `change_sessions`, or
        people from their events without `drop_people`: each is named.

        `identities`: ID numbers by person id, checked. `by`: id of a token or a user, or who runs the
        command line; a clerk who creates a cohort is given it, and lists no source but those that are theirs.
        Accounts bound by staff stay bound (`keep_bindings`).
        """
        plan = opened(data)
        check_texts({"by": by, "why": why}, data)
        _check_no_numbers(plan.cohort)
        if self.cohort(plan.cohort.id) is None:
            _check_id(plan.cohort.id)
        self._check_sources(plan.cohort, by)
        notes = self._notes(plan.cohort)
        if keep_bindings:
            data, plan = self._keep_bindings(data, plan, notes)
        cohort = plan.cohort
        before = self.cohort(cohort.id)
        allowed = await self._part(
            plan,
            notes,
            now,
            sessions=change_sessions,
            people=drop_people,
            names=self.granted(by) is None,  # the command line: a door says ids only
        )
        dropped = not keep_bindings and any(
            row.cohort == cohort.id and row.dropped is None for row in self.state.all(BindingRow)
        )
        changed = before is None or dropped or await self._differs(cohort)
        if identities:
            unknown = sorted(set(identities) - set(plan.people))
            if unknown:
                raise Declined("invalid", f"ID numbers were given for people not in the file: {unknown}")
            await self.cabinet.put_identities(cohort.id, identities)
        position = before.position if before else 0
        if changed:
            headers = {"cohort": cohort.id, "by": by, "why": why}
            if dropped:
                headers["bindings"] = "dropped"
            if allowed:
                headers["allowed"] = allowed
            position = (await self.keep("cohort", headers, data, now)).position
        if before is None:
            await self._give(by, cohort.id, now)
        return imported(cohort, position, created=before is None, changed=changed, notes=notes)

    async def _part(
        self, plan: Plan, notes: list[str], now: int, *, sessions: bool, people: bool, names: bool
    ) -> str:
        """What the new version parts, as far as that is allowed: into the notes; in words for the log."""
        if self.cohort(plan.cohort.id) is None:
            return ""
        before = open_cohort(await self.cohort_file(plan.cohort.id))
        moved = await sessions_parted(self.log, before, plan, self._corrections_of(plan.cohort.id))
        gone, unseen = await people_parted(self.log, before, plan, self.state.all(TokenRow), now, names=names)
        errors = [*([] if sessions else moved), *([] if people else gone)]
        if errors:
            ways = [
                *([_CHANGE_SESSIONS] if moved and not sessions else []),
                *([_DROP_PEOPLE] if gone and not people else []),
            ]
            raise Declined.file("conflict", [*errors, *(CohortError("", way) for way in ways)])
        notes += map(str, (*moved, *gone, *unseen))
        return " ".join([*(["change-sessions"] if moved else []), *(["drop-people"] if gone else [])])

    def _corrections_of(self, cohort_id: str) -> list[CorrectionRow]:
        return [
            row
            for row in self.state.all(CorrectionRow)
            if row.cohort == cohort_id and row.state in ("proposed", "approved")
        ]

    @decision
    async def bind_account(
        self,
        cohort_id: str,
        person: str,
        account: str,
        *,
        source: str | None = None,
        by: str,
        why: str,
        now: int,
    ) -> Imported:
        """Gives an account (`ACCOUNT`, or `SOURCE/ACCOUNT`) to a person, by a new version of the cohort.

        With `source` it is theirs on that platform alone, which the cohort must list.
        """
        plan = opened(await self.cohort_file(cohort_id))
        holder = plan.people.get(person)
        if holder is None:
            raise Declined("not_found", f"cohort {cohort_id} has no person {person}")
        if not account.strip():
            raise Declined("invalid", "account: must not be empty")
        if source is not None:
            if source not in plan.sources:
                raise Declined("not_found", f"cohort {cohort_id} lists no source {source}")
            account = f"{source}/{account}"
        if account in holder.accounts:
            return imported(plan.cohort, self.cohort_row(cohort_id).position, created=False, changed=False)
        data = _with_account(plan.cohort, person, account)
        try:
            plan = open_cohort(data)
        except CohortFileError as error:
            raise Declined.file("conflict", error.errors) from None
        headers = {
            "cohort": cohort_id,
            "by": by,
            "why": why,
            "bound-person": person,
            "bound-account": account,
        }
        entry = await self.keep("cohort", headers, data, now)
        return imported(plan.cohort, entry.position, created=False, changed=True)

    @decision
    async def unbind_account(
        self, cohort_id: str, person: str, account: str, *, by: str, why: str, now: int
    ) -> Imported:
        """Takes an account that staff bound from its person again; its events count for nobody then."""
        row = self.state.get(BindingRow, cohort_id, account)
        plan = opened(await self.cohort_file(cohort_id))
        holder = plan.people.get(person)
        if row is None or row.dropped is not None or row.person != person or holder is None:
            raise Declined(
                "not_found",
                f"{account} was not bound to {person} by staff; what the cohort file says is changed there",
            )
        data = _without_account(plan.cohort, person, account)
        headers = {"cohort": cohort_id, "by": by, "why": why, "unbound-account": account}
        entry = await self.keep("cohort", headers, data, now)
        return imported(plan.cohort, entry.position, created=False, changed=True)

    async def _differs(self, cohort: Cohort) -> bool:
        return write(open_cohort(await self.cohort_file(cohort.id)).cohort) != write(cohort)

    def _check_sources(self, cohort: Cohort, by: str) -> None:
        """Declines sources that are not this token's or user's: it would read the events of other organisers.

        A token's are those which a cohort that it was given lists, and those that it was granted. The command
        line, and who was given all cohorts, list any. A source that isn't there is declined in the same
        words, for it may become somebody else's.
        """
        holder = self.granted(by)
        if holder is None or holder.cohorts is None:
            return
        own = self._sources_of(holder)
        errors = [
            CohortError(f"sources[{index}].id", f"{source.id} is no source of this token; {_GRANT}")
            for index, source in enumerate(cohort.sources)
            if source.id not in own
        ]
        if errors:
            raise Declined.file("forbidden", errors)

    def _notes(self, cohort: Cohort) -> list[str]:
        notes = []
        if not cohort.sessions:
            notes.append(f"{cohort.id}: 课表是空的，没有课次 · the timetable is empty: nothing to count")
        for listed in cohort.sources:
            known = self.state.get(SourceRow, listed.id)
            if known is None:
                notes.append(
                    f"source {listed.id} is not set up yet: monitor source add {listed.id} --kind native"
                )
            elif (listed.camera, listed.heartbeat_seconds) != (
                known.camera,
                known.heartbeat_seconds or listed.heartbeat_seconds,
            ):
                notes.append(
                    f"source {listed.id}: the cohort file says camera {listed.camera}, "
                    f"{_interval(listed.heartbeat_seconds)}; source add said camera {known.camera}, "
                    f"{_interval(known.heartbeat_seconds)}. The cohort file counts"
                )
        return notes

    def _keep_bindings(self, data: bytes, plan: Plan, notes: list[str]) -> tuple[bytes, Plan]:
        """The file with the accounts that staff had bound, where it says nothing else about them."""
        for row in self.state.all(BindingRow):
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


def opened(data: bytes) -> Plan:
    """The plan of a cohort file; Declined naming all that is wrong with it."""
    try:
        return open_cohort(data)
    except CohortFileError as error:
        raise Declined.file("invalid", error.errors) from None


def _interval(heartbeat_seconds: int | None) -> str:
    if heartbeat_seconds is None:
        return "the beat that the policy has"
    return f"a beat each {heartbeat_seconds} s"


def imported(
    cohort: Cohort, position: int, *, created: bool, changed: bool, notes: list[str] | None = None
) -> Imported:
    """What is said of a version of a cohort."""
    return Imported(
        cohort=cohort.id,
        name=cohort.name,
        created=created,
        changed=changed,
        position=position,
        people=len(cohort.people),
        sessions=len(cohort.sessions),
        notes=tuple(notes or ()),
    )


def _with_account(cohort: Cohort, person: str, account: str) -> bytes:
    """The cohort file with one more account."""
    content = msgspec.json.decode(write(cohort))
    for row in content["people"]:
        if row["id"] == person:
            row["accounts"] = [*(row.get("accounts") or []), account]
    return msgspec.json.encode(content)


def _without_account(cohort: Cohort, person: str, account: str) -> bytes:
    """The cohort file with one account less."""
    content = msgspec.json.decode(write(cohort))
    for row in content["people"]:
        if row["id"] == person:
            row["accounts"] = [one for one in row.get("accounts") or [] if one != account]
    return msgspec.json.encode(content)


def _check_id(cohort_id: str) -> None:
    """Declines an id that would not stand in an address, a file name or a table as it is."""
    if not ID.fullmatch(cohort_id):
        problem = (
            "班次编号只能用字母、数字和 - _ .，以字母或数字开头，最多64个 · "
            "letters, digits, - _ and ., beginning with a letter or digit, 64 at most"
        )
        raise Declined.file("invalid", [CohortError("cohort.id", problem)])


def _check_no_numbers(cohort: Cohort) -> None:
    """Declines a file with an ID number in it: it would be in the log for ever."""
    errors = [
        CohortError(where, "holds an ID number: take it out, it is given apart and kept encrypted")
        for where, text in _texts(cohort.content, "")
        if holds_number(text)
    ]
    if errors:
        raise Declined.file("invalid", errors)


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
