"""A platform that signs: by the library, independently of how we verify."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

NOW = 1_778_459_430_000  # 2026-05-11T00:30:30Z
BATCH = "application/cloudevents-batch+json"
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret, thirty-two bytes").decode()
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = (
    "whpk_"
    + base64.b64encode(
        ED25519.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    ).decode()
)


def signature(name: str, body: bytes, *, secret: str = SECRET, at: int = NOW) -> str:
    return Webhook(secret).sign(name, datetime.fromtimestamp(at // 1000, UTC), body.decode())


def signature_v1a(name: str, body: bytes, *, at: int = NOW) -> str:
    signed = ED25519.sign(f"{name}.{at // 1000}.".encode() + body)
    return "v1a," + base64.b64encode(signed).decode()


def signed(
    name: str, body: bytes, *, secret: str = SECRET, at: int = NOW, kind: str = BATCH
) -> dict[str, str]:
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at // 1000),
        "webhook-signature": signature(name, body, secret=secret, at=at),
        "content-type": kind,
    }


def event(name: str = "e1", kind: str = "camera.heartbeat", **changed: Any) -> dict[str, Any]:
    """One event; `data` replaces the beat's data, other names replace attributes."""
    beat = {"account": "u-1001", "room": "room-1", "connection": "c-7", "camera": "on"}
    return {
        "specversion": "1.0",
        "id": name,
        "source": "main",
        "type": kind,
        "time": "2026-05-11T08:30:30.000+08:00",
        "data": beat,
        **changed,
    }


def batch(*events: Any) -> bytes:
    return json.dumps(list(events), ensure_ascii=False).encode()
