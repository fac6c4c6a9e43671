"""Users: people who sign in, with a role, the cohorts given to them, and who they are in each.

In: what a user is given, and by whom. Out: rows. Never: a password (links and passwords have it), a session
that outlives what it was begun with: a change of rights ends them.
"""

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from monitor.hours.plan import open_cohort
from monitor.office.archive import decision
from monitor.office.declined import Declined
from monitor.office.sessions import Sessions
from monitor.store.records import CohortRow, SourceRow, TokenRow, UserRow, body

USER_ROLES: Final = ("teacher", "clerk", "approver", "center", "auditor", "admin")
"""教师, 经办, 审批, 中心, 审计, 管理员. Platforms and trainees have tokens."""
_ALL_COHORTS: Final = ("admin", "center", "auditor")
_IMPORTERS: Final = ("admin", "clerk")
_NAME: Final = re.compile(r"[\w.@-]{1,64}")
_LONGEST_DISPLAY: Final = 100


def login(name: str) -> str:
    """A name as it is compared: however it was typed, in whatever case."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


class Users(Sessions):
    """The office's users."""

    def user(self, user_id: str) -> UserRow | None:
        """The user with that id, or None."""
        return self.state.get(UserRow, user_id)

    def user_named(self, name: str) -> UserRow | None:
        """The user who signs in with that name, or None."""
        wanted = login(name)
        return next((row for row in self.state.all(UserRow) if row.name == wanted), None)

    def users(self) -> list[UserRow]:
        """Every user there ever was, by id."""
        return self.state.all(UserRow)

    def has_admin(self) -> bool:
        """Whether somebody may invite others."""
        return any(row.role == "admin" and row.disabled_at is None for row in self.users())

    @decision
    async def add_user(
        self,
        name: str,
        role: str,
        *,
        display: str = "",
        cohorts: Sequence[str] | None = (),
        persons: Mapping[str, str] | None = None,
        may_list: Sequence[str] = (),
        within: frozenset[str] | None = None,
        by: str,
        now: int,
    ) -> UserRow:
        """A user who has no password yet: a link lets them set one.

        `cohorts` as of a token: none given is all of them for admin, center and auditor, none for others.
        `within`: what may be given, where that is not everything.
        """
        return await self._add_user(
            name,
            role,
            display=display,
            cohorts=cohorts,
            persons=persons or {},
            may_list=may_list,
            within=within,
            by=by,
            now=now,
        )

    async def _add_user(
        self,
        name: str,
        role: str,
        *,
        display: str,
        cohorts: Sequence[str] | None,
        persons: Mapping[str, str],
        may_list: Sequence[str],
        within: frozenset[str] | None = None,
        by: str,
        now: int,
    ) -> UserRow:
        wanted = login(name)
        if not _NAME.fullmatch(wanted):
            raise Declined(
                "bad_name",
                "登录名：1 至 64 个字母（汉字亦可）、数字或 . _ - @ · name: letters, digits, . _ - @",
            )
        if self.user_named(wanted) is not None:
            raise Declined("conflict", f"登录名 {wanted} 已被使用 · there is a user {wanted} already")
        number = "u" + secrets.token_hex(4)
        while self.user(number) is not None:
            number = "u" + secrets.token_hex(4)
        row = UserRow(
            id=number,
            name=wanted,
            display=_called(display) or name.strip(),
            role=role,
            cohorts=_given(role, cohorts),
            persons=dict(persons),
            added_at=now,
            changed_at=now,
            may_list=tuple(dict.fromkeys(may_list)),
        )
        await self._check_user(row, within)
        await self.keep("user", {"by": by}, body(row), now)
        return self._user(number)

    @decision
    async def change_user(
        self,
        user_id: str,
        changes: Mapping[str, Any],
        *,
        within: frozenset[str] | None = None,
        by: str,
        now: int,
    ) -> UserRow:
        """Changes `display`, `role`, `cohorts`, `persons`, `may_list` or `disabled` of a user.

        What changes their rights ends their sessions and the links that they were given. Declined where
        nobody would be left who may invite others.
        """
        before = self._user(user_id)
        row = before
        if "display" in changes:
            row = msgspec.structs.replace(row, display=_called(changes["display"]) or row.name)
        if "role" in changes:
            role = changes["role"]
            cohorts = None if role in _ALL_COHORTS and row.cohorts == () else row.cohorts
            if row.cohorts is None and role not in _ALL_COHORTS:
                cohorts = ()
            row = msgspec.structs.replace(row, role=role, cohorts=cohorts)
        if "cohorts" in changes:
            row = msgspec.structs.replace(row, cohorts=_given(row.role, changes["cohorts"]))
        if "persons" in changes:
            row = msgspec.structs.replace(row, persons=dict(changes["persons"]))
        elif row.cohorts is not None:
            kept = {cohort: person for cohort, person in row.persons.items() if cohort in row.cohorts}
            row = msgspec.structs.replace(row, persons=kept)
        if "may_list" in changes:
            row = msgspec.structs.replace(row, may_list=tuple(dict.fromkeys(changes["may_list"])))
        if "disabled" in changes:
            ends = (before.disabled_at or now) if changes["disabled"] else None
            row = msgspec.structs.replace(row, disabled_at=ends)
        if row == before:
            return before
        await self._check_user(row, within)
        row = msgspec.structs.replace(row, changed_at=now)
        others = [one for one in self.users() if one.id != row.id and one.disabled_at is None]
        stays = row.role == "admin" and row.disabled_at is None
        if before.role == "admin" and not stays and all(one.role != "admin" for one in others):
            raise Declined(
                "conflict", "这是最后一位管理员 · this is the last admin: invite another one first"
            )
        await self.keep("user", {"by": by}, body(row), now)
        if _rights(row) != _rights(before):
            await self._shut_out(user_id)
        return self._user(user_id)

    async def _shut_out(self, user_id: str) -> None:
        """Ends what was begun with other rights."""
        await self.end_sessions(user_id)

    def _user(self, user_id: str) -> UserRow:
        row = self.user(user_id)
        if row is None:
            raise Declined("not_found", f"there is no user {user_id}; monitor user list names them")
        return row

    async def _check_user(self, row: UserRow, within: frozenset[str] | None) -> None:
        if within is not None and not (row.cohorts is not None and within.issuperset(row.cohorts)):
            raise Declined("forbidden", "cohorts: nobody gives what they were not given themselves")
        if row.role not in USER_ROLES:
            raise Declined("invalid", f"role {row.role} is not known; known are {', '.join(USER_ROLES)}")
        for cohort_id in row.cohorts or ():
            self.cohort_row(cohort_id)
        if row.may_list and row.role not in _IMPORTERS:
            raise Declined("invalid", f"a {row.role} imports no cohort, so is granted no source")
        for source in row.may_list:
            if self.state.get(SourceRow, source) is None:
                raise Declined("not_found", f"there is no source {source}; add it first")
        for cohort_id, person in row.persons.items():
            if not row.may_see(cohort_id):
                raise Declined("invalid", f"persons: cohort {cohort_id} was not given to this user")
            await self._check_person(row.id, cohort_id, person)

    async def _check_person(self, user_id: str, cohort_id: str, person: str) -> None:
        """They are a teacher of the cohort, and nobody else is that teacher."""
        holder = open_cohort(await self.cohort_file(cohort_id)).people.get(person)
        if holder is None or holder.role != "teacher":
            raise Declined("not_found", f"persons: cohort {cohort_id} has no teacher {person}")
        for other in self.users():
            if other.id != user_id and other.disabled_at is None and other.persons.get(cohort_id) == person:
                raise Declined("conflict", f"persons: {person} of cohort {cohort_id} is another user already")

    def granted(self, by: str) -> TokenRow | UserRow | None:
        """The token or the user with that id; None for the command line, which has everything."""
        return self.state.get(TokenRow, by) or self.state.get(UserRow, by)

    def selves(self, by: str, cohort_id: str) -> set[str]:
        """All that is known of who stands behind a token or a user: ids, and the person in a cohort."""
        found = {by}
        token = self.state.get(TokenRow, by)
        user = self.state.get(UserRow, by if token is None else token.holder or "")
        if user is not None:
            found.add(user.id)
            if cohort_id in user.persons:
                found.add(f"person {user.persons[cohort_id]}")
        return found

    async def _give(self, by: str, cohort_id: str, now: int) -> None:
        """Who creates a cohort is given it; what they may see grows, so no session has to end."""
        row = self.granted(by)
        if row is not None and row.cohorts is not None and cohort_id not in row.cohorts:
            more = msgspec.structs.replace(row, cohorts=(*row.cohorts, cohort_id))
            await self.keep("user" if isinstance(row, UserRow) else "token", {"by": by}, body(more), now)

    def _sources_of(self, row: TokenRow | UserRow) -> set[str]:
        """The sources that are theirs: those that a cohort of theirs lists, and those that were granted."""
        own = set(row.may_list)
        for cohort in self.state.all(CohortRow):
            if row.may_see(cohort.id):
                own |= set(cohort.sources)
        return own


def _given(role: str, cohorts: Sequence[str] | None) -> tuple[str, ...] | None:
    if cohorts is None and role not in _ALL_COHORTS:
        raise Declined("invalid", f"cohorts: a {role} is given cohorts one by one")
    return None if not cohorts and role in _ALL_COHORTS else tuple(dict.fromkeys(cohorts or ()))


def _called(display: str) -> str:
    """A name to be shown: on one line, not too long."""
    text = " ".join(unicodedata.normalize("NFC", display).split())
    if len(text) > _LONGEST_DISPLAY or not text.isprintable():
        raise Declined(
            "bad_name", f"姓名最多 {_LONGEST_DISPLAY} 个字 · display: at most {_LONGEST_DISPLAY} characters"
        )
    return text


def _rights(row: UserRow) -> tuple[Any, ...]:
    return row.role, row.cohorts, row.persons, row.may_list, row.disabled_at is None
