"""What others are made of, and we are not: packages in an environment of their own, for comparison alone.

In: names of packages. Out: a Python that has them: ours where it does, else that of a throw-away environment
(or one that is kept, `--peers DIR`); or a sentence that says what to do. Never: a package in our environment.
"""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

_INSTALL_S = 180.0


@contextlib.contextmanager
def python(folder: Path | None, packages: Sequence[str]) -> Iterator[tuple[str | None, str | None]]:
    """(a Python that has the packages, None), or (None, why there is none and what to do)."""
    if all(importlib.util.find_spec(name) for name in packages):
        yield sys.executable, None
        return
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-peers-")))
        yield _made(folder, packages)


def _made(folder: Path, packages: Sequence[str]) -> tuple[str | None, str | None]:
    program = folder / "bin" / "python"
    try:
        if not program.exists():
            subprocess.run(
                [sys.executable, "-m", "venv", str(folder)],
                check=True,
                capture_output=True,
                timeout=_INSTALL_S,
            )
        imports = "; ".join(f"import {name}" for name in packages)
        if subprocess.run([str(program), "-c", imports], capture_output=True).returncode != 0:
            install = [str(program), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run(
                [*install, "--retries", "1", *packages], check=True, capture_output=True, timeout=_INSTALL_S
            )
    except (OSError, subprocess.SubprocessError):
        names = " ".join(packages)
        return None, (
            f"needs {names}, which could not be installed; where a package index is within reach: "
            f"python3 -m venv DIR && DIR/bin/pip install {names}, then monitor bench --peers DIR"
        )
    return str(program), None
