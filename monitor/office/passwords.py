"""Passwords: which will do, and whether one is right. argon2id, in threads, a few at a time.

In: passwords as they were typed. Out: hashes, yes or no. Never: keeps or logs a password, holds the event
loop up, takes on more than it can hash soon.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitor.office.declined import Declined

SHORTEST: Final = 10
LONGEST: Final = 200
P = ParamSpec("P")
T = TypeVar("T")

_AT_ONCE: Final = 2
"""Hashes made at the same time; each takes 64 MiB while it is made."""
_WAITING: Final = 40
"""Hashes that may wait for those; more are declined, and tried again."""
_COMMON: Final = (
    "password",
    "qwertyuiop",
    "1234567890",
    "0123456789",
    "iloveyou",
    "woaini1314",
    "administrator",
)


class Passwords:
    """Makes and checks hashes. `hasher`: other parameters than argon2-cffi's own (RFC 9106, low memory)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._taken = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to be kept. Declined (`unavailable`) where too many wait."""
        return await self._in_turn(self._hasher.hash, _written(password))

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the password that was hashed.

        Without a hash (nobody of that name, no password yet) the work is done all the same, so that how
        long it takes tells nothing.
        """
        if self._nobodys is None:
            self._nobodys = await self.hash("nobody's password")
        right = await self._in_turn(self._verify, kept or self._nobodys, _written(password))
        return right and kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        if self._taken >= _WAITING:
            raise Declined("unavailable", "too many people sign in at this moment; try again")
        self._taken += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *given, **named)
        finally:
            self._taken -= 1


def check(password: str, *names: str) -> None:
    """Declines a password that is soon guessed; `names` are its user's."""
    typed = _written(password)
    if not SHORTEST <= len(typed) <= LONGEST:
        raise Declined(
            "bad_password", f"密码须有 {SHORTEST} 至 {LONGEST} 个字符 · {SHORTEST} to {LONGEST} characters"
        )
    plain = typed.casefold()
    if len(set(plain)) < 4 or any(plain.startswith(common) for common in _COMMON):
        raise Declined("bad_password", "这个密码太容易猜到 · this password is soon guessed")
    if any(name and _written(name).casefold() == plain for name in names):
        raise Declined("bad_password", "密码不能是姓名或登录名 · a name is no password")


def _written(password: str) -> str:
    """One password however the keyboard composed it (RFC 8265, in short)."""
    return unicodedata.normalize("NFKC", password)
