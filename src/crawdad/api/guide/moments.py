"""Moments as the contract spells them."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(at: float) -> str:
    """`2026-02-14T22:00:00.000Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
