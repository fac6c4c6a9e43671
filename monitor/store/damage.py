"""What is said of a log that is damaged: which of it, where, and what to do.

In: what reading a log raised, and the log's place. Out: a sentence for people, or None where it is something
else. Never: what was stored, or a library's words, which may quote it; an outage passed off as damage
(`outage.py` knows those).
"""

import sqlite3
from typing import Final

from monitor.store.place import Place

_FILE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_GONE: Final = ("no such table", "no such column")
_STATES: Final = ("42P01", "42703", "XX001", "XX002")
"""PostgreSQL's: a table or a column is gone, a page or an index is corrupted."""


class DamagedBlock(ValueError):
    """A stored block can't be read: where it begins, and with which position it should end."""

    def __init__(self, first: int, last: int, problem: str) -> None:
        super().__init__(f"positions {first} to {last}: {problem}")
        self.first, self.last = first, last


def damage(error: BaseException, log: Place) -> str | None:
    """What is wrong with the log and what to do, in one sentence; None where the failure is no damage."""
    if isinstance(error, DamagedBlock):
        return (
            f"{log}: 台账第 {error.first} 至 {error.last} 条已损坏，无法读取；请用 monitor ledger verify "
            f"核验，并从备份恢复（monitor restore） · positions {error.first} to {error.last} of the log are "
            "damaged and can't be read; check it (monitor ledger verify), restore a backup (monitor restore)"
        )
    word = _word(error)
    return word and (
        f"{log}: 台账已损坏或不完整（{word}），无法读取；请从备份恢复（monitor restore），再用 monitor "
        f"ledger verify 核验 · the log is damaged or not whole ({word}) and can't be read; restore a backup "
        "(monitor restore), then check it (monitor ledger verify)"
    )


def _word(error: BaseException) -> str | None:
    """The database's word for damage."""
    if isinstance(error, sqlite3.DatabaseError):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code & 0xFF in _FILE:
            return str(error.sqlite_errorname)
        said = str(error)
        return said if said.startswith(_GONE) else None  # names a table or a column, nothing that was kept
    state = getattr(error, "sqlstate", None)
    return state if state in _STATES else None
