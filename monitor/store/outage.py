"""Whether a failure is the disk's or the database's: nothing is wrong with what was asked, come again.

In: an exception of one of the stores. Out: the engine's own word for it (`SQLITE_FULL`), or None. Never: the
words of the exception, which may quote what was written; a mistake of ours (no such table) passed off as an
outage.
"""

import sqlite3

from sqlalchemy.exc import DBAPIError

RETRY_AFTER = 5
"""Seconds after which it is worth asking again."""


def outage(error: BaseException | None) -> str | None:
    """The engine's word for why it could not read or write just now; None for every other failure."""
    if isinstance(error, DBAPIError):
        error = error.orig
    if not isinstance(error, sqlite3.OperationalError):
        return None
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return None if code & 0xFF == sqlite3.SQLITE_ERROR else str(error.sqlite_errorname)
