"""`monitor ...`: hands the command line to its group.

Exit codes: 0 done, 1 found something wrong, 2 wrong use.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from collections.abc import Sequence
from typing import Final

from monitor import __version__

GROUPS: Final = {
    "serve": "the service 启动服务",
    "recount": "recount a cohort from its files 离线复算",
    "cohort": "cohorts: import, list, export, templates 班次",
    "source": "platforms that push events 数据来源",
    "token": "who may ask 访问令牌",
    "user": "people who sign in 用户",
    "ledger": "verify, export, erase from the log 台账",
    "backup": "a copy of all that is kept, while it runs 备份",
    "restore": "a data folder from a backup 恢复",
    "simulate": "a platform that does not exist, pushing events 模拟平台",
    "demo": "the service with a class going on 演示",
    "bench": "the benchmarks, as ratios 性能测试",
}
"""Command groups and their one line of help; each is a file in monitor/cli with `add(commands)`."""


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole command line, or (faster) with only the group that is asked for."""
    top = argparse.ArgumentParser(
        prog="monitor",
        description="Proves valid class hours (有效学时) from signed attendance events.",
    )
    top.add_argument("--version", action="version", version=f"monitor {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for group, line in GROUPS.items():
        if only is None or group == only:
            importlib.import_module(f"monitor.cli.{group}").add(commands)
        else:
            commands.add_parser(group, help=line)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    only = given[0] if given and given[0] in GROUPS else None
    try:
        chosen = parser(only or "").parse_args(given)
        return int(chosen.run(chosen))
    except SystemExit as stop:  # argparse has said what is wrong
        return stop.code if isinstance(stop.code, int) else 2
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        with contextlib.suppress(OSError):
            sys.stdout.close()
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
