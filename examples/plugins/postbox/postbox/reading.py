"""What the service says, in the words of Crawdad. Pure: everything here can be tested without a service."""

from __future__ import annotations

from typing import Any

from crawdad.core.channels import Chat, InboundMedia, InboundMessage, Mentions, Person, SendFailed, SendOutcome

_OUTCOMES: dict[int, SendOutcome] = {
    401: "signed_out",
    403: "refused",
    404: "refused",
    409: "needs_inbound",
    413: "too_long",
    429: "rate_limited",
}


def read_event(event: dict[str, Any]) -> InboundMessage:
    """An event. Raises whatever a malformed one leads to: Crawdad keeps it for people to look at."""
    sender, room, file = event["from"], str(event["room"]), event.get("file")
    media = ()
    if file is not None:
        kind = "image" if file["type"].startswith("image/") else "document"
        media = (InboundMedia(kind, {"file": file["id"]}, file["type"], file["name"], file["size"]),)
    return InboundMessage(
        event_id=str(event["n"]),
        chat=Chat("group" if room else "direct", room or sender["id"]),
        sender=Person(sender["id"], sender["name"]),
        at=float(event["at"]),
        message_id=str(event["n"]),
        text=event["text"],
        mentions=Mentions(bool(event["mention"]), "native" if event["mention"] else ""),
        media=media,
    )


def failure_of(status: int, headers: Any, answer: Any) -> SendFailed:
    """What an answer that is no receipt means for the message."""
    outcome = _OUTCOMES.get(status, "not_sent" if status >= 500 else "refused")
    wait = headers.get("retry-after")
    limit = answer.get("limit") if outcome == "too_long" and isinstance(answer, dict) else None
    return SendFailed(outcome, f"HTTP {status}", retry_after=float(wait) if wait else None, limit=limit)
