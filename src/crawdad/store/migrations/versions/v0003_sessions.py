"""Sessions, their logs, and what searches find them by."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them."""
