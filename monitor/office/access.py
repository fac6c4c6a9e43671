"""Who may push, and who may ask: sources and tokens; and who did ask.

In: what a source or token is given. Out: its secret or text, once. Never: keeps the text of a token, or a
secret in the clear; decides at a door (a door asks what a token was given).
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from monitor.event import OURS
from monitor.hours.plan import open_cohort
from monitor.ingest.seal import new_secret
from monitor.ingest.sources import CAMERAS, KINDS, Source
from monitor.instant import rfc3339
from monitor.office.archive import decision
from monitor.office.declined import Declined
from monitor.office.users import Users
from monitor.store.cabinet import Secret
from monitor.store.records import SourceRow, TokenRow, body

ROLES: Final = ("platform", "teacher", "clerk", "approver", "center", "auditor", "admin", "trainee")
"""平台, 教师, 经办, 审批, 中心, 审计, 管理员, 学员."""
_IMPORTERS: Final = ("admin", "clerk")
_ALL_COHORTS: Final = ("admin", "center", "auditor")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Access(Users):
    """The office's sources and tokens."""

    def source(self, source_id: str) -> Source | None:
        """The platform with that id, or None."""
        return self._platforms.get(source_id)

    def sources(self) -> list[SourceRow]:
        """Every platform, by id."""
        return self.state.all(SourceRow)

    def demo(self, source_ids: Iterable[str]) -> bool:
        """Whether one of these sources is marked as a demonstration."""
        return any(source.demo for name in source_ids if (source := self._platforms.get(name)))

    def token(self, digest: str) -> TokenRow | None:
        """The token whose hex SHA-256 this is, unless it was revoked."""
        found = self._token_ids.get(digest)
        row = None if found is None else self.state.get(TokenRow, found)
        return None if row is None or row.revoked_at is not None else row

    def tokens(self) -> list[TokenRow]:
        """Every token that was ever given out, by id."""
        return self.state.all(TokenRow)

    async def note_reading(self, **reading: Any) -> None:
        """Writes down who read what about whom (`tables.READINGS`)."""
        await self.cabinet.put_reading(reading)

    async def readings(self, cohort_id: str | None = None) -> list[dict[str, Any]]:
        """Who read what, oldest first."""
        return await self.cabinet.readings(cohort_id)

    @decision
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
        _check_source(source_id, kind, camera, heartbeat_seconds)
        if self.state.get(SourceRow, source_id) is not None:
            raise Declined("conflict", f"source {source_id} is there already; monitor source list shows it")
        secret = secret or new_secret()
        try:
            KINDS[kind].check(secret)
        except ValueError as error:
            raise Declined("invalid", f"secret: {error}") from None
        row = SourceRow(source_id, kind, camera, heartbeat_seconds, may_sign_in, demo, now)
        await self._put_secrets(source_id, (Secret(secret, now),))
        await self.keep("source", {"by": by}, body(row), now)
        added = self.state.get(SourceRow, source_id)
        assert added is not None
        return added, secret

    @decision
    async def change_source(
        self,
        source_id: str,
        *,
        camera: str | None = None,
        heartbeat_seconds: int | None = None,
        may_sign_in: bool | None = None,
        by: str,
        now: int,
    ) -> SourceRow:
        """Another camera, interval or right for a platform, from now on; what is not said stays.

        What it was allowed to send is written beside each delivery: those that came before stay as they were
        taken. How a cohort counts its cameras is in the cohort's own file.
        """
        row = self.state.get(SourceRow, source_id)
        if row is None:
            raise Declined("not_found", f"there is no source {source_id}; monitor source list names them")
        given = {"camera": camera, "heartbeat_seconds": heartbeat_seconds, "may_sign_in": may_sign_in}
        said = {name: value for name, value in given.items() if value is not None}
        if not said:
            raise Declined("invalid", "say what changes: --camera, --heartbeat-seconds, --may, --may-not")
        changed = msgspec.structs.replace(row, **said)
        _check_source(row.id, row.kind, changed.camera, changed.heartbeat_seconds)
        if changed != row:
            await self.keep("source", {"by": by, "why": "changed"}, body(changed), now)
        return self.state.get(SourceRow, source_id) or row

    @decision
    async def rotate_source(
        self, source_id: str, *, secret: str | None = None, keep_ms: int = 0, by: str, now: int
    ) -> tuple[SourceRow, str, int | None]:
        """A fresh secret (or the one given) for a platform; and until when those it has hold besides.

        They end `keep_ms` from now, by themselves, unless they end before. A source that has none any more
        (tables restored that are older than the log) is given one the same way.
        """
        row = self.state.get(SourceRow, source_id)
        if row is None:
            raise Declined("not_found", f"there is no source {source_id}; monitor source list names them")
        if keep_ms < 0:
            raise Declined("invalid", "keep: how long the old secret holds can't be less than nothing")
        secret = secret or new_secret()
        try:
            KINDS[row.kind].check(secret)
        except ValueError as error:
            raise Declined("invalid", f"secret: {error}") from None
        before = self._secrets.get(source_id, ())
        ends = now + keep_ms
        kept = tuple(
            msgspec.structs.replace(one, ends_at=ends if one.ends_at is None else min(ends, one.ends_at))
            for one in before
            if keep_ms and one.holds(now) and one.text != secret
        )
        headers = {"by": by, "why": "secret rotated", "ends": rfc3339(ends)}
        await self._put_secrets(source_id, (Secret(secret, now), *kept))
        try:
            await self.keep("source", headers, body(row), now)
        except Declined:
            await self._put_secrets(source_id, before)
            raise
        last = max((one.ends_at for one in kept if one.ends_at is not None), default=None)
        return self.state.get(SourceRow, source_id) or row, secret, last

    def secrets_of(self, source_id: str) -> list[dict[str, int | None]]:
        """Since when, and until when, the secrets of a source hold; never the secrets."""
        return [
            {"added_at": one.added_at, "ends_at": one.ends_at} for one in self._secrets.get(source_id, ())
        ]

    async def _put_secrets(self, source_id: str, secrets: tuple[Secret, ...]) -> None:
        await self.cabinet.put_secrets(source_id, secrets)
        self._secrets[source_id] = secrets

    @decision
    async def add_token(
        self,
        role: str,
        *,
        cohorts: Sequence[str] = (),
        source: str | None = None,
        person: str | None = None,
        may_list: Sequence[str] = (),
        name: str = "",
        holder: str | None = None,
        by: str,
        now: int,
    ) -> tuple[TokenRow, str]:
        """A token of a role, and its text, which is kept nowhere.

        Without `cohorts`, admin, center and auditor are given all of them, everybody else none. `may_list`:
        sources that cohort files of a clerk (or admin) may list, beside those that their cohorts list.
        `holder`: the name of the user whose token it is, so that the two are not taken for two people.
        """
        self._check_token(role, cohorts, source, person)
        self._check_may_list(role, may_list)
        if person is not None:
            await self._check_trainee(cohorts[0], person)
        given = None if not cohorts and role in _ALL_COHORTS else tuple(dict.fromkeys(cohorts))
        number = secrets.token_hex(4)
        while self.state.get(TokenRow, number) is not None:
            number = secrets.token_hex(4)
        text = f"mon_{number}_{secrets.token_urlsafe(32)}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        row = TokenRow(
            number,
            name.strip(),
            role,
            given,
            source,
            person,
            now,
            may_list=tuple(dict.fromkeys(may_list)),
            holder=None if holder is None else self._user_called(holder),
        )
        await self.cabinet.put_token_hash(number, digest)
        await self.keep("token", {"by": by}, body(row), now)
        self._token_ids[digest] = number
        return self._token(number), text

    @decision
    async def grant_token(
        self,
        token_id: str,
        *,
        cohorts: Sequence[str] = (),
        may_list: Sequence[str] = (),
        by: str,
        now: int,
    ) -> TokenRow:
        """Gives a token more cohorts, and sources that its cohort files may list; from now on."""
        row = self._token(token_id)
        if row.revoked_at is not None:
            raise Declined("conflict", f"token {token_id} is revoked; add a new one")
        if not cohorts and not may_list:
            raise Declined("invalid", "say what is granted: --cohort ID, --source ID")
        if cohorts and row.role in ("platform", "trainee"):
            raise Declined("invalid", f"a {row.role}'s token is for what it was made for; add another one")
        self._check_may_list(row.role, may_list)
        for cohort_id in cohorts:
            self.cohort_row(cohort_id)
        changed = msgspec.structs.replace(
            row,
            cohorts=None if row.cohorts is None else tuple(dict.fromkeys((*row.cohorts, *cohorts))),
            may_list=tuple(dict.fromkeys((*row.may_list, *may_list))),
        )
        if changed != row:
            await self.keep("token", {"by": by}, body(changed), now)
        return self._token(token_id)

    @decision
    async def revoke_token(self, token_id: str, *, by: str, now: int) -> TokenRow:
        """From now on the token opens nothing."""
        row = self._token(token_id)
        if row.revoked_at is None:
            await self.keep("token", {"by": by}, body(msgspec.structs.replace(row, revoked_at=now)), now)
        return self._token(token_id)

    def _user_called(self, name: str) -> str:
        user = self.user_named(name)
        if user is None:
            raise Declined("not_found", f"there is no user {name}; monitor user list names them")
        return user.id

    def _token(self, token_id: str) -> TokenRow:
        row = self.state.get(TokenRow, token_id)
        if row is None:
            raise Declined("not_found", f"there is no token {token_id}; monitor token list names them")
        return row

    def _check_may_list(self, role: str, may_list: Sequence[str]) -> None:
        if may_list and role not in _IMPORTERS:
            raise Declined("invalid", f"a {role} imports no cohort, so is granted no source (--source)")
        for source in may_list:
            if source not in self._platforms:
                raise Declined("not_found", f"there is no source {source}; add it first")

    def _check_token(self, role: str, cohorts: Sequence[str], source: str | None, person: str | None) -> None:
        if role not in ROLES:
            raise Declined("invalid", f"role {role} is not known; known are {', '.join(ROLES)}")
        if (role == "platform") != (source is not None):
            raise Declined("invalid", "a platform's token, and no other, names its source (--source)")
        if source is not None and source not in self._platforms:
            raise Declined("not_found", f"there is no source {source}; add it first")
        for cohort_id in cohorts:
            self.cohort_row(cohort_id)
        if role == "trainee" and (len(cohorts) != 1 or not person):
            raise Declined("invalid", "a trainee's token names one cohort and a person (--cohort, --person)")
        if role != "trainee" and person is not None:
            raise Declined("invalid", "a trainee's token alone names a person (--person)")

    async def _check_trainee(self, cohort_id: str, person: str) -> None:
        people = open_cohort(await self.cohort_file(cohort_id)).people
        if person not in people:
            raise Declined(
                "not_found",
                f"班次 {cohort_id} 中没有人员 {person} · cohort {cohort_id} has no person {person}; "
                "monitor cohort export names them",
            )
        if people[person].role != "trainee":
            raise Declined("invalid", f"{person} is no trainee of {cohort_id} but a {people[person].role}")


def _check_source(source_id: str, kind: str, camera: str, heartbeat_seconds: int | None) -> None:
    if not _ID.fullmatch(source_id) or source_id in OURS:
        raise Declined("invalid", f"source {source_id}: lower-case letters, digits and -, not staff or door")
    if kind not in KINDS:
        raise Declined("invalid", f"kind {kind} is not known; known are {', '.join(KINDS)}")
    if camera not in CAMERAS:
        raise Declined("invalid", f"camera {camera}: one of {', '.join(CAMERAS)}")
    if heartbeat_seconds is not None and not 1 <= heartbeat_seconds <= 86_400:
        raise Declined("invalid", "heartbeat seconds: at least 1, and at most a day (86400)")
