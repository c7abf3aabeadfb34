"""Tables: approvals of what agents want to do."""

from __future__ import annotations
