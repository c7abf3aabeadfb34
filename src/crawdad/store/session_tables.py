"""Tables: sessions, their logs, and what searches find them by."""

from __future__ import annotations
