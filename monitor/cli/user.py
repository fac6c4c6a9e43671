"""`monitor user`: people who sign in.

In: a name, a role and what it is given. Out: one-time links, each once, alone on standard output. Never: a
password; people set their own.
"""

import argparse
import json
from collections.abc import Sequence
from typing import Any

from monitor.config import add_options

ROLES = ("teacher", "clerk", "approver", "center", "auditor", "admin")


def add(commands: Any) -> None:
    """Add `user` to the command line."""
    group: argparse.ArgumentParser = commands.add_parser(
        "user", help="people who sign in 用户", description="People who sign in, and links to set a password."
    )
    verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
    new = verbs.add_parser(
        "add",
        help="a new user; prints a link to set a password 新增用户",
        description="Makes a user and prints a one-time link, once, alone on standard output: who opens it "
        "sets the password.",
    )
    new.add_argument("name", metavar="NAME", help="what they sign in with")
    new.add_argument("--role", required=True, choices=ROLES)
    new.add_argument("--display", default="", metavar="NAME", help="how others see them")
    new.add_argument(
        "--cohort",
        action="append",
        default=[],
        metavar="ID",
        help="a cohort they are given; without, admin, center and auditor have all, the others none",
    )
    new.add_argument(
        "--person",
        action="append",
        default=[],
        metavar="COHORT=ID",
        help="the teacher that they are in a cohort",
    )
    new.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="ID",
        help="a source that a clerk's cohort files may list",
    )
    _json(new)
    new.set_defaults(run=add_user)
    listed = verbs.add_parser("list", help="every user 用户列表", description="Lists the users.")
    _json(listed)
    listed.set_defaults(run=list_users)
    for verb, text, about, run in (
        (
            "invite",
            "another link to set the first password 再次邀请",
            "Prints a new one-time link.",
            link_user,
        ),
        (
            "reset",
            "a link to set another password 重置密码",
            "Prints a one-time link; the old password holds until it is used.",
            link_user,
        ),
        (
            "disable",
            "they can't sign in any more 停用",
            "Disables a user: sessions and links end at once.",
            disable_user,
        ),
        ("enable", "they can sign in again 恢复", "Enables a user again.", enable_user),
    ):
        one = verbs.add_parser(verb, help=text, description=about)
        one.add_argument("name", metavar="NAME", help="what they sign in with")
        _json(one)
        one.set_defaults(run=run)


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="JSON instead")
    add_options(parser)


def add_user(args: argparse.Namespace) -> int:
    """Makes a user; prints the link."""
    from monitor.cli import order
    from monitor.user_orders import AddUser

    done = order.give(
        args,
        AddUser(
            by=order.by(),
            name=args.name,
            role=args.role,
            display=args.display,
            cohorts=tuple(args.cohort),
            persons=_persons(args.person),
            may_list=tuple(args.source),
        ),
    )
    user = done["user"]
    if user["cohorts"] == []:
        order.note(
            f"此用户尚无班次，什么也看不到 · this {args.role} was given no cohort, so sees nothing yet; "
            "an admin gives one on the board"
        )
    return _print(args, done)


def _persons(given: Sequence[str]) -> dict[str, str]:
    from monitor.cli import order

    found = {}
    for text in given:
        cohort, equals, person = text.partition("=")
        if not (cohort and equals and person):
            order.stop(order.MISUSED, f"--person {text}: as in bj-cnc-01=w01")
        found[cohort] = person
    return found


def link_user(args: argparse.Namespace) -> int:
    """Prints another link."""
    from monitor.cli import order
    from monitor.user_orders import LinkUser

    return _print(args, order.give(args, LinkUser(by=order.by(), name=args.name, kind=args.verb), make=False))


def _print(args: argparse.Namespace, done: Any) -> int:
    from monitor.cli import order

    if args.json:
        print(json.dumps(order.plain(done), ensure_ascii=False))
        return 0
    until = order.day(done["ends_at"])
    order.note(f"此链接只显示这一次，用一次即失效 · shown this once, good for one use until {until}")
    print(done["link"])
    return 0


def list_users(args: argparse.Namespace) -> int:
    """Prints every user."""
    from monitor.cli import order
    from monitor.user_orders import ListUsers

    rows = order.give(args, ListUsers(by=order.by()), make=False)
    if args.json:
        print(json.dumps(order.plain(rows), ensure_ascii=False))
        return 0
    order.table(
        ("编号 id", "登录名 name", "姓名 display", "角色 role", "班次 cohorts", "状态 state", "添加 added"),
        [
            (
                row["id"],
                row["name"],
                row["display"],
                row["role"],
                _cohorts(row),
                row["state"],
                order.day(row["added_at"]),
            )
            for row in rows
        ],
    )
    return 0


def _cohorts(row: Any) -> str:
    if row["cohorts"] is None:
        return "全部 all"
    persons = row["persons"]
    return ", ".join(f"{one} ({persons[one]})" if one in persons else one for one in row["cohorts"])


def disable_user(args: argparse.Namespace) -> int:
    """Disables a user."""
    return _change(args, disabled=True)


def enable_user(args: argparse.Namespace) -> int:
    """Enables a user."""
    return _change(args, disabled=False)


def _change(args: argparse.Namespace, *, disabled: bool) -> int:
    from monitor.cli import order
    from monitor.user_orders import DisableUser

    row = order.give(args, DisableUser(by=order.by(), name=args.name, disabled=disabled), make=False)
    if args.json:
        print(json.dumps(order.plain(row), ensure_ascii=False))
    else:
        order.note(f"user {row['name']} ({row['role']}) is {row['state']}")
    return 0
