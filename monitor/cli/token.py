"""`monitor token`: who may ask.

In: a role and what it is given. Out: the token, once, alone on standard output. Never: a token again; only
its hash is kept.
"""

import argparse
import json
from typing import Any

from monitor.config import add_options

ROLES = ("platform", "teacher", "clerk", "approver", "center", "auditor", "admin", "trainee")


def add(commands: Any) -> None:
    """Add `token` to the command line."""
    group: argparse.ArgumentParser = commands.add_parser(
        "token", help="who may ask 访问令牌", description="Tokens: who may ask what."
    )
    verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
    new = verbs.add_parser(
        "add",
        help="a new token; prints it once 新增令牌",
        description="Makes a token and prints it, once, alone on standard output.",
    )
    new.add_argument("--role", required=True, choices=ROLES)
    new.add_argument(
        "--cohort",
        action="append",
        default=[],
        metavar="ID",
        help="a cohort it is given; without, admin, center and auditor have all, the others none",
    )
    new.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="ID",
        help="the source of a platform's token; of a clerk's one that their cohort files may list",
    )
    new.add_argument("--person", metavar="ID", help="the person of a trainee's token")
    new.add_argument("--name", default="", help="who holds it, as printed beside corrections")
    new.add_argument(
        "--user",
        metavar="NAME",
        help="the user whose token it is: the two are one of a correction's two people",
    )
    add_options(new)
    new.set_defaults(run=add_token)
    more = verbs.add_parser(
        "grant",
        help="more cohorts and sources for it 追加授权",
        description="Gives a token more cohorts, and sources that its cohort files may list; at once.",
    )
    more.add_argument("id", metavar="ID", help="the token's id, as token list has it")
    more.add_argument("--cohort", action="append", default=[], metavar="ID", help="a cohort it is given")
    more.add_argument(
        "--source", action="append", default=[], metavar="ID", help="a source its cohort files may list"
    )
    add_options(more)
    more.set_defaults(run=grant_token)
    listed = verbs.add_parser(
        "list", help="every token 令牌列表", description="Lists tokens, without their text."
    )
    listed.add_argument("--json", action="store_true", help="JSON instead of a table")
    add_options(listed)
    listed.set_defaults(run=list_tokens)
    gone = verbs.add_parser(
        "revoke", help="it opens nothing any more 吊销", description="Revokes a token, at once."
    )
    gone.add_argument("id", metavar="ID", help="the token's id, as token list has it")
    add_options(gone)
    gone.set_defaults(run=revoke_token)


def add_token(args: argparse.Namespace) -> int:
    """Makes a token; prints it."""
    from monitor.cli import order
    from monitor.control import AddToken

    is_platform = args.role == "platform"
    if is_platform and len(args.source) > 1:
        order.stop(order.MISUSED, "a platform's token names one source (--source)")
    row, text = order.give(
        args,
        AddToken(
            by=order.by(),
            role=args.role,
            cohorts=tuple(args.cohort),
            source=args.source[0] if is_platform and args.source else None,
            person=args.person,
            may_list=() if is_platform else tuple(args.source),
            name=args.name,
            holder=args.user,
        ),
    )
    if row["cohorts"] == [] and not is_platform:
        order.note(
            f"此令牌尚无班次，什么也看不到 · this {args.role} was given no cohort, so sees nothing yet; "
            f"give one with: monitor token grant {row['id']} --cohort ID"
        )
    order.note(f"token {row['id']} is shown this once; revoke it with: monitor token revoke {row['id']}")
    print(text)
    return 0


def grant_token(args: argparse.Namespace) -> int:
    """Gives a token more; says what it has."""
    from monitor.cli import order
    from monitor.control import GrantToken

    row = order.give(
        args,
        GrantToken(by=order.by(), id=args.id, cohorts=tuple(args.cohort), may_list=tuple(args.source)),
        make=False,
    )
    order.note(f"token {row['id']} ({row['role']}): {_given(row)}")
    return 0


def _given(row: Any) -> str:
    """The cohorts that a token was given, and the sources that it may list."""
    cohorts = "全部 all" if row["cohorts"] is None else ", ".join(row["cohorts"])
    return f"{cohorts}; 来源 sources {', '.join(row['may_list'])}" if row["may_list"] else cohorts


def list_tokens(args: argparse.Namespace) -> int:
    """Prints every token."""
    from monitor.cli import order
    from monitor.control import ListTokens

    rows = order.give(args, ListTokens(by=order.by()), make=False)
    if args.json:
        print(json.dumps(order.plain(rows), ensure_ascii=False))
        return 0
    order.table(
        ("编号 id", "持有人 name", "角色 role", "班次 cohorts", "来源/学员", "添加 added", "吊销 revoked"),
        [
            (
                row["id"],
                row["name"],
                row["role"],
                _given(row),
                row["source"] or row["person"] or "",
                order.day(row["added_at"]),
                order.day(row["revoked_at"]),
            )
            for row in rows
        ],
    )
    return 0


def revoke_token(args: argparse.Namespace) -> int:
    """Revokes a token."""
    from monitor.cli import order
    from monitor.control import RevokeToken

    row = order.give(args, RevokeToken(by=order.by(), id=args.id), make=False)
    order.note(f"token {row['id']} ({row['role']}) was revoked {order.day(row['revoked_at'])}")
    return 0
