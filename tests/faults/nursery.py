"""Starts services again and again, quickly: what they import is imported once, then each is forked.

In: a socket that listens as standard input; on each connection a line for each service, one at a time: its
arguments, its journal, and whether it is in a hurry, as JSON. Out: `pid N`, what the service says on standard
output, `ended CODE`. Everybody dies with who started them: the services of a connection with the process that
keeps them, that one with this, and this with the tests.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import sys

_PR_SET_PDEATHSIG = 1

HURRY_S = 4.0
"""How long a service in a hurry waits for a header or a body, where others wait for 30 seconds."""


def leashed() -> None:
    """From now on this process is killed when its parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    leashed()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    listening = socket.socket(fileno=0)
    import monitor.app
    import monitor.cli.serve
    import monitor.serve.journal  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listening.accept()
        if os.fork() == 0:
            leashed()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for standard in (0, 1):
                os.dup2(connection.fileno(), standard)
            connection.close()
            keep()
            os._exit(0)
        connection.close()


def keep() -> None:
    """One connection: one service after the other."""
    with open(0, closefd=False) as orders:
        for line in orders:
            told = json.loads(line)
            pid = os.fork()
            if pid == 0:
                leashed()
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(os.open(told["journal"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), 2)
                serve(told["arguments"], hurry=told["hurry"])
            print(f"pid {pid}", flush=True)
            _, status = os.waitpid(pid, 0)
            print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


def serve(arguments: list[str], *, hurry: bool) -> None:
    """The service, as `python -m monitor` runs it."""
    from monitor.__main__ import main as monitor_main
    from monitor.serve import answer, connection

    if hurry:
        answer.BODY_SECONDS = connection.HEADER_SECONDS = HURRY_S  # type: ignore[misc]
    sys.exit(monitor_main(arguments))


if __name__ == "__main__":
    main()
