"""Who asks: from a bearer token, or a session's cookie, to a role and what was given to it.

In: the Authorization header, or a token that came as a first message. Out: a `Who`, or None. Never: keeps or
logs a token, takes one from an address line, tells why one does not hold. (Cookies are read in `cookie`.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from monitor.serve.rights import MASKED


class Who(msgspec.Struct, frozen=True):
    """A caller: the token's id and digest (hex SHA-256), its role, and what it was given.

    `cohorts` None is all of them; `source` is a platform's, `person` a trainee's; `label` is how the holder
    is called in what is kept (who corrected, who read). Of somebody who signed in `token` is the user's id,
    `digest` the cookie's, and `session` the id of the session.
    """

    token: str
    digest: str
    role: str
    cohorts: frozenset[str] | None = frozenset()
    source: str | None = None
    person: str | None = None
    label: str = ""
    session: str | None = None

    def may_see(self, cohort: str) -> bool:
        """Whether the cohort was given to this caller, which says nothing about whether it exists."""
        return self.cohorts is None or cohort in self.cohorts

    @property
    def masked(self) -> bool:
        """Whether names are masked for this caller unless asked for in full."""
        return self.role in MASKED


FindToken = Callable[[str], Who | None]
"""From the hex SHA-256 of a token to whose it is; None where it never was, or was revoked."""

FindSession = Callable[[str], Who | None]
"""From the digest of a session's cookie to who signed in; None where it is over."""

AUTHORIZATION: Final = "Authorization"
_LONGEST: Final = 512


def holder(token: str, find: FindToken) -> Who | None:
    """Whose token this is, or None.

    It is looked up by its SHA-256: how long that takes says something about a hash that nobody can aim at,
    and nothing about the token.
    """
    if not token or len(token) > _LONGEST:
        return None
    return find(hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest())


def bearer(request: web.Request) -> str | None:
    """The token of the Authorization header; None where there is no such header or it is another scheme."""
    lines = request.headers.getall(AUTHORIZATION, [])
    if len(lines) != 1:
        return None
    scheme, _, token = lines[0].partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
