"""`monitor serve`: the service, until it is told to end.

In: where everything is kept and where to listen. Out: the address, in one line on standard output, once it
listens, and while there is no admin a one-time link that makes one; logs on standard error, one JSON object a
line. Never: a word about people in either.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from typing import Any

from monitor.config import SETTINGS, add_options

WRONG, MISUSED = 1, 2


def add(commands: Any) -> None:
    """Add `serve` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve",
        help="the service 启动服务",
        description="Runs the service; all it keeps is under --data. On SIGTERM it drains and exits 0.",
    )
    add_options(parser, tuple(setting.name for setting in SETTINGS))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs the service; 0 when it ended as told, 1 where what is kept is no good, 2 for a wrong use."""
    from monitor import app, config
    from monitor.clock import now_ms
    from monitor.serve.journal import begin, hear_failures
    from monitor.store.damage import damage
    from monitor.store.folder import Folder, FolderInUse, NotWritable
    from monitor.store.migrate import NewerSchema
    from monitor.store.outage import outage
    from monitor.store.place import NotReached
    from monitor.store.vault import VaultError

    begin(sys.stderr)
    hear_failures()
    try:
        asyncio.run(app.run(config.read(args, os.environ), now_ms, _announce))
    except (config.UsageError, FolderInUse, NotWritable) as error:
        print(f"monitor: {error}", file=sys.stderr)
        return MISUSED
    except (NewerSchema, NotReached, VaultError) as error:
        print(f"monitor: {error}", file=sys.stderr)
        return WRONG
    except OSError as error:
        print(f"monitor: {error.filename or 'serve'}: {error.strerror or error}", file=sys.stderr)
        return MISUSED
    except Exception as error:
        found = config.read(args, os.environ)
        if (sentence := damage(error, Folder(found.data, found.database, make=False).log)) is not None:
            print(f"monitor: {sentence}", file=sys.stderr)
            return WRONG
        if (word := outage(error)) is None:
            raise
        print(
            f"monitor: 数据无法读写（{word}）：请检查磁盘是否已满或损坏 · "
            "what is kept can't be read or written; see whether the disk is full or broken",
            file=sys.stderr,
        )
        return MISUSED
    return 0


def _announce(url: str, first: str | None) -> None:
    print(f"正在监听 listening on {url}", flush=True)
    if first is not None:
        print(
            "首次使用：打开此一次性链接，设立管理员（24 小时内有效）· "
            f"first start: this one-time link makes the first admin, within 24 hours\n  {first}",
            flush=True,
        )
