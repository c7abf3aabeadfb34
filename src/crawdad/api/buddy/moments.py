"""Moments as the contract spells them."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(at: float) -> str:
    """A Unix time by RFC 3339, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
