"""Who is at the other end: what proxies say counts only when we trust them."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from monitor.serve.proxy import Peer, networks, peer


def asked(remote: str, **headers: str) -> Any:
    class Transport:
        def get_extra_info(self, name: str, default: Any = None) -> Any:
            return {"peername": (remote, 1)}.get(name, default)

    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("GET", "/", headers={"Host": "inner:80", **given}, transport=Transport())


TRUSTED = networks(["10.0.0.0/8", "127.0.0.1"])


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asked("203.0.113.9"), Peer("203.0.113.9", "http://inner:80", False)),
        (
            asked(
                "203.0.113.9", X_Forwarded_For="127.0.0.1", X_Forwarded_Proto="https", X_Forwarded_Host="evil"
            ),
            Peer("203.0.113.9", "http://inner:80", True),
        ),
        (
            asked(
                "10.0.0.1",
                X_Forwarded_For="198.51.100.7",
                X_Forwarded_Proto="https",
                X_Forwarded_Host="h.org",
            ),
            Peer("198.51.100.7", "https://h.org", True, vouched=True),
        ),
        (
            asked("10.0.0.1", X_Forwarded_For="127.0.0.1, 198.51.100.7, 10.0.0.2"),
            Peer("198.51.100.7", "http://inner:80", True, vouched=True),
        ),
        (
            asked("10.0.0.1", X_Forwarded_For="nonsense", X_Forwarded_Proto="gopher"),
            Peer("10.0.0.1", "http://inner:80", True, vouched=True),
        ),
        (
            asked("::ffff:10.0.0.1", X_Forwarded_For="2001:db8::7"),
            Peer("2001:db8::7", "http://inner:80", True, vouched=True),
        ),
    ],
)
def test_the_outermost_trusted_hop_says_who_it_is(request_: Any, expected: Peer) -> None:
    assert expected == peer(request_, TRUSTED)


def test_only_this_machine_itself_is_loopback() -> None:
    found = [
        peer(asked("127.0.0.1"), ()).loopback,
        peer(asked("::1"), ()).loopback,
        peer(asked("127.0.0.1", X_Forwarded_For="127.0.0.1"), ()).loopback,
        peer(asked("127.0.0.1", X_Forwarded_For="127.0.0.1"), TRUSTED).loopback,
        peer(asked("127.0.0.1", Forwarded="for=127.0.0.1"), ()).loopback,
        peer(asked("10.0.0.1"), ()).loopback,
    ]
    assert found == [True, True, False, False, False, False]


def test_what_is_no_network_is_named() -> None:
    with pytest.raises(ValueError, match="99' is not a network"):
        networks(["127.0.0.1", "10.0.0.0/99"])
