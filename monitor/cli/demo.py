"""`monitor demo`: the whole service with two invented classes, one going on now.

In: a folder that is made anew, a port. Out: what to open and what to type; a service until Ctrl-C. Never:
touches a folder that it did not make.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

_ABOUT = """\
Starts the service over a folder made anew, with two invented training classes (班次), one under each policy:
days behind them, a period going on now whatever the time of day, days ahead. A simulated platform pushes over
real HTTP. Prints what to open and what to type. Everything is marked as a demo."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Hang the command up."""
    parser = commands.add_parser(
        "demo",
        help="the service with a class going on 演示",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data", metavar="DIR", type=Path, default=Path(".monitor-demo"), help="its folder (.monitor-demo)"
    )
    parser.add_argument("--keep", action="store_true", help="go on with what is in the folder")
    parser.add_argument("--port", metavar="N", type=_port, help="port (8080 or the next free one; 0: any)")
    parser.add_argument("--trainees", metavar="N", type=_count, help="in the first class (24)")
    parser.add_argument("--seed", metavar="N", type=int, help="who does what")
    parser.add_argument("--once", action="store_true", help="set up, say so, end")
    parser.add_argument("--json", action="store_true", help="addresses and tokens as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo; 0 when it ended as told, 1 when the service failed, 2 for a folder that is not ours."""
    from monitor.clock import now_ms
    from monitor.config import UsageError
    from monitor.demo.folder import DemoFolder, NotOurs
    from monitor.demo.run import Wish, demo
    from monitor.demo.service import ServiceFailed
    from monitor.demo.stage import SEED, TRAINEES
    from monitor.simulate.push import Stopped

    try:
        folder = DemoFolder(args.data, keep=args.keep)
    except (NotOurs, OSError) as problem:
        print(f"monitor demo: {problem}", file=sys.stderr)
        return 2
    wish = Wish(
        folder=args.data,
        port=args.port,
        trainees=TRAINEES if args.trainees is None else args.trainees,
        seed=SEED if args.seed is None else args.seed,
        once=args.once,
        json=args.json,
    )
    try:
        asyncio.run(demo(wish, folder, now_ms))
    except asyncio.CancelledError:
        print(f"演示已结束，数据留在 {args.data}/   The demo has ended", file=sys.stderr)
        return 0
    except (ServiceFailed, Stopped, UsageError) as problem:
        print(f"monitor demo: {problem}", file=sys.stderr)
        return 1
    finally:
        folder.close()
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 3 <= int(text) <= 200:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 3 to 200")
    return int(text)
