"""The signature of a delivery: Standard Webhooks, `v1`.

In: a secret, a delivery, the instant it goes out. Out: the three webhook headers. Never: shows the secret,
in an error least of all.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

from monitor.simulate.post import Delivery

_SECRET: Final = re.compile(r"(whsec_)?[A-Za-z0-9+/]{2,}={0,2}", re.ASCII)


class SecretError(ValueError):
    """The secret can't be used; the text says what one looks like and never quotes it."""


class Signer:
    """Signs deliveries with one secret."""

    def __init__(self, secret: str) -> None:
        if not _SECRET.fullmatch(secret.strip()):  # the library takes anything
            raise SecretError("the secret must be one of Standard Webhooks: whsec_ and base64")
        self._webhook = Webhook(secret.strip())

    def headers(self, sent: Delivery, now: int) -> dict[str, str]:
        """The headers for a delivery that goes out at `now` (ms); a repeat has its id and a new stamp."""
        stamp = now // 1000
        signature = self._webhook.sign(sent.id, datetime.fromtimestamp(stamp, UTC), sent.body.decode())
        return {"webhook-id": sent.id, "webhook-timestamp": str(stamp), "webhook-signature": signature}
