"""What the log holds: one entry as it is handed out. Frozen, without behaviour."""

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """One entry of the log, whole.

    `position` counts from 1 without gaps; `at` is the arrival, UTC milliseconds; `headers` are those that
    prove the delivery (or say who decided what, and why); `body` the bytes as they were signed; `decoder`
    says which decoder, at which version, reads them; `hash` is the entry's link of the chain, in hex. Where
    `erased` names the hash of the body as it was signed (hex), that is gone, and `body` is what stands in its
    place: a list of events without the person, or nothing.
    """

    position: int
    kind: str
    source: str
    at: int
    headers: dict[str, str]
    body: bytes
    decoder: str
    hash: str
    erased: str = ""
