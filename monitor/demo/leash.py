"""`python -m monitor.demo.leash ...`: the command line of `monitor`, ended when whoever started it has gone.

In: arguments for `monitor`; a pipe on standard input that stays open as long as the starter lives. Out: what
that command does. Never: outlives its starter, however that one ended.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def _wait_for_the_end() -> None:
    """Returns from reading when the pipe's other end is closed: by the starter, or by the kernel after it."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run `monitor` with our arguments."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()
    runpy.run_module("monitor", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
    sys.exit(0)
