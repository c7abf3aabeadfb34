"""The manners in which an application may use an SDK."""

from __future__ import annotations

from typing import Literal

Mode = Literal["whole", "streamed", "async", "async streamed"]
MODES: tuple[Mode, ...] = ("whole", "streamed", "async", "async streamed")
