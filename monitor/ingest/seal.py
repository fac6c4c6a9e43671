"""Who sent this, and when: Standard Webhooks signatures over the raw bytes, before anything is decoded.

In: the three webhook headers, the body as it came, `now`. Out: the delivery's id and stamp, or a `Refusal`.
Never: the clock (the library's own `verify` reads it, and fails on bodies that are not UTF-8; so its keys are
used, and the window is checked here), the body's meaning, who knows which source.

    signed content = webhook-id "." webhook-timestamp "." body
    v1  = HMAC-SHA256 with a shared secret (whsec_...)     v1a = Ed25519 with the platform's key (whpk_...)
"""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook

from monitor.ingest.refusals import Refusal

WINDOW_MS = 300_000
"""How far a stamp may be off ours, either way."""
_MOST_SIGNATURES = 16

_STAMP = re.compile(r"[0-9]{1,12}")
_ID = re.compile(r"[!-~]{1,256}")
_SIGNATURES = re.compile(r"[ -~]{1,4096}")
_HMAC_BLOCK = 64  # bytes, of SHA-256
_ASKED_BYTES = 24  # of a shared secret, by Standard Webhooks


class Stamped(NamedTuple):
    """The proven id of a delivery and the instant it was signed at (ms)."""

    id: str
    at: int


def new_secret() -> str:
    """A fresh secret of 32 random bytes, written as Standard Webhooks has it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def check(key: str) -> None:
    """Refuses, with a ValueError, a key that somebody chose and that proves too little (or is none)."""
    if key.startswith("whpk_"):
        _public(key)
    elif (size := len(_decoded(key, "whsec_"))) < _ASKED_BYTES:
        raise ValueError(
            f"此密钥只有 {size} 字节，至少要 {_ASKED_BYTES} 字节；不填 --secret 则自动生成 · has {size} "
            f"bytes; Standard Webhooks asks for {_ASKED_BYTES} at least. Without --secret one is made"
        )


class _Shared(Webhook):
    """A shared secret, as the library reads it; its HMAC-SHA256 is begun once for all (RFC 2104)."""

    def __init__(self, secret: bytes) -> None:
        super().__init__(secret)
        key = self._whsecret if len(self._whsecret) <= _HMAC_BLOCK else sha256(self._whsecret).digest()
        key = key.ljust(_HMAC_BLOCK, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in key))

    def sign_bytes(self, content: bytes) -> bytes:
        """The HMAC over the signed content."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(content)
        outer.update(inner.digest())
        return outer.digest()


class Seal:
    """The secrets and public keys by which one source proves its deliveries; any of them will do."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: whsec_... (shared) and whpk_... (public, Ed25519). ValueError names what is wrong."""
        self._shared = [_Shared(_decoded(key, "whsec_")) for key in keys if not key.startswith("whpk_")]
        self._public = [_public(key) for key in keys if key.startswith("whpk_")]

    def open(self, headers: Mapping[str, str], body: bytes, now: int) -> Stamped:
        """The id and stamp of a delivery that this source signed within the window; else Refusal 401."""
        delivery, stamp, offered = read(headers, now)
        content = f"{delivery}.{stamp}.".encode() + body
        expected = [shared.sign_bytes(content) for shared in self._shared]
        proven = False
        for version, signature in offered:
            if version == "v1":
                for mine in expected:
                    proven |= hmac.compare_digest(mine, signature)
            else:
                proven |= any(_signed_by(key, signature, content) for key in self._public)
        if not proven:
            raise Refusal("not_authentic")
        return Stamped(delivery, int(stamp) * 1000)


def read(headers: Mapping[str, str], now: int) -> tuple[str, str, list[tuple[str, bytes]]]:
    """Id, stamp and signatures as the headers say; Refusal where they are missing, unreadable or stale."""
    delivery = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if delivery and signatures and stamp and not _STAMP.fullmatch(stamp):
        raise Refusal(
            "unsigned",
            "webhook-timestamp: whole seconds since 1970 are expected, as in 1778459430; milliseconds, "
            "fractions and dates are not.",
        )
    if not (_ID.fullmatch(delivery) and _STAMP.fullmatch(stamp) and _SIGNATURES.fullmatch(signatures)):
        raise Refusal("unsigned")
    if abs(int(stamp) * 1000 - now) > WINDOW_MS:
        raise Refusal("stale")
    offered = []
    for item in signatures.split(" ")[:_MOST_SIGNATURES]:
        version, _, text = item.partition(",")
        if version in ("v1", "v1a"):
            try:
                offered.append((version, binascii.a2b_base64(text, strict_mode=True)))
            except ValueError:
                continue
    return delivery, stamp, offered


def _decoded(key: str, prefix: str) -> bytes:
    text = key.removeprefix(prefix)
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if not value:
        optional = ("（可省略）", " (which may be left out)") if prefix == "whsec_" else ("", "")
        raise ValueError(
            f"密钥应为 {prefix}{optional[0]}加 base64 · a secret is {prefix}{optional[1]} and base64, "
            "as Standard Webhooks has it"
        )
    return value


def _public(key: str) -> Ed25519PublicKey:
    value = _decoded(key, "whpk_")
    if len(value) != 32:
        raise ValueError(f"an Ed25519 public key has 32 bytes, this one {len(value)}")
    return Ed25519PublicKey.from_public_bytes(value)


def _signed_by(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


NOBODY = Seal([new_secret()])
"""The seal of a source that doesn't exist: opening it costs what opening a real one costs."""
