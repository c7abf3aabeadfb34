"""`agents.defaults.heartbeat.*`: when an agent looks by itself whether something wants its attention."""

from __future__ import annotations

from crawdad.core.section import Section


class HeartbeatSettings(Section):
    """`agents.defaults.heartbeat.*`."""

    every: str = "30m"
