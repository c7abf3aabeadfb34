"""The numbers of the control channel that clients are told or count on."""

from __future__ import annotations

VERSIONS = (3, 4)
NEWEST = 4
MAX_PAYLOAD = 26_214_400
"""Bytes of an incoming frame."""
MAX_BUFFERED = 52_428_800
"""Bytes that may wait for one client to read them."""
TICK_SECONDS = 30.0
HANDSHAKE_SECONDS = 10.0
FIRST_FRAME_BYTES = 64 * 1024
"""What a client may send before it has connected."""
REASON_BYTES = 120
"""How much of a reason a close frame carries."""

NORMAL, PROTOCOL_ERROR, POLICY, TOO_BIG, RESTART, INVALIDATED = 1000, 1002, 1008, 1009, 1012, 4001


def close_reason(text: str) -> str:
    """A reason that fits into a close frame, cut between characters."""
    return text.encode("utf-8", "replace")[:REASON_BYTES].decode("utf-8", "ignore")


def agreed_version(least: int, most: int) -> int | None:
    """The version to speak with a client that knows those from `least` to `most`; None: there is none."""
    chosen = min(most, NEWEST)
    return chosen if chosen >= least and chosen in VERSIONS else None
