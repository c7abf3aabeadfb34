"""Tables: what agents remember."""

from __future__ import annotations
