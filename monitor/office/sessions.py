"""Who is signed in: sessions, from a cookie's hash to a user, until they end.

In: the hash of what a cookie holds, instants. Out: the user, or None. Never: a cookie's text but to who signs
in, an address. What a session opens is its user's, looked up at each use, so that a change holds at once.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from monitor.office.archive import Archive
from monitor.store.keyring import Session
from monitor.store.records import UserRow

IDLE_MS: Final = 12 * 3_600_000
"""A session that nobody used for so long is over."""
LIFE_MS: Final = 7 * 24 * 3_600_000
"""A session is over after so long, however it is used."""
MOST: Final = 20
"""Sessions of one user; the one used longest ago makes room."""


def digest_of(cookie: str) -> str:
    """The hex SHA-256 by which a cookie is known; never that of a token with the same text."""
    return hashlib.sha256(f"session {cookie}".encode("utf-8", "surrogatepass")).hexdigest()


class Sessions(Archive):
    """The office's sessions."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._sessions: dict[str, Session] = {}
        self._used: set[str] = set()
        self.on_session_end: list[Callable[[], None]] = []
        """Called in the event loop when sessions were ended before their time."""

    async def _load(self) -> None:
        await super()._load()
        self._sessions = {one.sha256: one for one in await self.cabinet.keyring.sessions()}

    def session(self, digest: str, now: int) -> tuple[Session, UserRow] | None:
        """The session of a cookie's hash and whose it is; None where it is over, or its user disabled."""
        found = self._sessions.get(digest)
        if found is None or now >= found.ends_at or now >= found.seen_at + IDLE_MS:
            return None
        user = self.state.get(UserRow, found.holder)
        return None if user is None or user.disabled_at is not None else (found, user)

    def see_session(self, digest: str, now: int) -> None:
        """A session is in use; written down with the next sweep."""
        found = self._sessions.get(digest)
        if found is not None and now > found.seen_at:
            found.seen_at = now
            self._used.add(digest)

    def sessions_of(self, user_id: str, now: int) -> list[Session]:
        """The sessions of a user that hold, the one begun last first."""
        own = [
            one for one in self._sessions.values() if one.holder == user_id and self.session(one.sha256, now)
        ]
        return sorted(own, key=lambda one: (-one.begun_at, one.id))

    async def begin_session(self, user: UserRow, agent: str, now: int) -> tuple[Session, str]:
        """A new session, and what its cookie holds, which is kept nowhere."""
        cookie = secrets.token_urlsafe(32)
        session = Session(
            id=secrets.token_hex(6),
            sha256=digest_of(cookie),
            holder=user.id,
            agent=agent,
            begun_at=now,
            seen_at=now,
            ends_at=now + LIFE_MS,
        )
        self._sessions[session.sha256] = session  # first, so that who ends sessions meanwhile ends this one
        await self.cabinet.keyring.put_sessions(session)
        own = sorted(self.sessions_of(user.id, now), key=lambda one: (one.seen_at, one.begun_at))
        await self._end(one for one in own[:-MOST] if one is not session)
        return session, cookie

    async def end_sessions(self, user_id: str, *, only: str | None = None, but: str | None = None) -> int:
        """Ends the sessions of a user: all, the one with an id, or all but one; how many there were."""
        return await self._end(
            one
            for one in list(self._sessions.values())
            if one.holder == user_id and only in (None, one.id) and (but is None or one.id != but)
        )

    async def sweep_sessions(self, now: int) -> None:
        """Writes down when sessions were last used, and forgets those that are over."""
        used = [self._sessions[digest] for digest in self._used if digest in self._sessions]
        self._used.clear()
        await self.cabinet.keyring.put_sessions(*used)
        await self._end(one for one in list(self._sessions.values()) if self.session(one.sha256, now) is None)

    async def _end(self, ending: Iterable[Session]) -> int:
        """They hold no more from here on; then the tables."""
        gone = list(ending)
        for one in gone:
            self._sessions.pop(one.sha256, None)
            self._used.discard(one.sha256)
        if gone:
            for told in self.on_session_end:
                told()
            await self.cabinet.keyring.drop_sessions(*(one.id for one in gone))
        return len(gone)


def shown(session: Session) -> dict[str, Any]:
    """A session without what proves it."""
    return {name: value for name, value in msgspec.structs.asdict(session).items() if name != "sha256"}
