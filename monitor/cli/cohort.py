"""`monitor cohort`: training classes (班次), from a cohort file or from two workbooks.

In: files. Out: a cohort in the data folder; its file again. Never: an identity number on the screen.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from monitor.config import add_options


def add(commands: Any) -> None:
    """Add `cohort` to the command line."""
    group: argparse.ArgumentParser = commands.add_parser(
        "cohort", help="cohorts: import, list, export, templates 班次", description="Cohorts (班次)."
    )
    verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
    new = verbs.add_parser(
        "import",
        help="create or update one 导入",
        description="Creates or updates a cohort: from COHORT.json, or from ROSTER.xlsx and PLAN.xlsx "
        "(with --policy and --id). Nothing is taken over unless all of it can be.",
    )
    new.add_argument(
        "files", nargs="+", metavar="FILE", type=Path, help="COHORT.json, or ROSTER.xlsx PLAN.xlsx"
    )
    new.add_argument("--policy", help="the policy of workbooks, as beijing-2026")
    new.add_argument("--id", help="the cohort's id, of workbooks")
    new.add_argument("--why", help="why, as the log will have it")
    new.add_argument(
        "--change-sessions",
        action="store_true",
        help="even where corrections or sign-ins name sessions that change or go; needs --why",
    )
    new.add_argument(
        "--drop-people",
        action="store_true",
        help="even where people of whom there are events are not in it any more; needs --why",
    )
    new.add_argument(
        "--drop-bindings",
        action="store_true",
        help="let go of accounts that staff bound to people",
    )
    new.add_argument("--lang", choices=("zh", "en"), default="zh", help="language of errors in workbooks")
    new.add_argument("--json", action="store_true", help="JSON instead of sentences")
    add_options(new)
    new.set_defaults(run=import_cohort)
    listed = verbs.add_parser("list", help="every cohort 班次列表", description="Lists the cohorts.")
    listed.add_argument("--json", action="store_true", help="JSON instead of a table")
    add_options(listed)
    listed.set_defaults(run=list_cohorts)
    out = verbs.add_parser(
        "export", help="the cohort file as it holds 导出", description="Prints the cohort file as it holds."
    )
    out.add_argument("id", metavar="ID", help="the cohort")
    add_options(out)
    out.set_defaults(run=export_cohort)
    empty = verbs.add_parser(
        "template",
        help="empty workbooks to fill in 模板",
        description="Writes an empty roster and an empty plan, ready to fill in.",
    )
    empty.add_argument("dir", metavar="DIR", type=Path, help="a folder; made where there is none")
    add_options(empty)
    empty.set_defaults(run=write_template)


def import_cohort(args: argparse.Namespace) -> int:
    """Imports a cohort; says what came of it."""
    from monitor.cli import order
    from monitor.control import ImportBooks, ImportCohort

    if (args.change_sessions or args.drop_people) and not (args.why or "").strip():
        order.stop(order.MISUSED, "请用 --why 写明理由 · say why, with --why")
    more = {
        "why": args.why or "import",
        "keep_bindings": not args.drop_bindings,
        "change_sessions": args.change_sessions,
        "drop_people": args.drop_people,
    }
    what = [_read(path) for path in args.files]
    if len(what) == 1 and args.files[0].suffix.lower() != ".xlsx":
        if args.policy or args.id:
            order.stop(order.MISUSED, "--policy and --id are for workbooks; a cohort file says both itself")
        try:
            text = what[0].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            order.stop(order.MISUSED, f"{args.files[0]}: not UTF-8 ({error.reason} at byte {error.start})")
        wanted: Any = ImportCohort(by=order.by(), file=text, **more)
    elif len(what) == 2:
        if not (args.policy and args.id):
            order.stop(order.MISUSED, "workbooks need --policy ID and --id ID")
        wanted = ImportBooks(
            by=order.by(),
            roster=what[0],
            plan=what[1],
            policy=args.policy,
            cohort=args.id,
            lang=args.lang,
            **more,
        )
    else:
        order.stop(order.MISUSED, "name one COHORT.json, or a ROSTER.xlsx and a PLAN.xlsx")
    done = order.give(args, wanted, what=str(args.files[0]) if len(what) == 1 else "")
    for sentence in done["notes"]:
        order.note(sentence)
    if args.json:
        print(json.dumps(order.plain(done), ensure_ascii=False))
        return 0
    said = "新建 created" if done["created"] else "更新 updated" if done["changed"] else "无变化 unchanged"
    counts = f"{done['people']} 人 people, {done['sessions']} 课次 sessions"
    print(f"{done['cohort']} {done['name'] or ''}: {said}; {counts}")
    return 0


def list_cohorts(args: argparse.Namespace) -> int:
    """Prints every cohort."""
    from monitor.cli import order
    from monitor.control import ListCohorts

    rows = order.give(args, ListCohorts(by=order.by()), make=False)
    if args.json:
        print(json.dumps(order.plain(rows), ensure_ascii=False))
        return 0
    order.table(
        ("班次 cohort", "名称 name", "机构 organizer", "政策 policy", "来源 sources", "版本", "更新 at"),
        [
            (
                row["id"],
                row["name"] or "",
                row["organizer"] or "",
                row["policy"],
                ", ".join(row["sources"]),
                str(row["versions"]),
                order.day(row["at"]),
            )
            for row in rows
        ],
    )
    return 0


def export_cohort(args: argparse.Namespace) -> int:
    """Prints a cohort's file."""
    from monitor.cli import order
    from monitor.control import ExportCohort

    text = order.give(args, ExportCohort(by=order.by(), cohort=args.id), make=False)
    sys.stdout.buffer.write(text.encode())
    if not text.endswith("\n"):
        sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()
    return 0


def write_template(args: argparse.Namespace) -> int:
    """Writes the empty workbooks."""
    from monitor.cli import order
    from monitor.workbook import write_templates

    try:
        args.dir.mkdir(parents=True, exist_ok=True)
        written = write_templates(args.dir)
    except OSError as error:
        order.stop(order.WRONG, f"{error.filename or args.dir}: {error.strerror}")
    for path in written:
        print(path)
    return 0


def _read(path: Path) -> bytes:
    from monitor.cli import order

    try:
        return path.read_bytes()
    except OSError as error:
        order.stop(order.MISUSED, f"{path}: {error.strerror}")
