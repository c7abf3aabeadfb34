"""`session.*`: how long a conversation lasts and who shares one."""

from __future__ import annotations

from typing import Literal

from crawdad.core.section import Section


class SessionSettings(Section):
    """`session.*`."""

    scope: Literal["per-sender", "global"] = "per-sender"
    dm_scope: Literal["main", "per-peer", "per-channel-peer", "per-account-channel-peer"] = "main"
