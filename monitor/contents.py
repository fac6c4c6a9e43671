"""What an event says, written again: as canonical JSON to compare, as a line to hand out.

In: an event. Out: bytes, made of those it came in. Never: drops a key that was delivered, other than the
`receivedtime` that a platform claims.
"""

from __future__ import annotations

from typing import Any

import msgspec
import rfc8785

from monitor.event import Event
from monitor.instant import rfc3339

_decode = msgspec.json.Decoder().decode


def canonical(event: Event) -> bytes:
    """The event's contents in canonical JSON (RFC 8785): no `receivedtime`, the time in UTC milliseconds.

    Two deliveries of one id say the same when these bytes are the same; where they differ, the smaller
    bytes are taken (RULES section 3).
    """
    content: dict[str, Any] = _decode(event.raw)
    content.pop("receivedtime", None)
    content["time"] = rfc3339(event.at)
    try:
        return rfc8785.dumps(content)
    except rfc8785.CanonicalizationError:
        return rfc8785.dumps(_doubles(content))


def _doubles(value: Any) -> Any:
    """JSON's numbers are doubles (RFC 8785 section 3.2.2.3): integers beyond 2**53 are rounded to one."""
    if isinstance(value, dict):
        return {key: _doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_doubles(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return float(value)
    return value


def write(event: Event) -> bytes:
    """The event as one line of JSON without a newline, with `receivedtime` where its arrival is known."""
    content: dict[str, Any] = _decode(event.raw)
    content.pop("receivedtime", None)
    if event.received is not None:
        content["receivedtime"] = rfc3339(event.received)
    return msgspec.json.encode(content)
