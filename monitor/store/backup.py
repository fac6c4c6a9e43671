"""A copy of all that is kept, while it runs; and a data folder (or a database) from such a copy.

In: a data folder, or a copy of one. Out: the other. Never: over data that is there; the key beside the data
unless it was asked for, for whoever has both can read the ID numbers. A copy is of one form, two SQLite
files, wherever it was taken.

    log ─▶ tables ─▶ the copied chain is walked ─▶ manifest, in this order: what the log says was added has
    its secrets in the tables copied after it; tables that are ahead of the log are read anew from it. A log
    that does not hold gets no manifest, and another name
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from monitor.instant import rfc3339
from monitor.store.cabinet import HEAD
from monitor.store.facts import fact, fit
from monitor.store.folder import Folder
from monitor.store.ledger import Ledger
from monitor.store.migrate import HEADS, revision
from monitor.store.place import Place, Server
from monitor.store.vault import Vault, VaultError
from monitor.store.verify import Head, Verified, verify

LOG, OFFICE, KEY, MANIFEST = "log.sqlite", "office.sqlite", "monitor.key", "backup.json"
DAMAGED = f"{LOG}.damaged"
"""What the log is called in a copy in which its chain does not hold; there is no manifest then."""
_PAGES: Final = 2_000
Progress = Callable[[int, int], None]


class BackupError(Exception):
    """What is wrong with a backup, or in its way; a sentence."""


class Damaged(Exception):
    """The log was copied, and its chain does not hold; a sentence with the position."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself: where the log stood, which key the tables need, whether that is here.

    `at`: when it was made, RFC 3339; milliseconds since 1970 in backups of before.
    """

    position: int
    head: str
    at: str | int
    key: str | None
    key_inside: bool


def back_up(
    folder: Folder,
    to: Path,
    now: int,
    *,
    key: bool = False,
    progress: Progress | None = None,
    checking: Progress | None = None,
) -> Manifest:
    """Copies what is kept into an empty folder, beside whoever writes it, and walks the chain of the copy.

    `progress` is told of the copying, `checking` of the walk. BackupError; Damaged, where the chain
    does not hold or ends before what the tables have seen of it.
    """
    _check(folder.log)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(to.iterdir()):
        raise BackupError(f"{to}: is not empty; a backup goes into a folder of its own")
    if isinstance(folder.log, Server):
        from monitor.store import transfer  # only here: a driver that nobody else needs

        transfer.fetch(folder.log, to / LOG, to / OFFICE, progress)
        seen = fact(to / OFFICE, HEAD)
        for name in (LOG, OFFICE):
            _sync(to / name)
    else:
        seen = (
            fact(folder.office, HEAD) if isinstance(folder.office, Path) else None
        )  # before the log moves on
        _copy_database(folder.log, to / LOG, progress)
        if isinstance(folder.office, Path) and folder.office.exists():
            _copy_database(folder.office, to / OFFICE, progress)
    if key:
        try:
            _copy_file(folder.key, to / KEY)
        except FileNotFoundError:
            raise BackupError(f"{folder.key}: there is no key file to copy") from None
    found = _holds(to, seen, checking)
    fit(to / OFFICE, found.entries, found.head)
    if (to / OFFICE).exists():
        _sync(to / OFFICE)
    manifest = Manifest(found.entries, found.head, rfc3339(now), fact(to / OFFICE, "key"), key)
    _write(to / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    _sync(to)
    return manifest


def restore(
    backup: Path,
    folder: Folder,
    *,
    key: Path | None = None,
    log_only: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Makes a data folder of a backup whose chain holds; the folder is locked by who calls. BackupError.

    `key`: the key file, where it is not in the backup. `log_only`: the tables and their key are lost; they
    are read anew from the log, without secrets, tokens and ID numbers.
    """
    for path in (folder.log, folder.office, folder.key):
        if isinstance(path, Server):
            continue  # it is looked at when it is had
        if path.exists() or path.with_name(f"{path.name}-wal").exists():
            raise BackupError(f"{path}: there is data already; restore into an empty folder")
    manifest = _manifest(backup)
    tables = (backup / OFFICE).exists() and not log_only
    key = key or ((backup / KEY) if (backup / KEY).exists() else None)
    if tables and manifest.key is not None and key is None:
        raise BackupError(
            f"{backup}: the tables need key {manifest.key}, which is not in this backup; name it with "
            "--key FILE (is it lost: --log-only, then new secrets and tokens)"
        )
    if tables and key is not None:
        _opens(key, fact(backup / OFFICE, "key"))
    ledger = Ledger(backup / LOG)
    try:
        found = verify(ledger, progress, [Head(manifest.position, manifest.head)])
    finally:
        ledger.close()
    if found.broken is not None:
        raise BackupError(f"{backup}: position {found.broken.position}: {found.broken.problem}")
    if found.missed:
        raise BackupError(f"{backup}: the log is not the one that was copied: {found.missed[0].problem}")
    if isinstance(folder.log, Server):
        _into(folder.log, backup, tables=tables, progress=progress)
    if tables and key is not None:
        _copy_file(key, folder.key)
    if tables and isinstance(folder.office, Path):
        _copy_file(backup / OFFICE, folder.office)
    if isinstance(folder.log, Path):
        _copy_file(backup / LOG, folder.log)  # the last: before it, there is no log here
    return manifest


