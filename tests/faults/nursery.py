"""Starts the service again and again, quickly: what it imports is imported once, then it is forked.

In: on standard input, a line for each service: its arguments and its journal, as JSON. Out: `pid N`, what the
service says on standard output, `ended CODE`. One service at a time; it dies with this process, and this
process with whoever started it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def leashed() -> None:
    """From now on this process is killed when its parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    leashed()
    import monitor.app
    import monitor.cli.serve
    import monitor.serve.journal  # noqa: F401
    from monitor.__main__ import main as monitor_main

    for line in sys.stdin:
        told = json.loads(line)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            leashed()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(os.open(told["journal"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), 2)
            sys.exit(monitor_main(told["arguments"]))
        print(f"pid {pid}", flush=True)
        _, status = os.waitpid(pid, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main()
