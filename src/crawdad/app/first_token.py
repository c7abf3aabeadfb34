"""The token that the first start makes, until somebody has seen it: a file for its owner alone, beside the key that secrets are
encrypted with. What is printed where no terminal is goes into a log, and secrets do not. Standard library only."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def place(home: Path) -> Path:
    """Where it lies."""
    return home / "first-token"


def keep(home: Path, token: str) -> None:
    """Write it down. Raises OSError."""
    path = place(home)
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(f"{token}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def kept(home: Path) -> str | None:
    """The token that nobody has seen yet."""
    try:
        return place(home).read_text(encoding="ascii", errors="replace").strip() or None
    except OSError:
        return None


def forget(home: Path) -> None:
    """It was seen, or counts no more."""
    with contextlib.suppress(OSError):
        place(home).unlink(missing_ok=True)
