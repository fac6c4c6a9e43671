"""Deliveries as they cross the wire: signed as Standard Webhooks has it, whole before any clock runs.

In: events, a secret, the instant of signing. Out: deliveries; as HTTP requests, as frames of a stream. Never:
the service's own code for sealing: this is the other side.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import secrets
import string
import struct
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from benchmarks.classroom import SOURCE, Event

_LETTERS = string.ascii_letters + string.digits
_rng = random.Random(secrets.randbits(64))


class Delivery(NamedTuple):
    """A body, the ids of its events, and the three headers that prove it."""

    id: str
    stamp: str
    signature: str
    body: bytes
    events: tuple[str, ...]


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def deliveries(
    events: Iterable[Event], each: int, count: int, secret: str, now: int, *, batched: bool | None = None
) -> list[Delivery]:
    """`count` deliveries of `each` events (fewer where they end); one event is an object, not a list."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    whole = each > 1 if batched is None else batched
    source, made = iter(events), []
    for _ in range(count):
        part = list(islice(source, each))
        if not part:
            break
        body = b"[" + b",".join(event.json for event in part) + b"]" if whole else part[0].json
        name, stamp = "msg_" + "".join(_rng.choices(_LETTERS, k=27)), str(now // 1000)
        signed = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
        signature = "v1," + base64.b64encode(signed).decode()
        made.append(Delivery(name, stamp, signature, body, tuple(event.id for event in part)))
    return made


def request(sent: Delivery, host: str) -> bytes:
    """The delivery as an HTTP/1.1 request."""
    kind = "cloudevents-batch" if sent.body[:1] == b"[" else "cloudevents"
    head = (
        f"POST /v1/ingest/{SOURCE} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/{kind}+json\r\n"
        f"webhook-id: {sent.id}\r\nwebhook-timestamp: {sent.stamp}\r\nwebhook-signature: {sent.signature}\r\n"
        f"Content-Length: {len(sent.body)}\r\n\r\n"
    )
    return head.encode() + sent.body


def frame(sent: Delivery) -> bytes:
    """The delivery as a masked WebSocket frame (the mask is zero, so that the body stays as it is)."""
    payload = f"{sent.id} {sent.stamp} {sent.signature}\n".encode() + sent.body
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size)
    if size > 0xFFFF:
        length = b"\xff" + struct.pack(">Q", size)
    return b"\x82" + length + b"\0\0\0\0" + payload
