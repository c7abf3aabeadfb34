"""What became of a part that was to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform has taken it: the ids that it gave (empty where it gives none)."""

    message_ids: tuple[str, ...] = ()


SendOutcome = Literal[
    "not_sent", "ambiguous", "rate_limited", "refused", "too_long", "needs_inbound", "signed_out", "unsupported"
]
"""What became of a part that has no receipt.

not_sent: certainly not there, and may be tried again (no connection, a 5xx that came before anything was taken).
ambiguous: it may be there (a time-out after it had left): sent again only where the platform knows doubles.
rate_limited: not there; again after `retry_after` seconds. refused: not there, and never will be (blocked, no such chat,
content refused). too_long: not there, the platform takes at most `limit`. needs_inbound: not there; the platform wants
somebody to write first (quota, passive window): it is parked until then. signed_out: the credentials are dead.
unsupported: the channel cannot do this.
"""


_KINDS: dict[SendOutcome, ErrorKind] = {
    "not_sent": ErrorKind.UPSTREAM_BROKEN,
    "ambiguous": ErrorKind.UPSTREAM_TIMEOUT,
    "rate_limited": ErrorKind.RATE_LIMITED,
    "refused": ErrorKind.UPSTREAM_ERROR,
    "too_long": ErrorKind.TOO_LARGE,
    "needs_inbound": ErrorKind.CONFLICT,
    "signed_out": ErrorKind.UNAUTHENTICATED,
    "unsupported": ErrorKind.BAD_REQUEST,
}


class SendFailed(GatewayError):
    """A part was not sent, or perhaps. `retry_after` in seconds, `limit` in the platform's counting (`too_long`). The
    message is for the operator, and holds no secrets."""

    def __init__(
        self, outcome: SendOutcome, message: Text | str, *, retry_after: float | None = None, limit: int | None = None
    ) -> None:
        super().__init__(_KINDS[outcome], message, {"code": outcome}, retry_after)
        self.outcome: SendOutcome = outcome
        self.limit = limit


class SignedOut(GatewayError):
    """The account's credentials are dead: `run` ends, and the account waits for a sign-in."""

    def __init__(self, message: Text | str) -> None:
        super().__init__(ErrorKind.UNAUTHENTICATED, message, {"code": "signed_out"})