def _check(log: Place) -> None:
    """Refuses what is no log, or not one of this version where it is read row by row."""
    found = revision(log, "log")
    if found is None and (isinstance(log, Server) or not log.exists()):
        option = "--data" if isinstance(log, Path) else "--database"
        raise BackupError(f"{log}: there is no log; name the right one with {option}")
    if isinstance(log, Server) and (found, revision(log, "office")) != (HEADS["log"], HEADS["office"]):
        raise BackupError(f"{log}: is of another version of monitor; back it up with that one")


def _holds(copy: Path, seen: str | None, checking: Progress | None) -> Verified:
    """The walk over a copied log; one that does not hold gets another name, and Damaged says where."""
    heads = []
    if seen is not None:
        position, _, link = seen.partition(" ")
        heads.append(Head(int(position), link))
    try:
        ledger = Ledger(copy / LOG)
        try:
            found = verify(ledger, checking, heads)
        finally:
            ledger.close()
    except sqlite3.OperationalError:
        raise  # of the disk, not of the log
    except sqlite3.DatabaseError as error:
        problem = f"the file can't be read: {error}"
    else:
        if found.broken is None and not found.missed:
            return found
        if found.broken is not None:
            problem = f"position {found.broken.position}: {found.broken.problem}"
        else:
            problem = f"position {found.missed[0].head.position}: {found.missed[0].problem}"
    (copy / LOG).rename(copy / DAMAGED)
    _sync(copy)
    raise Damaged(
        f"{copy}: 台账已损坏，这不是备份 · the log is damaged, and this is no backup: {problem}. "
        f"What was copied is in {DAMAGED}; run monitor ledger verify, and keep the backups of before"
    )


def _opens(key: Path, expected: str | None) -> None:
    """Refuses a key file that is missing, none, or another than the tables were encrypted with."""
    if not key.is_file():
        raise BackupError(f"{key}: there is no such key file; name the right one with --key FILE")
    try:
        Vault.open(key, expected)
    except VaultError as error:
        raise BackupError(f"{error}; nothing was restored") from None


def _into(server: Server, backup: Path, *, tables: bool, progress: Progress | None) -> None:
    """All of a backup into a database, or nothing of it."""
    from monitor.store import transfer

    if tables and revision(backup / OFFICE, "office") != HEADS["office"]:
        raise BackupError(f"{backup / OFFICE}: is of another version of monitor; restore it with that one")
    try:
        transfer.put(server, backup / LOG, backup / OFFICE if tables else None, progress)
    except transfer.NotEmpty:
        raise BackupError(
            f"{server}: there is data already; restore into an empty database (createdb)"
        ) from None
    except transfer.Unfit as table:
        raise BackupError(f"{backup}: table {table} was altered; nothing was restored") from None


def _manifest(backup: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((backup / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise BackupError(f"{backup}: is no backup of monitor: there is no {MANIFEST} in it") from None
    except (OSError, msgspec.DecodeError) as error:
        raise BackupError(f"{backup / MANIFEST}: can't be read ({type(error).__name__})") from None
    if not (backup / LOG).exists():
        raise BackupError(f"{backup / LOG}: is missing")
    if revision(backup / LOG, "log") != HEADS["log"]:
        raise BackupError(
            f"{backup / LOG}: is of another version of monitor; restore it with that one, then upgrade"
        )
    return manifest


def _copy_database(path: Path, to: Path, progress: Progress | None) -> None:
    """The database as it stands at one instant, whatever is written meanwhile."""
    with contextlib.ExitStack() as stack:
        source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        stack.callback(source.close)
        source.execute("PRAGMA busy_timeout=10000")
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it stands still for us
        os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        copy = sqlite3.connect(to, isolation_level=None)
        stack.callback(copy.close)

        def told(_status: int, left: int, whole: int) -> None:
            if progress is not None:
                progress(whole - left, whole)

        source.backup(copy, pages=_PAGES, progress=told)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, to be read even where nothing can be written
    _sync(to)


def _copy_file(path: Path, to: Path) -> None:
    """All of a file, or nothing of it."""
    part = to.with_name(f"{to.name}.part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    with path.open("rb") as source:
        handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
    _sync(part)
    part.rename(to)
    _sync(to.parent)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)
    _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
