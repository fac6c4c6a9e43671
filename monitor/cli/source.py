"""`monitor source`: the platforms that push events.

In: a platform's id and what it is. Out: its secret, once, alone on standard output. Never: a secret again.
"""

import argparse
import json
from typing import Any

from monitor.config import add_options


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
    listed = verbs.add_parser("list", help="every platform 来源列表", description="Lists the platforms.")
    listed.add_argument("--json", action="store_true", help="JSON instead of a table")
    add_options(listed)
    listed.set_defaults(run=list_sources)


def add_source(args: argparse.Namespace) -> int:
    """Adds a platform; prints its secret."""
    from monitor.cli import order
    from monitor.control import AddSource
    from monitor.ingest.seal import weakness

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
    if weak := weakness(secret):
        order.note(weak)
    order.note(f"source {row['id']} pushes to /v1/ingest/{row['id']}; its secret is shown this once")
    print(secret)
    return 0


def list_sources(args: argparse.Namespace) -> int:
    """Prints every platform."""
    from monitor.cli import order
    from monitor.control import ListSources

    rows = order.give(args, ListSources(by=order.by()), make=False)
    if args.json:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    order.table(
        (
            "来源 source",
            "类型 kind",
            "摄像头 camera",
            "间隔 seconds",
            "签到 sign-in",
            "演示 demo",
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
                order.day(row["added_at"]),
            )
            for row in rows
        ],
    )
    return 0
