"""What a crash or a failed sync left in SQLite's write-ahead file, put on the disk before it is believed.

In: the path of a database that nobody writes now. Out: nothing; afterwards the write-ahead file is on the
disk as it reads. Never: changes a byte. SQLite takes over whatever it finds there whole, synced or not; and
where a sync failed, the kernel may take pages for written that the disk never got: syncing them once more
says yes. So they are written once more, byte for byte, and then synced.
"""

import os
from pathlib import Path

_PART = 1 << 20
_sync = getattr(os, "fdatasync", os.fsync)


def write_again(database: Path) -> None:
    """Writes and syncs the write-ahead file of a database as it stands; OSError where that can't be done."""
    try:  # SQLite holds no lock on this file, so that closing it here lets go of none
        file = os.open(database.with_name(f"{database.name}-wal"), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        place = 0
        while part := os.pread(file, _PART, place):
            place += os.pwrite(file, part, place)
        _sync(file)
    finally:
        os.close(file)
    folder = os.open(database.parent, os.O_RDONLY | os.O_CLOEXEC)  # it may have been made just before
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
