"""`monitor backup`: a copy of all that is kept, taken while the service runs.

In: the data folder, an empty folder. Out: the log, the tables, and where they stood. Never: the key, unless
it is asked for: whoever has it and the copy can read the ID numbers.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from monitor.config import add_options


def add(commands: Any) -> None:
    """Add `backup` to the command line."""
    command: argparse.ArgumentParser = commands.add_parser(
        "backup",
        help="a copy of all that is kept, while it runs 备份",
        description="Copies the log and the tables into DIR, as they stand at one instant each, beside a "
        "running service, and checks the chain of the copy. The key (monitor.key) is not copied, for whoever "
        "has both can read the ID numbers: keep it in another place, or ask for it with --with-key.",
    )
    command.add_argument("dir", metavar="DIR", type=Path, help="an empty folder; made where there is none")
    command.add_argument("--with-key", action="store_true", help="copy the key, too")
    command.add_argument("--json", action="store_true", help="one JSON object")
    add_options(command)
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Makes the copy; says where the log stood."""
    import sqlite3

    from monitor.cli import order
    from monitor.cli.bar import Bar
    from monitor.clock import now_ms
    from monitor.store.backup import BackupError, Damaged, back_up
    from monitor.store.damage import damage
    from monitor.store.migrate import NewerSchema
    from monitor.store.place import NotReached

    folder = order.folder(args, make=False)
    try:
        made = back_up(
            folder,
            args.dir,
            now_ms(),
            key=args.with_key,
            progress=Bar("备份 backup"),
            checking=Bar("校验 verify"),
        )
    except BackupError as error:
        order.stop(order.MISUSED, str(error))
    except Damaged as error:
        order.stop(order.WRONG, str(error))
    except (NotReached, NewerSchema) as error:
        order.stop(order.WRONG, damage(error.__cause__ or error, folder.log) or str(error))
    except Exception as error:
        if (sentence := damage(error, folder.log)) is not None:
            order.stop(order.WRONG, sentence)
        if not isinstance(error, OSError | sqlite3.Error):
            raise
        order.stop(order.WRONG, f"{args.dir}: {getattr(error, 'strerror', None) or error}")
    if made.key is not None and not made.key_inside:
        order.note(f"the key {made.key} is not in this backup; keep {folder.key} in another place")
    elif made.key_inside:
        order.note("the key is in this backup: whoever has it can read the ID numbers")
    if args.json:
        told = {"dir": str(args.dir), "position": str(made.position), "head": made.head, "key": made.key}
        print(json.dumps({**told, "key_inside": made.key_inside}))
    else:
        print(f"{args.dir}: position {made.position}, head {made.head}")
    return 0
