"""`monitor source`: the platforms that push events.

In: a platform's id and what it is. Out: its secret, once, alone on standard output. Never: a secret again.
"""

import argparse
import json
from typing import Any, Final

from monitor.config import add_options

HOUR_MS: Final = 3_600_000
MOST_HOURS: Final = 8784


def add(commands: Any) -> None:
    """Add `source` to the command line."""
    group: argparse.ArgumentParser = commands.add_parser(
        "source", help="platforms that push events 数据来源", description="Platforms that push events."
    )
    verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
    new = verbs.add_parser(
        "add",
        help="a new platform; prints its secret once 新增来源",
        description="Adds a platform and prints its secret, once, alone on standard output.",
    )
    new.add_argument("id", metavar="ID", help="lower-case letters, digits and -")
    new.add_argument("--kind", required=True, help="native: CloudEvents, signed as Standard Webhooks")
    new.add_argument("--secret", help="whsec_... (shared), or whpk_... (the platform's Ed25519 public key)")
    new.add_argument(
        "--camera",
        choices=("heartbeat", "state", "none"),
        default="heartbeat",
        help="what it says of cameras (default heartbeat)",
    )
    new.add_argument(
        "--heartbeat-seconds", type=int, metavar="N", help="how often a camera that is on says so"
    )
    new.add_argument("--may", action="append", choices=("sign-in",), default=[], help="send sign-ins, too")
    new.add_argument("--demo", action="store_true", help="a demonstration: every answer over it says so")
    add_options(new)
    new.set_defaults(run=add_source)
    other = verbs.add_parser(
        "set",
        help="change a platform 修改来源",
        description="Changes what a platform says of cameras, how often, or what it may send, from now on. "
        "What is not named stays; so do deliveries that came before, and cohort files, which have a camera "
        "of their own.",
    )
    other.add_argument("id", metavar="ID", help="the source")
    other.add_argument("--camera", choices=("heartbeat", "state", "none"), help="what it says of cameras")
    other.add_argument(
        "--heartbeat-seconds", type=int, metavar="N", help="how often a camera that is on says so"
    )
    may = other.add_mutually_exclusive_group()
    may.add_argument("--may", choices=("sign-in",), help="send sign-ins, too")
    may.add_argument("--may-not", choices=("sign-in",), help="send no sign-ins any more")
    add_options(other)
    other.set_defaults(run=set_source)
    turned = verbs.add_parser(
        "rotate",
        help="a fresh secret; the old one holds on for a while 更换密钥",
        description="Gives a platform a fresh secret and prints it, once, alone on standard output. "
        "With --keep the old one holds besides for so many hours, then ends by itself; without, it ends at "
        "once. A source whose secret was lost is given one the same way.",
    )
    turned.add_argument("id", metavar="ID", help="the source")
    turned.add_argument("--secret", help="the new one, where the platform has chosen it")
    turned.add_argument(
        "--keep",
        type=_hours,
        default=0,
        metavar="HOURS",
        help="how long the old one holds besides (default 0)",
    )
    add_options(turned)
    turned.set_defaults(run=rotate_source)
    listed = verbs.add_parser("list", help="every platform 来源列表", description="Lists the platforms.")
    listed.add_argument("--json", action="store_true", help="JSON instead of a table")
    add_options(listed)
    listed.set_defaults(run=list_sources)


def add_source(args: argparse.Namespace) -> int:
    """Adds a platform; prints its secret."""
    from monitor.cli import order
    from monitor.orders import AddSource

    row, secret = order.give(
        args,
        AddSource(
            by=order.by(),
            id=args.id,
            kind=args.kind,
            secret=args.secret,
            camera=args.camera,
            heartbeat_seconds=args.heartbeat_seconds,
            may_sign_in="sign-in" in args.may,
            demo=args.demo,
        ),
    )
    order.note(f"source {row['id']} pushes to /v1/ingest/{row['id']}; its secret is shown this once")
    print(secret)
    return 0


def set_source(args: argparse.Namespace) -> int:
    """Changes a platform; says what it is now."""
    from monitor.cli import order
    from monitor.orders import ChangeSource

    row = order.give(
        args,
        ChangeSource(
            by=order.by(),
            id=args.id,
            camera=args.camera,
            heartbeat_seconds=args.heartbeat_seconds,
            may_sign_in=True if args.may else False if args.may_not else None,
        ),
        make=False,
    )
    seconds, signs = row["heartbeat_seconds"] or "—", "是 yes" if row["may_sign_in"] else "否 no"
    print(f"已修改 changed: {row['id']}: 摄像头 camera {row['camera']}, {seconds} s, 签到 sign-in {signs}")
    return 0


def rotate_source(args: argparse.Namespace) -> int:
    """Gives a platform a fresh secret; prints it."""
    from monitor.cli import order
    from monitor.orders import RotateSource

    _, secret, ends = order.give(
        args,
        RotateSource(by=order.by(), id=args.id, secret=args.secret, keep_ms=round(args.keep * HOUR_MS)),
        make=False,
    )
    until = f"holds until {order.day(ends)}" if ends else "holds no more"
    order.note(f"source {args.id}: the new secret is shown this once; the old one {until}")
    print(secret)
    return 0


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = -1
    if not 0 <= hours <= MOST_HOURS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours from 0 to {MOST_HOURS}")
    return hours


def _secrets(row: Any) -> str:
    """How many secrets a platform has, and until when the others hold."""
    from monitor.cli import order

    ends = [one["ends_at"] for one in row["secrets"]]
    if not ends:
        return "无 none: source rotate"
    return ", ".join("1" if at is None else f"旧 old: {order.day(at)}" for at in ends)


def list_sources(args: argparse.Namespace) -> int:
    """Prints every platform."""
    from monitor.cli import order
    from monitor.orders import ListSources

    rows = order.give(args, ListSources(by=order.by()), make=False)
    if args.json:
        print(json.dumps(order.plain(rows), ensure_ascii=False))
        return 0
    order.table(
        (
            "来源 source",
            "类型 kind",
            "摄像头 camera",
            "间隔 seconds",
            "签到 sign-in",
            "演示 demo",
            "密钥 secrets",
            "添加 added",
        ),
        [
            (
                row["id"],
                row["kind"],
                row["camera"],
                str(row["heartbeat_seconds"] or ""),
                "是 yes" if row["may_sign_in"] else "",
                "是 yes" if row["demo"] else "",
                _secrets(row),
                order.day(row["added_at"]),
            )
            for row in rows
        ],
    )
    return 0
