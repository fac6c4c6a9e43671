"""How entries lie on disk: some hundreds together, column by column, so that an event takes few bytes. Pure.

In: entries as the writer made them. Out: two blobs, and the same entries from them, byte for byte. Never: a
file, a clock; an entry that isn't as it was.

    head    shapes (kind, source, decoder, headers that many share) · which shape each has · arrivals,
            stamps and lengths as differences · delivery ids · signatures as bytes · links
    bodies  all of them in a row, random ids taken out, packed: apart, so that one can be erased

A block of small bodies keeps of each link four bytes only (enough to name the first that doesn't hold) and
the whole link of its last entry; the others are worked out again when they are read.
"""

import binascii
import threading
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import zstandard

from monitor.store import chain
from monitor.store.lift import lift, lower

FORM: Final = 2
"""The version of this form, kept with every block. 1: packed by zlib, which is read still."""
FAST, SMALL = 1, 3
"""How hard to pack: where time counts, and where there is little of it."""
_PLAIN, _DEFLATED, _ZSTD = 0, 1, 2
_MOST_BYTES: Final = 1 << 30  # no part of a block is larger, whatever a damaged one says
_SMALL: Final = 1024  # bytes a body; beyond it a whole link weighs nothing
_CHECK: Final = 4
_LINK: Final = 32
_LAST: Final = frozenset("AEIMQUYcgkosw048")  # what 32 bytes in base64 end with, before the "="
_ID, _STAMP, _SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"

_DAMAGE: Final = (
    zlib.error,
    zstandard.ZstdError,
    TypeError,
    AttributeError,
    LookupError,
    StopIteration,
    OverflowError,
)

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


class Kept(NamedTuple):
    """An entry as it is stored. `erased`: the hash of the body it was signed with, where that is gone."""

    position: int
    kind: str
    source: str
    at: int
    headers: Mapping[str, str]
    body: bytes
    decoder: str
    link: bytes
    erased: bytes | None = None

    def body_hash(self) -> bytes:
        """The hash that the link commits to."""
        return self.erased or chain.body_hash(self.body)

    def next_link(self, before: bytes) -> bytes:
        """The link that follows from the one before and what is stored."""
        return chain.link(
            before,
            chain.canonical(
                self.position, self.kind, self.source, self.at, self.headers, self.body_hash(), self.decoder
            ),
        )


class Blobs(NamedTuple):
    """A block as it is stored."""

    head: bytes
    bodies: bytes


