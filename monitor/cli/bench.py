"""`monitor bench`: the benchmarks of the source checkout, as ratios to a raw limit of the same run.

In: which, how many rounds. Out: a table or JSON. Never: a judgement; what a ratio should be stands in
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any, Final

import monitor

CHECKOUT: Final = Path(monitor.__file__).parent.parent
_LINE: Final = 100


def add(commands: Any) -> None:
    """Add `bench` to the command line."""
    command: argparse.ArgumentParser = commands.add_parser(
        "bench",
        help="the benchmarks, as ratios 性能测试",
        description="Run the benchmarks: each is a ratio to a raw limit measured beside it in a round. "
        "What each measures, and what its ratio should be, stands in benchmarks/README.md.",
    )
    command.add_argument("--only", metavar="A,B", help="some of them, as in P1,P2,recount")
    command.add_argument("--rounds", type=int, default=7, metavar="N", help="rounds of each (default 7)")
    command.add_argument("--json", action="store_true", help="one JSON object")
    command.add_argument(
        "--scale",
        type=float,
        default=1.0,
        metavar="S",
        help="sizes, of 1 (default); smaller shows that it runs, and no more",
    )
    command.add_argument(
        "--peers",
        type=Path,
        metavar="DIR",
        help="a Python environment to keep what P4 compares with (default: one that is thrown away)",
    )
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run and print them; 2 where there are none of that name, or no checkout."""
    if not (CHECKOUT / "benchmarks" / "__init__.py").is_file():
        return _wrong("the benchmarks come with the source checkout, not with the package")
    if str(CHECKOUT) not in sys.path:
        sys.path.append(str(CHECKOUT))
    rows: dict[str, str] = importlib.import_module("benchmarks").ROWS
    wanted = list(dict.fromkeys(chosen.only.split(","))) if chosen.only else list(rows)
    unknown = [name for name in wanted if name not in rows]
    if unknown:
        return _wrong(f"no benchmark {', '.join(unknown)}; there are {', '.join(rows)}")
    if chosen.rounds < 1:
        return _wrong("--rounds must be at least 1")
    if not 0 < chosen.scale <= 10:
        return _wrong("--scale must be above 0 and at most 10")
    rounds = importlib.import_module("benchmarks.rounds")
    found: dict[str, Any] = {}
    for file in dict.fromkeys(rows[name] for name in wanted):
        names = [name for name in wanted if rows[name] == file]
        module = importlib.import_module(f"benchmarks.{file}")
        told = module.run(
            rounds.Wanted(names, chosen.rounds, chosen.scale, _progress(", ".join(names)), chosen.peers)
        )
        found.update(told)
        _show("")
        if not chosen.json:
            for name in names:
                print("\n".join(_lines(name, told[name])), flush=True)
    if chosen.json:
        print(json.dumps(found))
    return 0


def _lines(name: str, told: dict[str, Any]) -> list[str]:
    """A row for people: the ratio, its rounds, and what it has beside them."""
    if told["ratio"] is None:
        return [f"{name}: {told['missing']}"]
    lines = [f"{name}: {told['ratio']}  {told['rounds']}"]
    for part, one in told.get("parts", {}).items():
        lines.append(f"    {part}: {one['ratio']}  {one['rounds']}")
    more = {key: value for key, value in told.items() if key not in ("ratio", "rounds", "parts")}
    return [*lines, *(f"    {key}: {value}" for key, value in more.items())]


def _progress(what: str) -> Any:
    return lambda now: _show(f"{what}: {now}")


def _show(text: str) -> None:
    """What is being measured, on a terminal only; the empty text wipes the line."""
    if sys.stderr.isatty():
        end = "" if text else "\r"
        print(f"\r{text[:_LINE]:<{_LINE}}", end=end, file=sys.stderr, flush=True)


def _wrong(sentence: str) -> int:
    print(f"monitor bench: {sentence}", file=sys.stderr)
    return 2
