"""One-time links and passwords: how somebody comes to be able to sign in.

In: whose link, its secret, a password. Out: the secret, once; the user whose it is. Never: keeps a secret or
a password, tells an unknown link from one that was used or has ended.

    invitation   a user sets their first password
    reset        a user sets another one
    first        whoever runs the service makes the first admin
    sign_in      a demonstration: signs straight in
"""

import hashlib
import secrets
from typing import Any, Final

import msgspec

from monitor.office import passwords
from monitor.office.archive import decision
from monitor.office.declined import Declined
from monitor.office.passwords import Passwords
from monitor.office.users import Users
from monitor.store.keyring import Link
from monitor.store.records import UserRow, body

LIFE_MS: Final = {
    "invitation": 7 * 24 * 3_600_000,
    "reset": 24 * 3_600_000,
    "first": 24 * 3_600_000,
    "sign_in": 24 * 3_600_000,
}
NOWHERE: Final = "http://127.0.0.1:8080"
_GONE: Final = "链接无效、已使用或已过期，请再要一个 · unknown, used or expired: ask for another one"
_ADDRESS: Final = "address"


class Given(msgspec.Struct, frozen=True):
    """A link as it is handed over, once."""

    kind: str
    secret: str
    ends_at: int


class Links(Users):
    """The office's links and passwords."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.passwords = Passwords()
        self.address = NOWHERE
        """Where people find the service, as it was last told."""
        self._links: dict[str, Link] = {}
        self._kept: dict[str, str] = {}

    async def _load(self) -> None:
        await super()._load()
        self._links = {link.sha256: link for link in await self.cabinet.keyring.links()}
        self._kept = await self.cabinet.keyring.passwords()
        self.address = await self.cabinet.fact(_ADDRESS) or NOWHERE

    async def serve_at(self, address: str) -> None:
        """Remembers where people find the service, so that links of the command line lead there."""
        if address != self.address:
            await self.cabinet.set_fact(_ADDRESS, address)
            self.address = address

    def link_address(self, given: Given) -> str:
        """The address to be opened; what follows # is sent to no server and stands in no log."""
        return f"{self.address}/link#{given.secret}"

    def has_password(self, user_id: str) -> bool:
        """Whether a user has set one."""
        return user_id in self._kept

    @decision
    async def link_for(self, user_id: str, *, by: str, now: int, straight: bool = False) -> Given:
        """A link for a user: to set a password, or (`straight`) to sign in; those they had end.

        That it was made, and by whom, stands in the log: whoever has it could be that user.
        """
        user = self._user(user_id)
        if user.disabled_at is not None:
            raise Declined("conflict", "用户已停用 · this user is disabled")
        kind = "sign_in" if straight else "reset" if self.has_password(user_id) else "invitation"
        await self.keep("user", {"by": by, "why": f"{kind} link"}, body(user), now)
        return await self._link(kind, user_id, now)

    @decision
    async def first_link(self, now: int) -> Given | None:
        """A link that makes the first admin; None where there is one. The one before it ends."""
        return None if self.has_admin() else await self._link("first", None, now)

    async def _link(self, kind: str, holder: str | None, now: int) -> Given:
        secret = secrets.token_urlsafe(32)
        link = Link(_digest(secret), kind, holder, now, now + LIFE_MS[kind])
        await self.cabinet.keyring.put_link(link)
        self._links = {key: one for key, one in self._links.items() if one.holder != holder}
        self._links[link.sha256] = link
        return Given(kind, secret, link.ends_at)

    def link(self, secret: str, now: int) -> tuple[Link, UserRow | None]:
        """The link of a secret, and whose it is. Declined (`link_gone`) in the same words always."""
        found = self._links.get(_digest(secret))
        user = None if found is None or found.holder is None else self.user(found.holder)
        if found is None or now >= found.ends_at or (found.holder is None and self.has_admin()):
            raise Declined("link_gone", _GONE)
        if found.holder is not None and (user is None or user.disabled_at is not None):
            raise Declined("link_gone", _GONE)
        return found, user

    async def use_link(
        self, secret: str, *, password: str = "", name: str = "", display: str = "", now: int
    ) -> UserRow:
        """Uses a link up; its user, who may be signed in now. What they were signed in with before ends.

        Declined (`link_gone`, `bad_password`, `bad_name`, `conflict`): then the link can be used again.
        """
        link, user = self.link(secret, now)
        hashed = None
        if link.kind != "sign_in":
            passwords.check(password, name, display, *((user.name, user.display) if user else ()))
            hashed = await self.passwords.hash(password)
        return await self._use(secret, hashed, name, display, now)

    @decision
    async def _use(self, secret: str, hashed: str | None, name: str, display: str, now: int) -> UserRow:
        link, user = self.link(secret, now)  # again: another may have used it while the password was hashed
        if user is None:
            user = await self._add_user(
                name,
                "admin",
                display=display,
                cohorts=None,
                persons={},
                may_list=(),
                by="first link",
                now=now,
            )
        if hashed is not None:
            await self._put_password(user.id, hashed, now)
            await self.end_sessions(user.id)
        self._links.pop(link.sha256, None)
        await self.cabinet.keyring.drop_links(link.sha256)
        return user

    async def signed_in(self, name: str, password: str, now: int) -> UserRow | None:
        """The user of a name and their password; None where that is not right, whatever is wrong."""
        user = self.user_named(name)
        kept = None if user is None or user.disabled_at is not None else self._kept.get(user.id)
        if not await self.passwords.fits(password, kept) or user is None or kept is None:
            return None
        if self.passwords.outdated(kept):
            hashed = await self.passwords.hash(password)
            if self._kept.get(user.id) == kept:
                self._kept[user.id] = kept = hashed
                await self.cabinet.keyring.put_password(user.id, hashed, now)
        return self.user(user.id) if self._kept.get(user.id) == kept else None  # not reset meanwhile

    async def change_password(self, user_id: str, old: str, new: str, *, now: int) -> bool:
        """Another password for who knows the one they have; False where they don't. Ends sessions."""
        user = self._user(user_id)
        passwords.check(new, user.name, user.display)
        kept = self._kept.get(user_id)
        if not await self.passwords.fits(old, kept):
            return False
        return await self._replace_password(user_id, kept, await self.passwords.hash(new), now)

    @decision
    async def _replace_password(self, user_id: str, kept: str | None, hashed: str, now: int) -> bool:
        if self._kept.get(user_id) != kept:  # reset meanwhile: what they know is the old one
            return False
        await self._put_password(user_id, hashed, now)
        await self._shut_out(user_id)
        return True

    async def _put_password(self, user_id: str, hashed: str, now: int) -> None:
        await self.keep("user", {"by": user_id, "why": "password set"}, body(self._user(user_id)), now)
        self._kept[user_id] = hashed
        await self.cabinet.keyring.put_password(user_id, hashed, now)

    async def _shut_out(self, user_id: str) -> None:
        """Ends the links, too."""
        gone = [key for key, link in self._links.items() if link.holder == user_id]
        for key in gone:
            del self._links[key]
        if gone:
            await self.cabinet.keyring.drop_links(*gone)
        await super()._shut_out(user_id)


def _digest(secret: str) -> str:
    return hashlib.sha256(f"link {secret}".encode("utf-8", "surrogatepass")).hexdigest()
