"""What is refused at the door, and in which words: one table for deliveries, one for events.

In: a reason and a detail. Out: a `Refusal` with the HTTP status that goes with it, or a `Refused` event.
Never: who is refused; nothing here tells an unknown source from a wrong signature.
"""

from typing import Final

import msgspec

DELIVERY: Final[dict[str, tuple[int, str]]] = {
    "not_authentic": (401, "The signature does not prove that this source sent this body."),
    "unsigned": (401, "webhook-id, webhook-timestamp and webhook-signature are needed."),
    "stale": (401, "webhook-timestamp is more than 300 seconds off; sign each attempt anew."),
    "malformed": (400, "The body is not a CloudEvents JSON object or an array of them. It was kept."),
    "id_reused": (409, "This webhook-id was delivered before with another body."),
    "too_large": (413, "A body has at most 5 MiB."),
    "too_many": (413, "A batch has at most 10,000 events; send several."),
    "unsupported_type": (415, "Send application/cloudevents+json or application/cloudevents-batch+json."),
    "unsupported_encoding": (415, "Send the body without Content-Encoding."),
    "busy": (503, "More deliveries are waiting than can be written; send it again."),
    "not_kept": (503, "The delivery could not be written; nothing of it was kept. Send it again."),
}
"""Why a delivery is refused: the HTTP status, and what the platform can do."""

EVENT: Final[dict[str, str]] = {
    "malformed": "The event is not as WIRE section 2 has it.",
    "source_mismatch": "The event names another source than the one that sends it.",
    "not_allowed": "A platform may not send this: person, method manual, corrections and excuses are ours; "
    "sign-ins need the right (source add --may sign-in).",
    "too_far_ahead": "The event is stamped over 300 seconds ahead of our clock.",
    "not_decoded": "The delivery was kept, but our decoder failed; it is read again when that is mended.",
}
"""Why an event of a good delivery is refused, while the others count."""


class Refusal(Exception):
    """A delivery that is refused: `status` (HTTP), `reason` (a key of DELIVERY), `detail` (a sentence)."""

    def __init__(self, reason: str, detail: str = "", retry_after: int | None = None) -> None:
        self.status, sentence = DELIVERY[reason]
        self.reason = reason
        self.detail = detail or sentence
        self.retry_after = retry_after
        """Seconds after which it is worth trying again, or None."""
        super().__init__(f"{reason}: {self.detail}")


class Refused(msgspec.Struct, frozen=True):
    """An event that is refused: `index` in its delivery, `reason` (a key of EVENT), what is wrong with it."""

    index: int
    reason: str
    detail: str
