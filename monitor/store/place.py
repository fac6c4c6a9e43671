"""Where a log and the office's tables are: a SQLite file each, or one PostgreSQL database for both.

In: a path, or a URL. Out: a place that the rooms of the store are opened at. Never: opens anything; shows a
password.
"""

from pathlib import Path
from urllib.parse import urlsplit

import msgspec


class Server(msgspec.Struct, frozen=True):
    """A PostgreSQL database. As text it is its URL, without password and parameters."""

    url: str

    def __str__(self) -> str:
        """The URL as it may be shown."""
        found = urlsplit(self.url)
        who, at, host = found.netloc.rpartition("@")
        return f"postgresql://{who.partition(':')[0]}{at}{host}{found.path}"

    def dsn(self) -> str:
        """The URL as the driver takes it."""
        return f"postgresql:{self.url.partition(':')[2]}"


Place = Path | Server
"""A SQLite file, or a PostgreSQL database."""


class FolderInUse(Exception):
    """Another process has the data folder, or the database."""


class NotReached(Exception):
    """The database can't be used as it is: who said what, and what to do."""
