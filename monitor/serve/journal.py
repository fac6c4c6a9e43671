"""The service's own journal: one JSON object a line, for whoever runs it.

In: what rooms say through structlog or logging. Out: lines with time, level, event and fields. Never: what an
exception said (it may name somebody); its type and where it happened are enough to find it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import sys
import threading
import traceback
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

_OURS: Final = "monitor"


def begin(stream: TextIO, level: int = logging.INFO) -> None:
    """From now on what we say from `level` on is written to `stream`; of libraries warnings alone.

    Libraries say at lower levels what they handle: the values of a statement, for one.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_words,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _template],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(level)
    logging.raiseExceptions = False  # a line that can't be written is lost, not told with all it held


def hear_failures() -> None:
    """What ends the process or one of its threads is told in the journal, too, instead of with its words."""
    sys.excepthook = lambda kind, error, trace: _uncaught("ended by a failure", error)
    threading.excepthook = lambda told: _uncaught("a thread ended by a failure", told.exc_value)
    sys.unraisablehook = lambda told: _uncaught("a failure that nobody could be told", told.exc_value)


def _uncaught(what: str, error: BaseException | None) -> None:
    structlog.get_logger(_OURS).error("unhandled", said=what, exc_info=error)


def unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody caught, as the event loop tells it: without the objects it names, which say too much."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        structlog.get_logger(_OURS).error("descriptors.none_left")  # who wants to connect waits
        return
    structlog.get_logger(_OURS).error("unhandled", exc_info=context.get("exception"))


def _template(_logger: Any, _name: str, said: EventDict) -> EventDict:
    """What a library says, without the values it fills in."""
    record = said.get("_record")
    if isinstance(record, logging.LogRecord) and record.name.partition(".")[0] != _OURS:
        said["event"] = str(record.msg)
    return said


def _without_words(_logger: Any, _name: str, said: EventDict) -> EventDict:
    """An exception by its type and frames, not by its words."""
    told = said.pop("exc_info", None)
    error = told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        said["error"] = type(error).__name__
        said["frames"] = [
            f"{frame.filename.rpartition('/')[2]}:{frame.name}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)[-12:]
        ]
    return said
