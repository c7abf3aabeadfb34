"""Tables: cron jobs, their runs, and words that wait for an agent."""

from __future__ import annotations