def pack(rows: Sequence[Kept], level: int = FAST) -> Blobs:
    """The entries, whose positions follow one another, as a block; packed as hard as `level` says."""
    shapes: dict[tuple[Any, ...], int] = {}
    seconds: dict[str, int | None] = {}
    codes, arrivals, stamps, names, signatures = [], [], [], [], []
    bodies, lengths, links, erased = [], [], [], {}
    last = 0
    for n, (_, kind, source, at, headers, body, decoder, link, gone) in enumerate(rows):
        shared = dict(headers)
        name = shared.pop(_ID, None)
        if name is not None and "\n" in name:
            shared[_ID], name = name, None
        stamp = shared.pop(_STAMP, None)
        if stamp is not None:
            if stamp not in seconds:
                seconds[stamp] = _seconds(stamp)
            second = seconds[stamp]
            if second is None:
                shared[_STAMP], stamp = stamp, None
            else:
                stamps.append(at // 1000 - second)
        signature = shared.get(_SIGNATURE)
        if signature is not None:
            value = _signature(signature)
            if value is None:
                signature = None
            else:
                del shared[_SIGNATURE]
                signatures.append(value)
        if name is not None:
            names.append(name)
        rest = tuple(sorted(shared.items())) if shared else ()
        shape = (kind, source, decoder, rest, name is not None, stamp is not None, signature is not None)
        codes.append(shapes.setdefault(shape, len(shapes)))
        arrivals.append(at - last)
        last = at
        bodies.append(body)
        lengths.append(len(body))
        links.append(link)
        if gone is not None:
            erased[n] = gone
    if sum(lengths) < _SMALL * len(rows):
        links = [link[:_CHECK] for link in links]
    small = [list(shapes), codes, arrivals, stamps, lengths, erased]
    return Blobs(
        _pack(
            [
                _deflate(_pack(small), FAST),
                *_lifted("\n".join(names).encode(), FAST),
                b"".join(signatures),
                b"".join(links),
            ]
        ),
        _pack(_lifted(b"".join(bodies), level)),
    )


def unpack(first: int, before: bytes, blobs: Blobs, form: int = FORM) -> list[Kept]:
    """The entries of a block that begins at `first` behind the link `before`; ValueError if it is damaged."""
    rows, checks = stored(first, blobs, form)
    if rows and len(checks[0]) == _LINK:
        return [row._replace(link=link) for row, link in zip(rows, checks, strict=True)]
    whole = []
    for row in rows:
        before = row.next_link(before)
        whole.append(row._replace(link=before))
    return whole


def stored(first: int, blobs: Blobs, form: int = FORM) -> tuple[list[Kept], list[bytes]]:
    """The entries without their links, and of each link what is stored; ValueError where it is damaged."""
    if not 1 <= form <= FORM:
        raise ValueError(f"a block has a form this version doesn't know: {form}")
    try:
        return _stored(first, blobs)
    except _DAMAGE as error:
        raise ValueError(f"a block can't be unpacked: {error}") from None


def _stored(first: int, blobs: Blobs) -> tuple[list[Kept], list[bytes]]:
    small, *names_lifted, signatures, links = _unpack(blobs.head)
    shapes, codes, arrivals, late, lengths, erased = _unpack(_inflate(small))
    for kind, source, decoder, shared, *_ in shapes:
        texts = (kind, source, decoder, *(text for pair in shared for text in pair))
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a block can't be unpacked: what stands for a text is none")
    names = iter(_lowered(names_lifted).decode().split("\n"))
    stamps = iter(late)
    bodies = _lowered(_unpack(blobs.bodies))
    width, rest = divmod(len(links), len(codes))
    if rest or width not in (_CHECK, _LINK) or not len(codes) == len(arrivals) == len(lengths):
        raise ValueError("a block can't be unpacked: its columns are not of one length")
    if sum(lengths) != len(bodies):
        raise ValueError("a block can't be unpacked: its bodies are not as long as it says")
    rows = []
    at = start = signed = 0
    for n, (code, later, length) in enumerate(zip(codes, arrivals, lengths, strict=True)):
        kind, source, decoder, shared, named, stamped, proven = shapes[code]
        headers = {name: value for name, value in shared}
        at += later
        if named:
            headers[_ID] = next(names)
        if stamped:
            headers[_STAMP] = str(at // 1000 - next(stamps))
        if proven:
            headers[_SIGNATURE] = _written(signatures[signed : signed + 32])
            signed += 32
        rows.append(
            Kept(
                first + n,
                kind,
                source,
                at,
                headers,
                bodies[start : start + length],
                decoder,
                b"",
                erased.get(n),
            )
        )
        start += length
    return rows, [links[place : place + width] for place in range(0, len(links), width)]


def _seconds(stamp: str) -> int | None:
    """A stamp as a number of which it can be written again; None where it reads otherwise."""
    if stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and str(int(stamp)) == stamp:
        return int(stamp)
    return None


def _signature(text: str) -> bytes | None:
    """The bytes of a single v1 signature, of which it can be written again; None for anything else."""
    if len(text) != 47 or not text.startswith("v1,") or text[45] not in _LAST:
        return None
    try:
        value = binascii.a2b_base64(text[3:], strict_mode=True)
    except ValueError:
        return None
    return value if len(value) == 32 else None


def _written(signature: bytes) -> str:
    return "v1," + binascii.b2a_base64(signature, newline=False).decode()


def _lifted(text: bytes, level: int) -> list[Any]:
    form, rest, lifted = lift(text)
    return [form, _deflate(rest, level), lifted]


def _lowered(parts: Sequence[Any]) -> bytes:
    form, rest, lifted = parts
    return lower(form, _inflate(rest), lifted)


class _Packers(threading.local):
    """What packs and unpacks in one thread: making them anew costs more than small pieces do."""

    def __init__(self) -> None:
        self.by_level = {level: zstandard.ZstdCompressor(level=level) for level in (FAST, SMALL)}
        self.unpacker = zstandard.ZstdDecompressor()


_packers = _Packers()


def _deflate(data: bytes, level: int) -> bytes:
    small = _packers.by_level[level].compress(data)
    return bytes([_ZSTD]) + small if len(small) < len(data) else bytes([_PLAIN]) + data


def _inflate(data: bytes) -> bytes:
    form, small = data[0], data[1:]
    if form == _PLAIN:
        return small
    if form == _ZSTD:
        if zstandard.frame_content_size(small) > _MOST_BYTES:
            raise ValueError("a block can't be unpacked: a part of it is larger than any block")
        return _packers.unpacker.decompress(small, allow_extra_data=False)
    work = zlib.decompressobj(-15)
    whole = work.decompress(small)
    if form != _DEFLATED or not work.eof or work.unused_data:
        raise ValueError("a block can't be unpacked: a part of it is not whole")
    return whole
