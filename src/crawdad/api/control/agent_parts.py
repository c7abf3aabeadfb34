"""What the methods about agents stand on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawdad.core.agents import Heartbeats, Outbound, SystemEvents
from crawdad.core.persona import PersonaFiles
from crawdad.core.tools import Toolbox
from crawdad.services.agent_tools.nodes import NodesTool
from crawdad.services.agents.administration import AgentAdministration, ConfigurationText
from crawdad.services.agents.roster import Roster
from crawdad.services.agents.run_news import RunNews
from crawdad.services.agents.runs import Runs
from crawdad.services.channels.host import ChannelHost
from crawdad.services.schedule.jobs import Jobs
from crawdad.services.sessions.service import SessionService
from crawdad.services.skills.installing import SkillInstaller
from crawdad.services.skills.library import SkillLibrary
from crawdad.services.speech import Speech


@dataclass(frozen=True, slots=True)
class AgentSide:
    """The parts."""

    runs: Runs
    news: RunNews
    sessions: SessionService
    roster: Callable[[], Roster]
    toolbox: Toolbox
    skills: SkillLibrary
    jobs: Jobs
    events: SystemEvents
    hearts: Heartbeats
    outbound: Outbound
    channels: ChannelHost
    files: PersonaFiles
    managed_skills: str
    skill_installer: SkillInstaller
    nodes: NodesTool
    speech: Speech
    administration: Callable[[ConfigurationText], AgentAdministration]
    """Making, changing and removing agents, by way of the configuration."""
