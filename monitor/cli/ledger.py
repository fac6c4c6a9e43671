"""`monitor ledger`: checks the chain of the log, and takes a cohort out of it.

In: the data folder. Out: whether every link holds; or a cohort file and events that `monitor recount` counts
as the service did. Never: changes the log. Both read beside a running server.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.config import add_options

if TYPE_CHECKING:
    from monitor.store.ledger import Ledger


def add(commands: Any) -> None:
    """Add `ledger` to the command line."""
    group: argparse.ArgumentParser = commands.add_parser(
        "ledger", help="verify and export the log 台账", description="The log: verify it, export from it."
    )
    verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
    check = verbs.add_parser(
        "verify",
        help="check the chain from first to last 校验",
        description="Reads the whole log and names the first link that doesn't hold; exit code 1 then.",
    )
    check.add_argument("--json", action="store_true", help="one JSON object")
    add_options(check)
    check.set_defaults(run=verify_log)
    out = verbs.add_parser(
        "export",
        help="a cohort and its events, for recount 导出",
        description="Writes DIR/cohort.json and DIR/events.ndjson, for monitor recount.",
    )
    out.add_argument("id", metavar="ID", help="the cohort")
    out.add_argument("dir", metavar="DIR", type=Path, help="a folder; made where there is none")
    out.add_argument("--json", action="store_true", help="one JSON object")
    add_options(out)
    out.set_defaults(run=export)


def verify_log(args: argparse.Namespace) -> int:
    """Walks the chain; 1 where it is broken."""
    from monitor.cli import order
    from monitor.store.verify import verify

    ledger = _open(args)
    try:
        found = verify(ledger, Bar("校验 verify"))
    finally:
        ledger.close()
    if args.json:
        broken = found.broken and {"position": found.broken.position, "problem": found.broken.problem}
        print(json.dumps({"entries": found.entries, "head": found.head, "broken": broken}))
    elif found.broken is None:
        print(f"完好 holds: {found.entries} entries, head {found.entries} {found.head}")
    if found.broken is not None:
        order.note(f"position {found.broken.position}: {found.broken.problem}")
        order.note(f"the {found.entries} entries before it hold; compare with a backup")
        return order.WRONG
    return 0


def export(args: argparse.Namespace) -> int:
    """Writes a cohort's file and events."""
    from monitor.cli import order
    from monitor.office.extract import cohort_file, event_lines

    ledger = _open(args)
    try:
        until, link = ledger.head()
        file = cohort_file(ledger, args.id, until)
        if file is None:
            order.stop(order.MISUSED, f"there is no cohort {args.id}; monitor cohort list names them")
        try:
            args.dir.mkdir(parents=True, exist_ok=True)
            (args.dir / "cohort.json").write_bytes(file)
            count = 0
            with (args.dir / "events.ndjson").open("wb", buffering=1 << 20) as lines:
                for line in event_lines(ledger, file, until, Bar("导出 export")):
                    lines.write(line)
                    count += 1
        except OSError as error:
            order.stop(order.WRONG, f"{error.filename or args.dir}: {error.strerror}")
    finally:
        ledger.close()
    told = {"cohort": args.id, "events": count, "position": str(until), "head": link.hex()}
    if args.json:
        print(json.dumps(told))
    else:
        print(f"{args.dir}: cohort.json, events.ndjson ({count} 条事件 events)")
        print(f"position {until}, head {link.hex()}")
    return 0


def _open(args: argparse.Namespace) -> "Ledger":
    """The log of the data folder, to read."""
    import sqlite3

    from monitor.cli import order
    from monitor.store.ledger import Ledger

    path = order.folder(args, make=False).log
    if not path.exists():
        order.stop(order.MISUSED, f"{path}: there is no log; name the right folder with --data")
    try:
        return Ledger(path)
    except sqlite3.Error as error:
        order.stop(order.WRONG, f"{path}: {error}")


class Bar:
    """A bar of progress on a terminal, from the first second on."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = sys.stderr.isatty()
        self._since = time.monotonic()
        self._next = self._since + 1.0

    def __call__(self, done: int, total: int) -> None:
        """Shows how much is done."""
        if not self._shown or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 0.2
        share = done / total if total else 1.0
        filled = "#" * int(30 * share)
        end = "\n" if done >= total else ""
        print(f"\r{self._what} [{filled:<30}] {share:4.0%}", end=end, file=sys.stderr, flush=True)
