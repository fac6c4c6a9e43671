"""How a command gives an order, and what it prints: the same for every group.

In: parsed arguments and an order. Out: what came of it, or sentences on standard error and an exit code.
Never: what an order means.
"""

import argparse
import asyncio
import getpass
import os
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any, NoReturn

import aiohttp

from monitor import config
from monitor.clock import now_ms
from monitor.control import carry_out
from monitor.instant import rfc3339
from monitor.office import Declined
from monitor.orders import Order
from monitor.store.damage import damage
from monitor.store.folder import Folder, FolderInUse, NotWritable
from monitor.store.migrate import NewerSchema
from monitor.store.outage import outage
from monitor.store.place import NotReached, Place, Server
from monitor.store.vault import VaultError

WRONG, MISUSED = 1, 2


class Stopped(SystemExit):
    """A command that can't go on: what it had to say is said."""


def stop(code: int, *sentences: str) -> NoReturn:
    """Says why on standard error, and ends the command with this exit code."""
    for sentence in sentences:
        print(f"monitor: {sentence}", file=sys.stderr)
    raise Stopped(code)


def note(sentence: str) -> None:
    """Says something on standard error that the person should know."""
    print(f"monitor: {sentence}", file=sys.stderr)


def by() -> str:
    """Who gives the order, as the log will have it."""
    try:
        return f"cli/{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli/{os.getuid()}"


def folder(args: argparse.Namespace, *, make: bool = True) -> Folder:
    """The data folder that the arguments name."""
    try:
        settings = config.read(args, os.environ)
        return Folder(settings.data, settings.database, make=make)
    except config.UsageError as error:
        stop(MISUSED, str(error))
    except FileNotFoundError as error:
        stop(MISUSED, f"{error}: there is no such data folder; name the right one with --data")
    except OSError as error:
        stop(MISUSED, f"{error.filename}: {error.strerror}")


def log(args: argparse.Namespace) -> Place:
    """The log that the arguments name, to be read; a database on a server can be read without a folder."""
    try:
        settings = config.read(args, os.environ)
    except config.UsageError as error:
        stop(MISUSED, str(error))
    return Server(settings.database) if isinstance(settings.database, str) else folder(args, make=False).log


def give(args: argparse.Namespace, order: Order, *, make: bool = True, what: str = "") -> Any:
    """Has an order carried out; what came of it. `what` is named before what is wrong with a cohort file."""
    there = folder(args, make=make)
    done = False
    try:
        found = asyncio.run(carry_out(there, order, now_ms))
        done = True
    except Declined as no:
        code = WRONG if no.reason == "unavailable" else MISUSED
        before = f"{what}: " if what else ""
        stop(code, *([f"{before}{error}" for error in no.errors] or [no.detail]))
    except NotWritable as error:
        stop(MISUSED, str(error))
    except UnicodeEncodeError:
        stop(MISUSED, "an argument is not UTF-8")
    except (FolderInUse, NewerSchema, NotReached, VaultError) as error:
        stop(WRONG, str(error))
    except aiohttp.ClientError as error:
        stop(WRONG, f"the server that has this data does not answer ({error}); is it starting or ending?")
    except Exception as error:
        if (sentence := failure(error, there.log)) is None:
            raise
        stop(WRONG, sentence)
    finally:
        if not done:
            there.discard()
    if there.is_new:
        note(f"已新建数据目录 made a new data folder: {there.path.resolve()}")
    elif make and (sentence := there.exposed()):
        note(sentence)
    return found


def failure(error: Exception, log: Place) -> str | None:
    """What is wrong with the disk, the database or the log, and what to do; None for any other failure."""
    if (sentence := damage(error, log)) is not None:
        return sentence
    word = outage(error)
    return word and (
        f"数据无法读写（{word}）：请检查磁盘是否已满或损坏 · "
        "what is kept can't be read or written; see whether the disk is full or broken"
    )


def plain(row: Any) -> Any:
    """A row as it is printed in JSON: instants as RFC 3339 has them, positions as opaque strings."""
    if isinstance(row, list):
        return [plain(item) for item in row]
    if not isinstance(row, dict):
        return row
    return {name: _plain(name, value) for name, value in row.items()}


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, int) or isinstance(value, bool):
        return plain(value)
    if name == "at" or name.endswith("_at"):
        return rfc3339(value)
    return str(value) if name == "position" or name.endswith("_position") else value


def day(at: int | None) -> str:
    """An instant for a table."""
    return "" if at is None else rfc3339(at)[:19].replace("T", " ") + "Z"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints columns; a Chinese character is as wide as two Latin ones."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(_width(line[n]) for line in lines) for n in range(len(head))]
    for line in lines:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
