"""A process that is of no use without the one that has started it."""

from __future__ import annotations

import signal
import sys

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def end_with_parent() -> None:
    """Let the kernel end this process with its parent, where it can (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
