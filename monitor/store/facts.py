"""What the tables in a copied file remember of the log, and how they are made to fit the log beside them.

In: the file of the tables. Out: a fact of it; the file, so that it remembers nothing of the log that the
copied one does not have. Never: writes what a service has open; takes away what is in the tables
alone (secrets, hashes, ID numbers, readings).
"""

import contextlib
import sqlite3
from pathlib import Path

from monitor.store.cabinet import HEAD
from monitor.store.records import DERIVED


def fact(office: Path, name: str) -> str | None:
    """What is remembered under a name in the tables of a file; None without, and without a file."""
    if not office.exists():
        return None
    with contextlib.closing(sqlite3.connect(f"{office.resolve().as_uri()}?mode=ro", uri=True)) as db:
        db.execute("PRAGMA busy_timeout=10000")
        row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def fit(office: Path, position: int, head: str) -> None:
    """Makes copied tables fit a log that ends at `position` with the link `head`; it was copied before them.

    What they follow beyond its end is taken away: they are read anew from the log then.
    """
    if not office.exists():
        return
    applied = fact(office, "applied")
    with contextlib.closing(sqlite3.connect(office)) as db, db:
        if applied is not None and int(applied.partition(" ")[0]) > position:
            there = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for kind in DERIVED:
                if kind.table in there:
                    db.execute(f"DELETE FROM {kind.table}")  # a name of ours
            db.execute("DELETE FROM facts WHERE name = 'applied'")
        db.execute("DELETE FROM facts WHERE name = ?", (HEAD,))
        if position:
            db.execute("INSERT INTO facts (name, value) VALUES (?, ?)", (HEAD, f"{position} {head}"))
