"""Backups in a folder of this machine: contents by their hash, so that what has not changed is kept once."""

from __future__ import annotations

from crawdad.adapters.backups.folder import LocalBackups

__all__ = ["LocalBackups"]
