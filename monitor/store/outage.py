"""Whether a failure is the disk's or the database's: nothing is wrong with what was asked, come again.

In: an exception of one of the stores. Out: the engine's own word for it (`SQLITE_FULL`, `57P01`), or None.
Never: the words of the exception, which may quote what was written; a mistake of ours (no such table) passed
off as an outage.
"""

import sqlite3

from sqlalchemy.exc import DBAPIError

from monitor.store.append import LogCut
from monitor.store.place import FolderInUse, NotReached

RETRY_AFTER = 5
"""Seconds after which it is worth asking again."""

_REFUSED = ("08", "53", "57", "58")
"""Classes of PostgreSQL's states: the connection, resources, somebody intervened, the system."""


def outage(error: BaseException | None) -> str | None:
    """The engine's word for why it could not read or write just now; None for every other failure."""
    if isinstance(error, DBAPIError):
        error = error.orig
    if isinstance(error, NotReached | TimeoutError):
        return "not_reached"
    state = getattr(error, "sqlstate", None)  # what PostgreSQL says
    if state is not None:
        return state if state[:2] in _REFUSED or state == "25006" else None
    if not isinstance(error, sqlite3.OperationalError):
        return None
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return None if code & 0xFF == sqlite3.SQLITE_ERROR else str(error.sqlite_errorname)


def word(error: Exception) -> str:
    """A failure for the journal: the database's own word, not its sentence, which may quote what it held."""
    if isinstance(error, LogCut | FolderInUse | NotReached):
        return str(error)
    said = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    return outage(error) or said or type(error).__name__
