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


class LogBehind(NotReached):
    """Tables stand beside a log that is not theirs, older than they are, or gone."""

    def __init__(self, log: Place, office: Place, applied: int | None = None, head: int = 0) -> None:
        zh, en = "日志不见了", "the log is gone"
        if applied is not None:
            zh = f"日志止于第 {head} 条，与已记到第 {applied} 条的表不符"
            en = f"the log ends at {head} and is not the one that the tables followed up to {applied}"
        super().__init__(
            f"{log}: {zh}（表在 {office}）。请从备份放回日志；若确要用这份日志，先移走这些表，"
            f"再重发密钥、令牌和身份证号 · {en} (tables: {office}). Put the log back from its backup; or, if "
            "this log shall go on, move the tables away first, then give secrets, tokens and ID numbers anew"
        )
