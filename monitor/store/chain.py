"""The hash chain of the log: fields of an entry in, its link out. Pure.

    link(n) = SHA-256( link(n-1) || canonical JSON (RFC 8785) of
              {"at", "body", "decoder", "headers", "kind", "position", "source"} )

`body` is the hex SHA-256 of the body, never the body itself: a body can be erased later and the chain still
holds. The link before the first is 32 zero bytes. Anybody can check it with a JSON library and SHA-256.
"""

import hashlib
from collections.abc import Mapping

import msgspec

ORIGIN = bytes(32)
"""What stands before the first link."""

_encode = msgspec.json.Encoder(order="sorted").encode


def body_hash(body: bytes) -> bytes:
    """The SHA-256 of a body as it was delivered."""
    return hashlib.sha256(body).digest()


def canonical(
    position: int, kind: str, source: str, at: int, headers: Mapping[str, str], body: bytes, decoder: str
) -> bytes:
    """The bytes that the link of an entry commits to; `body` is the body's hash."""
    return _encode(
        {
            "at": at,
            "body": body.hex(),
            "decoder": decoder,
            "headers": headers,
            "kind": kind,
            "position": position,
            "source": source,
        }
    )


def link(before: bytes, fields: bytes) -> bytes:
    """The next link: `before` the previous one, `fields` from `canonical`."""
    return hashlib.sha256(before + fields).digest()
