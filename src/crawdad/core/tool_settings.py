"""`tools.*`, `approvals.*`: what agents may do."""

from __future__ import annotations

from typing import Literal

from crawdad.core.section import Section
from crawdad.core.web_settings import WebToolsSettings


class ToolsSettings(Section):
    """`tools.*`."""

    profile: Literal["minimal", "coding", "messaging", "full"] = "full"
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    web: WebToolsSettings = WebToolsSettings()
