"""`monitor restore`: a data folder, or a database, from a backup.

In: a backup, an empty data folder (and an empty database, where one is named). Out: all as it was, its chain
checked from first to last. Never: over data that is there.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from monitor.config import add_options


def add(commands: Any) -> None:
    """Add `restore` to the command line."""
    command: argparse.ArgumentParser = commands.add_parser(
        "restore",
        help="a data folder from a backup 恢复",
        description="Checks the chain of the backup in DIR and makes the data folder of it. Refuses where "
        "there is data already. With --database postgresql://... all but the key goes into that database.",
    )
    command.add_argument("dir", metavar="DIR", type=Path, help="what monitor backup wrote")
    which = command.add_mutually_exclusive_group()
    which.add_argument("--key", metavar="FILE", type=Path, help="the key file, where it is not in the backup")
    which.add_argument(
        "--log-only",
        action="store_true",
        help="the key is lost: take the log alone; secrets, tokens and ID numbers have to be given anew",
    )
    command.add_argument("--json", action="store_true", help="one JSON object")
    add_options(command)
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Makes the data folder; says where the log stands."""
    import sqlite3

    from monitor.cli import order
    from monitor.cli.bar import Bar
    from monitor.store.backup import LOG, BackupError, restore
    from monitor.store.damage import damage
    from monitor.store.folder import FolderInUse, NotWritable
    from monitor.store.migrate import NewerSchema
    from monitor.store.place import NotReached

    folder = order.folder(args)
    try:
        folder.lock()
        try:
            made = restore(
                args.dir, folder, key=args.key, log_only=args.log_only, progress=Bar("恢复 restore")
            )
        finally:
            folder.unlock()
    except (BackupError, NotWritable) as error:
        order.stop(order.MISUSED, str(error))
    except (FolderInUse, NotReached, NewerSchema) as error:
        order.stop(order.WRONG, str(error))
    except Exception as error:
        if (sentence := damage(error, args.dir / LOG)) is not None:
            order.stop(order.WRONG, sentence)
        if not isinstance(error, OSError | sqlite3.Error):
            raise
        where = getattr(error, "filename", None) or args.dir
        order.stop(order.WRONG, f"{where}: {getattr(error, 'strerror', None) or error}")
    if args.log_only:
        order.note("give platforms new secrets (source rotate ID), people new tokens; import the ID numbers")
    if args.json:
        print(json.dumps({"position": str(made.position), "head": made.head}))
    else:
        where = folder.path if isinstance(folder.log, Path) else folder.log
        print(f"{where}: position {made.position}, head {made.head}")
    return 0
