"""`tools.*`, `approvals.*`: what agents may do."""

from __future__ import annotations

from typing import Literal

from crawdad.core.agent_settings import LoopDetectionSettings
from crawdad.core.section import Section
from crawdad.core.session_settings import AgentToAgentToolsSettings, SessionToolsSettings
from crawdad.core.web_settings import WebToolsSettings


class ToolsSettings(Section):
    """`tools.*`."""

    profile: Literal["minimal", "coding", "messaging", "full"] = "full"
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    loop_detection: LoopDetectionSettings = LoopDetectionSettings()
    web: WebToolsSettings = WebToolsSettings()
    sessions: SessionToolsSettings = SessionToolsSettings()
    agent_to_agent: AgentToAgentToolsSettings = AgentToAgentToolsSettings()
