"""Tables: runs of agents and their events."""

from __future__ import annotations
