"""`monitor ledger`: checks the chain of the log, takes a cohort out of it, erases what has to go.

In: the data folder; heads noted before. Out: whether every link holds and every head is met; a cohort file
and events that `monitor recount` counts as the service did. Never: changes the log but for an erasure, which
the log says itself. Verify and export read beside a running server.
"""

import argparse
import contextlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.cli import find
from monitor.config import add_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.store.ledger import Ledger
    from monitor.store.verify import Head

_WHAT_HEADS: Final = "answers with position and head as JSON, one a line, or lines POSITION HASH"
_HEAD: Final = re.compile(r"(?:.*\b(?:head|position)\s+|\s*)(\d{1,18})(?:,?\s+head)?\s+([0-9a-fA-F]{64})\s*")


def add(commands: Any) -> None:
    """Add `ledger` to the command line."""
    group: argparse.ArgumentParser = commands.add_parser(
        "ledger",
        help="verify, export, find in, erase from the log 台账",
        description="The log: verify it, export from it, find deliveries in it, erase from it.",
    )
    verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
    check = verbs.add_parser(
        "verify",
        help="check the chain from first to last 校验",
        description="Reads the whole log and names the first link that doesn't hold; exit code 1 then.",
    )
    check.add_argument(
        "--heads",
        metavar="FILE",
        type=Path,
        help="heads noted before, which the chain must pass through: answers as JSON, or lines POSITION HASH",
    )
    check.add_argument("--json", action="store_true", help="one JSON object")
    add_options(check)
    check.set_defaults(run=verify_log)
    out = verbs.add_parser(
        "export",
        help="a cohort and its events, for recount 导出",
        description="Writes DIR/cohort.json and DIR/events.ndjson, for monitor recount; "
        "DIR/others.ndjson, with a hash of each event of others that came in the same deliveries; and "
        "DIR/export.json, which says how much that is and where the log stood. All of them, or none.",
    )
    out.add_argument("id", metavar="ID", help="the cohort")
    out.add_argument("dir", metavar="DIR", type=Path, help="a folder; made where there is none")
    out.add_argument("--json", action="store_true", help="one JSON object")
    add_options(out)
    out.set_defaults(run=export)
    find.add(verbs)
    gone = verbs.add_parser(
        "erase",
        help="erase the body of a delivery 删除",
        description="Erases the body of a delivery, or has events without the person stand in its place. "
        "Its hash stays in the chain, and an entry says who wanted it and why. It can't be taken back.",
    )
    gone.add_argument(
        "position", metavar="POSITION", type=_position, help="where the delivery stands in the log"
    )
    gone.add_argument("--reason", required=True, help="why, as the log will have it")
    gone.add_argument("--by", required=True, help="who wants it, as the log will have it")
    instead = gone.add_mutually_exclusive_group()
    instead.add_argument(
        "--events", metavar="FILE", type=Path, help="what stands in its place: some of its events, changed"
    )
    instead.add_argument(
        "--account",
        metavar="OLD=NEW",
        type=_pair,
        action="append",
        default=[],
        help="keep the delivery, with NEW for the account OLD; may be given several times",
    )
    gone.add_argument("--json", action="store_true", help="one JSON object")
    add_options(gone)
    gone.set_defaults(run=erase)


def verify_log(args: argparse.Namespace) -> int:
    """Walks the chain; 1 where it is broken, or doesn't pass through a head."""
    from monitor.cli import order
    from monitor.cli.bar import Bar
    from monitor.store.verify import verify

    heads = [] if args.heads is None else _heads(args.heads)
    with _opened(args) as ledger:
        found = verify(ledger, Bar("校验 verify"), heads)
    missed = [(str(one.head.position), one.head.hash, one.problem) for one in found.missed]
    if args.json:
        broken = found.broken and {"position": str(found.broken.position), "problem": found.broken.problem}
        told = {
            "entries": found.entries,
            "head": found.head,
            "broken": broken,
            "erased": [str(position) for position in found.erased],
            "heads": len(set(heads)),
            "missed": [dict(zip(("position", "head", "problem"), one, strict=True)) for one in missed],
        }
        print(json.dumps(told))
    elif found.broken is None and not missed:
        print(f"完好 holds: {found.entries} entries, head {found.entries} {found.head}")
        if heads:
            print(f"经过 passes through {len(set(heads))} heads of {args.heads}")
        if found.erased:
            print(f"已删除 erased: positions {', '.join(map(str, found.erased))}")
    if found.broken is not None:
        order.note(f"position {found.broken.position}: {found.broken.problem}")
        links = "the links of all" if found.broken.position <= found.entries else "the"
        before = "" if found.broken.position <= found.entries else " before it"
        order.note(f"{links} {found.entries} entries{before} hold; compare with a backup")
    for position, link, problem in missed:
        order.note(f"head {position} {link}: {problem}")
    return order.WRONG if found.broken is not None or missed else 0


