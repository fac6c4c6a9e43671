"""Who is at the other end when proxies stand between: peer address, scheme and host of a request.

In: a request and the networks whose word we take. Out: what the outermost trusted proxy saw. Never: believes
an X-Forwarded header that came from anybody else; then the headers are as if they were not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from aiohttp import web

Network = IPv4Network | IPv6Network


class Peer(NamedTuple):
    """The far end: `address` ("" where unknown), the `origin` it spoke to, whether a proxy spoke for it.

    `vouched`: whether a proxy that we trust handed the request on.
    """

    address: str
    origin: str
    relayed: bool
    vouched: bool = False

    @property
    def loopback(self) -> bool:
        """Whether it is this very machine, and nobody spoke for somebody else."""
        address = _address(self.address)
        return not self.relayed and address is not None and address.is_loopback


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """CIDR texts to networks; ValueError naming the first that is none."""
    found: list[Network] = []
    for text in texts:
        try:
            found.append(ip_network(text, strict=False))
        except ValueError:
            raise ValueError(f"{text!r} is not a network as in 10.0.0.0/8 or 127.0.0.1") from None
    return tuple(found)


def peer(request: web.Request, trusted: tuple[Network, ...]) -> Peer:
    """The far end of `request`; each header is read only while whoever added it is trusted."""
    address = request.remote or ""
    scheme, host = request.scheme, request.host
    relayed = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    if not trusted_by(address, trusted):
        return Peer(address, f"{scheme}://{host}", relayed)
    hops = [hop.strip() for line in request.headers.getall("X-Forwarded-For", []) for hop in line.split(",")]
    for hop in reversed(hops):
        if _address(hop) is None:
            break
        address = hop
        if not trusted_by(hop, trusted):
            break
    proto = _last(request, "X-Forwarded-Proto").lower()
    scheme = proto if proto in ("http", "https") else scheme
    host = _last(request, "X-Forwarded-Host") or host
    return Peer(address, f"{scheme}://{host}", relayed, vouched=True)


def _last(request: web.Request, name: str) -> str:
    lines = request.headers.getall(name, [])
    return lines[-1].rsplit(",", 1)[-1].strip() if lines else ""


@lru_cache(1_024)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(1_024)
def trusted_by(text: str, trusted: tuple[Network, ...]) -> bool:
    """Whether an address is one whose word we take."""
    address = _address(text)
    return address is not None and any(address in network for network in trusted)
