"""`monitor ledger find`: deliveries by source, room or session, and local day.

In: what to look for. Out: a line for each delivery, or JSON. Never: what a delivery says of people; that is
read at `GET /v1/deliveries/{position}`, where it is written down who did.
"""

import argparse
import json
from typing import Any

from monitor.config import add_options

_PAGE = 500  # deliveries an order


def add(verbs: Any) -> None:
    """Add `find` to `ledger`."""
    look = verbs.add_parser(
        "find",
        help="deliveries by source, room or session, and day 查找",
        description="Lists the deliveries of a source: all of them, or those about a room or a session, on a "
        "day (of the events, by China Standard Time). The first time it reads the whole log, from then on "
        "what is new.",
    )
    look.add_argument("--source", metavar="ID", required=True, help="whose deliveries; ours are staff's")
    where = look.add_mutually_exclusive_group()
    where.add_argument("--room", metavar="NAME", help="an event in it names this room")
    where.add_argument("--session", metavar="ID", help="an event in it names this session (sign-ins do)")
    look.add_argument("--day", metavar="YYYY-MM-DD", help="an event in it happened on this day")
    look.add_argument("--json", action="store_true", help="JSON instead of a table")
    add_options(look)
    look.set_defaults(run=find)


def find(args: argparse.Namespace) -> int:
    """Prints what is found; exit code 1 where nothing is."""
    from monitor.cli import order
    from monitor.cli.bar import Bar
    from monitor.orders import FindDeliveries

    bar = Bar("编目 catalogue")
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = order.give(
            args,
            FindDeliveries(
                by=order.by(),
                source=args.source,
                room=args.room,
                session=args.session,
                day=args.day,
                after=after,
                most=_PAGE,
            ),
            make=False,
        )
        if page["behind"] is not None:
            bar(*page["behind"])
        found += page["found"]
        after = page["next"]
    if args.json:
        print(json.dumps(order.plain(found), ensure_ascii=False))
    elif found:
        order.table(
            ("位置 position", "到达 arrived", "编号 webhook-id", "事件 events", "哈希 hash"),
            [
                (
                    str(one["position"]),
                    order.day(one["at"]),
                    one["webhook_id"] or "",
                    _events(one),
                    one["hash"],
                )
                for one in found
            ],
        )
    else:
        order.note("没有找到这样的投递 · there is no such delivery")
    return 0 if found else order.WRONG


def _events(one: dict[str, Any]) -> str:
    said = str(one["events"])
    if one["refused"]:
        said += f" (+{one['refused']} 拒收 refused)"
    return f"{said} 已删除 erased" if one["erased"] else said
