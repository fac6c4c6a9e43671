"""strace above the service: it tells what the service asked of the kernel, and makes the kernel refuse."""

from __future__ import annotations

import codecs
import functools
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest


@functools.cache
def works() -> bool:
    """Whether there is a strace that may trace."""
    tool = shutil.which("strace")
    return (
        tool is not None
        and shutil.which("setpriv") is not None
        and subprocess.run([tool, "-o/dev/null", "true"], check=False).returncode == 0
    )


needs_strace = pytest.mark.skipif(not works(), reason="needs strace, and the right to trace")


def inject(path: Path, fault: str) -> list[str]:
    """Stands above the service: such calls on that file fail, or kill: `pwrite64:error=EIO:when=7..9`."""
    return ["strace", "-f", "-o/dev/null", "-P", str(path), f"-einject={fault}", *_LEASH]


def watch(out: Path) -> list[str]:
    """Stands above the service: all that it writes, syncs and sends is written down, byte for byte."""
    return [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-y",
        "-s9999999",
        f"-etrace={','.join(CALLS)}",
        f"-o{out}",
        *_LEASH,
    ]


_LEASH = ("setpriv", "--pdeathsig", "KILL")  # the traced process ends with its tracer

WRITES = ("pwrite64", "pwritev", "ftruncate")
SYNCS = ("fsync", "fdatasync")
SENDS = ("sendto", "sendmsg", "write", "writev")
CALLS = sorted({*WRITES, *SYNCS, *SENDS})


class Call(NamedTuple):
    """A system call: when it began and when it was over, as places in the order of what was traced."""

    began: int
    over: int
    name: str
    file: str
    said: str
    result: int

    @property
    def written(self) -> tuple[int, bytes]:
        """Of a pwrite64: where, and which bytes."""
        text, _, rest = self.said.partition(', "')[2].rpartition('", ')
        assert self.name == "pwrite64"
        return int(rest.rpartition(", ")[2]), codecs.escape_decode(text.encode("latin-1"))[0][: self.result]  # type: ignore[return-value]


_WHOLE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)")
_BEGUN = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)")
_FILE = re.compile(r"^\d+<(.*?)>")


def calls(out: Path) -> list[Call]:
    """What was traced, in the order in which it was over."""
    begun: dict[str, tuple[int, str]] = {}
    found = []
    for n, line in enumerate(out.read_text("latin-1").splitlines()):
        if match := _WHOLE.match(line):
            _, name, said, result = match.groups()
            began = n
        elif match := _BEGUN.match(line):
            begun[match[1]] = (n, match[3])
            continue
        elif match := _RESUMED.match(line):
            thread, name, rest, result = match.groups()
            began, said = begun.pop(thread)
            said += rest
        else:
            continue
        file = _FILE.match(said)
        found.append(Call(began, n, name, file[1] if file else "", said, int(result)))
    return found
