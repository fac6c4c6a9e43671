"""The signature of a delivery: Standard Webhooks, `v1`.

In: a secret, a delivery, the instant it goes out. Out: the three webhook headers. Never: shows the secret,
in an error least of all.
"""

from __future__ import annotations

from datetime import UTC, datetime

from standardwebhooks import Webhook

from monitor.simulate.post import Delivery


class SecretError(ValueError):
    """The secret can't be used; the text says what one looks like and never quotes it."""


class Signer:
    """Signs deliveries with one secret."""

    def __init__(self, secret: str) -> None:
        try:
            self._webhook = Webhook(secret.strip())
        except Exception:  # the library's errors quote what they were given
            raise SecretError("the secret must be one of Standard Webhooks: whsec_ and base64") from None

    def headers(self, sent: Delivery, now: int) -> dict[str, str]:
        """The headers for a delivery that goes out at `now` (ms); a repeat has its id and a new stamp."""
        stamp = now // 1000
        signature = self._webhook.sign(sent.id, datetime.fromtimestamp(stamp, UTC), sent.body.decode())
        return {"webhook-id": sent.id, "webhook-timestamp": str(stamp), "webhook-signature": signature}
