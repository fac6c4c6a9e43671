"""`monitor bench`: the benchmarks of the source checkout, as ratios to a raw limit of the same run.

In: which, how many rounds. Out: a table or JSON. Never: a judgement; what a ratio should be stands in
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import monitor

FOLDER: Final = Path(monitor.__file__).parent.parent / "benchmarks"


def add(commands: Any) -> None:
    """Add `bench` to the command line."""
    command: argparse.ArgumentParser = commands.add_parser(
        "bench",
        help="the benchmarks, as ratios 性能测试",
        description="Run the benchmarks: each is a ratio to a raw limit measured beside it in a round.",
    )
    command.add_argument("--only", metavar="A,B", help="some of them")
    command.add_argument("--rounds", type=int, default=7, metavar="N", help="rounds of each (default 7)")
    command.add_argument("--json", action="store_true", help="one JSON object")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run and print them; 2 where there are none of that name, or no checkout."""
    known = {path.stem: path for path in sorted(FOLDER.glob("[a-z]*.py"))} if FOLDER.is_dir() else {}
    if not known:
        return _wrong("the benchmarks come with the source checkout, not with the package")
    wanted = chosen.only.split(",") if chosen.only else list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        return _wrong(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    if chosen.rounds < 1:
        return _wrong("--rounds must be at least 1")
    found: dict[str, Any] = {}
    for name in wanted:
        if sys.stderr.isatty():
            print(f"{name} ...", end="\r", file=sys.stderr)
        found[name] = _module(known[name]).run(chosen.rounds)
        if not chosen.json:
            print(f"{name}: ratio {found[name]['ratio']} (rounds {found[name]['rounds']})")
    if chosen.json:
        print(json.dumps(found))
    return 0


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmarks_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _wrong(sentence: str) -> int:
    print(f"monitor bench: {sentence}", file=sys.stderr)
    return 2
