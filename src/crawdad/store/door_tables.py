"""Tables: media files and deliveries of hooks."""

from __future__ import annotations