def export(args: argparse.Namespace) -> int:
    """Writes a cohort's file and events."""
    from monitor.cli import order
    from monitor.cli.aside import Aside
    from monitor.cli.bar import Bar
    from monitor.office.extract import DoesNotHold, cohort_file, event_lines, must_hold

    with _opened(args) as ledger:
        until, link = ledger.head()
        told = {"cohort": args.id, "position": str(until), "head": link.hex()}
        try:
            file = cohort_file(ledger, args.id, until)
            if file is None:
                must_hold(ledger)
                order.stop(order.MISUSED, f"there is no cohort {args.id}; monitor cohort list names them")
            with Aside(args.dir) as aside:
                files = {name: aside.open(name) for name in ("cohort.json", "events.ndjson", "others.ndjson")}
                files["cohort.json"].write(file)
                lines, others = files["events.ndjson"].write, files["others.ndjson"].write
                bar = Bar("导出 export")
                for line in event_lines(ledger, file, until, bar, others, head=link.hex()):
                    lines(line)
                told["events"] = files["events.ndjson"].count
                told["others"] = files["others.ndjson"].count
                told["sha256"] = {name: one.sha256 for name, one in files.items()}
                aside.open("export.json").write(json.dumps(told, indent=1).encode() + b"\n")
        except OSError as error:
            order.stop(order.WRONG, f"{error.filename or args.dir}: {error.strerror}")
        except DoesNotHold as error:
            at, problem = error.broken.position, error.broken.problem
            order.stop(
                order.WRONG,
                f"{args.dir}: 未导出：台账的链在第 {at} 条断开；请用 monitor ledger verify 核验，并从备份恢复"
                f"（monitor restore） · nothing was exported, for the log doesn't hold: position {at}: "
                f"{problem}; check it (monitor ledger verify), restore a backup (monitor restore)",
            )
    if args.json:
        print(json.dumps(told))
    else:
        count = told["events"]
        print(f"{args.dir}: cohort.json, events.ndjson ({count} 条事件 events), others.ndjson, export.json")
        print(f"position {until}, head {link.hex()}")
    return 0


def erase(args: argparse.Namespace) -> int:
    """Erases the body of a delivery."""
    from monitor.cli import order
    from monitor.orders import Erase

    events = b""
    if args.events is not None:
        try:
            events = args.events.read_bytes()
        except OSError as error:
            order.stop(order.MISUSED, f"{args.events}: {error.strerror}")
    done = order.give(
        args,
        Erase(
            by=args.by,
            position=args.position,
            reason=args.reason,
            events=events,
            accounts=dict(args.account),
        ),
        make=False,
    )
    order.note("copies made before (backups, exports) still hold what was erased")
    if args.json:
        print(json.dumps(done))
    else:
        print(f"已删除 erased: position {args.position}; position {done['position']}, head {done['head']}")
    return 0


def _position(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 19):
        raise argparse.ArgumentTypeError(f"{text!r} is no position of the log")
    return int(text)


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError("write OLD=NEW")
    return old, new


def _heads(path: Path) -> "list[Head]":
    """The heads in a file: answers as they were given, or a position and a hash a line."""
    from monitor.cli import order
    from monitor.store.verify import Head

    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        order.stop(order.MISUSED, f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8'}")
    found = []
    if _is_json(text) and _answer(text) is None:
        order.stop(order.MISUSED, f"{path}: 此文件中没有链头 · there is no head in this file: {_WHAT_HEADS}")
    for number, line in enumerate([text] if _is_json(text) else text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        answer = _answer(line)
        if answer is None and (match := _HEAD.fullmatch(line)):
            answer = Head(int(match[1]), match[2].lower())
        if answer is None:
            order.stop(order.MISUSED, f"{path}:{number}: 此行没有链头 · no head in this line: {_WHAT_HEADS}")
        found.append(answer)
    if not found:
        order.stop(order.MISUSED, f"{path}: 此文件中没有链头 · there is no head in this file: {_WHAT_HEADS}")
    return found


def _is_json(text: str) -> bool:
    """Whether a file is one JSON object, on one line or over several."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _answer(text: str) -> "Head | None":
    """The head that an answer gives out; None where the text is no such answer."""
    from monitor.store.verify import Head

    try:
        answer = json.loads(text)
        position = answer.get("position", answer.get("entries"))
        head = answer.get("head") or answer.get("hash")
        if re.fullmatch(r"[0-9a-fA-F]{64}", head):
            return Head(int(position), head.lower())
    except (ValueError, TypeError, AttributeError):
        pass
    return None


@contextlib.contextmanager
def _opened(args: argparse.Namespace) -> "Iterator[Ledger]":
    """The log of the data folder, to read; where it is damaged, that is said and the command ends."""
    from monitor.cli import order

    ledger = _open(args)
    try:
        yield ledger
    except Exception as error:
        if (sentence := order.failure(error, order.log(args))) is None:
            raise
        order.stop(order.WRONG, sentence)
    finally:
        ledger.close()


def _open(args: argparse.Namespace) -> "Ledger":
    """The log of the data folder, to read."""
    import sqlite3

    from monitor.cli import order
    from monitor.store.ledger import Ledger
    from monitor.store.migrate import HEADS, NewerSchema, revision
    from monitor.store.place import NotReached

    place = order.log(args)
    try:
        found = revision(place, "log")
        if found is None:
            option = "--data" if isinstance(place, Path) else "--database"
            order.stop(order.MISUSED, f"{place}: there is no log; name the right one with {option}")
        if found != HEADS["log"]:
            order.stop(
                order.WRONG,
                f"{place}: is of another version of monitor; the service of this version brings an older "
                "one up to date when it starts",
            )
        return Ledger(place)
    except (NotReached, NewerSchema) as error:
        order.stop(order.WRONG, str(error))
    except sqlite3.Error as error:
        order.stop(order.WRONG, f"{place}: 台账无法读取（{error}） · the log can't be read; see the disk")
