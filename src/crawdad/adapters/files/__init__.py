"""Files on this machine: small texts read and replaced whole, their numbered backups, a watcher, `.env`.

`LocalFiles` is the port `crawdad.core.files.TextFiles`. Whatever touches the disk runs in a thread.
"""

from __future__ import annotations

from crawdad.adapters.files.environment import read_environment
from crawdad.adapters.files.local import LocalFiles

__all__ = ["LocalFiles", "read_environment"]
